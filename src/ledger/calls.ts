/**
 * Notes of calls in the ledger.
 *
 * A **note** says "this call is about to be sent". The ledger writes it before the call and clears it once the outcome
 * is known. A note without a known outcome blocks every other operation: the ledger finishes that call first.
 *
 * An unanswered call may still be on its way: AWS accepts a request for five minutes after signing. The ledger
 * remembers the newest unanswered call for that time. A call of the other kind waits until it can no longer land.
 *
 * Invariants:
 * - At most one note exists. It belongs to the newest operation.
 * - The note of a final stop seals the ledger, unless it was unsealed since the operation began.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { CallMark } from '../dms/checkpoint.js';
import type { OperationKind } from '../contract/inputs.js';
import { withOperationEnd, isSameOperation, secondsBetween, type OperationKey } from './entries.js';
import { retryLaterTypes, type BeginRequest, type LedgerBusy } from '../contract/ledger-protocol.js';
import type { CallNote, Ledger, OperationRef, PendingCall, UnansweredCall } from '../contract/ledger-state.js';

/** Longest time from a note until its request is signed. */
export const CALL_SIGNED_SECONDS = 20;
/** Age at which AWS rejects the signature of a request. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html */
const SIGNATURE_VALID_SECONDS = 300;
/** Longest time from a note until its call can no longer land. */
export const CALL_LANDS_SECONDS = CALL_SIGNED_SECONDS + SIGNATURE_VALID_SECONDS;
/** Age of a note at which the ledger checks whether its operation died without reporting its end. */
const FINISH_AFTER_SECONDS = 300;
/** Seconds after which an operation asks again while the ledger finishes the call of another operation. */
const ASK_AGAIN_SECONDS = 3;

/** Returns the note of an operation, or null if it has none. */
export function ownCall({ pendingCall }: Ledger, operation: OperationKey): PendingCall | null {
  return pendingCall !== null && isSameOperation(pendingCall, operation) ? pendingCall : null;
}

/** True if another execution left the note. The lock proves that this execution has closed. */
export function isForeign(call: PendingCall, { firstRunId }: OperationRef): boolean {
  return call.firstRunId !== firstRunId;
}

/** Returns the reason an operation must wait before it may begin or call. `null`: it may go on. */
export function reasonToWait(ledger: Ledger, { operation, call }: BeginRequest, now: string): LedgerBusy | null {
  const { pendingCall } = ledger;
  if (pendingCall !== null && isForeign(pendingCall, operation)) {
    const why = `the ledger is finishing the ${pendingCall.kind} "${pendingCall.operationId}", whose workflow ended before it recorded the outcome`;
    return { why, seconds: ASK_AGAIN_SECONDS };
  }
  if (pendingCall !== null && pendingCall.runId !== operation.runId) {
    const seconds = CALL_SIGNED_SECONDS - secondsBetween(pendingCall.at, now);
    if (seconds > 0) return { why: 'the run before the reset may still be sending its call', seconds };
  }
  return call === null ? null : reasonToWaitForUnanswered(ledger, operation.kind, now);
}

/** Returns the refusal of a request that may be sent again later. */
export function busyFailure(busy: LedgerBusy): ApplicationFailure {
  return ApplicationFailure.create({
    type: retryLaterTypes.busy,
    message: busy.why,
    nonRetryable: true,
    details: [busy],
  });
}

/** Returns the reason a call must wait for an unanswered call of the other kind. `null`: it may be sent. */
function reasonToWaitForUnanswered({ unanswered }: Ledger, kind: OperationKind, now: string): LedgerBusy | null {
  if (unanswered === null || unanswered.kind === kind) return null;
  const seconds = CALL_LANDS_SECONDS - secondsBetween(unanswered.at, now);
  if (seconds <= 0) return null;
  const why = `the ${unanswered.kind} "${unanswered.operationId}" got no answer to its call at ${unanswered.at}, which may still take effect for ${Math.ceil(seconds)} s`;
  return { why, seconds };
}

/**
 * True if a request brings news of another execution's note. The news is that this execution has closed, or that
 * another task queue can finish its call.
 */
export function reportsAbandonedCall(call: PendingCall | null, { operation, taskQueue }: BeginRequest): boolean {
  return call !== null && isForeign(call, operation) && (!call.isAbandoned || call.taskQueue !== taskQueue);
}

/** Marks the note of a closed execution. The ledger then finishes its call at once, on the task queue of the waiting operation. */
export function markAbandoned(ledger: Ledger, { taskQueue }: BeginRequest): Ledger {
  const { pendingCall } = ledger;
  return pendingCall === null ? ledger : { ...ledger, pendingCall: { ...pendingCall, isAbandoned: true, taskQueue } };
}

