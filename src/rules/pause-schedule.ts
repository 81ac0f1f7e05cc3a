/** Pause schedules: pairs of Temporal Schedules that stop and resume a replication, such as at night and in the morning. */

/** Longest pause of a new pause schedule: the 48 hours of the resume window, less six to act in. */
export const LONGEST_PAUSE_HOURS = 42;
/** Longest delay of a scheduled stop. A later stop is skipped, because it could fall into the time when the replication should run. */
export const MAX_STOP_DELAY_SECONDS = 3600;

/** Planned stop, and the first resume at or after it. `null`: no resume within {@link LONGEST_PAUSE_HOURS}. */
export interface PlannedPause {
  readonly stopAt: Date;
  readonly resumeAt: Date | null;
}

/** Returns the reason to refuse a pause schedule with these pauses ahead. `null`: there is none. */
export function pauseProblem(pauses: readonly PlannedPause[]): string | null {
  if (pauses.length === 0) return 'it never stops: it has no stop times, or all of them have passed';
  const bad = pauses.find(({ stopAt, resumeAt }) => resumeAt === null || resumeAt <= stopAt);
  if (bad === undefined) return null;
  const at = bad.stopAt.toISOString();
  if (bad.resumeAt !== null) return `it stops and resumes at the same time, ${at}`;
  return `it stops at ${at} and does not resume within ${LONGEST_PAUSE_HOURS} hours. DMS deprovisions it after 48`;
}
