/** A ledger whose replication was deleted is closed, once nothing is left to do. */
import { withEvent, type Transition } from './ledger-entries.js';
import type { Ledger } from './records.js';

/** DMS does not know it any more. The last record of the ledger says so. */
export function deleted(ledger: Ledger, at: string): Ledger {
  const detail = 'DMS does not know it any more';
  const event = { type: 'deleted', at, by: null, reason: null, workflowId: null, detail } as const;
  return withEvent({ ...ledger, deletedAt: at, guard: null }, event);
}

/** An operation was told that there is none. One with other credentials may be wrong: what the ledger has to look at itself is left to it. */
export function gone(ledger: Ledger, _request: unknown, now: string): Transition<null> {
  const { guard, pendingCall, deletedAt } = ledger;
  const isOwnBusiness = guard !== null || pendingCall !== null || deletedAt !== null;
  return { ledger: isOwnBusiness ? ledger : deleted(ledger, now), reply: null };
}

/** Nothing is left to do. */
export function isClosing({ deletedAt, archive, pendingCall }: Ledger): boolean {
  return deletedAt !== null && pendingCall?.kind !== 'stop' && (archive?.waiting.length ?? 0) === 0;
}
