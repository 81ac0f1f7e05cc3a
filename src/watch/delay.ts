const SHORTEST = 2;
const LONGEST = 30;

/**
 * How long to leave between two looks when no attempt is held: 2 s at first, a twentieth of the time already waited later, at most 30 s; give or
 * take a tenth, so that waits that began together do not look together for ever.
 */
export function secondsBetweenLooks(elapsedSeconds: number, random: () => number = Math.random): number {
  const plain = Math.min(LONGEST, Math.max(SHORTEST, elapsedSeconds / 20));
  return plain * (0.9 + 0.2 * random());
}
