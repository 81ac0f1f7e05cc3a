import { number, shape } from './validate.js';

/** Span of time: the sum of its parts. */
export interface TimeSpan {
  /** Days. Default 0. */
  readonly days?: number;
  /** Hours. Default 0. */
  readonly hours?: number;
  /** Minutes. Default 0. */
  readonly minutes?: number;
  /** Seconds. Default 0. */
  readonly seconds?: number;
}

const checkSpan = shape({ days: number(), hours: number(), minutes: number(), seconds: number(0, 1e12) });
/** JSON Schema of a time span. */
export const spanSchema = checkSpan.schema;
const LAST = Date.UTC(9999, 11, 31);
const MAX_TIMER = 2 ** 31 - 1;

/**
 * Clock of the simulator. Simulated time passes `speed` times as fast as real time.
 *
 * With `speed` 0 the time stands still, and only {@link SimulatedClock.advance} moves it.
 */
export class SimulatedClock {
  #realBegunAt = Date.now();
  #begunAt: number;
  #skipped = 0;

  #speed: number;

  constructor(
    private readonly firstSpeed: number,
    private readonly startAt: number | null,
  ) {
    this.#speed = firstSpeed;
    this.#begunAt = startAt ?? this.#realBegunAt;
  }

  /** Sets the clock back to its beginning, or to another one, and to its first speed. */
  rewind(startAt = this.startAt): void {
    this.#speed = this.firstSpeed;
    this.#realBegunAt = Date.now();
    this.#begunAt = startAt ?? this.#realBegunAt;
    this.#skipped = 0;
  }

  /** Returns how many simulated seconds pass in a real one. */
  get speed(): number {
    return this.#speed;
  }

  /** Changes the speed from now on. */
  setSpeed(speed: number): void {
    this.#begunAt = this.now();
    this.#realBegunAt = Date.now();
    this.#skipped = 0;
    this.#speed = speed;
  }

  /** True if only {@link SimulatedClock.advance} moves the time (`speed` 0). */
  get isMoved(): boolean {
    return this.#speed === 0;
  }

  /** Returns the simulated time, in ms since the epoch. */
  now(): number {
    return this.#begunAt + (Date.now() - this.#realBegunAt) * this.#speed + this.#skipped;
  }

  /** Calls `call` once the clock reaches `time`, in ms since the epoch. Never calls it if time stands still. */
  whenReached(time: number, call: () => void): void {
    if (this.isMoved) return;
    // A timer can fire a millisecond early.
    const again = () => (this.now() < time ? this.whenReached(time, call) : call());
    setTimeout(again, Math.min(MAX_TIMER, Math.ceil((time - this.now()) / this.#speed) + 1)).unref();
  }

  /** Moves the time forward at once. Throws a `RangeError` beyond the year 9999. */
  advance(by: TimeSpan): void {
    checkSpan(by, 'the time span');
    const { days = 0, hours = 0, minutes = 0, seconds = 0 } = by;
    const span = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
    if (this.now() + span > LAST) throw new RangeError('The clock ends with the year 9999');
    this.#skipped += span;
  }
}

/** Returns a generator of numbers from 0 to 1 (mulberry32). The same seed gives the same numbers. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
