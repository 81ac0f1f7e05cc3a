import { isRecordedStop } from '../dms/checkpoint.js';
import { DmsApiError } from '../dms/api.js';
import { accountAndRegion, parseReplicationConfigArn, type ReplicationConfigArn } from '../dms/arn.js';
import { factsOf, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { isClaimOf, requireClaimable } from '../operations/continuation.js';
import { dmsFailure, isDmsFailure } from '../operations/failures.js';
import type { ContinuedRequest } from '../operations/ledger-messages.js';
import { findOperation as findKnown } from '../operations/ledger-entries.js';
import { operationWorkflowId } from '../operations/names.js';
import type { RequestStart } from '../operations/protocol.js';
import type { ResumePlan } from '../operations/inputs.js';
import type { CheckpointRecord, OperationRef } from '../operations/records.js';
import { checkpointChanged, operationInProgress } from '../operations/refusals.js';
import type { Attempt } from './attempt.js';
import { findOperation } from './await-idle.js';
import type { LedgerClient } from './ledger-client.js';

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
  const { pendingCall } = own;
  const isCalled = pendingCall?.kind === key.kind && pendingCall.operationId === key.operationId;
  const other = parseReplicationConfigArn(continues.replicationConfigArn);
  attempt.environment.requireAllowed(other, attempt.operationId);
  const ledger = await attempt.askLedger((each) => each.read(), other);
  const { checkpoints } = ledger;
  const sequence = continues.sequence ?? null;
  const claimed = ledger.sealed?.continuedBy;
  // A call of this operation may have gone on from there: whatever was recorded since is nothing to it.
  const isOwn =
    isCalled && claimed?.replicationConfigArn === attempt.arn.arn && claimed.operationId === key.operationId;
  const wanted = sequence ?? (isOwn ? claimed.sequence : null);
  const record = wanted === null ? checkpoints[0] : checkpoints.find((each) => each.sequence === wanted);
  const subject = { ...attempt.subject, checkpoint: record };
  if (record === undefined || record.recoveryCheckpoint === null) {
    const which = wanted === null ? 'No stop' : `No stop ${wanted}`;
    const what =
      record === undefined ? `${which} of ${other.arn} is recorded` : `Its stop ${record.sequence} has no checkpoint`;
    throw dmsFailure(
      'DmsCheckpointMissing',
      subject,
      `${what}, so there is nothing to continue`,
      'Name another record.',
    );
  }
  // It may have been started by a call of this operation: what is judged only now comes too late.
  if (isCalled) return record;
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
  // Both once more right before the call.
  requireClaimable(ledger, { by: attempt.arn.arn, ...who });
  await requireAtRest(attempt, record, force);
  return record;
}

/** Right before the call: from here on nobody else is to run the replication that is gone on from, and nobody does. */
export async function claimContinued(attempt: Attempt, { continued, operation, force }: RequestStart): Promise<void> {
  if (continued == null) return;
  if (operation !== undefined) await claim(attempt, operation, continued);
  await requireAtRest(attempt, continued, force === true);
}

/** Once for all attempts: whatever is told to a ledger keeps it from what it is about to do. */
async function claim(attempt: Attempt, operation: OperationRef, record: CheckpointRecord): Promise<void> {
  const { sealed } = await attempt.askLedger(
    (ledger) => ledger.read(),
    parseReplicationConfigArn(record.replicationConfigArn),
  );
  const isOwn =
    sealed?.continuedBy !== undefined && isClaimOf(sealed.continuedBy, requestOf(attempt, operation, record));
  if (!isOwn) await tellContinued(attempt, operation, record, 'claimed');
}

type Continued = Pick<CheckpointRecord, 'replicationConfigArn' | 'sequence'>;

function requestOf(attempt: Attempt, { operationId, runId }: OperationRef, { sequence }: Continued) {
  return { by: attempt.arn.arn, sequence, operationId, operationRunId: runId, runId: attempt.runId ?? runId };
}

/** Tells the ledger of the replication that is gone on from. */
export async function tellContinued(
  attempt: Attempt,
  operation: OperationRef,
  record: Continued,
  is: ContinuedRequest['is'],
): Promise<void> {
  const { owner, parentWorkflowId } = operation;
  const request = { ...requestOf(attempt, operation, record), is, owner, parentWorkflowId };
  const tell = async (ledger: LedgerClient) => {
    await ledger.continued(request).catch((err: unknown) => {
      // One that was closed meanwhile is not opened again by how it went.
      if (is === 'claimed' || !isDmsFailure(err, 'DmsLedgerClosed')) throw err;
    });
  };
  await attempt.askLedger(tell, parseReplicationConfigArn(record.replicationConfigArn));
}

/** That nobody runs it is not for `force` to lift: two would write to one target. */
async function requireAtRest(attempt: Attempt, record: CheckpointRecord, force: boolean): Promise<void> {
  const other = parseReplicationConfigArn(record.replicationConfigArn);
  const there = await lookAt(attempt, other, force);
  if (there === null) return;
  const subject = { ...attempt.subject, replicationConfigArn: other.arn, checkpoint: record };
  if (factsOf(lifecycleState(there).status).phase !== 'rest') {
    throw dmsFailure(
      'DmsCheckpointChanged',
      { ...subject, replication: there },
      `${attempt.arn.arn} is to go on from a stop of ${other.arn}, and DMS shows that one "${there.status}"`,
      'Stop it first, or leave it as it is: two replications must not write to one target. No force lifts that.',
    );
  }
  if (!force && !isRecordedStop(record, there)) throw checkpointChanged(subject, record, there);
}

/** `null`: it was deleted, and is where it was stopped. That another account's is not seen says nothing. */
async function lookAt(attempt: Attempt, other: ReplicationConfigArn, force: boolean): Promise<Replication | null> {
  const { watcher } = attempt.environment.place(other);
  try {
    return (await watcher.look(other, { signal: attempt.signal })).replication;
  } catch (err) {
    const isUnseen =
      err instanceof DmsApiError && (err.kind === 'not-found' || (force && err.kind === 'access-denied'));
    if (!isUnseen) throw attempt.failure(err);
    if (force || accountAndRegion(other) === accountAndRegion(attempt.arn)) return null;
    throw dmsFailure(
      'DmsReplicationNotFound',
      { ...attempt.subject, replicationConfigArn: other.arn },
      `${other.arn} is not to be seen with this worker's credentials, so it can't be told whether it still runs`,
      'If it was deleted, or is stopped for sure, resume with force.',
    );
  }
}
