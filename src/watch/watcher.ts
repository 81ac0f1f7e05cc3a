import { AsyncLocalStorage } from 'node:async_hooks';
import { DmsApiError, type DmsApi, type Look, type Page } from '../dms/api.js';
import type { ReplicationConfigArn } from '../dms/arn.js';
import type { Replication } from '../dms/replication.js';
import { RequestBudget } from './budget.js';
import { ListMemory } from './list-memory.js';
import { LookDelayed, PATIENCE_SECONDS, type LookOptions } from './look.js';
import { lanes, Waiters, type Lane, type Waiter } from './waiters.js';

/** How long a look may wait for others to share its request. */
const COALESCE_MS = 10;
/** Waits that are due this soon come along with a sweep that is due now. */
const COME_ALONG_MS = 250;
/** Requests for single replications under way at once. */
const CONCURRENCY = 8;
/** However short a list is, so many may be asked for alone before the next. */
const ASKED_BETWEEN_LISTS = 10;
/** No request holds up the others for longer. */
const REQUEST_MS = 10_000;
/** So many times of last looks are kept; without one, a look is merely made sooner. */
const MOST_LOOKED_AT = 20_000;
/**
 * Looks for many waits at once: all waits of a worker on one account and region share its sweeps, which keep to a request budget. A sweep goes
 * through pages of the list, asks for replications alone, or both, whichever is expected to take the fewest requests.
 *
 * A look counts for a wait only if its request was sent after the wait began, and a replication that is missing from a list is asked for by its
 * ARN before it is believed gone. Throttling slows the sweeps and fails nobody.
 */
export class ReplicationWatcher {
  readonly #waiters = new Waiters();
  readonly #list = new ListMemory();
  /** Those that a list did not show, or could not. */
  readonly #alone = new Set<string>();
  readonly #busy = new Set<Lane>();
  /** When the last look at each was sent. */
  readonly #lookedAt = new Map<string, number>();
  /** Runs sweeps outside the async context of whichever activity happens to start one. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #throttled: DmsApiError | null = null;
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Infinity;

  constructor(
    private readonly api: DmsApi,
    private readonly budget = new RequestBudget(),
  ) {}

  /** The next look at a replication. Rejects with the `DmsApiError` of its request, with {@link LookDelayed}, or with the signal's reason. */
  look(
    arn: ReplicationConfigArn,
    { inSeconds = 0, intervalSeconds, withinSeconds = PATIENCE_SECONDS, signal }: LookOptions = {},
  ): Promise<Look> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const now = performance.now();
      const end = () => {
        if (this.#waiters.leave(waiter)) this.#alone.delete(arn.arn);
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = () => {
        end();
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        arn,
        lane: inSeconds > 0 || intervalSeconds !== undefined ? 'sweep' : 'look',
        since: now,
        dueAt: Math.max(
          now + Math.max(inSeconds * 1000, COALESCE_MS),
          (this.#lookedAt.get(arn.arn) ?? -Infinity) + (intervalSeconds ?? 0) * 1000,
        ),
        until: now + withinSeconds * 1000,
        isUrgent: false,
        isAsked: false,
        resolve: (look) => {
          end();
          resolve(look);
        },
        reject: (err) => {
          end();
          reject(err);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.join(waiter);
      this.#wakeAt(Math.min(waiter.dueAt, waiter.until));
    });
  }

  /** Something may have happened to a replication: looks at once for whoever waits, with a request sent from now on. Returns how many do. */
  nudge(arn: ReplicationConfigArn): number {
    const now = performance.now();
    const waiters = this.#waiters.of(arn.arn);
    for (const waiter of waiters) {
      waiter.isUrgent = true;
      waiter.since = now;
      waiter.dueAt = now;
      waiter.isAsked = false;
    }
    if (waiters.size > 0) this.#wakeAt(now);
    return waiters.size;
  }

  #wakeAt(time: number): void {
    if (time >= this.#timerAt) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = time;
    this.#outside(() => {
      // A program ends when nobody waits any more.
      this.#timer = setTimeout(() => this.#wake(), Math.max(0, time - performance.now())).unref();
    });
  }

