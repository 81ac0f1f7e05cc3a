/** Recording the end of an operation: a stop with its checkpoint, a resume, a failure, or a refused call. */
import { ApplicationFailure } from '@temporalio/common';
import { mayLackFields } from '../dms/checkpoint.js';
import { queueRecord } from './archive.js';
import { dmsFailure } from '../contract/failures.js';
import { guardOf } from './deadline.js';
import { requireNewestToken } from './fencing.js';
import { isUnsealedSince, ownCall, takeBackNote, clearNote } from './calls.js';
import { findOperation, withOperationEnd, type Transition, limitFlaggedTables } from './entries.js';
import { type RecordReply, type RecordRequest, retryLaterTypes } from '../contract/ledger-protocol.js';
import type { CheckpointDraft, CheckpointRecord } from '../contract/records.js';
import type { Ledger, Seal } from '../contract/ledger-state.js';

type Request<Type extends RecordRequest['type']> = Extract<RecordRequest, { readonly type: Type }>;

/**
 * Throws if a later attempt has already sent a request. Throws for a stop or resume that has not begun, and for a
 * checkpoint of another replication.
 */
export function validateRecord(ledger: Ledger, request: RecordRequest, now: string): void {
  requireNewestToken(ledger, request, now);
  const { operation, type } = request;
  const { replicationConfigArn } = ledger;
  const refuse = (problem: string) =>
    dmsFailure(
      'DmsInvalidInput',
      { replicationConfigArn },
      `Invalid dms.record request: ${problem}`,
      'Nothing was changed.',
    );
  if (type === 'stopped' && request.checkpoint.replicationConfigArn !== replicationConfigArn)
    throw refuse(`checkpoint.replicationConfigArn is not ${replicationConfigArn}`);
  if ((type === 'stopped' || type === 'resumed') && findOperation(ledger, operation) === undefined) {
    const message = `The ${operation.kind} "${operation.operationId}" of ${replicationConfigArn} has not begun`;
    throw ApplicationFailure.nonRetryable(message, retryLaterTypes.unknown);
  }
}

export function record(before: Ledger, request: RecordRequest, now: string): Transition<RecordReply> {
  const { operation, token } = request;
  const ledger = { ...before, newestToken: Math.max(token, before.newestToken) };
  const nothing = { checkpoint: null };
  switch (request.type) {
    case 'stopped':
      return recordStopped(ledger, request, now);
    case 'resumed':
      return { ledger: recordResumed(ledger, request, now), reply: nothing };
    case 'ended':
      return { ledger: recordEnded(ledger, request, now), reply: nothing };
    case 'tables':
      return {
        ledger: withOperationEnd(ledger, operation, { tables: limitFlaggedTables(request.tables) }),
        reply: nothing,
      };
    case 'refused':
      return { ledger: takeBackNote(ledger, operation, token), reply: nothing };
  }
}

function recordResumed(ledger: Ledger, request: Request<'resumed'>, now: string): Ledger {
  const { operation, isAnswered, outcome, failureType, failureMessage, awsRequestIds, finishedBy } = request;
  const { startReplicationType, progress, checkpointSequence } = request;
  const ended = { outcome, failureType, failureMessage, awsRequestIds, finishedBy, finishedAt: now };
  // A running replication has no resume deadline.
  const settled = { ...clearNote(ledger, operation, isAnswered), guard: null };
  return withOperationEnd(settled, operation, { ...ended, startReplicationType, progress, checkpointSequence });
}

/** Records a failed or cancelled operation. Its note stays, because only the ledger finds out the outcome of the call. */
function recordEnded(ledger: Ledger, request: Request<'ended'>, now: string): Ledger {
  const { operation, isAnswered, failureType, failureMessage, awsRequestIds } = request;
  const call = ownCall(ledger, operation);
  const pendingCall = call === null ? ledger.pendingCall : { ...call, isAnswered: isAnswered || call.isAnswered };
  const known = findOperation(ledger, operation);
  if (known === undefined || known.outcome !== null) return { ...ledger, pendingCall };
  return withOperationEnd({ ...ledger, pendingCall }, operation, {
    failureType,
    failureMessage,
    awsRequestIds,
    finishedAt: now,
  });
}

