/** Time for which a failed page is not tried again. */
const BROKEN_MS = 60_000;

/** Memory of an account-region's list: the page on which each replication was last seen, and the number of pages. */
export class ListMemory {
  readonly #pageOf = new Map<string, number>();
  /** Number of pages. A lower bound while the end is unknown. */
  #pages = 0;
  #isEndKnown = false;
  /** Page that failed, and the time until which no list goes past it. */
  #broken = { page: Infinity, until: 0 };

  rememberPage(arn: string, page: number): void {
    this.#pageOf.set(arn, page);
  }

  /** Remembers that the list has this page, and whether the page is the last. */
  rememberLength(page: number, isLast: boolean): void {
    if (isLast) this.#isEndKnown = true;
    this.#pages = isLast ? page : Math.max(this.#pages, page + 1);
  }

  /** Remembers that this page failed. For a while, plans end before it. */
  rememberFailedPage(page: number, now: number): void {
    this.#broken = { page, until: now + BROKEN_MS };
  }

  /** Remembers that the replication is not on the pages up to this one. */
  forgetUpTo(arn: string, through: number): void {
    if ((this.#pageOf.get(arn) ?? Infinity) <= through) this.#pageOf.delete(arn);
  }

  /**
   * Returns the number of pages to list so that all replications take the fewest requests. Each replication behind
   * those pages takes a request of its own.
   *
   * - 0: request each replication alone.
   * - `Infinity`: the length of the list is unknown. List until the pages have cost as much as requesting the rest
   *   alone.
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
