/**
 * Looks as evidence.
 *
 * DescribeReplications may show what was true up to {@link STALE_SECONDS} ago, and a later look may be older than an earlier one.
 * A single look therefore proves only a fact that no older look can show, such as a newer stop time. Every other conclusion needs
 * looks that agree on it for longer than staleness. The last of them then shows a state from after the first look.
 *
 * An {@link Agreement} holds one conclusion and the time of the first look that supports it. A look that supports another conclusion
 * begins a new agreement, so a stale look only delays the conclusion. A look without the replication changes nothing.
 */

/** Maximum age of a look, in seconds. */
export const STALE_SECONDS = 60;

/** Conclusion that all looks since `since` support. Times are seconds of the caller's clock. JSON-safe, because it outlives the attempt. */
export interface Agreement {
  /** Name of the conclusion, such as `active`. Equal names agree. */
  readonly on: string;
  readonly since: number;
}

/** Continues the agreement with a look that supports the conclusion, or begins a new one. */
export function agreeOn(agreement: Agreement | null, on: string, now: number): Agreement {
  return agreement?.on === on ? agreement : { on, since: now };
}

/** Seconds from the first look that supports the conclusion until now. */
export function agreedSeconds(agreement: Agreement, now: number): number {
  return now - agreement.since;
}

/** Returns true if looks have agreed for longer than a look can be old. */
export function isBeyondStaleness(agreement: Agreement, now: number): boolean {
  return agreedSeconds(agreement, now) > STALE_SECONDS;
}
