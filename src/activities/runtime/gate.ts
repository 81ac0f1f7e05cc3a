/** Gate with a fixed number of places. Waiters enter in order. A cancelled waiter does not take a place. */
export class Gate {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(places: number) {
    this.#free = places;
  }

  /** Waits for a place, and returns the function that leaves it. Rejects with the signal's reason. */
  enter(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(signal.reason);
      };
      const go = () => {
        signal.removeEventListener('abort', onAbort);
        resolve(() => this.#leave());
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (this.#free === 0) {
        this.#waiting.push(go);
        return;
      }
      this.#free--;
      go();
    });
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