function recordStopped(ledger: Ledger, request: Request<'stopped'>, now: string): Transition<RecordReply> {
  const { operation, checkpoint: draft, isAnswered, outcome, failureType, failureMessage } = request;
  const { awsRequestIds, finishedBy } = request;
  const repeated = ledger.checkpoints.find((each) => isSameRecord(each, draft));
  const checkpoint = repeated ?? {
    ...draft,
    recoveryCheckpoint: draft.recoveryCheckpoint ?? knownRecoveryCheckpoint(ledger, draft),
    sequence: ledger.lastSequence + 1,
    recordedAt: now,
  };
  const settled = clearNote(ledger, operation, isAnswered);
  const recorded = repeated === undefined ? withRecord(settled, checkpoint, request, now) : settled;
  const tables = request.tables === null ? {} : { tables: limitFlaggedTables(request.tables) };
  // The end that the caller saw, such as a cancel, stays when the ledger records the outcome of the call.
  const known = finishedBy === null ? undefined : findOperation(ledger, operation);
  const ended = {
    outcome,
    checkpointSequence: checkpoint.sequence,
    failureType: failureType ?? known?.failureType ?? null,
    failureMessage: failureMessage ?? known?.failureMessage ?? null,
    awsRequestIds,
    finishedBy,
    finishedAt: known?.finishedAt ?? now,
  };
  return { ledger: withOperationEnd(recorded, operation, { ...ended, ...tables }), reply: { checkpoint } };
}

function withRecord(ledger: Ledger, checkpoint: CheckpointRecord, request: Request<'stopped'>, now: string): Ledger {
  const { operation, failureType } = request;
  const recorded: Ledger = {
    ...ledger,
    sealed: ledger.sealed ?? sealOf(ledger, checkpoint, request, now),
    guard: failureType === null ? guardOf(checkpoint, operation.deadline, request) : null,
    checkpoints: [checkpoint, ...ledger.checkpoints],
    lastSequence: checkpoint.sequence,
  };
  return queueRecord(recorded, checkpoint, request, now);
}

/**
 * Returns the seal that a recorded final stop sets if the ledger has none. `null`: the stop is a pause, or someone has
 * unsealed the ledger since the stop began.
 */
function sealOf(
  ledger: Ledger,
  { intent }: CheckpointRecord,
  { operation }: Request<'stopped'>,
  now: string,
): Seal | null {
  if (intent !== 'final' || isUnsealedSince(ledger, operation, now)) return null;
  return { by: operation.requestedBy, reason: operation.reason, at: now };
}

/** Returns the recorded checkpoint of the same stop. DMS may show none once it has deprovisioned the replication. */
function knownRecoveryCheckpoint(ledger: Ledger, draft: CheckpointDraft): string | null {
  const same = ledger.checkpoints.find((each) => isKnownStop(each, draft) && each.recoveryCheckpoint !== null);
  return same?.recoveryCheckpoint ?? null;
}

/** True if the operation already recorded this stop. The answer to its first request may have been lost. */
function isSameRecord(recorded: CheckpointRecord, draft: CheckpointDraft): boolean {
  const isOfRun = recorded.stoppedAt === null && draft.stoppedAt === null && recorded.runId === draft.runId;
  return (
    recorded.operationId === draft.operationId &&
    recorded.intent === draft.intent &&
    recorded.status === draft.status &&
    (isKnownStop(recorded, draft) || isOfRun)
  );
}

function isKnownStop(recorded: CheckpointRecord, draft: CheckpointDraft): boolean {
  // DMS may no longer show every field of the stop once it has deprovisioned the replication. A record without a stop
  // time may be of another stop, or of none.
  const isDeprovisioned = draft.resumeBy === null;
  return draft.stoppedAt !== null && mayLackFields(recorded, draft, isDeprovisioned);
}
