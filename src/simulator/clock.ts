/** The simulator's time: it starts at the real time and goes `speed` times as fast. */
export class SimulatedClock {
  readonly #startedAt = Date.now();
  #skipped = 0;

  constructor(private readonly speed: number) {}

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#startedAt + (Date.now() - this.#startedAt) * this.speed + this.#skipped;
  }

  /** Moves the time forward at once. */
  advance({ hours = 0, minutes = 0, seconds = 0 }: { hours?: number; minutes?: number; seconds?: number }): void {
    this.#skipped += ((hours * 60 + minutes) * 60 + seconds) * 1000;
  }
}