/** Notes a call. The note of a final stop seals the ledger, unless it was unsealed since the operation began. */
export function noteCall(ledger: Ledger, call: CallNote, request: BeginRequest, now: string): Ledger {
  const { operation, token, taskQueue, isAnswered } = request;
  const earlier = ownCall(ledger, operation);
  const mayLand = earlier !== null && !earlier.isAnswered && !isAnswered;
  const seals = call.intent === 'final' && ledger.sealed === null && !isUnsealedSince(ledger, operation, now);
  const pendingCall: PendingCall = {
    ...operation,
    ...call,
    before: earlier === null ? call.before : laterMark(earlier.before, call.before),
    at: now,
    token,
    taskQueue,
    isAnswered: false,
    earlierUnansweredAt: mayLand ? earlier.at : (earlier?.earlierUnansweredAt ?? null),
    seals: seals || earlier?.seals === true,
    isAbandoned: false,
  };
  const sealed = seals ? { by: operation.requestedBy, reason: operation.reason, at: now } : ledger.sealed;
  return { ...ledger, pendingCall, sealed };
}

/** True if someone lifted a seal since the operation began. Such an operation does not seal again. */
export function isUnsealedSince({ lastUnsealed, operations }: Ledger, operation: OperationKey, now: string): boolean {
  const startedAt = operations.find((each) => isSameOperation(each, operation))?.startedAt ?? now;
  return lastUnsealed !== null && lastUnsealed.at >= startedAt;
}

/** Returns the mark with the newer stop, because a later look may be older than an earlier one. */
export function laterMark(one: CallMark, other: CallMark): CallMark {
  return Date.parse(other.stop.lastStopTime ?? '') < Date.parse(one.stop.lastStopTime ?? '') ? one : other;
}

/** Clears the note of a recorded operation, and remembers its newest unanswered call. */
export function clearNote(ledger: Ledger, operation: OperationKey, isAnswered: boolean): Ledger {
  const call = ownCall(ledger, operation);
  if (call === null) return ledger;
  const unanswered = newestUnansweredCall(call, isAnswered || call.isAnswered) ?? ledger.unanswered;
  return { ...ledger, pendingCall: null, unanswered };
}

function newestUnansweredCall(call: PendingCall, isAnswered: boolean): UnansweredCall | null {
  const at = isAnswered ? call.earlierUnansweredAt : call.at;
  return at === null ? null : { kind: call.kind, operationId: call.operationId, at };
}

/**
 * Takes back the note of a call that DMS refused or that was never sent. If an earlier call of the operation got no
 * answer, the note of that call comes back.
 */
export function takeBackNote(ledger: Ledger, operation: OperationKey, token: number): Ledger {
  const call = ownCall(ledger, operation);
  if (call === null || call.token !== token) return ledger;
  const { earlierUnansweredAt: at } = call;
  if (at === null) return dropNoteAndSeal(ledger);
  // Token 0: the attempt of the earlier call is over, so a repeated refusal must not match this note.
  return { ...ledger, pendingCall: { ...call, at, token: 0, earlierUnansweredAt: null } };
}

/** Clears the note of a call without effect, and ends its operation. */
export function endWithoutEffect(ledger: Ledger, call: PendingCall, failureType: string, now: string): Ledger {
  const known = ledger.operations.find((each) => isSameOperation(each, call));
  const failure = known?.failureType ?? failureType;
  const finishedAt = known?.finishedAt ?? now;
  return withOperationEnd(dropNoteAndSeal(ledger), call, { failureType: failure, finishedAt, finishedBy: 'ledger' });
}

function dropNoteAndSeal(ledger: Ledger): Ledger {
  return { ...ledger, pendingCall: null, sealed: ledger.pendingCall?.seals === true ? null : ledger.sealed };
}

/** Call that the ledger must finish. */
export interface UnfinishedCall {
  readonly call: PendingCall;
  /** True if the operation of the call is known to be over. */
  readonly hasEnded: boolean;
  /** Seconds until the ledger starts to finish the call. */
  readonly inSeconds: number;
}

/** Returns the noted call, and the time until the ledger must finish it. `null`: no call is noted. */
export function unfinishedCall({ pendingCall: call, operations }: Ledger, now: string): UnfinishedCall | null {
  if (call === null) return null;
  const hasEnded = call.isAbandoned || operations.find((each) => isSameOperation(each, call))?.finishedAt != null;
  const inSeconds = hasEnded ? 0 : Math.max(0, FINISH_AFTER_SECONDS - secondsBetween(call.at, now));
  return { call, hasEnded, inSeconds };
}

/** Returns the seconds until a noted call can no longer land. 0: DMS answered it, or its time is over. */
export function secondsCallMayLand(call: PendingCall, now: string): number {
  const at = call.isAnswered ? call.earlierUnansweredAt : call.at;
  return at === null ? 0 : Math.max(0, CALL_LANDS_SECONDS - secondsBetween(at, now));
}

/** Returns the operation that noted a call. */
export function operationOf(call: PendingCall): OperationRef {
  const { kind, operationId, workflowId, runId, firstRunId, parentWorkflowId } = call;
  const { requestedBy, reason, owner, deadline } = call;
  return { kind, operationId, workflowId, runId, firstRunId, parentWorkflowId, requestedBy, reason, owner, deadline };
}
