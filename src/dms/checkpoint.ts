import type { Replication } from './replication.js';

/** How long a stop may stay undescribed before it is recorded as it is. */
export const SETTLE_GRACE_SECONDS = 120;

/** DMS deprovisions a replication that was not started for this long. */
export const RESUME_WINDOW_SECONDS = 48 * 60 * 60;

/** What tells one stop of a replication from another. Taken before a stop, it shows which fields are still the previous run's. */
export interface StopMark {
  readonly lastStopTime: string | null;
  readonly replicationCreateTime: string | null;
  readonly freshStartDate: string | null;
}

export function stopMark(replication: Replication): StopMark {
  return {
    lastStopTime: replication.replicationLastStopTime,
    replicationCreateTime: replication.replicationCreateTime,
    freshStartDate: replication.replicationStats?.freshStartDate ?? null,
  };
}

/** Whether the look shows a stop that came after the mark. Without a mark every stop counts as one. */
export function isNewerStop(replication: Replication, before: StopMark | null): boolean {
  const stoppedAt = replication.replicationLastStopTime;
  if (stoppedAt === null) return false;
  if (before === null || before.lastStopTime === null) return true;
  if (before.replicationCreateTime !== replication.replicationCreateTime) return true;
  return Date.parse(stoppedAt) > Date.parse(before.lastStopTime);
}

/** Whether two looks agree on where and why the replication stopped. Equal texts, equal stop. */
export function stopFingerprint(replication: Replication): string {
  return JSON.stringify([
    replication.recoveryCheckpoint,
    replication.stopReason,
    replication.replicationLastStopTime,
    replication.replicationStats?.freshStartDate ?? null,
  ]);
}

/**
 * Whether everything that describes this stop has been filled in, and is not left over from the one before. Where no look could be made before
 * the stop, the start of the run stands in for it: a stop before that start is an older one.
 */
export function isStopDescribed(replication: Replication, before: StopMark | null): boolean {
  if (replication.stopReason === null || !isNewerStop(replication, before)) return false;
  const startedAt = replication.replicationStats?.startDate ?? null;
  return (
    before !== null ||
    startedAt === null ||
    Date.parse(replication.replicationLastStopTime ?? '') >= Date.parse(startedAt)
  );
}

/** The parts of a stop by which it is recognised. The checkpoint is none: the same position has several spellings. */
export interface RecordedStop {
  readonly stoppedAt: string | null;
  readonly replicationCreateTime: string | null;
  readonly freshStartDate: string | null;
}

/** Whether DMS's last stop is the recorded one. */
export function isRecordedStop(recorded: RecordedStop, replication: Replication): boolean {
  const { lastStopTime: stoppedAt, ...mark } = stopMark(replication);
  return isSameStop(recorded, { stoppedAt, ...mark });
}

export function isSameStop(one: RecordedStop, other: RecordedStop): boolean {
  return (
    one.stoppedAt === other.stoppedAt &&
    one.replicationCreateTime === other.replicationCreateTime &&
    one.freshStartDate === other.freshStartDate
  );
}

export interface ResumeDeadline {
  /** After this moment DMS deprovisions, and the replication can't be resumed. */
  readonly resumeBy: string | null;
  readonly resumeBySource: 'dms' | 'estimated' | null;
}

/** DMS's own deprovision time when it is later than the stop (else it is left over from the run before), otherwise the stop plus 48 hours. */
export function resumeDeadline(replication: Replication): ResumeDeadline {
  const stoppedAt = replication.replicationLastStopTime;
  const deprovisionAt = replication.replicationDeprovisionTime;
  if (deprovisionAt !== null && (stoppedAt === null || Date.parse(deprovisionAt) > Date.parse(stoppedAt))) {
    return { resumeBy: deprovisionAt, resumeBySource: 'dms' };
  }
  if (stoppedAt === null) return { resumeBy: null, resumeBySource: null };
  const estimated = new Date(Date.parse(stoppedAt) + RESUME_WINDOW_SECONDS * 1000).toISOString();
  return { resumeBy: estimated, resumeBySource: 'estimated' };
}
