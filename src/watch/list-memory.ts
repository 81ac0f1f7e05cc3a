/** What is known of the list of an account and region: on which page each replication was last seen, and how many pages there are. */
export class ListMemory {
  readonly #pageOf = new Map<string, number>();
  /** As far as it was gone through: so many, or at least so many. */
  #pages = 0;
  #isEndKnown = false;

  saw(arn: string, page: number): void {
    this.#pageOf.set(arn, page);
  }

  /** So many pages were there, or at least so many. */
  reached(page: number, isLast: boolean): void {
    if (isLast) this.#isEndKnown = true;
    this.#pages = isLast ? page : Math.max(this.#pages, page + 1);
  }

  /** It is not on these pages, as far as they go. */
  lost(arn: string, through: number): void {
    if ((this.#pageOf.get(arn) ?? Infinity) <= through) this.#pageOf.delete(arn);
  }

  /**
   * How many pages to go through, so that these and one request for each that is further back are the fewest; 0: each is asked for alone.
   * `Infinity` while nobody knows how far the list goes: whoever goes through it stops once that has cost as much as asking for the rest.
   */
  plan(arns: readonly string[]): number {
    const unseen = arns.filter((arn) => !this.#pageOf.has(arn)).length;
    if (!this.#isEndKnown && unseen > Math.max(1, this.#pages)) return Infinity;
    const pages = arns.map((arn) => this.#pageOf.get(arn) ?? this.#pages).toSorted((one, other) => one - other);
    let best = { through: 0, cost: pages.length };
    pages.forEach((through, n) => {
      const cost = through + (pages.length - n - 1);
      if (through > 0 && cost < best.cost) best = { through, cost };
    });
    return best.through;
  }
}
