/** Another replication goes on from a record of this one: two must not write to one target. */
import { dmsFailure } from './failures.js';
import { endGuard } from './guard.js';
import { withEvent, type Transition } from './ledger-entries.js';
import type { ContinuedRequest } from './ledger-messages.js';
import type { ContinuedBy, Ledger } from './records.js';
import { operationInProgress, replicationSealed } from './refusals.js';
import { requireOwner } from './reservations.js';

/** Refuses what makes no sense, and to claim what can't be. Throws the failure. */
export function validateContinued(ledger: Ledger, request: ContinuedRequest): void {
  const { replicationConfigArn } = ledger;
  const { by, sequence, operationId, operationRunId, runId, is } = request;
  const isKnown = ['claimed', 'started', 'released'].includes(is);
  const areTexts = [by, operationId, operationRunId, runId].every((each) => typeof each === 'string');
  if (!areTexts || !Number.isInteger(sequence) || !isKnown) {
    const what = 'What goes on from a record is told as { by, sequence, operationId, operationRunId, runId, is }';
    throw dmsFailure('DmsInvalidInput', { replicationConfigArn }, what, 'Correct it; nothing was changed.');
  }
  if (is === 'claimed') requireClaimable(ledger, request);
}

/** Refuses what is sealed, reserved, or in the hands of an operation. Throws the failure. */
export function requireClaimable(
  ledger: Ledger,
  { by, owner, parentWorkflowId = null }: Pick<ContinuedRequest, 'by' | 'owner' | 'parentWorkflowId'>,
): void {
  const { replicationConfigArn, sealed, pendingCall } = ledger;
  // A later operation on the same replication takes over what an earlier one left behind.
  if (sealed?.continuedBy?.replicationConfigArn === by) return;
  if (sealed !== null) throw replicationSealed({ replicationConfigArn }, sealed);
  requireOwner(ledger, { owner, parentWorkflowId });
  if (pendingCall === null) return;
  const { kind, operationId, workflowId, parentWorkflowId: hostWorkflowId } = pendingCall;
  throw operationInProgress(replicationConfigArn, { kind, operationId, workflowId, hostWorkflowId });
}

/**
 * Seals it before the other one is started. Once that is known to have failed, whoever has claimed it opens it again; until it is known to have
 * succeeded, its guard goes on warning.
 */
export function continued(ledger: Ledger, request: ContinuedRequest, now: string): Transition<null> {
  const { by, sequence, operationId, operationRunId, runId, is } = request;
  const { sealed } = ledger;
  const before = sealed?.continuedBy?.replicationConfigArn === by ? sealed.continuedBy : null;
  const isOwn = before?.operationId === operationId && before.operationRunId === operationRunId;
  const unchanged = { ledger, reply: null };
  const claim = { replicationConfigArn: by, sequence, operationId, operationRunId, runId };
  const entry = { at: now, by, workflowId: null, reason: null } as const;
  switch (is) {
    case 'claimed': {
      if (before !== null && (before.isStarted || isClaimOf(before, request))) return unchanged;
      const detail = `${by} is to go on from record ${sequence}`;
      const continuedBy = { ...claim, isStarted: false, isInDoubt: before !== null && (before.isInDoubt || !isOwn) };
      const claimed = { ...ledger, sealed: { by: null, reason: detail, at: now, continuedBy } };
      return { ledger: withEvent(claimed, { ...entry, type: 'continued', detail }), reply: null };
    }
    case 'started': {
      // Whoever has opened it meanwhile did so by name.
      if (sealed === null || before === null || before.isStarted) return unchanged;
      const detail = `${by} goes on from record ${sequence}`;
      const continuedBy = { ...claim, isStarted: true, isInDoubt: false };
      const kept = { ...ledger, sealed: { ...sealed, reason: detail, continuedBy } };
      return { ledger: kept.guard === null ? kept : endGuard(kept, 'guard-ended', now, detail), reply: null };
    }
    case 'released': {
      if (sealed === null || before === null || before.isStarted || before.isInDoubt) return unchanged;
      // Only who has claimed it knows what became of that: a run, or the one after its reset, but never one that was reset.
      if (!isOwn || ![runId, operationRunId].includes(before.runId)) return unchanged;
      const reason = 'It was not started there';
      const opened = { ...ledger, sealed: null };
      return { ledger: withEvent(opened, { ...entry, type: 'unsealed', reason, detail: sealed.reason }), reply: null };
    }
  }
}

/** Whether it was claimed by this very run. */
export function isClaimOf(
  claim: ContinuedBy,
  { by, sequence, operationId, runId }: Pick<ContinuedRequest, 'by' | 'sequence' | 'operationId' | 'runId'>,
): boolean {
  return (
    claim.replicationConfigArn === by &&
    claim.sequence === sequence &&
    claim.operationId === operationId &&
    claim.runId === runId
  );
}
