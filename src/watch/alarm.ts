import { AsyncLocalStorage } from 'node:async_hooks';

/** A timer that rings at the earliest time it was set to. A program can end while it is set. */
export class Alarm {
  /** Rings outside the async context of whichever activity set it. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #timer: NodeJS.Timeout | null = null;
  #at = Infinity;

  constructor(private readonly ring: () => void) {}

  /** `time` on the clock of `performance.now()`. */
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
