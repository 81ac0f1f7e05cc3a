/** Time for which a page that failed is not tried again. */
const BROKEN_MS = 60_000;

/** Knowledge about the list of an account-region: the page on which each replication was last seen, and the number of pages. */
export class ListMemory {
  readonly #pageOf = new Map<string, number>();
  /** Number of pages; at least so many while the end is not known. */
  #pages = 0;
  #isEndKnown = false;
  /** A page that failed, and the time until which no list goes past it. */
  #broken = { page: Infinity, until: 0 };

  saw(arn: string, page: number): void {
    this.#pageOf.set(arn, page);
  }

  /** Notes that the list goes on to this page, and whether it ends there. */
  reached(page: number, isLast: boolean): void {
    if (isLast) this.#isEndKnown = true;
    this.#pages = isLast ? page : Math.max(this.#pages, page + 1);
  }

  /** Notes that this page failed, which hides those after it. */
  broke(page: number, now: number): void {
    this.#broken = { page, until: now + BROKEN_MS };
  }

  /** Notes that the replication is not on the pages up to this one. */
  lost(arn: string, through: number): void {
    if ((this.#pageOf.get(arn) ?? Infinity) <= through) this.#pageOf.delete(arn);
  }

  /**
   * Number of pages to list, so that the pages, and one request for each replication behind them, are the fewest
   * requests. 0: request each alone. `Infinity`: the length of the list is not known, so list until the pages have cost
   * as much as requesting the rest alone.
   */
  plan(arns: readonly string[], now: number): number {
    const { page: broken, until } = this.#broken;
    const most = now < until ? broken - 1 : Infinity;
    const unseen = arns.filter((arn) => !this.#pageOf.has(arn)).length;
    if (!this.#isEndKnown && unseen > Math.max(1, this.#pages)) return most;
    const pages = arns.map((arn) => this.#pageOf.get(arn) ?? this.#pages).toSorted((one, other) => one - other);
    let best = { through: 0, cost: pages.length };
    pages.forEach((through, n) => {
      const cost = through + (pages.length - n - 1);
      if (through > 0 && through <= most && cost < best.cost) best = { through, cost };
    });
    return best.through;
  }
}
