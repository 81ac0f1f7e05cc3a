/** Another replication goes on from a record of this one: two must not write to one target. */
import { dmsFailure } from './failures.js';
import { withEvent, type Transition } from './ledger-entries.js';
import type { ContinuedRequest } from './ledger-messages.js';
import type { Ledger } from './records.js';
import { operationInProgress, replicationSealed } from './refusals.js';
import { requireOwner } from './reservations.js';

/** Refuses what makes no sense, and what is sealed, reserved, or in the hands of an operation. Throws the failure. */
export function validateContinued(ledger: Ledger, request: ContinuedRequest): void {
  const { replicationConfigArn, sealed, pendingCall } = ledger;
  const { by, sequence } = request;
  if (typeof by !== 'string' || !Number.isInteger(sequence)) {
    const what = 'What goes on from a record is told as { by, sequence }: an ARN, and a number';
    throw dmsFailure('DmsInvalidInput', { replicationConfigArn }, what, 'Correct it; nothing was changed.');
  }
  if (request.undo === true || sealed?.reason === reasonOf(request)) return;
  if (sealed !== null) throw replicationSealed({ replicationConfigArn }, sealed);
  const { owner, parentWorkflowId = null } = request;
  requireOwner(ledger, { owner, parentWorkflowId });
  if (pendingCall === null) return;
  const { kind, operationId, workflowId, parentWorkflowId: hostWorkflowId } = pendingCall;
  throw operationInProgress(replicationConfigArn, { kind, operationId, workflowId, hostWorkflowId });
}

/** Seals it before the other one is started, and unseals it if DMS refuses that. */
export function continued(ledger: Ledger, request: ContinuedRequest, now: string): Transition<null> {
  const { by, undo = false } = request;
  const reason = reasonOf(request);
  const isOurs = ledger.sealed?.reason === reason;
  if (isOurs !== undo) return { ledger, reply: null };
  const entry = { at: now, by, workflowId: null, detail: reason };
  if (undo) {
    const event = { ...entry, type: 'unsealed', reason: 'DMS has refused to start it there' } as const;
    return { ledger: withEvent({ ...ledger, sealed: null }, event), reply: null };
  }
  const event = { ...entry, type: 'continued', reason: null } as const;
  return { ledger: withEvent({ ...ledger, sealed: { by: null, reason, at: now } }, event), reply: null };
}

function reasonOf({ by, sequence }: ContinuedRequest): string {
  return `${by} goes on from record ${sequence}`;
}
