import { AsyncLocalStorage } from 'node:async_hooks';

/** Timer that rings at the earliest time it was set to. It does not keep the process alive. */
export class Alarm {
  /** Runs the timer outside the async context of the activity that set it. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #timer: NodeJS.Timeout | null = null;
  #at = Infinity;

  constructor(private readonly ring: () => void) {}

  /** Sets the alarm, unless it rings earlier anyway. `time`: on the clock of `performance.now()`. */
  setTo(time: number): void {
    if (time >= this.#at) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#at = time;
    this.#outside(() => {
      this.#timer = setTimeout(() => this.#ring(), Math.max(0, time - performance.now())).unref();
    });
  }

  #ring(): void {
    this.#timer = null;
    this.#at = Infinity;
    this.ring();
  }
}
