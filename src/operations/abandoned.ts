/** A stop that DMS accepted, or may have, and that no operation is known to follow any more: the ledger finishes it. */
import type { DmsFailureType } from './failures.js';
import { findOperation, finish } from './ledger-entries.js';
import type { Ledger, OperationRef, PendingCall } from './records.js';

/** An operation whose end nobody has told may have died. Before that nobody asks. */
const LOOK_AFTER_SECONDS = 300;

export interface AbandonedStop {
  readonly call: PendingCall;
  /** From the last change of the ledger on. 0: the operation is known to have ended. */
  readonly inSeconds: number;
}

/** The stop to finish; `null`: there is none. */
export function abandonedStop({ pendingCall, operations }: Ledger): AbandonedStop | null {
  if (pendingCall?.kind !== 'stop') return null;
  const hasEnded = operations[0]?.finishedAt !== null;
  return { call: pendingCall, inSeconds: hasEnded ? 0 : LOOK_AFTER_SECONDS };
}

/** Whose call it is. */
export function operationOf({
  kind,
  operationId,
  workflowId,
  runId,
  parentWorkflowId,
  ...call
}: PendingCall): OperationRef {
  const { requestedBy, reason, owner, deadline } = call;
  return { kind, operationId, workflowId, runId, parentWorkflowId, requestedBy, reason, owner, deadline };
}

/** It came to nothing: it runs again, or there is nothing left to run. */
export function giveUp(ledger: Ledger, call: PendingCall, failureType: DmsFailureType, now: string): Ledger {
  const known = findOperation(ledger, call);
  const ended = { failureType: known?.failureType ?? failureType, finishedAt: known?.finishedAt ?? now };
  return finish({ ...ledger, pendingCall: null }, call, { ...ended, finishedBy: 'ledger' });
}
