/** Text for people: fields, tables and times that fit a terminal. */

/** Width that every text fits, unless one word is longer. */
export const WIDTH = 80;

/** Returns one line for each field. A field that is `null` is left out. Long values go on in lines of their own. */
export function fields(rows: readonly (readonly [name: string, value: string | null])[]): string {
  const shown = rows.filter(([, value]) => value !== null);
  const indent = Math.max(...shown.map(([name]) => name.length)) + 4;
  return shown
    .map(([name, value]) => {
      const [first = '', ...rest] = wrap(value ?? '', WIDTH - indent);
      return [`  ${name.padEnd(indent - 2)}${first}`, ...rest.map((line) => ' '.repeat(indent) + line)].join('\n');
    })
    .join('\n');
}

/** Returns commands as lines of their own. They are not broken, so that they can be pasted. */
export function commandLines(title: string, commands: readonly string[]): string {
  return [title, ...commands.map((command) => `  ${command}`)].join('\n');
}

/** Returns a text that is broken at the width, each line with that indent. */
export function indented(text: string, indent: number): string {
  return wrap(text, WIDTH - indent)
    .map((line) => ' '.repeat(indent) + line)
    .join('\n');
}

/**
 * Returns a table. Long columns are broken until the table fits. The last column takes what is left of the width.
 *
 * A word that is longer than its column stays whole, so that it can be copied. The rest of its row goes on in the next
 * line, below its header.
 */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columnWidths(header, rows);
  return [header, ...rows].flatMap((row) => rowLines(row, widths)).join('\n');
}

/** Minimum width that the columns before the last one leave to it, unless its cells are shorter. */
const LAST_WIDTH = 24;
/** Width below which a column is not broken. */
const FIRM_WIDTH = 20;
/** Space between two columns. */
const GAP = 2;

/** Returns the widths of the columns. The widest one is broken further until the last one has enough space. */
function columnWidths(header: readonly string[], rows: readonly (readonly string[])[]): readonly number[] {
  const cells = header.map((name, column) => [name, ...rows.map((row) => row[column] ?? '')]);
  const widths = cells.map((texts) => Math.max(...texts.map(({ length }) => length)));
  const last = widths.length - 1;
  const needed = Math.min(widths[last] ?? 0, LAST_WIDTH);
  for (;;) {
    const before = widths.slice(0, last);
    const left = WIDTH - before.reduce((sum, width) => sum + width + GAP, 0);
    const widest = Math.max(...before);
    if (left >= needed || widest <= FIRM_WIDTH) return [...before, Math.max(10, left)];
    const column = before.indexOf(widest);
    const lengths = (cells[column] ?? []).flatMap((text) => wrap(text, widest - 1).map(({ length }) => length));
    // A header stays in one line.
    widths[column] = Math.max(header[column]?.length ?? 0, ...lengths.filter((length) => length < widest));
    if (widths[column] === widest) return [...before, Math.max(10, left)];
  }
}

/** Returns the lines of a row. */
function rowLines(row: readonly string[], widths: readonly number[]): readonly string[] {
  const lines: string[] = [];
  /** Lines that the next cells of the row extend, side by side. `endLines` adds them to `lines`. */
  let beside: string[] = [];
  const endLines = () => {
    lines.push(...beside.map((line) => line.trimEnd()).filter((line) => line !== ''));
    beside = [];
  };
  let start = 0;
  for (const [column, width] of widths.entries()) {
    const cell = wrap(row[column] ?? '', width);
    const longest = Math.max(...cell.map(({ length }) => length));
    const isLast = column === widths.length - 1;
    const isWide = longest > width && !isLast;
    if (isWide && start + longest > WIDTH) endLines();
    const indent = isWide ? Math.min(start, Math.max(0, WIDTH - longest)) : start;
    for (const [index, text] of cell.entries()) beside[index] = (beside[index] ?? '').padEnd(indent) + text;
    if (isWide) endLines();
    start += width + GAP;
  }
  endLines();
  return lines;
}

/** Breaks a text into lines. A word that is longer than a line stays whole, so that it can be copied. */
function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    return [...lines, line];
  });
}

/** Returns a time with its distance from now, such as `2026-11-30T10:00:00.000Z (in 5 min)`. */
export function timeText(at: string, now = Date.now()): string {
  return `${at} (${distance(at, now)})`;
}

/** Returns the distance of a time from now: `in 2 h 5 min`, or `12 s ago`. */
export function distance(at: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(at) - now) / 1000);
  return seconds >= 0 ? `in ${duration(seconds)}` : `${duration(-seconds)} ago`;
}

/** Returns a duration in its two largest units. */
export function duration(seconds: number): string {
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ] as const;
  const largest = units.findIndex(([size]) => seconds >= size);
  if (largest === -1) return '0 s';
  let left = Math.floor(seconds);
  return units
    .slice(largest, largest + 2)
    .flatMap(([size, unit]) => {
      const count = Math.floor(left / size);
      left -= count * size;
      return count === 0 ? [] : [`${count} ${unit}`];
    })
    .join(' ');
}

/** Returns the last part of an ARN, which `temporal-dms` takes in place of the ARN. */
export function shortName(arn: string): string {
  return arn.split(':').at(-1) ?? arn;
}