  #wake(): void {
    this.#timer = null;
    this.#timerAt = Infinity;
    const now = performance.now();
    const due = new Set<Lane>();
    let next = Infinity;
    for (const waiter of this.#waiters.all()) {
      const { until, dueAt, lane, isUrgent, isAsked } = waiter;
      if (until <= now) {
        waiter.reject(new LookDelayed(this.#throttled));
        continue;
      }
      next = Math.min(next, until, dueAt > now ? dueAt : Infinity);
      if (dueAt > now || isAsked) continue;
      for (const each of isUrgent ? lanes : [lane]) due.add(each);
    }
    for (const lane of due) void this.#serve(lane);
    if (next !== Infinity) this.#wakeAt(next);
  }

  /** Who of a lane is due; if anybody is, also who would be by the time that a list gets to them. */
  #due(lane: Lane): Map<string, ReplicationConfigArn> {
    const now = performance.now();
    const open = this.#waiters.open(lane);
    const within = (ms: number) =>
      new Map(open.filter(({ dueAt }) => dueAt <= now + ms).map(({ arn }) => [arn.arn, arn]));
    const due = within(0);
    if (due.size === 0) return due;
    const pages = this.#list.plan([...within(Infinity).keys()], now);
    const sweepMs = Number.isFinite(pages) && lane === 'sweep' ? this.budget.sweepMs(pages) : 0;
    return within(Math.max(COME_ALONG_MS, sweepMs));
  }

