/** A ledger whose replication was deleted is closed, once nothing is left to do. */
import { nextToArchive } from './archive.js';
import { withEvent, type Transition } from './entries.js';
import type { Ledger } from '../contract/ledger-state.js';

/** Who does not see a replication may have the wrong credentials: only what is missing for so long was deleted. */
export const MISSING_SECONDS = 24 * 3600;

/** An operation did not find the replication. */
export function gone(ledger: Ledger, _request: unknown, now: string): Transition<null> {
  return {
    ledger: missing(ledger, now),
    reply: null,
  };
}

/** It looks again later. */
export function missing(ledger: Ledger, now: string): Ledger {
  return ledger.deletedAt === null ? { ...ledger, missingSince: ledger.missingSince ?? now } : ledger;
}

/** It is there after all. */
export function found(ledger: Ledger): Ledger {
  return { ...ledger, missingSince: null };
}

/** DMS does not know it any more. The last record of the ledger says so. */
export function deleted(ledger: Ledger, at: string): Ledger {
  const detail = `DMS has not known it since ${ledger.missingSince ?? at}`;
  const event = { type: 'deleted', at, by: null, reason: null, workflowId: null, detail } as const;
  return withEvent({ ...ledger, deletedAt: at, missingSince: null, guard: null, pendingCall: null }, event);
}

/** What a closed ledger goes on with when somebody has something to say to it: it looks again whether there is a replication. */
function reopened(closed: Ledger): Ledger {
  return { ...closed, deletedAt: null, missingSince: closed.deletedAt };
}

/** What Temporal's client shows of a workflow, as far as it matters here. */
interface Workflows {
  getHandle(
    workflowId: string,
    runId?: string,
  ): {
    describe(): Promise<{ readonly status: { readonly name: string }; readonly runId: string }>;
    result(): Promise<unknown>;
  };
}

/** What a ledger that closed by itself goes on with; `null`: it is open, or was terminated. */
export async function closedState(workflows: Workflows, workflowId: string): Promise<Ledger | null> {
  const { status, runId } = await workflows.getHandle(workflowId).describe();
  if (status.name !== 'COMPLETED') return null;
  return reopened((await workflows.getHandle(workflowId, runId).result()) as Ledger);
}

/** Nothing is left to do, and nothing that must hold is kept. */
export function isClosing(ledger: Ledger): boolean {
  const { deletedAt, pendingCall, guard, sealed, reservation } = ledger;
  const isOwed = pendingCall !== null || guard !== null || nextToArchive(ledger) !== null;
  return deletedAt !== null && !isOwed && sealed === null && reservation === null;
}
