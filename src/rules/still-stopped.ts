/** Rules of `assertStopped`: whether a recorded stop still holds, as a pure function over looks. */
import { isNewerStop, isRecordedStop } from '../dms/checkpoint.js';
import { statusFacts, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { agreeOn, isBeyondStaleness, type Agreement } from '../dms/staleness.js';
import type { CheckpointRecord } from '../contract/records.js';

/** Fields of a record by which its stop is recognised. */
export type StopOfRecord = Pick<CheckpointRecord, 'stoppedAt' | 'replicationCreateTime' | 'freshStartDate'>;

/**
 * Verdict on a recorded stop.
 *
 * - `holds`: DMS's last stop is the recorded one.
 * - `started`: the replication runs or starts.
 * - `moving`: the replication is in transition.
 * - `changed`: the replication is at rest after another stop.
 * - `look-again`: the look may be older than the recorded stop.
 */
export type RecordedStopVerdict = 'holds' | 'started' | 'moving' | 'changed' | 'look-again';

const conclusions = { rest: 'changed', active: 'started', passing: 'moving' } as const;

/** Judges one look at a replication whose stop is recorded. `now`: seconds of the caller's clock. */
export function judgeRecordedStop(
  agreement: Agreement | null,
  record: StopOfRecord,
  replication: Replication,
  now: number,
): { readonly agreement: Agreement; readonly verdict: RecordedStopVerdict } {
  const { status } = lifecycleState(replication);
  const { phase } = statusFacts(status);
  if (phase === 'rest' && isRecordedStop(record, replication)) {
    return { agreement: agreeOn(agreement, 'holds', now), verdict: 'holds' };
  }
  const conclusion = conclusions[phase];
  const agreed = agreeOn(agreement, conclusion, now);
  const isProven = isAfterStop(record, replication, status) || isBeyondStaleness(agreed, now);
  return { agreement: agreed, verdict: isProven ? conclusion : 'look-again' };
}

/**
 * True if the look was made after the recorded stop. Such a look shows that stop, a newer one, or `deleting`, which
 * nothing leads out of.
 */
function isAfterStop(record: StopOfRecord, replication: Replication, status: string): boolean {
  if (status === 'deleting') return true;
  const { stoppedAt: lastStopTime, replicationCreateTime, freshStartDate } = record;
  const isShown = lastStopTime !== null && replication.replicationLastStopTime === lastStopTime;
  return isShown || isNewerStop(replication, { lastStopTime, replicationCreateTime, freshStartDate });
}
