interface Due {
  readonly at: number;
  readonly apply: () => void;
}

/** Future events, by due time, then by the order in which they were added. Times are epoch seconds. */
export class Schedule {
  #due: Due[] = [];

  add(at: number, apply: () => void): void {
    const before = this.#due.findLastIndex((each) => each.at <= at);
    this.#due.splice(before + 1, 0, { at, apply });
  }

  /** Removes and returns the next event that is due at `by`. `null`: no event is due. */
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
