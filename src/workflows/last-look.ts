import { RetryState } from '@temporalio/common';
import { ActivityFailure, TimeoutFailure } from '@temporalio/workflow';
import { dmsFailure } from '../operations/failures.js';

/** Of what a wait is, for when there is nothing newer to tell. */
export interface WaitSubject {
  readonly replicationConfigArn: string;
  readonly operationId?: string | undefined;
  readonly lastStatus?: string | undefined;
}

/** Waits. When its backstop fires because no worker ran until past the deadline, one more look decides; when nobody makes that either, the wait has failed. */
export async function withLastLook<Result>(
  type: 'DmsStopTimedOut' | 'DmsStartTimedOut',
  subject: WaitSubject,
  wait: () => Promise<Result>,
  lastLook: () => Promise<Result>,
): Promise<Result> {
  try {
    return await wait();
  } catch (err) {
    if (!isTimedOut(err)) throw err;
  }
  try {
    return await lastLook();
  } catch (err) {
    if (!isTimedOut(err)) throw err;
    const { replicationConfigArn, operationId, lastStatus: status } = subject;
    throw dmsFailure(
      type,
      { replicationConfigArn, operationId, status },
      `No worker has looked at ${replicationConfigArn} until long past the deadline; it was "${status ?? 'not seen'}" when the wait began`,
      'Start a worker that serves its task queue, then run the operation again: it follows what DMS did meanwhile.',
    );
  }
}

function isTimedOut(err: unknown): boolean {
  return (
    err instanceof ActivityFailure && (err.retryState === RetryState.TIMEOUT || err.cause instanceof TimeoutFailure)
  );
}
