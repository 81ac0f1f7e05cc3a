import { isRecordedStop } from '../dms/checkpoint.js';
import { DmsApiError } from '../dms/api.js';
import { accountAndRegion, parseReplicationConfigArn, type ReplicationConfigArn } from '../dms/arn.js';
import { factsOf, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { validateContinued } from '../operations/continuation.js';
import { dmsFailure } from '../operations/failures.js';
import { findOperation as findKnown } from '../operations/ledger-entries.js';
import { operationWorkflowId } from '../operations/names.js';
import type { ResumePlan } from '../operations/inputs.js';
import type { CheckpointRecord, OperationRef } from '../operations/records.js';
import { checkpointChanged, operationInProgress } from '../operations/refusals.js';
import type { Attempt } from './attempt.js';
import { findOperation } from './await-idle.js';

/** The record of another replication that this one, which was created anew, is to go on from. */
export async function continuedRecord(
  attempt: Attempt,
  { continues, force }: ResumePlan,
  who: Pick<OperationRef, 'owner' | 'parentWorkflowId'>,
  look: Replication,
): Promise<CheckpointRecord | null> {
  if (continues === null) return null;
  const own = await attempt.askLedger((ledger) => ledger.read());
  const key = { kind: 'resume', operationId: attempt.operationId ?? '' } as const;
  // What succeeded before is only told again.
  if ((findKnown(own, key)?.outcome ?? null) !== null) return null;
  const other = parseReplicationConfigArn(continues.replicationConfigArn);
  attempt.environment.requireAllowed(other, attempt.operationId);
  const ledger = await attempt.askLedger((each) => each.of(other.arn).read());
  const { checkpoints } = ledger;
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
  if (look.replicationType !== 'cdc') {
    throw dmsFailure(
      'DmsNotResumable',
      subject,
      `${attempt.arn.arn} is of type ${look.replicationType}: its first start would load the target, and not go on from a position`,
      'Create it as type cdc.',
    );
  }
  const open = await findOperation(attempt.environment.client(), operationWorkflowId(other.arn));
  if (open !== null) throw operationInProgress(other.arn, open);
  // Once more right before the call, when it is sealed.
  validateContinued(ledger, { by: attempt.arn.arn, sequence: record.sequence, ...who });
  const there = force ? null : await lookAt(attempt, other);
  if (there !== null && (factsOf(lifecycleState(there).status).phase !== 'rest' || !isRecordedStop(record, there))) {
    throw checkpointChanged({ ...subject, replicationConfigArn: other.arn }, record, there);
  }
  return record;
}

/** `null`: it was deleted, and is where it was stopped. That another account's is not seen says nothing. */
async function lookAt(attempt: Attempt, other: ReplicationConfigArn): Promise<Replication | null> {
  const { watcher } = attempt.environment.place(other);
  try {
    return (await watcher.look(other, { signal: attempt.signal })).replication;
  } catch (err) {
    if (!(err instanceof DmsApiError) || err.kind !== 'not-found') throw attempt.failure(err);
    if (accountAndRegion(other) === accountAndRegion(attempt.arn)) return null;
    throw dmsFailure(
      'DmsReplicationNotFound',
      { ...attempt.subject, replicationConfigArn: other.arn },
      `${other.arn} is not to be seen with this worker's credentials, so it can't be told whether it still runs`,
      'If it was deleted, or is stopped for sure, resume with force.',
    );
  }
}
