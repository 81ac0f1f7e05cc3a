import { DmsApiError, type DmsApi, type Look, type Page } from '../dms/api.js';
import type { ReplicationConfigArn } from '../dms/arn.js';
import type { Replication } from '../dms/replication.js';
import { Alarm } from './alarm.js';
import { RequestBudget } from './budget.js';
import { withTimeout } from './in-time.js';
import { ListMemory } from './list-memory.js';
import { LookTimes } from './look-times.js';
import { LookDelayed, type LookOptions } from './look.js';
import { LANES, Waiters, type Lane, type Waiter } from './waiters.js';

/** Waits due this soon join a sweep that is due now. */
const COME_ALONG_MS = 250;
/** Longest time one request may hold up the others. `DmsApi` gives up a request after 15 s. */
const REQUEST_SECONDS = 20;
/** Maximum number of single requests under way at once. */
const CONCURRENCY = 8;
/** Minimum number of single requests between two lists, while any are due. */
const SINGLES_BETWEEN_LISTS = 10;

/**
 * Looks for many waits at once. All waits of a worker on one account-region share its requests. The requests keep to
 * the request budget. The watcher lists pages, requests replications alone, or both. It chooses what it expects to take
 * the fewest requests.
 *
 * First looks and sweeps each have a lane with its own tokens, so neither waits for the other. An answer serves the
 * waits of both.
 *
 * Invariants:
 * - A look counts for a wait only if its request was sent after the wait began.
 * - A replication that a list doesn't show is requested by its ARN before it is believed gone.
 * - Throttling slows looks down and fails none.
 */
export class ReplicationWatcher {
  readonly #waiters = new Waiters();
  readonly #list = new ListMemory();
  readonly #busy = new Set<Lane>();
  readonly #lookTimes = new LookTimes();
  readonly #alarm = new Alarm(() => this.#wake());
  #throttled: DmsApiError | null = null;

  constructor(
    private readonly api: DmsApi,
    private readonly budget = new RequestBudget(),
  ) {}

