import { AsyncLocalStorage } from 'node:async_hooks';
import { DmsApiError, type DmsApi } from '../dms/api.js';
import type { ReplicationConfigArn } from '../dms/arn.js';
import type { Replication } from '../dms/replication.js';

export { secondsBetweenLooks } from './delay.js';

/** How long a look may wait for others to share its request. */
const COALESCE_MS = 10;
/** Waits that are due this soon come along with a sweep that is due now. */
const COME_ALONG_MS = 250;
/** Requests of one sweep under way at once. */
const CONCURRENCY = 8;

export interface Look {
  readonly replication: Replication;
  /** When the request was sent, by the worker's clock. */
  readonly wallClock: number;
}

export interface LookOptions {
  /** How long the caller can do without a look. It gets one sooner when somebody else's comes by. Default 0. */
  readonly inSeconds?: number | undefined;
  /** Ends this wait, never the shared request. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiter {
  readonly arn: ReplicationConfigArn;
  readonly since: number;
  readonly dueAt: number;
  /** A request for it is under way. */
  isAsked: boolean;
  readonly resolve: (look: Look) => void;
  readonly reject: (err: unknown) => void;
}

/**
 * Looks for many waits at once: all waits of a worker on one account and region share its sweeps. A sweep asks for each watched replication, or
 * pages through the list, whichever is expected to take fewer requests.
 *
 * A look counts for a wait only if its request was sent after the wait began, and a replication that is missing from a list is asked for by its
 * ARN before it is believed gone.
 */
export class ReplicationWatcher {
  readonly #api: DmsApi;
  readonly #waiters = new Set<Waiter>();
  /** Runs sweeps outside the async context of whichever activity happens to start one. */
  readonly #outside = AsyncLocalStorage.snapshot();
  /** How many pages the whole list took when it was last paged through. */
  #pages = 1;
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Infinity;

  constructor(api: DmsApi) {
    this.#api = api;
  }

  /** The next look at a replication. Rejects with the `DmsApiError` of its request, or with the signal's reason. */
  look(arn: ReplicationConfigArn, { inSeconds = 0, signal }: LookOptions = {}): Promise<Look> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const now = performance.now();
      const end = () => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = () => {
        end();
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        arn,
        since: now,
        dueAt: now + Math.max(inSeconds * 1000, COALESCE_MS),
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
      this.#waiters.add(waiter);
      this.#wakeAt(waiter.dueAt);
    });
  }

  #wakeAt(time: number): void {
    if (time >= this.#timerAt) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = time;
    this.#outside(() => {
      this.#timer = setTimeout(() => this.#sweepDue(), Math.max(0, time - performance.now()));
    });
  }

  #sweepDue(): void {
    this.#timer = null;
    this.#timerAt = Infinity;
    const soon = performance.now() + COME_ALONG_MS;
    const open = [...this.#waiters].filter((each) => !each.isAsked);
    const due = open.filter((each) => each.dueAt <= soon);
    for (const each of due) each.isAsked = true;
    if (due.length > 0) void this.#sweep(new Map(due.map((each) => [each.arn.arn, each.arn])));
    const next = Math.min(...open.filter((each) => each.dueAt > soon).map((each) => each.dueAt));
    if (next !== Infinity) this.#wakeAt(next);
  }

  async #sweep(arns: ReadonlyMap<string, ReplicationConfigArn>): Promise<void> {
    const missing = arns.size > this.#pages ? await this.#list(new Map(arns)) : arns;
    const queue = [...missing.values()];
    const workers = Array.from({ length: Math.min(CONCURRENCY, queue.length) }, async () => {
      for (let arn = queue.shift(); arn !== undefined; arn = queue.shift()) await this.#ask(arn);
    });
    await Promise.all(workers);
  }

  /** Pages through the list until all are found. Returns those that are not in it. */
  async #list(wanted: Map<string, ReplicationConfigArn>): Promise<ReadonlyMap<string, ReplicationConfigArn>> {
    const [first] = wanted.values();
    if (first === undefined) return wanted;
    const begunAt = performance.now();
    let marker: string | null = null;
    let pages = 0;
    try {
      while (wanted.size > 0) {
        const sentAt = performance.now();
        const wallClock = Date.now();
        const page = await this.#api.listReplications(first, marker);
        pages++;
        for (const replication of page.items) {
          wanted.delete(replication.replicationConfigArn);
          this.#answer(replication.replicationConfigArn, sentAt, (each) => each.resolve({ replication, wallClock }));
        }
        marker = page.marker;
        if (marker === null) break;
      }
      this.#pages = Math.max(1, pages);
      return wanted;
    } catch (err) {
      for (const arn of wanted.keys()) this.#answer(arn, begunAt, (each) => each.reject(asApiError(err)));
      return new Map();
    }
  }

  async #ask(arn: ReplicationConfigArn): Promise<void> {
    const sentAt = performance.now();
    const wallClock = Date.now();
    try {
      const replication = await this.#api.describeReplication(arn);
      this.#answer(arn.arn, sentAt, (each) => each.resolve({ replication, wallClock }));
    } catch (err) {
      this.#answer(arn.arn, sentAt, (each) => each.reject(asApiError(err)));
    }
  }

  #answer(arn: string, sentAt: number, tell: (waiter: Waiter) => void): void {
    for (const waiter of this.#waiters) {
      if (waiter.arn.arn === arn && waiter.since <= sentAt) tell(waiter);
    }
  }
}

function asApiError(err: unknown): DmsApiError {
  return err instanceof DmsApiError ? err : new DmsApiError('unavailable', 'UnknownError', String(err));
}
