/**
 * Notes of calls in the ledger.
 *
 * A **note** says "this call is about to be sent". The ledger writes it before the call and clears it once the outcome is known. A note without
 * a known outcome blocks every other operation: the ledger finishes that call first.
 *
 * A call without an answer may still be on its way. AWS accepts a request for five minutes after it was signed, so the ledger remembers the newest
 * one that long. A call of the other kind waits until it can no longer land.
 *
 * Invariants:
 * - At most one note exists. It belongs to the newest operation.
 * - `sealed` is set from the moment a final stop is noted.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { CallMark } from '../dms/checkpoint.js';
import type { OperationKind } from '../contract/inputs.js';
import { finish, sameOperation, secondsBetween, type OperationKey } from './entries.js';
import { retryLater, type BeginRequest, type LedgerBusy } from '../contract/ledger-protocol.js';
import type { CallNote, Ledger, OperationRef, PendingCall, UnansweredCall } from '../contract/ledger-state.js';

/** Longest time from a note until its request is signed. */
export const CALL_SETTLED_SECONDS = 20;
/** AWS rejects a request whose signature is older. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html */
const SIGNATURE_VALID_SECONDS = 300;
/** Longest time from a note until its call has landed, or never will. */
export const CALL_LANDS_SECONDS = CALL_SETTLED_SECONDS + SIGNATURE_VALID_SECONDS;
/** An operation whose end nobody reported may have died. The ledger looks after this time. */
const FINISH_AFTER_SECONDS = 300;
/** How soon an operation asks again while the ledger finishes another. */
const ASK_AGAIN_SECONDS = 3;

/** The note of an operation, if it has one. */
export function ownCall({ pendingCall }: Ledger, operation: OperationKey): PendingCall | null {
  return pendingCall !== null && sameOperation(pendingCall, operation) ? pendingCall : null;
}

/** Whether a note was left by another execution. The lock proves that its execution has closed. */
export function isForeign(call: PendingCall, { firstRunId }: OperationRef): boolean {
  return call.firstRunId !== firstRunId;
}

/** Why an operation has to wait before it may begin, or before it may call. `null`: it may go on. */
export function busyWith(ledger: Ledger, { operation, call }: BeginRequest, now: string): LedgerBusy | null {
  const { pendingCall } = ledger;
  if (pendingCall !== null && isForeign(pendingCall, operation)) {
    const why = `the ledger finishes the ${pendingCall.kind} "${pendingCall.operationId}", whose workflow ended before its outcome was recorded`;
    return { why, seconds: ASK_AGAIN_SECONDS };
  }
  if (pendingCall !== null && pendingCall.runId !== operation.runId) {
    const seconds = CALL_SETTLED_SECONDS - secondsBetween(pendingCall.at, now);
    if (seconds > 0) return { why: 'the run before the reset may still be sending its call', seconds };
  }
  return call === null ? null : landing(ledger, operation.kind, now);
}

/** The refusal of a request that is to be sent again later. */
export function busyFailure(busy: LedgerBusy): ApplicationFailure {
  return ApplicationFailure.create({ type: retryLater.busy, message: busy.why, nonRetryable: true, details: [busy] });
}

/** Why a call of one kind has to wait for an unanswered call of the other. */
function landing({ unanswered }: Ledger, kind: OperationKind, now: string): LedgerBusy | null {
  if (unanswered === null || unanswered.kind === kind) return null;
  const seconds = CALL_LANDS_SECONDS - secondsBetween(unanswered.at, now);
  if (seconds <= 0) return null;
  const why = `the ${unanswered.kind} "${unanswered.operationId}" got no answer to its call at ${unanswered.at}, which may land for another ${Math.ceil(seconds)} s`;
  return { why, seconds };
}

/** Whether the ledger learns by a request that the execution of a note has closed, or where there are workers to finish its call. */
export function isNewsOf(call: PendingCall | null, { operation, taskQueue }: BeginRequest): boolean {
  return call !== null && isForeign(call, operation) && (!call.isAbandoned || call.taskQueue !== taskQueue);
}

