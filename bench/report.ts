/** What the bench says, and which promises it found broken. */
export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export class Report {
  readonly missed: string[] = [];

  /** As a cell of a table. */
  readonly promised = (what: string, promise: string, isKept: boolean): string => {
    if (!isKept) this.missed.push(`${what} (${promise})`);
    return `${promise}: ${isKept ? 'kept' : 'MISSED'}`;
  };
}
