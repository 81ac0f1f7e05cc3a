import { isDeprovisioned, lifecycleState } from './lifecycle.js';
import type { Replication } from './replication.js';

/** Default seconds for which looks must agree on where and why a replication stopped. */
export const SETTLE_SECONDS = 10;

/**
 * Seconds that DMS has to describe a stop, and to stop changing its description. After that, the record holds what DMS
 * shows.
 */
export const SETTLE_GRACE_SECONDS = 120;

/** Length of the resume window. DMS deprovisions a replication that was not started for this long. */
export const RESUME_WINDOW_SECONDS = 48 * 60 * 60;

/** Fields that tell one stop of a replication from another. A mark taken before a call identifies a later stop. */
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

/** Replication in the look before a call. */
export interface CallMark {
  readonly status: string;
  readonly stop: StopMark;
  /** Start of the run that this look shows. */
  readonly startedAt: string | null;
}

export function callMark(replication: Replication): CallMark {
  const { status } = lifecycleState(replication);
  return { status, stop: stopMark(replication), startedAt: replication.replicationStats?.startDate ?? null };
}

/** True if the look shows a run that began after `startedAt`. Unknown times prove nothing. */
export function isLaterRun({ replicationStats }: Replication, startedAt: string | null): boolean {
  return Date.parse(replicationStats?.startDate ?? '') > Date.parse(startedAt ?? '');
}

/** True if the look shows a stop that came after the mark. Without a mark every stop counts as newer. */
export function isNewerStop(replication: Replication, before: StopMark | null): boolean {
  const stoppedAt = replication.replicationLastStopTime;
  if (stoppedAt === null) return false;
  if (before === null || before.lastStopTime === null) return true;
  if (before.replicationCreateTime !== replication.replicationCreateTime) return true;
  return Date.parse(stoppedAt) > Date.parse(before.lastStopTime);
}

/** Returns a key of a stop. Looks that agree on its checkpoint, time, reason and fresh start have equal keys. */
export function stopFingerprint(replication: Replication): string {
  return JSON.stringify([
    replication.recoveryCheckpoint,
    replication.stopReason,
    replication.replicationLastStopTime,
    replication.replicationStats?.freshStartDate ?? null,
  ]);
}

/**
 * True if DMS has filled in the reason and the time of this stop. Fields of the previous stop don't count. Without a mark from before the stop, the
 * start of the run decides: a stop before that start is the previous one.
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

/** Fields by which a stop is recognised. The checkpoint is not among them, because one position has several spellings. */
export interface RecordedStop {
  readonly stoppedAt: string | null;
  readonly replicationCreateTime: string | null;
  readonly freshStartDate: string | null;
}

/** True if the last stop that the look shows is the recorded one. After deprovisioning, a field that DMS no longer shows counts as equal. */
export function isRecordedStop(recorded: RecordedStop, replication: Replication): boolean {
  const { lastStopTime: stoppedAt, ...mark } = stopMark(replication);
  return mayLackFields(recorded, { stoppedAt, ...mark }, isDeprovisioned(lifecycleState(replication)));
}

/** True if `shown` is the recorded stop. `isForgotten`: DMS has deprovisioned it, so a field that is missing from `shown` counts as equal. */
export function mayLackFields(recorded: RecordedStop, shown: RecordedStop, isForgotten = false): boolean {
  const isSame = (field: keyof RecordedStop) =>
    recorded[field] === shown[field] || (isForgotten && shown[field] === null);
  return isSame('stoppedAt') && isSame('replicationCreateTime') && isSame('freshStartDate');
}

/** End of the resume window. */
export interface ResumeDeadline {
  /** End of the resume window, ISO 8601. DMS then deprovisions the replication, so it can't be resumed. `null`: unknown, or already deprovisioned. */
  readonly resumeBy: string | null;
  /** Source of `resumeBy`. `dms`: `ReplicationDeprovisionTime`. `estimated`: the stop plus 48 hours. `null`: `resumeBy` is `null`. */
  readonly resumeBySource: 'dms' | 'estimated' | null;
}

/**
 * Returns DMS's own deprovision time, or else the stop plus 48 hours. A deprovision time that is older than the stop belongs to the previous run. A
 * deprovisioned replication has no deadline: DMS may deprovision early, so the time that it still shows may lie in the future.
 */
export function resumeDeadline(replication: Replication): ResumeDeadline {
  const stoppedAt = replication.replicationLastStopTime;
  const deprovisionAt = replication.replicationDeprovisionTime;
  if (isDeprovisioned(lifecycleState(replication))) return { resumeBy: null, resumeBySource: null };
  if (deprovisionAt !== null && (stoppedAt === null || Date.parse(deprovisionAt) > Date.parse(stoppedAt))) {
    return { resumeBy: deprovisionAt, resumeBySource: 'dms' };
  }
  if (stoppedAt === null) return { resumeBy: null, resumeBySource: null };
  const estimated = new Date(Date.parse(stoppedAt) + RESUME_WINDOW_SECONDS * 1000).toISOString();
  return { resumeBy: estimated, resumeBySource: 'estimated' };
}
