/**
 * The request budget of one worker for one account-region: it spreads requests over time.
 *
 * AWS keeps one token bucket for an account-region, shared by everyone who calls DMS there. A worker uses at most three
 * quarters of it. Consoles, scripts and other workers have the rest. Workers don't talk to each other: each sends less
 * when AWS throttles it.
 *
 * An idle bucket is full, and may be spent at once. Kinds of requests that wait share the tokens by weight, so none
 * starves. A kind that doesn't wait leaves its share to the others.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Bucket } from './bucket.js';

/**
 * AWS's bucket: requests at once, and requests a second after that.
 *
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Limits.html
 */
const AWS_BURST = 200;
const AWS_REFILL = 8;
/** Share of AWS's bucket that one worker uses at most. */
const SHARE = 3 / 4;
/** Default of `looksPerSecond`: a third of the worker's share. */
export const LOOKS_PER_SECOND = (AWS_REFILL * SHARE) / 3;
/** Maximum number of first looks sent at once. Further ones follow at `looksPerSecond`, and may share pages. */
const LOOKS_AT_ONCE = 40;

/** Factor of the rate after throttling. */
const THROTTLED_FACTOR = 0.5;
/** Share of the full rate regained each second. */
const REGAINED_PER_SECOND = 1 / 60;
/** Minimum share of the full rate, however often AWS throttles. */
const MIN_SHARE = 1 / 8;
/** Throttled requests within this time count once, because they were under way together. */
const SAME_THROTTLING_MS = 1000;

/**
 * Kind of a request.
 *
 * - `poll`: a sweep.
 * - `look`: a first look, without which an activity can't go on.
 * - `change`: a stop or a start.
 * - `other`: anything that can come later, such as table statistics.
 */
export type RequestKind = 'poll' | 'look' | 'change' | 'other';

/** Number of tokens out of sixteen that each kind gets while all kinds wait. */
const WEIGHTS: Readonly<Record<RequestKind, number>> = { change: 10, poll: 3, look: 2, other: 1 };

/** Requests of one kind that wait for a token, in order. */
interface Line {
  readonly weight: number;
  /** Further limit of this kind alone. `null`: none. */
  readonly limit: Bucket | null;
  readonly turns: Set<() => void>;
  /** Virtual time until which the line has had its share. */
  servedUntil: number;
}

/** Throws a `RangeError` unless `looksPerSecond` is more than 0. */
export function requireLooksPerSecond(looksPerSecond = LOOKS_PER_SECOND): void {
  if (!(looksPerSecond > 0)) throw new RangeError(`looksPerSecond is ${looksPerSecond}: it must be more than 0`);
}

export class RequestBudget {
  readonly #all: Bucket;
  readonly #polls: Bucket;
  readonly #lines: Readonly<Record<RequestKind, Line>>;
  readonly #outside = AsyncLocalStorage.snapshot();
  /** Virtual time of start-time fair queueing: the start of the request that was served last. */
  #virtualTime = 0;
  #timer: NodeJS.Timeout | null = null;
  #share = 1;
  #shareAt = performance.now();

  /**
   * Creates a full budget. Throws a `RangeError` unless `looksPerSecond` is more than 0.
   *
   * `looksPerSecond`: sweep requests a second. All requests together have three times that rate, but at most three
   * quarters of AWS's refill. A higher `looksPerSecond` is also the rate of all requests.
   */
  constructor(looksPerSecond = LOOKS_PER_SECOND) {
    requireLooksPerSecond(looksPerSecond);
    const bucket = (burst: number, rate: number) => new Bucket(burst, () => rate * this.#currentShare());
    const rate = Math.max(looksPerSecond, Math.min(looksPerSecond * 3, AWS_REFILL * SHARE));
    this.#all = bucket(AWS_BURST * SHARE, rate);
    this.#polls = bucket(Math.max(1, looksPerSecond), looksPerSecond);
    const line = (kind: RequestKind, limit: Bucket | null = null): Line => {
      return { weight: WEIGHTS[kind], limit, turns: new Set(), servedUntil: 0 };
    };
    const looks = bucket(LOOKS_AT_ONCE, looksPerSecond);
    this.#lines = {
      change: line('change'),
      poll: line('poll', this.#polls),
      look: line('look', looks),
      other: line('other'),
    };
  }

  /** Waits for a token. Rejects with the signal's reason. */
  take(kind: RequestKind, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const { turns } = this.#lines[kind];
      const onAbort = () => {
        turns.delete(turn);
        reject(signal?.reason);
      };
      const turn = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      turns.add(turn);
      this.#serve();
    });
  }

  /** Returns a token whose request was not sent. */
  giveBack(kind: RequestKind): void {
    this.#all.giveBack();
    this.#lines[kind].limit?.giveBack();
    this.#serve();
  }

  /** Returns the milliseconds that a sweep of this many requests takes. */
  sweepMs(requests: number): number {
    return this.#polls.msUntil(requests);
  }

  /** Halves the rate, because AWS throttled a request. */
  slowDown(): void {
    const now = performance.now();
    if (this.#share < 1 && now - this.#shareAt < SAME_THROTTLING_MS) return;
    this.#all.empty();
    for (const { limit } of Object.values(this.#lines)) limit?.empty();
    this.#share = Math.max(MIN_SHARE, this.#currentShare() * THROTTLED_FACTOR);
    this.#shareAt = now;
  }

  #currentShare(): number {
    const seconds = (performance.now() - this.#shareAt) / 1000;
    return Math.min(1, this.#share + seconds * REGAINED_PER_SECOND);
  }

  #serve(): void {
    for (;;) {
      const waiting = Object.values(this.#lines).filter(({ turns }) => turns.size > 0);
      if (waiting.length === 0) return;
      const msUntil = ({ limit }: Line) => Math.max(this.#all.msUntil(1), limit?.msUntil(1) ?? 0);
      const ready = waiting.filter((line) => msUntil(line) === 0);
      if (ready.length === 0) return this.#wakeIn(Math.min(...waiting.map(msUntil)));
      this.#serveOne(ready);
    }
  }

  /** Serves the line whose share is due first. */
  #serveOne(ready: readonly Line[]): void {
    // A line that was empty starts now, without a claim to tokens of the past.
    const startOf = ({ servedUntil }: Line) => Math.max(servedUntil, this.#virtualTime);
    const line = ready.reduce((first, other) => (startOf(other) < startOf(first) ? other : first));
    this.#virtualTime = startOf(line);
    line.servedUntil = this.#virtualTime + 1 / line.weight;
    this.#all.take();
    line.limit?.take();
    const [turn] = line.turns;
    if (turn === undefined) return;
    line.turns.delete(turn);
    turn();
  }

  #wakeIn(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#outside(() => {
      this.#timer = setTimeout(() => this.#serve(), Math.ceil(ms)).unref();
    });
  }
}
