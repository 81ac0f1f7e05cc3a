import { RetryState } from '@temporalio/common';
import { ActivityFailure, CancelledFailure, isCancellation } from '@temporalio/workflow';
import { parseReplicationConfigArn } from '../dms/arn.js';
import { dmsFailure, findDmsFailure } from '../operations/failures.js';

/** The ARN in an input of any shape. Everything else about it is checked by the activity that begins the operation. */
export function readArn(input: unknown): string {
  const value =
    typeof input === 'object' && input !== null && 'replicationConfigArn' in input
      ? input.replicationConfigArn
      : undefined;
  try {
    return parseReplicationConfigArn(value as string).arn;
  } catch (err) {
    throw dmsFailure(
      'DmsInvalidInput',
      { replicationConfigArn: typeof value === 'string' ? value : '' },
      err instanceof Error ? err.message : String(err),
      'Correct replicationConfigArn and start again; nothing was called.',
    );
  }
}

/** An attempt that was cancelled and then failed retryably arrives as a failure for which `isCancellation` is false. */
export function isCancelled(err: unknown): boolean {
  return isCancellation(err) || (err instanceof ActivityFailure && err.retryState === RetryState.CANCEL_REQUESTED);
}

/** What a caller is to see: the failure itself, not the wrappers Temporal put around it. */
export function unwrapped(err: unknown): unknown {
  const failure = findDmsFailure(err);
  if (failure !== undefined) return failure;
  return err instanceof ActivityFailure && isCancelled(err) ? new CancelledFailure('The operation was cancelled') : err;
}
