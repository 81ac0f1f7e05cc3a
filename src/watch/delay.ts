const SHORTEST = 2;
const LONGEST = 30;

/**
 * Seconds between two looks while no attempt is held: 2 at first, later a twentieth of the time already waited, at most
 * 30. A tenth more or less keeps waits that began together from looking together for ever.
 */
export function secondsBetweenLooks(elapsedSeconds: number, random: () => number = Math.random): number {
  const plain = Math.min(LONGEST, Math.max(SHORTEST, elapsedSeconds / 20));
  return plain * (0.9 + 0.2 * random());
}
