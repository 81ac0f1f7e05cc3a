import { RetryState } from '@temporalio/common';
import { ActivityFailure, CancelledFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
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

/** The backstop of a wait fired: no worker ran for long. */
export function isTimedOut(err: unknown): boolean {
  return (
    err instanceof ActivityFailure && (err.retryState === RetryState.TIMEOUT || err.cause instanceof TimeoutFailure)
  );
}

/** The backstop of a wait fired twice: nobody has looked for so long that there is nothing newer to tell than the last status. */
export function unseen(
  type: 'DmsStopTimedOut' | 'DmsStartTimedOut',
  wait: {
    readonly replicationConfigArn: string;
    readonly operationId?: string | undefined;
    readonly lastStatus?: string | undefined;
  },
): Error {
  const { replicationConfigArn, operationId, lastStatus: status } = wait;
  return dmsFailure(
    type,
    { replicationConfigArn, operationId, status },
    `No worker has looked at ${replicationConfigArn} until long past the deadline; it was "${status ?? 'not seen'}" when the wait began`,
    'Start a worker that serves its task queue, then run the operation again: it follows what DMS did meanwhile.',
  );
}

/** What a caller is to see: the failure itself, not the wrappers Temporal put around it. */
export function unwrapped(err: unknown): unknown {
  const failure = findDmsFailure(err);
  if (failure !== undefined) return failure;
  return err instanceof ActivityFailure && isCancelled(err) ? new CancelledFailure('The operation was cancelled') : err;
}
