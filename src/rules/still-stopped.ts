/** Rules of `assertStopped`: whether a recorded stop still holds, as a pure function over looks. */
import { isNewerStop, isRecordedStop } from '../dms/checkpoint.js';
import { factsOf, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { agreeOn, isBeyondStaleness, type Agreement } from '../dms/staleness.js';
import type { CheckpointRecord } from '../contract/records.js';

/** Parts of a record by which its stop is recognised. */
export type StopOfRecord = Pick<CheckpointRecord, 'stoppedAt' | 'replicationCreateTime' | 'freshStartDate'>;

/**
 * `holds`: the recorded stop is DMS's last one. `started`: it runs or starts. `moving`: it is in transition. `changed`: it is at rest after
 * another stop. `look-again`: the look may be older than the recorded stop.
 */
export type StandingVerdict = 'holds' | 'started' | 'moving' | 'changed' | 'look-again';

const conclusions = { rest: 'changed', active: 'started', passing: 'moving' } as const;

/** Judges one look at a replication whose stop is recorded. `now`: seconds of any clock that the caller keeps to. */
export function judgeStanding(
  agreement: Agreement | null,
  record: StopOfRecord,
  replication: Replication,
  now: number,
): { readonly agreement: Agreement; readonly verdict: StandingVerdict } {
  const { status } = lifecycleState(replication);
  const { phase } = factsOf(status);
  if (phase === 'rest' && isRecordedStop(record, replication)) {
    return { agreement: agreeOn(agreement, 'holds', now), verdict: 'holds' };
  }
  const conclusion = conclusions[phase];
  const agreed = agreeOn(agreement, conclusion, now);
  const isProven = isAfterStop(record, replication, status) || isBeyondStaleness(agreed, now);
  return { agreement: agreed, verdict: isProven ? conclusion : 'look-again' };
}

/** Proof that the look was made after the recorded stop: it shows that stop or a newer one, or nothing leads out of its status. */
function isAfterStop(record: StopOfRecord, replication: Replication, status: string): boolean {
  if (status === 'deleting') return true;
  const { stoppedAt: lastStopTime, replicationCreateTime, freshStartDate } = record;
  const isShown = lastStopTime !== null && replication.replicationLastStopTime === lastStopTime;
  return isShown || isNewerStop(replication, { lastStopTime, replicationCreateTime, freshStartDate });
}
