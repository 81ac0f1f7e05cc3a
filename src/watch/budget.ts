import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * What AWS allows an account and region, for everybody who calls DMS there: so many requests at once, and so many a second after that.
 *
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Limits.html
 */
const AWS_BURST = 200;
const AWS_REFILL = 8;
/** A quarter of that is for the looks of waits. */
export const LOOKS_PER_SECOND = AWS_REFILL / 4;

/** After throttling: half of what was sent, and how much of the whole comes back each second. */
const EASED = 0.5;
const REGAINED_PER_SECOND = 1 / 60;
const LEAST = 1 / 8;
/** Several requests that were under way at once are throttled together. */
const EASED_ONCE_MS = 1000;

/**
 * What a request is for. `change`: stop and start. `look`: whatever an activity can not go on without. `sweep`: the looks of waits. Sweeps have a share
 * of their own; changes and looks take turns in another, so that each can have all of it and none can starve the other.
 */
export type RequestKind = 'change' | 'look' | 'sweep';

/** Requests to one account and region, spread over time. Workers that share an account do not talk: each backs off when AWS throttles it. */
export class RequestBudget {
  readonly #pacers: Readonly<Record<RequestKind, Pacer>>;
  #share = 1;
  #shareAt = performance.now();

  /** Requests a second for sweeps. For all else there is {@link othersPerSecond}, and half of AWS's burst. */
  constructor(looksPerSecond = LOOKS_PER_SECOND) {
    const share = () => this.#currentShare();
    const others = new Pacer(AWS_BURST / 2, othersPerSecond(looksPerSecond), share);
    const sweeps = new Pacer(Math.max(1, looksPerSecond), looksPerSecond, share);
    this.#pacers = { change: others, look: others, sweep: sweeps };
  }

  /** Waits for the turn of a request. Rejects with the signal's reason. */
  take(kind: RequestKind, signal?: AbortSignal): Promise<void> {
    return this.#pacers[kind].take(kind, signal);
  }

  /** A request whose turn it was is not needed any more. */
  giveBack(kind: RequestKind): void {
    this.#pacers[kind].giveBack();
  }

  /** How long a sweep of so many requests takes, in milliseconds. */
  sweepMs(requests: number): number {
    return this.#pacers.sweep.msFor(requests);
  }

  /** AWS has throttled a request: fewer from now on. */
  throttled(): void {
    const now = performance.now();
    if (this.#share < 1 && now - this.#shareAt < EASED_ONCE_MS) return;
    this.#share = Math.max(LEAST, this.#currentShare() * EASED);
    this.#shareAt = now;
    for (const pacer of new Set(Object.values(this.#pacers))) pacer.empty();
  }

  #currentShare(): number {
    const seconds = (performance.now() - this.#shareAt) / 1000;
    return Math.min(1, this.#share + seconds * REGAINED_PER_SECOND);
  }
}

/**
 * Twice as many as for sweeps, but no more than half of AWS's refill, nor than what sweeps leave of it; three eighths of it, or of a budget beyond it,
 * there always are. Sweeps are no quicker than one in two seconds, so with that a budget of all the refill is not throttled because of stops.
 */
function othersPerSecond(looksPerSecond: number): number {
  const left = Math.min(AWS_REFILL / 2, AWS_REFILL - looksPerSecond);
  return Math.min(looksPerSecond * 2, Math.max(left, (Math.max(AWS_REFILL, looksPerSecond) * 3) / 8));
}

interface Turn {
  readonly go: () => void;
}

/** So many at once, and so many a second after that; who waits is served in order, and the kinds take turns. */
class Pacer {
  /** Who waits, by kind; the kind whose turn it is comes first. */
  readonly #waiting = new Map<RequestKind, Turn[]>();
  readonly #outside = AsyncLocalStorage.snapshot();
  #tokens: number;
  #at = performance.now();
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly burst: number,
    private readonly rate: number,
    private readonly share: () => number,
  ) {
    this.#tokens = burst;
  }

  take(kind: RequestKind, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const turns = this.#waiting.get(kind) ?? [];
      this.#waiting.set(kind, turns);
      const onAbort = () => {
        turns.splice(turns.indexOf(turn), 1);
        reject(signal?.reason);
      };
      const turn: Turn = {
        go() {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      turns.push(turn);
      this.#serve();
    });
  }

  giveBack(): void {
    this.#tokens = Math.min(this.burst, this.#tokens + 1);
    this.#serve();
  }

  empty(): void {
    this.#refill();
    this.#tokens = Math.min(this.#tokens, 0);
  }

  msFor(requests: number): number {
    this.#refill();
    return (Math.max(0, requests - this.#tokens) / (this.rate * this.share())) * 1000;
  }

  #refill(): void {
    const now = performance.now();
    const gained = ((now - this.#at) / 1000) * this.rate * this.share();
    this.#tokens = Math.min(this.burst, this.#tokens + gained);
    this.#at = now;
  }

  #next(): Turn | undefined {
    for (const [kind, turns] of this.#waiting) {
      const turn = turns.shift();
      if (turn === undefined) continue;
      this.#waiting.delete(kind);
      this.#waiting.set(kind, turns);
      return turn;
    }
    return undefined;
  }

  #serve(): void {
    this.#refill();
    while (this.#tokens >= 1) {
      const turn = this.#next();
      if (turn === undefined) return;
      this.#tokens--;
      turn.go();
    }
    if (this.#timer !== null || [...this.#waiting.values()].every((turns) => turns.length === 0)) return;
    const ms = ((1 - this.#tokens) / (this.rate * this.share())) * 1000;
    this.#outside(() => {
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#serve();
      }, Math.ceil(ms)).unref();
    });
  }
}
