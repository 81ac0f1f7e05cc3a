import { number, shape } from './validate.js';

export interface TimeSpan {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
}

const checkSpan = shape({ days: number(), hours: number(), minutes: number(), seconds: number(0, 1e12) });
const LAST = Date.UTC(9999, 11, 31);
const MAX_TIMER = 2 ** 31 - 1;

/** The simulator's time: the real time `speed` times as fast, or one that stands still until it is moved. */
export class SimulatedClock {
  readonly #begunAt: number;
  readonly #realBegunAt = Date.now();
  #skipped = 0;

  constructor(
    private readonly speed: number,
    startAt: number | null,
  ) {
    this.#begunAt = startAt ?? this.#realBegunAt;
  }

  /** It stands still until it is moved. */
  get isMoved(): boolean {
    return this.speed === 0;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#begunAt + (Date.now() - this.#realBegunAt) * this.speed + this.#skipped;
  }

  /** Calls back once the time is reached, in milliseconds since the epoch; never where time stands still. */
  whenReached(time: number, call: () => void): void {
    if (this.isMoved) return;
    // Timers may be early by a millisecond.
    const again = () => (this.now() < time ? this.whenReached(time, call) : call());
    setTimeout(again, Math.min(MAX_TIMER, Math.ceil((time - this.now()) / this.speed) + 1)).unref();
  }

  /** Moves the time forward at once. */
  advance(by: TimeSpan): void {
    checkSpan(by, 'The span by which the clock goes forward');
    const { days = 0, hours = 0, minutes = 0, seconds = 0 } = by;
    const span = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
    if (this.now() + span > LAST) throw new RangeError('The clock ends with the year 9999');
    this.#skipped += span;
  }
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
