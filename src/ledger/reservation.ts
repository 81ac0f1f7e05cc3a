/**
 * Reservations of a replication.
 *
 * A **reservation** keeps the replication for one owner across several operations. Operations of anyone else are
 * refused. Steps of the workflow that reserved it are the owner's. The owner releases the reservation, or a person
 * breaks it.
 */
import { decisionCommands } from '../contract/commands.js';
import { dmsFailure } from '../contract/failures.js';
import { messageNames } from '../contract/names.js';
import type { DecisionRequest, ReleaseRequest, ReserveReply, ReserveRequest } from '../contract/ledger-protocol.js';
import { findOperation, secondsBetween, withEvent, type Transition } from './entries.js';
import type { Ledger, OperationRef, Reservation } from '../contract/ledger-state.js';

/** Returns the way out for an operation that a reservation keeps away. */
function breakHint(replicationConfigArn: string): string {
  const commands = decisionCommands('break-reservation', replicationConfigArn, messageNames.breakReservation);
  return `Wait until its owner releases it, or name that owner. If the owner is gone, end the reservation: ${commands}.`;
}

/** Throws `DmsReplicationReserved` if someone else holds the reservation. */
export function validateReserve(ledger: Ledger, request: ReserveRequest): void {
  const { reservation, replicationConfigArn } = ledger;
  if (reservation !== null && reservation.owner !== request.owner)
    throw reservedFailure(replicationConfigArn, reservation);
}

export function reserve(ledger: Ledger, request: ReserveRequest, now: string): Transition<ReserveReply> {
  const { owner, reason, workflowId } = request;
  const { pendingCall, reservation: known } = ledger;
  // The owner may go on in another workflow.
  const reservation: Reservation = known === null ? { owner, reason, workflowId, at: now } : { ...known, workflowId };
  const isOthersCall = pendingCall !== null && !belongsToOwner(reservation, pendingCall);
  const pendingCallAgeSeconds = isOthersCall ? secondsBetween(pendingCall.at, now) : null;
  const reply = { reservation, pendingCallAgeSeconds };
  if (known !== null) return { ledger: { ...ledger, reservation }, reply };
  const event = { type: 'reserved', at: now, by: owner, reason, workflowId, detail: null } as const;
  return { ledger: withEvent({ ...ledger, reservation }, event), reply };
}

/** Ends the owner's reservation. Changes nothing if the owner has none. */
export function release(ledger: Ledger, { owner }: ReleaseRequest, now: string) {
  const { reservation } = ledger;
  if (reservation === null || reservation.owner !== owner) return { ledger, reply: null };
  const { workflowId } = reservation;
  const event = { type: 'released', at: now, by: owner, reason: null, workflowId, detail: null } as const;
  return { ledger: withEvent({ ...ledger, reservation: null }, event), reply: null };
}

/** Ends the reservation of an owner on a person's decision. The ledger keeps who did it and why. */
export function breakReservation(ledger: Ledger, { by, reason }: DecisionRequest, now: string): Transition<string> {
  const { reservation, replicationConfigArn } = ledger;
  if (reservation === null) return { ledger, reply: `${replicationConfigArn} is not reserved; nothing was changed` };
  const { owner, workflowId } = reservation;
  const detail = `The reservation of ${owner}, since ${reservation.at}`;
  const event = { type: 'reservation-broken', at: now, by, reason, workflowId, detail } as const;
  const free = withEvent({ ...ledger, reservation: null }, event);
  return { ledger: free, reply: `The reservation of ${replicationConfigArn} by ${owner} is broken` };
}

/** Throws `DmsReplicationReserved` if someone else holds the reservation and the operation has not succeeded yet. */
export function requireMayOperate(ledger: Ledger, operation: OperationRef): void {
  // An operation that succeeded before only returns its recorded result.
  if ((findOperation(ledger, operation)?.outcome ?? null) === null) requireOwner(ledger, operation);
}

/**
 * Throws `DmsReplicationReserved` if someone else holds the reservation. Steps of the workflow that reserved the
 * replication are the owner's.
 */
export function requireOwner(
  { reservation, replicationConfigArn }: Pick<Ledger, 'reservation' | 'replicationConfigArn'>,
  operation: Pick<OperationRef, 'owner' | 'parentWorkflowId'> & Partial<OperationRef>,
): void {
  if (reservation === null || belongsToOwner(reservation, operation)) return;
  throw reservedFailure(replicationConfigArn, reservation, operation.operationId);
}

function belongsToOwner(
  { owner, workflowId }: Reservation,
  operation: Pick<OperationRef, 'owner' | 'parentWorkflowId'>,
) {
  const isStep = workflowId !== null && [operation.parentWorkflowId, operation.owner].includes(workflowId);
  return isStep || operation.owner === owner;
}

function reservedFailure(
  replicationConfigArn: string,
  { owner, reason, at, workflowId }: Reservation,
  operationId?: string,
) {
  const where = workflowId === null || workflowId === owner ? '' : `, in ${workflowId}`;
  return dmsFailure(
    'DmsReplicationReserved',
    { replicationConfigArn, operationId },
    `${replicationConfigArn} is reserved by ${owner}${where} since ${at} (${reason ?? 'no reason given'})`,
    breakHint(replicationConfigArn),
  );
}

/** Returns the same failure for a client, which reads only the owner. */
export function reservedByOtherFailure(replicationConfigArn: string, owner: string) {
  return dmsFailure(
    'DmsReplicationReserved',
    { replicationConfigArn },
    `${replicationConfigArn} is reserved by ${owner}`,
    breakHint(replicationConfigArn),
  );
}
