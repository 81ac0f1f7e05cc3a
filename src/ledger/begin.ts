/**
 * The ledger of one replication, as a pure state machine: `(state, request, now) -> (state, reply)`.
 *
 * The ledger decides whether an operation may change the replication, and keeps what operations found out.
 *
 * An operation **begins** with its first request to the ledger. The ledger refuses it, makes it wait, repeats an
 * earlier result, or registers it as the newest operation. The same request can note a call.
 */
import { operationCommands } from '../contract/commands.js';
import { dmsFailure } from '../contract/failures.js';
import { requireNewestToken } from './fencing.js';
import { requireUnsealed } from './seal.js';
import {
  markAbandoned,
  busyFailure,
  reasonToWait,
  isForeign,
  reportsAbandonedCall,
  noteCall,
  ownCall,
} from './calls.js';
import { withinLimits, findCheckpoint, findOperation, type Transition } from './entries.js';
import type { BeginReply, BeginRequest } from '../contract/ledger-protocol.js';
import type { Ledger, OperationRecord, OperationRef } from '../contract/ledger-state.js';
import { requireMayOperate } from './reservation.js';

/** Throws if the operation may not begin, may not call, or must wait. A request with news of another execution's note passes. */
export function validateBegin(ledger: Ledger, request: BeginRequest, now: string): void {
  requireNewestToken(ledger, request, now);
  const { operation } = request;
  const known = findOperation(ledger, operation);
  if (known !== undefined && known.outcome !== null) {
    if (known !== ledger.operations[0]) throw supersededFailure(ledger, request);
    const recorded = findCheckpoint(ledger, known.checkpointSequence ?? -1);
    if (request.intent === 'final' && recorded?.intent === 'pause') throw pausedBeforeFailure(ledger, request);
    return;
  }
  requireMayOperate(ledger, operation);
  requireUnsealed(ledger, operation);
  const busy = reasonToWait(ledger, request, now);
  if (busy !== null && !reportsAbandonedCall(ledger.pendingCall, request)) throw busyFailure(busy);
}

/**
 * Begins or continues an operation, and notes its call.
 *
 * Replies with the earlier result if the operation succeeded before. If another execution left a note, marks that note
 * as abandoned and replies `busy`. Both cases begin and note nothing.
 */
export function begin(ledger: Ledger, request: BeginRequest, now: string): Transition<BeginReply> {
  const { operation, sequence, token, call, status, taskQueue } = request;
  const known = findOperation(ledger, operation);
  const own = ownCall(ledger, operation);
  const checkpoint = findCheckpoint(ledger, sequence) ?? null;
  const replyFacts = {
    checkpoint,
    ownCall: own,
    hasRun: hasRun(ledger),
    lastStoppedAt: ledger.checkpoints[0]?.stoppedAt ?? null,
  };
  const reply: BeginReply = { ...replyFacts, busy: null, repeatOf: null };
  const fenced = { ...ledger, newestToken: Math.max(token, ledger.newestToken) };
  if (known !== undefined && known.outcome !== null) {
    const recorded = findCheckpoint(ledger, known.checkpointSequence ?? -1) ?? null;
    return { ledger, reply: { ...reply, repeatOf: { operation: known, checkpoint: recorded } } };
  }
  if (ledger.pendingCall !== null && isForeign(ledger.pendingCall, operation)) {
    return { ledger: markAbandoned(fenced, request), reply: { ...reply, busy: reasonToWait(ledger, request, now) } };
  }
  const begun = begunOperation(operation, known, status, now);
  const operations = [begun, ...ledger.operations.filter((each) => each !== known)];
  const identifier = request.identifier ?? ledger.identifier;
  const registered = withinLimits({
    ...fenced,
    identifier,
    taskQueue,
    operations,
    missingSince: null,
    deletedAt: null,
  });
  return { ledger: call === null ? registered : noteCall(registered, call, request, now), reply };
}

function begunOperation(
  operation: OperationRef,
  known: OperationRecord | undefined,
  status: string,
  now: string,
): OperationRecord {
  const isSameExecution = known?.firstRunId === operation.firstRunId;
  return {
    ...operation,
    outcome: null,
    failureType: null,
    failureMessage: null,
    statusAtBegin: isSameExecution ? known.statusAtBegin : status,
    startedAt: isSameExecution ? known.startedAt : now,
    finishedAt: null,
    checkpointSequence: null,
    awsRequestIds: known?.awsRequestIds ?? [],
    tables: null,
    startReplicationType: null,
    progress: null,
    finishedBy: null,
  };
}

/** True if a record or an operation shows that the replication has run. */
function hasRun({ checkpoints, operations }: Ledger): boolean {
  const provesNoRun = (status: string | null) => status === null || status === 'created' || status === 'unknown';
  return (
    checkpoints.some(({ stoppedAt }) => stoppedAt !== null) ||
    operations.some((each) => !provesNoRun(each.statusAtBegin))
  );
}

function supersededFailure(
  { replicationConfigArn, operations: [newest] }: Ledger,
  { operation: { kind, operationId }, intent, taskQueue: operationTaskQueue }: BeginRequest,
) {
  const subject = { replicationConfigArn, operationId, operationTaskQueue };
  return dmsFailure(
    'DmsOperationSuperseded',
    subject,
    `The ${kind} "${operationId}" of ${replicationConfigArn} succeeded before, and since then the ${newest?.kind} "${newest?.operationId}" began`,
    `Use a new operation id to operate on it again, or none: ${operationCommands(kind, subject, { intent: intent ?? undefined })}.`,
  );
}

/** Returns the failure of a final stop under the id of a pause. The pause did not seal, so its result can't be returned. */
function pausedBeforeFailure(
  { replicationConfigArn }: Ledger,
  { operation: { operationId }, taskQueue: operationTaskQueue }: BeginRequest,
) {
  const subject = { replicationConfigArn, operationId, operationTaskQueue };
  return dmsFailure(
    'DmsOperationSuperseded',
    subject,
    `The stop "${operationId}" of ${replicationConfigArn} succeeded before as a pause, so a final stop can't use its id`,
    `Use a new operation id, or none, for the final stop: ${operationCommands('stop', subject, { intent: 'final' })}.`,
  );
}
