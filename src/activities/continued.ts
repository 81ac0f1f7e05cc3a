import { isRecordedStop } from '../dms/checkpoint.js';
import { DmsApiError } from '../dms/api.js';
import { parseReplicationConfigArn, type ReplicationConfigArn } from '../dms/arn.js';
import { factsOf, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { dmsFailure } from '../operations/failures.js';
import type { ResumePlan } from '../operations/inputs.js';
import type { CheckpointRecord } from '../operations/records.js';
import { checkpointChanged } from '../operations/refusals.js';
import type { Attempt } from './attempt.js';

/** The record of another replication that this one, which was created anew, is to go on from. */
export async function continuedRecord(
  attempt: Attempt,
  { continues, force }: ResumePlan,
): Promise<CheckpointRecord | null> {
  if (continues === null) return null;
  const other = parseReplicationConfigArn(continues.replicationConfigArn);
  attempt.environment.requireAllowed(other, attempt.operationId);
  const ledger = await attempt.environment.askLedger(attempt, (own) => own.of(other.arn).read());
  const { sealed, checkpoints } = ledger;
  const sequence = continues.sequence ?? null;
  const record = sequence === null ? checkpoints[0] : checkpoints.find((each) => each.sequence === sequence);
  const subject = { ...attempt.subject, checkpoint: record };
  if (record === undefined || record.recoveryCheckpoint === null) {
    const which = sequence === null ? 'No stop' : `No stop ${sequence}`;
    const what =
      record === undefined ? `${which} of ${other.arn} is recorded` : `Its stop ${record.sequence} has no checkpoint`;
    throw dmsFailure(
      'DmsCheckpointMissing',
      subject,
      `${what}, so there is nothing to continue`,
      'Name another record.',
    );
  }
  if (sealed !== null) {
    throw dmsFailure(
      'DmsReplicationSealed',
      subject,
      `${other.arn} was stopped for good by ${sealed.by ?? 'someone unnamed'} at ${sealed.at} (${sealed.reason ?? 'no reason given'})`,
      'Unseal its ledger by name and reason (client.unseal) if it is to be continued.',
    );
  }
  const look = force ? null : await lookAt(attempt, other);
  if (look !== null && (factsOf(lifecycleState(look).status).phase !== 'rest' || !isRecordedStop(record, look))) {
    throw checkpointChanged({ ...subject, replicationConfigArn: other.arn }, record, look);
  }
  return record;
}

/** `null`: it was deleted, and is where it was stopped. */
async function lookAt(attempt: Attempt, other: ReplicationConfigArn): Promise<Replication | null> {
  const { watcher } = attempt.environment.place(other);
  try {
    return (await watcher.look(other, { signal: attempt.signal })).replication;
  } catch (err) {
    if (err instanceof DmsApiError && err.kind === 'not-found') return null;
    throw attempt.failure(err);
  }
}
