const SHORTEST_SECONDS = 2;
const LONGEST_SECONDS = 30;

/**
 * Returns the seconds between two looks while no attempt is held.
 *
 * The delay is 2 s at first, later a twentieth of the time already waited, at most 30 s. It varies by a tenth, so
 * waits that began together drift apart.
 */
export function secondsBetweenLooks(elapsedSeconds: number, random: () => number = Math.random): number {
  const plain = Math.min(LONGEST_SECONDS, Math.max(SHORTEST_SECONDS, elapsedSeconds / 20));
  return plain * (0.9 + 0.2 * random());
}
