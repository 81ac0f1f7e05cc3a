interface Due {
  readonly at: number;
  readonly apply: () => void;
}

/** Events to come, in the order in which they are due. Times are epoch seconds. */
export class Schedule {
  #due: Due[] = [];

  add(at: number, apply: () => void): void {
    const before = this.#due.findLastIndex((each) => each.at <= at);
    this.#due.splice(before + 1, 0, { at, apply });
  }

  /** Takes out the next event if it is due by then. */
  take(by: number): Due | null {
    const [next] = this.#due;
    if (next === undefined || next.at > by) return null;
    this.#due.shift();
    return next;
  }

  clear(): void {
    this.#due = [];
  }
}
