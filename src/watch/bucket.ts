/** Token bucket. It starts full, holds at most `burst` tokens, and refills at `rate()` tokens a second. */
export class Bucket {
  #tokens: number;
  #at = performance.now();

  constructor(
    private readonly burst: number,
    private readonly rate: () => number,
  ) {
    this.#tokens = burst;
  }

  take(): void {
    this.#refill();
    this.#tokens--;
  }

  giveBack(): void {
    this.#refill();
    this.#tokens = Math.min(this.burst, this.#tokens + 1);
  }

  empty(): void {
    this.#refill();
    this.#tokens = Math.min(this.#tokens, 0);
  }

  /** Returns the milliseconds until the bucket holds this many tokens at the current rate. 0: it holds them. */
  msUntil(tokens: number): number {
    this.#refill();
    return (Math.max(0, tokens - this.#tokens) / this.rate()) * 1000;
  }

  #refill(): void {
    const now = performance.now();
    this.#tokens = Math.min(this.burst, this.#tokens + ((now - this.#at) / 1000) * this.rate());
    this.#at = now;
  }
}
