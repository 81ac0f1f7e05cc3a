/** AWS's token bucket of an account-region: 200 requests at once and 8 a second after that, by `performance.now()`. */
export class AwsBucket {
  readonly #burst = 200;
  readonly #refill = 8;
  #tokens = this.#burst;
  #at = performance.now();
  throttled = 0;
  served = 0;

  /** Takes a token. Returns false if AWS throttles the request. */
  request(): boolean {
    const now = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#refill);
    this.#at = now;
    if (this.#tokens < 1) {
      this.throttled++;
      return false;
    }
    this.#tokens--;
    this.served++;
    return true;
  }
}
