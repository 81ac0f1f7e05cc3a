/** Text for people: fields, tables and times that fit a terminal. */

/** Width that every text fits, unless one word is longer. */
const WIDTH = 80;

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

/** Returns a table. The last column takes what is left of the width. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const last = header.length - 1;
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + 2, 0);
  const lines = [header, ...rows].flatMap((row) => {
    const start = row.slice(0, last).map((cell, column) => cell.padEnd((widths[column] ?? 0) + 2));
    const [first = '', ...rest] = wrap(row[last] ?? '', Math.max(10, WIDTH - before));
    return [start.join('') + first, ...rest.map((line) => ' '.repeat(before) + line)];
  });
  return lines.map((line) => line.trimEnd()).join('\n');
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
