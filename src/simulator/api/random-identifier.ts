const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Returns a random identifier in DMS's format: 26 upper-case letters and digits from 2 to 7, a letter first. */
export function randomIdentifier(random: () => number): string {
  const one = (of: string) => of.charAt(Math.floor(random() * of.length));
  return one(LETTERS) + Array.from({ length: 25 }, () => one(`${LETTERS}234567`)).join('');
}
