/** How long a page that failed is not tried again. */
const BROKEN_MS = 60_000;

/** What is known of the list of an account and region: on which page each replication was last seen, and how many pages there are. */
export class ListMemory {
  readonly #pageOf = new Map<string, number>();
  /** As far as it was gone through: so many, or at least so many. */
  #pages = 0;
  #isEndKnown = false;
  /** A page that could not be had, and until when nobody tries to get past it. */
  #broken = { page: Infinity, until: 0 };

  saw(arn: string, page: number): void {
    this.#pageOf.set(arn, page);
  }

  /** So many pages were there, or at least so many. */
  reached(page: number, isLast: boolean): void {
    if (isLast) this.#isEndKnown = true;
    this.#pages = isLast ? page : Math.max(this.#pages, page + 1);
  }

  /** This page could not be had, and none after it. */
  broke(page: number, now: number): void {
    this.#broken = { page, until: now + BROKEN_MS };
  }

  /** It is not on these pages, as far as they go. */
  lost(arn: string, through: number): void {
    if ((this.#pageOf.get(arn) ?? Infinity) <= through) this.#pageOf.delete(arn);
  }

  /**
   * How many pages to go through, so that these and one request for each that is further back are the fewest; 0: each is asked for alone.
   * `Infinity` while nobody knows how far the list goes: whoever goes through it stops once that has cost as much as asking for the rest.
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
