import { RetryState } from '@temporalio/common';
import { ActivityFailure, CancelledFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import { findDmsFailure } from '../../contract/failures.js';

/** True if an error means a cancel. `isCancellation` misses a cancelled attempt that then fails retryably. */
export function isCancelled(err: unknown): boolean {
  return isCancellation(err) || (err instanceof ActivityFailure && err.retryState === RetryState.CANCEL_REQUESTED);
}

/** True if the total time of an activity ran out, in an attempt or between two. */
export function isTimedOut(err: unknown): boolean {
  return (
    err instanceof ActivityFailure && (err.retryState === RetryState.TIMEOUT || err.cause instanceof TimeoutFailure)
  );
}

/** Returns the failure that a caller should see, without the wrappers that Temporal put around it. */
export function unwrapFailure(err: unknown): unknown {
  const failure = findDmsFailure(err);
  if (failure !== undefined) return failure;
  return err instanceof ActivityFailure && isCancelled(err) ? new CancelledFailure('The operation was cancelled') : err;
}
