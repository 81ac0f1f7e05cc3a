/**
 * Fencing tokens of the ledger.
 *
 * A **fencing token** orders the requests of activities: the server-side time at which the attempt that sends one was scheduled. A request with a token
 * older than the newest is rejected, so an attempt that was left behind by a time-out, a reset or a terminated execution can no longer change anything.
 */
import { ApplicationFailure } from '@temporalio/common';
import { dmsFailure } from '../contract/failures.js';
import { retryLater } from '../contract/ledger-protocol.js';
import type { Ledger, OperationRef } from '../contract/ledger-state.js';
import { busyFailure } from './calls.js';

/** How far the clocks of a Temporal server's hosts may be apart. */
const CLOCKS_APART_SECONDS = 60;
/** How soon an attempt that is ahead of the ledger's clock asks again. */
const CLOCKS_ASK_AGAIN_SECONDS = 10;

/** Seconds by which a token is of the future, beyond what clocks may be apart. */
function secondsAhead(token: number, now: string): number {
  return (token - Date.parse(now)) / 1000 - CLOCKS_APART_SECONDS;
}

/** Throws when a token is of the future: nothing that came after it would be let through. */
export function requirePastToken(replicationConfigArn: string, token: number, now: string): void {
  if (secondsAhead(token, now) <= 0) return;
  const what = `Invalid token ${token}: no attempt was scheduled at that time yet`;
  throw dmsFailure('DmsInvalidInput', { replicationConfigArn }, what, 'Nothing was changed.');
}

/** Throws when a later attempt has spoken already. An attempt that is alive is retried with a newer token. */
export function requireNewest(
  ledger: Ledger,
  { token, operation }: { token: number; operation: OperationRef },
  now: string,
): void {
  const ahead = secondsAhead(token, now);
  if (ahead > 0) {
    // The hosts of the Temporal server disagree about the time: an attempt that is alive is let through once that has passed.
    const why = `the attempt was scheduled ${Math.ceil(ahead)} s later than the ledger's clock allows`;
    throw busyFailure({ why, seconds: Math.min(ahead, CLOCKS_ASK_AGAIN_SECONDS) });
  }
  if (token >= ledger.newestToken) return;
  const message = `A later attempt than this one of the ${operation.kind} "${operation.operationId}" has spoken to the ledger`;
  throw ApplicationFailure.nonRetryable(message, retryLater.late);
}
