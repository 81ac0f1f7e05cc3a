/**
 * Closing the ledger of a deleted replication.
 *
 * An operation that does not find the replication reports it **missing**. A day later the ledger looks for it. If the
 * ledger does not find it either, the replication counts as **deleted**. The ledger closes once nothing is left to do.
 *
 * The closed workflow returns its state. An operation on a replication with the same ARN reopens the ledger with it.
 */
import { nextToArchive } from './archive.js';
import { withEvent, type Transition } from './entries.js';
import type { Ledger } from '../contract/ledger-state.js';

/** Seconds a replication must be missing before the ledger looks for it. Wrong credentials, too, can hide a replication. */
export const MISSING_SECONDS = 24 * 3600;

/** Marks the replication as missing, because an operation did not find it. */
export function reportMissing(ledger: Ledger, _request: unknown, now: string): Transition<null> {
  return {
    ledger: markMissing(ledger, now),
    reply: null,
  };
}

/** Remembers since when the replication is missing. The ledger looks for it a day later. */
export function markMissing(ledger: Ledger, now: string): Ledger {
  return ledger.deletedAt === null ? { ...ledger, missingSince: ledger.missingSince ?? now } : ledger;
}

/** Clears the mark of a missing replication. */
export function clearMissing(ledger: Ledger): Ledger {
  return { ...ledger, missingSince: null };
}

/** Marks the replication as deleted, and keeps that as an event. Ends its guard and drops its note. */
export function markDeleted(ledger: Ledger, at: string): Ledger {
  const detail = `DMS has not shown it since ${ledger.missingSince ?? at}`;
  const event = { type: 'deleted', at, by: null, reason: null, workflowId: null, detail } as const;
  return withEvent({ ...ledger, deletedAt: at, missingSince: null, guard: null, pendingCall: null }, event);
}

/** Returns the state with which a closed ledger goes on. The replication counts as missing, so the ledger looks for it again. */
function reopen(closed: Ledger): Ledger {
  return { ...closed, deletedAt: null, missingSince: closed.deletedAt };
}

/** Part of Temporal's client that reads a closed workflow. */
interface Workflows {
  getHandle(
    workflowId: string,
    runId?: string,
  ): {
    describe(): Promise<{ readonly status: { readonly name: string }; readonly runId: string }>;
    result(): Promise<unknown>;
  };
}

/** Returns the state of a ledger that closed by itself, ready to go on. `null`: it is open, or ended in another way. */
export async function readClosedState(workflows: Workflows, workflowId: string): Promise<Ledger | null> {
  const { status, runId } = await workflows.getHandle(workflowId).describe();
  if (status.name !== 'COMPLETED') return null;
  return reopen((await workflows.getHandle(workflowId, runId).result()) as Ledger);
}

/** True if the replication was deleted, nothing is left to do, and there is no seal or reservation to keep. */
export function mayClose(ledger: Ledger): boolean {
  const { deletedAt, pendingCall, guard, sealed, reservation } = ledger;
  const hasDuty = pendingCall !== null || guard !== null || nextToArchive(ledger) !== null;
  return deletedAt !== null && !hasDuty && sealed === null && reservation === null;
}