/** Marks the note of a closed execution, so that the ledger finishes it at once, by the workers of the operation that waits for that. */
export function abandonCall(ledger: Ledger, { taskQueue }: BeginRequest): Ledger {
  const { pendingCall } = ledger;
  return pendingCall === null ? ledger : { ...ledger, pendingCall: { ...pendingCall, isAbandoned: true, taskQueue } };
}

/** Notes a call, and seals for a final stop. */
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

/** Whether somebody has lifted a seal since the operation began. It does not set one again. */
export function isUnsealedSince({ lastUnsealed, operations }: Ledger, operation: OperationKey, now: string): boolean {
  const startedAt = operations.find((each) => sameOperation(each, operation))?.startedAt ?? now;
  return lastUnsealed !== null && lastUnsealed.at >= startedAt;
}

/** A later look may be older than an earlier one: the newer stop is the one before the call. */
export function laterMark(one: CallMark, other: CallMark): CallMark {
  return Date.parse(other.stop.lastStopTime ?? '') < Date.parse(one.stop.lastStopTime ?? '') ? one : other;
}

/** Clears the note of an operation that was recorded. A call of it that got no answer is remembered. */
export function settleCall(ledger: Ledger, operation: OperationKey, isAnswered: boolean): Ledger {
  const call = ownCall(ledger, operation);
  if (call === null) return ledger;
  const unanswered = newestUnanswered(call, isAnswered || call.isAnswered) ?? ledger.unanswered;
  return { ...ledger, pendingCall: null, unanswered };
}

function newestUnanswered(call: PendingCall, isAnswered: boolean): UnansweredCall | null {
  const at = isAnswered ? call.earlierUnansweredAt : call.at;
  return at === null ? null : { kind: call.kind, operationId: call.operationId, at };
}

/** DMS refused the call, or it was never sent. An earlier call of the operation keeps the note. */
export function refuseCall(ledger: Ledger, operation: OperationKey, token: number): Ledger {
  const call = ownCall(ledger, operation);
  if (call === null || call.token !== token) return ledger;
  const { earlierUnansweredAt: at } = call;
  if (at === null) return dropCall(ledger);
  // The attempt that made the earlier call is over. The same refusal may be told again.
  return { ...ledger, pendingCall: { ...call, at, token: 0, earlierUnansweredAt: null } };
}

/** Nothing came of the noted call. Its operation is over. */
export function dropCallOf(ledger: Ledger, call: PendingCall, failureType: string, now: string): Ledger {
  const known = ledger.operations.find((each) => sameOperation(each, call));
  const failure = known?.failureType ?? failureType;
  const finishedAt = known?.finishedAt ?? now;
  return finish(dropCall(ledger), call, { failureType: failure, finishedAt, finishedBy: 'ledger' });
}

function dropCall(ledger: Ledger): Ledger {
  return { ...ledger, pendingCall: null, sealed: ledger.pendingCall?.seals === true ? null : ledger.sealed };
}

/** A call that the ledger has to finish. */
export interface UnfinishedCall {
  readonly call: PendingCall;
  /** Its operation is known to be over. */
  readonly hasEnded: boolean;
  /** Seconds until then. */
  readonly inSeconds: number;
}

export function unfinishedCall({ pendingCall: call, operations }: Ledger, now: string): UnfinishedCall | null {
  if (call === null) return null;
  const hasEnded = call.isAbandoned || operations.find((each) => sameOperation(each, call))?.finishedAt != null;
  const inSeconds = hasEnded ? 0 : Math.max(0, FINISH_AFTER_SECONDS - secondsBetween(call.at, now));
  return { call, hasEnded, inSeconds };
}

/** Seconds until a noted call can no longer land. 0: DMS answered it, or it has had its time. */
export function secondsUntilLanded(call: PendingCall, now: string): number {
  const at = call.isAnswered ? call.earlierUnansweredAt : call.at;
  return at === null ? 0 : Math.max(0, CALL_LANDS_SECONDS - secondsBetween(at, now));
}

/** The operation that noted a call. */
export function operationOf(call: PendingCall): OperationRef {
  const { kind, operationId, workflowId, runId, firstRunId, parentWorkflowId } = call;
  const { requestedBy, reason, owner, deadline } = call;
  return { kind, operationId, workflowId, runId, firstRunId, parentWorkflowId, requestedBy, reason, owner, deadline };
}
