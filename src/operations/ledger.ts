import { dmsFailure } from './failures.js';
import {
  bounded,
  CALL_SETTLED_SECONDS,
  findCheckpoint,
  findOperation,
  sameOperation,
  secondsBetween,
  withEvent,
  type Transition,
} from './ledger-entries.js';
import { replicationSealed } from './refusals.js';
import { requireUnreserved } from './reservations.js';
import type { AboutToReply, AboutToRequest, BeginReply, BeginRequest, UnsealRequest } from './ledger-messages.js';
import type { Ledger, OperationRecord, OperationRef, PendingCall } from './records.js';

export function emptyLedger(replicationConfigArn: string): Ledger {
  return {
    version: 1,
    replicationConfigArn,
    sealed: null,
    pendingCall: null,
    checkpoints: [],
    operations: [],
    lastSequence: 0,
    lastUnsealed: null,
    reservation: null,
    guard: null,
    archive: null,
    missingSince: null,
    deletedAt: null,
    events: [],
  };
}

/** Refuses a resume while sealed, and an id that succeeded before something else happened. Throws the failure. */
export function validateBegin(ledger: Ledger, { operation }: BeginRequest): void {
  const known = findOperation(ledger, operation);
  if (known !== undefined && known.outcome !== null && known !== ledger.operations[0]) {
    const newest = ledger.operations[0];
    throw dmsFailure(
      'DmsOperationSuperseded',
      subjectOf(ledger, operation),
      `The ${operation.kind} "${operation.operationId}" of ${ledger.replicationConfigArn} succeeded before, and since then the ${newest?.kind} "${newest?.operationId}" began`,
      'Use a new operation id to operate on it again.',
    );
  }
  requireUnreserved(ledger, operation);
  requireUnsealed(ledger, operation);
}

export function begin(ledger: Ledger, request: BeginRequest, now: string): Transition<BeginReply> {
  const { operation, sequence } = request;
  const known = findOperation(ledger, operation);
  const { pendingCall } = ledger;
  const pendingCallAgeSeconds = pendingCall === null ? null : secondsBetween(pendingCall.at, now);
  const checkpoint = findCheckpoint(ledger, sequence) ?? null;
  const reply: BeginReply = { pendingCall, pendingCallAgeSeconds, checkpoint, repeatOf: null };
  if (known !== undefined && known.outcome !== null) {
    const recorded = findCheckpoint(ledger, known.checkpointSequence ?? -1) ?? null;
    return { ledger, reply: { ...reply, repeatOf: { operation: known, checkpoint: recorded } } };
  }
  const begun: OperationRecord = {
    ...operation,
    outcome: null,
    failureType: null,
    failureMessage: null,
    found: request.found ?? null,
    startedAt: known?.startedAt ?? now,
    finishedAt: null,
    checkpointSequence: null,
    awsRequestIds: known?.awsRequestIds ?? [],
    tables: null,
    startReplicationType: null,
    progress: null,
    finishedBy: null,
    ...(known?.endedRunIds === undefined ? {} : { endedRunIds: known.endedRunIds }),
  };
  const operations = [begun, ...ledger.operations.filter((each) => each !== known)];
  return { ledger: bounded({ ...ledger, operations, missingSince: null, deletedAt: null }), reply };
}

/** A final stop may be recorded after a resume has begun: its seal counts up to the call. */
function requireUnsealed(ledger: Ledger, operation: OperationRef): void {
  if (operation.kind !== 'resume' || ledger.sealed === null) return;
  throw replicationSealed(
    { ...subjectOf(ledger, operation), checkpoint: ledger.checkpoints[0] ?? null },
    ledger.sealed,
  );
}

/** A final stop that was asked for, and whose operation died before it was recorded, counts as well. */
function requireNoFinalStop(ledger: Ledger, operation: OperationRef): void {
  const final = [ledger.pendingCall, ledger.pendingCall?.replaces].find((each) => each?.intent === 'final');
  if (operation.kind !== 'resume' || !final) return;
  throw dmsFailure(
    'DmsReplicationSealed',
    subjectOf(ledger, operation),
    `${ledger.replicationConfigArn} was asked to stop for good by ${final.requestedBy ?? 'someone unnamed'} at ${final.at} (${final.reason ?? 'no reason given'}), and how that ended is not recorded`,
    'Stop it again to record it, or unseal its ledger by name and reason (client.unseal) if it is to run again.',
  );
}

/**
 * Refuses a note of any operation but the newest, and of a run that has ended: a call of a dead one must not be sent once another has begun, or
 * once it is told how it ended. Throws the failure.
 */
export function validateAboutTo(ledger: Ledger, { operation, runId = operation.runId }: AboutToRequest): void {
  requireUnreserved(ledger, operation);
  requireUnsealed(ledger, operation);
  requireNoFinalStop(ledger, operation);
  const newest = ledger.operations[0];
  const isNewest = newest !== undefined && sameOperation(newest, operation);
  const hasEnded = isNewest && newest.endedRunIds?.includes(runId) === true;
  if (isNewest && !hasEnded) return;
  throw dmsFailure(
    'DmsOperationSuperseded',
    subjectOf(ledger, operation),
    `The ${operation.kind} "${operation.operationId}" of ${ledger.replicationConfigArn} ${hasEnded ? 'has ended' : 'is no longer the newest operation'}, so it may not change anything`,
    'Look at the ledger for what began since.',
  );
}

export function aboutTo(ledger: Ledger, request: AboutToRequest, now: string): Transition<AboutToReply> {
  const { operation, runId = operation.runId, ...note } = request;
  const { pendingCall } = ledger;
  const previous = pendingCall !== null && sameOperation(pendingCall, operation) ? pendingCall : null;
  const replaces = previous === null && pendingCall?.intent === 'final' ? pendingCall : pendingCall?.replaces;
  const noted = { ...operation, runId, at: now, ...note, ...(replaces === undefined ? {} : { replaces }) };
  const previousAgeSeconds = previous === null ? null : secondsBetween(previous.at, now);
  // A run that was reset may just be calling: whoever asks waits for that to land, and its note stays until then, however often it is asked.
  const isLanding = previous !== null && previous.runId !== runId && (previousAgeSeconds ?? 0) < CALL_SETTLED_SECONDS;
  return { ledger: isLanding ? ledger : { ...ledger, pendingCall: noted }, reply: { previous, previousAgeSeconds } };
}

export function unseal(ledger: Ledger, { by, reason }: UnsealRequest, now: string): Transition<Ledger> {
  const pendingCall = ledger.pendingCall === null ? null : withoutFinality(ledger.pendingCall);
  const lifted = { ...ledger, pendingCall, sealed: null, lastUnsealed: { by, reason, at: now } };
  const event = { type: 'unsealed', at: now, by, reason, workflowId: null, detail: null } as const;
  const unsealed = withEvent(lifted, event);
  return { ledger: unsealed, reply: unsealed };
}

function withoutFinality({ replaces: _replaces, ...call }: PendingCall): PendingCall {
  return call.intent === 'final' ? { ...call, intent: 'pause' } : call;
}

function subjectOf({ replicationConfigArn }: Ledger, { operationId }: OperationRef) {
  return { replicationConfigArn, operationId };
}
