/**
 * The ledger of one replication, as a pure state machine: `(state, request, now) -> (state, reply)`.
 *
 * The ledger decides whether an operation may change the replication, and keeps what operations found out. A **fencing token** orders its requests:
 * the server-side time at which the attempt that sends one was scheduled. A request with a token older than the newest is rejected, so an attempt
 * that was left behind by a time-out, a reset or a terminated execution can no longer change anything.
 */
import { ApplicationFailure } from '@temporalio/common';
import { dmsFailure } from '../contract/failures.js';
import { abandonCall, busyWith, isForeign, isNewsOf, noteCall, ownCall } from './ledger-calls.js';
import { bounded, findCheckpoint, findOperation, withEvent, type Transition } from './ledger-entries.js';
import type { BeginReply, BeginRequest, DecisionRequest, LedgerBusy } from '../contract/ledger-protocol.js';
import type { Ledger, OperationRecord, OperationRef } from '../contract/ledger-state.js';
import { replicationSealed } from '../contract/failure-messages.js';
import { requireUnreserved } from './reservations.js';

export function emptyLedger(replicationConfigArn: string): Ledger {
  return {
    version: 1,
    replicationConfigArn,
    sealed: null,
    pendingCall: null,
    unanswered: null,
    newestToken: 0,
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

/** Types of the refusals that an activity answers by trying again later. */
export const retryLater = {
  late: 'DmsLateRequest',
  busy: 'DmsLedgerBusy',
  /** The operation has to begin again before it is recorded. */
  unknown: 'DmsOperationUnknown',
} as const;

/** How far the clocks of a Temporal server's hosts may be apart. */
const CLOCKS_APART_SECONDS = 60;
/** How soon an attempt that is ahead of the ledger's clock asks again. */
const CLOCKS_ASK_AGAIN_SECONDS = 10;

/** Seconds by which a token is of the future, beyond what clocks may be apart. */
function secondsAhead(token: number, now: string): number {
  return (token - Date.parse(now)) / 1000 - CLOCKS_APART_SECONDS;
}

/** Throws when a token is of the future: nothing that came after it would be let through. */
export function requirePastToken(replicationConfigArn: string, token: number, now: string): void {
  if (secondsAhead(token, now) <= 0) return;
  const what = `Invalid token ${token}: no attempt was scheduled at that time yet`;
  throw dmsFailure('DmsInvalidInput', { replicationConfigArn }, what, 'Nothing was changed.');
}

/** Throws when a later attempt has spoken already. An attempt that is alive is retried with a newer token. */
export function requireNewest(
  ledger: Ledger,
  { token, operation }: { token: number; operation: OperationRef },
  now: string,
): void {
  const ahead = secondsAhead(token, now);
  if (ahead > 0) {
    // The hosts of the Temporal server disagree about the time: an attempt that is alive is let through once that has passed.
    const why = `the attempt was scheduled ${Math.ceil(ahead)} s later than the ledger's clock allows`;
    throw busyFailure({ why, seconds: Math.min(ahead, CLOCKS_ASK_AGAIN_SECONDS) });
  }
  if (token >= ledger.newestToken) return;
  const message = `A later attempt than this one of the ${operation.kind} "${operation.operationId}" has spoken to the ledger`;
  throw ApplicationFailure.nonRetryable(message, retryLater.late);
}

/** Throws the refusal of an operation that may not begin, may not call, or has to wait. */
export function validateBegin(ledger: Ledger, request: BeginRequest, now: string): void {
  requireNewest(ledger, request, now);
  const { operation } = request;
  const known = findOperation(ledger, operation);
  if (known !== undefined && known.outcome !== null) {
    if (known !== ledger.operations[0]) throw superseded(ledger, operation);
    const recorded = findCheckpoint(ledger, known.checkpointSequence ?? -1);
    if (request.intent === 'final' && recorded?.intent === 'pause') throw pausedBefore(ledger, operation);
    return;
  }
  requireUnreserved(ledger, operation);
  requireUnsealed(ledger, operation);
  const busy = busyWith(ledger, request, now);
  if (busy !== null && !isNewsOf(ledger.pendingCall, request)) throw busyFailure(busy);
}

/** Begins an operation, or goes on with it. A note of a closed execution is left to the ledger first. */
export function begin(ledger: Ledger, request: BeginRequest, now: string): Transition<BeginReply> {
  const { operation, sequence, token, call, status } = request;
  const known = findOperation(ledger, operation);
  const own = ownCall(ledger, operation);
  const checkpoint = findCheckpoint(ledger, sequence) ?? null;
  const facts = {
    checkpoint,
    ownCall: own,
    hasRun: hasRun(ledger),
    lastStoppedAt: ledger.checkpoints[0]?.stoppedAt ?? null,
  };
  const reply: BeginReply = { ...facts, busy: null, repeatOf: null };
  const fenced = { ...ledger, newestToken: Math.max(token, ledger.newestToken) };
  if (known !== undefined && known.outcome !== null) {
    const recorded = findCheckpoint(ledger, known.checkpointSequence ?? -1) ?? null;
    return { ledger, reply: { ...reply, repeatOf: { operation: known, checkpoint: recorded } } };
  }
  if (ledger.pendingCall !== null && isForeign(ledger.pendingCall, operation)) {
    return { ledger: abandonCall(fenced, request), reply: { ...reply, busy: busyWith(ledger, request, now) } };
  }
  const begun = begunOperation(operation, known, status, now);
  const operations = [begun, ...ledger.operations.filter((each) => each !== known)];
  const registered = bounded({ ...fenced, operations, missingSince: null, deletedAt: null });
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

/** Whether something in the ledger shows that the replication has run. */
function hasRun({ checkpoints, operations }: Ledger): boolean {
  const isNew = (status: string | null) => status === null || status === 'created';
  return (
    checkpoints.some(({ stoppedAt }) => stoppedAt !== null) || operations.some((each) => !isNew(each.statusAtBegin))
  );
}

function superseded({ replicationConfigArn, operations: [newest] }: Ledger, { kind, operationId }: OperationRef) {
  return dmsFailure(
    'DmsOperationSuperseded',
    { replicationConfigArn, operationId },
    `The ${kind} "${operationId}" of ${replicationConfigArn} succeeded before, and since then the ${newest?.kind} "${newest?.operationId}" began`,
    'Use a new operation id to operate on it again.',
  );
}

/** A final stop has to seal, which the pause of that id did not. */
function pausedBefore({ replicationConfigArn }: Ledger, { operationId }: OperationRef) {
  return dmsFailure(
    'DmsOperationSuperseded',
    { replicationConfigArn, operationId },
    `The stop "${operationId}" of ${replicationConfigArn} succeeded before as a pause, and is asked for with intent final`,
    'Use a new operation id for the final stop.',
  );
}

function requireUnsealed(ledger: Ledger, { kind, operationId }: OperationRef): void {
  const { replicationConfigArn, sealed, checkpoints } = ledger;
  if (kind !== 'resume' || sealed === null) return;
  throw replicationSealed({ replicationConfigArn, operationId, checkpoint: checkpoints[0] ?? null }, sealed);
}

function busyFailure(busy: LedgerBusy): ApplicationFailure {
  return ApplicationFailure.create({ type: retryLater.busy, message: busy.why, nonRetryable: true, details: [busy] });
}

/** Lifts a seal. The ledger keeps who did it and why. */
export function unseal(ledger: Ledger, { by, reason }: DecisionRequest, now: string): Transition<string> {
  const { replicationConfigArn, sealed } = ledger;
  if (sealed === null) return { ledger, reply: `${replicationConfigArn} is not sealed; nothing was changed` };
  const pendingCall = ledger.pendingCall === null ? null : { ...ledger.pendingCall, seals: false };
  const lifted = { ...ledger, pendingCall, sealed: null, lastUnsealed: { by, reason, at: now } };
  const event = { type: 'unsealed', at: now, by, reason, workflowId: null, detail: null } as const;
  return { ledger: withEvent(lifted, event), reply: `${replicationConfigArn} is unsealed and may be resumed` };
}
