/** Updates of a ledger may come from anywhere: what they say is checked before anything is changed. */
import { dmsFailure } from './failures.js';
import type { Ledger } from './records.js';

const MOST_OWNER = 256;
const MOST_REASON = 1000;

type Request<Members extends string> = { readonly [Member in Members]?: unknown } | undefined;

/** For what a person decides. Throws DmsInvalidInput. */
export function requireNameAndReason(what: string) {
  return (ledger: Ledger, request: Request<'by' | 'reason'>): void => {
    if (isText(request?.by, MOST_REASON) && isText(request?.reason, MOST_REASON)) return;
    throw refused(ledger, `${what} takes { by, reason }: who does it, and why, in at most 1,000 characters`);
  };
}

/** For whoever takes or gives back a reservation. Throws DmsInvalidInput. */
export function requireOwnerName(ledger: Ledger, request: Request<'owner' | 'reason' | 'workflowId'>): void {
  const mayBe = (value: unknown) => value === undefined || value === null || isText(value, MOST_REASON);
  if (isText(request?.owner, MOST_OWNER) && mayBe(request?.reason) && mayBe(request?.workflowId)) return;
  throw refused(ledger, 'A reservation takes { owner, reason }: at most 256 and 1,000 characters');
}

function isText(value: unknown, most: number): boolean {
  return typeof value === 'string' && value.trim() !== '' && value.length <= most;
}

function refused({ replicationConfigArn }: Ledger, problem: string) {
  return dmsFailure('DmsInvalidInput', { replicationConfigArn }, problem, 'Correct it; nothing was changed.');
}