  /**
   * Returns the next look at a replication. Rejects with the request's `DmsApiError`, {@link LookDelayed}, or the
   * signal's reason.
   */
  look(arn: ReplicationConfigArn, options: LookOptions = {}): Promise<Look> {
    return this.#waiters.wait(arn, options, this.#lookTimes.of(arn.arn), ({ dueAt, until }) =>
      this.#alarm.setTo(Math.min(dueAt, until)),
    );
  }

  /** Looks at once for all waits on a replication, with a new request. Returns the number of waits. */
  nudge(arn: ReplicationConfigArn): number {
    const now = performance.now();
    const waiters = this.#waiters.of(arn.arn);
    for (const waiter of waiters) {
      waiter.isUrgent = true;
      waiter.since = now;
      waiter.dueAt = now;
      waiter.isAsked = false;
    }
    if (waiters.size > 0) this.#alarm.setTo(now);
    return waiters.size;
  }

  #wake(): void {
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
      for (const each of isUrgent ? LANES : [lane]) due.add(each);
    }
    for (const lane of due) void this.#serve(lane);
    if (next !== Infinity) this.#alarm.setTo(next);
  }

  /** Returns the replications due in a lane. If any is due, adds those that will be due when a list gets to them. */
  #due(lane: Lane): Map<string, ReplicationConfigArn> {
    const now = performance.now();
    const open = this.#waiters.open(lane);
    const within = (ms: number) =>
      new Map(open.filter(({ dueAt }) => dueAt <= now + ms).map(({ arn }) => [arn.arn, arn]));
    const due = within(0);
    if (due.size === 0) return due;
    const pages = this.#list.plan([...within(Infinity).keys()], now);
    const sweepMs = Number.isFinite(pages) && lane === 'poll' ? this.budget.sweepMs(pages) : 0;
    return within(Math.max(COME_ALONG_MS, sweepMs));
  }

  /** Serves a lane until nothing is due. Chooses what to request only once the budget grants a request. */
  async #serve(lane: Lane): Promise<void> {
    if (this.#busy.has(lane)) return;
    this.#busy.add(lane);
    const asking = new Set<Promise<void>>();
    try {
      /** Number of single requests to make before the next list. */
      let owed = 0;
      while (this.#due(lane).size > 0) {
        await this.budget.take(lane);
        const due = this.#due(lane);
        const [listed, alone] = [new Map(due), new Map<string, ReplicationConfigArn>()];
        for (const [arn, each] of due) if (this.#waiters.isUnlisted(arn) && listed.delete(arn)) alone.set(arn, each);
        const pages = this.#list.plan([...listed.keys()], performance.now());
        const one = this.#lookTimes.longestUnseen(alone.size > 0 ? alone : listed);
        if (due.size === 0) {
          this.budget.giveBack(lane);
        } else if (pages > 0 && (owed === 0 || alone.size === 0)) {
          owed = Math.max(await this.#listPages(lane, listed, pages), SINGLES_BETWEEN_LISTS);
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

  /**
   * Lists pages until all replications are found or listing is not worth it. Returns the number of pages. The caller
   * has the token of the first page.
   */
  async #listPages(lane: Lane, wanted: Map<string, ReplicationConfigArn>, pages: number): Promise<number> {
    const [first] = wanted.values();
    if (first === undefined) return 0;
    let marker: string | null = null;
    let number = 1;
    for (; ; number++) {
      const page = await this.#page(lane, first, marker, wanted);
      for (const arn of wanted.keys()) if (!this.#waiters.has(arn)) wanted.delete(arn);
      if (page === 'failed') this.#list.rememberFailedPage(number, performance.now());
      if (page === 'failed' || page === 'not-wanted') break;
      for (const { replicationConfigArn: arn } of page.items) {
        this.#list.rememberPage(arn, number);
        wanted.delete(arn);
      }
      marker = page.marker;
      this.#list.rememberLength(number, marker === null);
      const isWorthIt = Number.isFinite(pages) ? number < pages : number < wanted.size;
      if (marker === null || wanted.size === 0 || !isWorthIt) break;
      await this.budget.take(lane);
    }
    for (const arn of wanted.keys()) {
      this.#list.forgetUpTo(arn, number);
      this.#waiters.setNeedsOwnRequest(arn, true);
    }
    return number;
  }

  /**
   * Requests one page. Retries while DMS throttles, and once after another failure.
   *
   * `failed`: the page can't be read. `not-wanted`: nobody waits for it any more, or a denial has answered everybody.
   */
  async #page(
    lane: Lane,
    first: ReplicationConfigArn,
    marker: string | null,
    wanted: Map<string, ReplicationConfigArn>,
  ): Promise<Page<Replication> | 'failed' | 'not-wanted'> {
    for (let failures = 0; ;) {
      const sentAt = performance.now();
      try {
        const page = await withTimeout(
          REQUEST_SECONDS,
          (signal) => this.api.listReplications(first, marker, { signal }),
          createTimeoutError,
        );
        this.#throttled = null;
        const { items, dmsTime } = page;
        for (const replication of items) {
          this.#answer(replication.replicationConfigArn, sentAt, (each) => each.resolve({ replication, dmsTime }));
        }
        return page;
      } catch (err) {
        const failure = this.#toFailure(err);
        const isForAll = failure.kind === 'access-denied' || failure.kind === 'credentials';
        if (isForAll) for (const arn of wanted.keys()) this.#answer(arn, sentAt, (each) => each.reject(failure));
        if (failure.kind !== 'throttled') failures++;
        if (isForAll) return 'not-wanted';
        if (failures === 2) return 'failed';
      }
      await this.budget.take(lane);
      if (![...wanted.keys()].some((arn) => this.#waiters.has(arn))) {
        this.budget.giveBack(lane);
        return 'not-wanted';
      }
    }
  }

  async #ask(arn: ReplicationConfigArn): Promise<void> {
    const sentAt = performance.now();
    const asked = [...this.#waiters.of(arn.arn)].filter(({ since }) => since <= sentAt);
    for (const waiter of asked) waiter.isAsked = true;
    this.#waiters.setNeedsOwnRequest(arn.arn, false);
    try {
      const look = await withTimeout(
        REQUEST_SECONDS,
        (signal) => this.api.describeReplication(arn, { signal }),
        createTimeoutError,
      );
      this.#throttled = null;
      this.#answer(arn.arn, sentAt, (each) => each.resolve(look));
    } catch (err) {
      const failure = this.#toFailure(err);
      if (failure.kind !== 'throttled') this.#answer(arn.arn, sentAt, (each) => each.reject(failure));
      else for (const waiter of asked) waiter.isAsked = false;
      this.#alarm.setTo(performance.now());
    }
  }

  #toFailure(err: unknown): DmsApiError {
    const failure = err instanceof DmsApiError ? err : new DmsApiError('unavailable', 'UnknownError', String(err));
    if (failure.kind === 'throttled') {
      this.#throttled = failure;
      this.budget.slowDown();
    }
    return failure;
  }

  #answer(arn: string, sentAt: number, tell: (waiter: Waiter) => void): void {
    if (this.#waiters.has(arn)) this.#lookTimes.remember(arn, sentAt);
    for (const waiter of this.#waiters.of(arn)) {
      if (waiter.since <= sentAt) tell(waiter);
    }
  }
}

function createTimeoutError(): DmsApiError {
  return new DmsApiError('unavailable', 'TimeoutError', `DMS gave no answer within ${REQUEST_SECONDS} s`);
}
