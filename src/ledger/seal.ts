/**
 * The seal of a replication.
 *
 * A final stop **seals** the ledger. A sealed ledger refuses resumes until a person unseals it.
 *
 * The note of a final stop sets the seal (`noteCall` in `calls.ts`). So does its record (`sealOf` in `record.ts`), or a
 * restore (`restore.ts`). A person lifts the seal. The ledger lifts it with the note of a call that had no effect
 * (`dropCall` in `calls.ts`).
 *
 * Invariants:
 * - `pendingCall.seals` implies `sealed`.
 * - A later final stop does not replace an earlier seal.
 * - An operation does not seal again after a person unsealed the ledger since it began.
 */
import { replicationSealed } from '../contract/failure-messages.js';
import type { DecisionRequest } from '../contract/ledger-protocol.js';
import type { Ledger, OperationRef } from '../contract/ledger-state.js';
import { withEvent, type Transition } from './entries.js';

/** Throws `DmsReplicationSealed` for a resume of a sealed replication. */
export function requireUnsealed(ledger: Ledger, { kind, operationId }: OperationRef): void {
  const { replicationConfigArn, sealed, checkpoints } = ledger;
  if (kind !== 'resume' || sealed === null) return;
  throw replicationSealed({ replicationConfigArn, operationId, checkpoint: checkpoints[0] ?? null }, sealed);
}

/** Lifts the seal. The ledger keeps who did it and why. */
export function unseal(ledger: Ledger, { by, reason }: DecisionRequest, now: string): Transition<string> {
  const { replicationConfigArn, sealed } = ledger;
  if (sealed === null) return { ledger, reply: `${replicationConfigArn} is not sealed; nothing was changed` };
  const pendingCall = ledger.pendingCall === null ? null : { ...ledger.pendingCall, seals: false };
  const lifted = { ...ledger, pendingCall, sealed: null, lastUnsealed: { by, reason, at: now } };
  const event = { type: 'unsealed', at: now, by, reason, workflowId: null, detail: null } as const;
  return { ledger: withEvent(lifted, event), reply: `${replicationConfigArn} is unsealed` };
}
