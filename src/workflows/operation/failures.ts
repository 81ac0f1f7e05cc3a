import { RetryState } from '@temporalio/common';
import { ActivityFailure, CancelledFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import { findDmsFailure } from '../../contract/failures.js';

/** An attempt that was cancelled and then failed retryably arrives as a failure for which `isCancellation` is false. */
export function isCancelled(err: unknown): boolean {
  return isCancellation(err) || (err instanceof ActivityFailure && err.retryState === RetryState.CANCEL_REQUESTED);
}

/** The time an activity had in all ran out, in an attempt or between two. */
export function isTimedOut(err: unknown): boolean {
  return (
    err instanceof ActivityFailure && (err.retryState === RetryState.TIMEOUT || err.cause instanceof TimeoutFailure)
  );
}

/** What a caller is to see: the failure itself, not the wrappers Temporal put around it. */
export function unwrapped(err: unknown): unknown {
  const failure = findDmsFailure(err);
  if (failure !== undefined) return failure;
  return err instanceof ActivityFailure && isCancelled(err) ? new CancelledFailure('The operation was cancelled') : err;
}
