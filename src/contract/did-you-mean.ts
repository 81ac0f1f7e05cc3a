/** Maximum length of a name to look up. A longer name is not a typing error. */
const MAX_NAME_LENGTH = 60;
/** Share of the longer name that may differ. */
const MAX_DIFFERENCE_SHARE = 0.4;

/** Finds the name that was probably meant. `null`: none is similar. */
export function nearestName(name: string, names: readonly string[]): string | null {
  if (name.length > MAX_NAME_LENGTH) return null;
  const ranked = names
    .map((each) => ({
      each,
      share: distance(name.toLowerCase(), each.toLowerCase()) / Math.max(name.length, each.length),
    }))
    .toSorted((one, other) => one.share - other.share);
  const [best] = ranked;
  return best !== undefined && best.share <= MAX_DIFFERENCE_SHARE ? best.each : null;
}

/** Counts the letters to insert, delete or replace that turn one text into the other. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, n) => n);
  for (let i = 0; i < one.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j++) {
      const replaced = (row[j] ?? 0) + (one[i] === other[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
