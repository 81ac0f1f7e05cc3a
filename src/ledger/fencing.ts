/**
 * Fencing tokens of the ledger.
 *
 * A **fencing token** orders the requests of activities: the server-side time at which the sending attempt was
 * scheduled. The ledger rejects a request whose token is older than the newest. An attempt that a timeout, a reset or a
 * termination left behind can therefore change nothing.
 */
import { ApplicationFailure } from '@temporalio/common';
import { dmsFailure } from '../contract/failures.js';
import { retryLaterTypes } from '../contract/ledger-protocol.js';
import type { Ledger, OperationRef } from '../contract/ledger-state.js';
import { busyFailure } from './calls.js';

/** Tolerated difference between the clocks of a Temporal server's hosts. */
const CLOCKS_APART_SECONDS = 60;
/** Longest delay until an attempt that is ahead of the ledger's clock asks again. */
const MAX_CLOCK_WAIT_SECONDS = 10;

/** Returns the seconds by which a token lies in the future, beyond the tolerated difference of clocks. */
function secondsAhead(token: number, now: string): number {
  return (token - Date.parse(now)) / 1000 - CLOCKS_APART_SECONDS;
}

/** Throws if a token lies in the future, because such a token would lock out every later request. */
export function requirePastToken(replicationConfigArn: string, token: number, now: string): void {
  if (secondsAhead(token, now) <= 0) return;
  const what = `Invalid token ${token}: it lies in the future`;
  throw dmsFailure('DmsInvalidInput', { replicationConfigArn }, what, 'Nothing was changed.');
}

/**
 * Throws if a later attempt has already sent a request. Also throws while the token is more than a minute ahead of
 * the ledger's clock. A live attempt is retried with a newer token.
 */
export function requireNewestToken(
  ledger: Ledger,
  { token, operation }: { token: number; operation: OperationRef },
  now: string,
): void {
  const ahead = secondsAhead(token, now);
  if (ahead > 0) {
    // The clocks of the Temporal server's hosts differ. A live attempt is let through once the difference has passed.
    const why = `the attempt was scheduled ${Math.ceil(ahead)} s later than the ledger's clock allows`;
    throw busyFailure({ why, seconds: Math.min(ahead, MAX_CLOCK_WAIT_SECONDS) });
  }
  if (token >= ledger.newestToken) return;
  const message = `A request of the ${operation.kind} "${operation.operationId}" came too late: the ledger already has one of a later attempt`;
  throw ApplicationFailure.nonRetryable(message, retryLaterTypes.late);
}
