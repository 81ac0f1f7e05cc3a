/**
 * True if a text matches the parts of a pattern. `any` is the part for any text. `fits`: true if a part is that character.
 *
 * Patterns come from untrusted clients. The matching time grows only with the lengths of pattern and text.
 */
export function matchesParts(
  parts: readonly string[],
  text: string,
  any: string,
  fits: (part: string, character: string) => boolean,
): boolean {
  let [part, at] = [0, 0];
  let [afterAny, retryAt] = [-1, 0];
  while (at < text.length) {
    if (parts[part] === any) {
      [afterAny, retryAt] = [++part, at];
    } else if (fits(parts[part] ?? '', text.charAt(at))) {
      [part, at] = [part + 1, at + 1];
    } else if (afterAny >= 0) {
      // The last `any` takes one more character.
      [part, at] = [afterAny, ++retryAt];
    } else return false;
  }
  return parts.slice(part).every((each) => each === any);
}
