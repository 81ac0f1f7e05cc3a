/** Output of the bench, and the list of its missed promises. */
export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export class Report {
  readonly missed: string[] = [];

  /** Notes whether a promise is kept, and returns the text of a table cell. */
  readonly promised = (what: string, promise: string, isKept: boolean): string => {
    if (!isKept) this.missed.push(`${what} (${promise})`);
    return `${promise}: ${isKept ? 'kept' : 'MISSED'}`;
  };
}