  /** Serves a lane until nobody is due. Who is asked for is decided when there is a request to be had, not before. */
  async #serve(lane: Lane): Promise<void> {
    if (this.#busy.has(lane)) return;
    this.#busy.add(lane);
    const asking = new Set<Promise<void>>();
    try {
      // After a list, so many are asked for alone before the next one.
      let owed = 0;
      while (this.#due(lane).size > 0) {
        await this.budget.take(lane);
        const due = this.#due(lane);
        const [listed, alone] = [new Map(due), new Map<string, ReplicationConfigArn>()];
        for (const [arn, each] of due) if (this.#alone.has(arn) && listed.delete(arn)) alone.set(arn, each);
        const pages = this.#list.plan([...listed.keys()], performance.now());
        const one = this.#longestUnseen(alone.size > 0 ? alone : listed);
        if (due.size === 0) {
          this.budget.giveBack(lane);
        } else if (pages > 0 && (owed === 0 || alone.size === 0)) {
          owed = Math.max(await this.#goThrough(lane, listed, pages), ASKED_BETWEEN_LISTS);
        } else if (one !== null) {
          owed = Math.max(0, owed - 1);
          const ask: Promise<void> = this.#ask(one).finally(() => asking.delete(ask));
          asking.add(ask);
          if (asking.size >= CONCURRENCY) await Promise.race(asking);
        }
      }
    } finally {
      this.#busy.delete(lane);
    }
  }

  /** The one that was not looked at for the longest time. */
  #longestUnseen(arns: ReadonlyMap<string, ReplicationConfigArn>): ReplicationConfigArn | null {
    let [found, seenAt]: [ReplicationConfigArn | null, number] = [null, Infinity];
    for (const [arn, each] of arns) {
      const at = this.#lookedAt.get(arn) ?? -1;
      if (at < seenAt) [found, seenAt] = [each, at];
    }
    return found;
  }

  /** Goes through the list until all are found or it is not worth it, and gives how far. The turn of the first page was waited for. */
  async #goThrough(lane: Lane, wanted: Map<string, ReplicationConfigArn>, pages: number): Promise<number> {
    const [first] = wanted.values();
    if (first === undefined) return 0;
    let marker: string | null = null;
    let number = 1;
    for (; ; number++) {
      const page = await this.#page(lane, first, marker, wanted);
      for (const arn of wanted.keys()) if (!this.#waiters.has(arn)) wanted.delete(arn);
      if (page === null) {
        this.#list.broke(number, performance.now());
        break;
      }
      for (const { replicationConfigArn: arn } of page.items) {
        this.#list.saw(arn, number);
        wanted.delete(arn);
      }
      marker = page.marker;
      this.#list.reached(number, marker === null);
      const isWorthIt = Number.isFinite(pages) ? number < pages : number < wanted.size;
      if (marker === null || wanted.size === 0 || !isWorthIt) break;
      await this.budget.take(lane);
    }
    for (const arn of wanted.keys()) {
      this.#list.lost(arn, number);
      if (this.#waiters.has(arn)) this.#alone.add(arn);
    }
    return number;
  }

  /** One page, tried again for as long as DMS throttles, and once more if it fails. `null`: it can not be had. */
  async #page(
    lane: Lane,
    first: ReplicationConfigArn,
    marker: string | null,
    wanted: Map<string, ReplicationConfigArn>,
  ): Promise<Page<Replication> | null> {
    for (let failures = 0; ;) {
      const sentAt = performance.now();
      try {
        const page = await inTime((signal) => this.api.listReplications(first, marker, { signal }));
        this.#throttled = null;
        const { items, dmsTime } = page;
        for (const replication of items) {
          this.#answer(replication.replicationConfigArn, sentAt, (each) => each.resolve({ replication, dmsTime }));
        }
        return page;
      } catch (err) {
        const failure = this.#understood(err);
        const isForAll = failure.kind === 'access-denied' || failure.kind === 'credentials';
        if (isForAll) for (const arn of wanted.keys()) this.#answer(arn, sentAt, (each) => each.reject(failure));
        if (failure.kind !== 'throttled') failures++;
        if (isForAll || failures === 2) return null;
      }
      await this.budget.take(lane);
      if (![...wanted.keys()].some((arn) => this.#waiters.has(arn))) {
        this.budget.giveBack(lane);
        return null;
      }
    }
  }

  async #ask(arn: ReplicationConfigArn): Promise<void> {
    const sentAt = performance.now();
    const asked = [...this.#waiters.of(arn.arn)].filter(({ since }) => since <= sentAt);
    for (const waiter of asked) waiter.isAsked = true;
    this.#alone.delete(arn.arn);
    try {
      const look = await inTime((signal) => this.api.describeReplication(arn, { signal }));
      this.#throttled = null;
      this.#answer(arn.arn, sentAt, (each) => each.resolve(look));
    } catch (err) {
      const failure = this.#understood(err);
      if (failure.kind !== 'throttled') this.#answer(arn.arn, sentAt, (each) => each.reject(failure));
      else for (const waiter of asked) waiter.isAsked = false;
      this.#wakeAt(performance.now());
    }
  }

  #understood(err: unknown): DmsApiError {
    const failure = err instanceof DmsApiError ? err : new DmsApiError('unavailable', 'UnknownError', String(err));
    if (failure.kind === 'throttled') {
      this.#throttled = failure;
      this.budget.throttled();
    }
    return failure;
  }

  #answer(arn: string, sentAt: number, tell: (waiter: Waiter) => void): void {
    if (this.#waiters.has(arn)) this.#lookedAt.set(arn, sentAt);
    if (this.#lookedAt.size > MOST_LOOKED_AT) this.#lookedAt.clear();
    for (const waiter of this.#waiters.of(arn)) {
      if (waiter.since <= sentAt) tell(waiter);
    }
  }
}

/** A request that takes too long is given up, even if it does not heed its signal. */
async function inTime<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(REQUEST_MS);
  return new Promise((resolve, reject) => {
    const tooLate = `DMS gave no answer within ${REQUEST_MS / 1000} s`;
    signal.addEventListener('abort', () => reject(new DmsApiError('unavailable', 'TimeoutError', tooLate)));
    request(signal).then(resolve, reject);
  });
}
