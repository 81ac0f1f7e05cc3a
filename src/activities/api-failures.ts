import type { ApplicationFailure } from '@temporalio/common';
import { DmsApiError } from '../dms/api.js';
import { dmsFailure, retryable, type AwsErrorDetails, type FailureSubject } from '../operations/failures.js';

export interface FailedCall {
  readonly subject: FailureSubject;
  readonly phase: string;
  /** The status in the last look, if there was one. */
  readonly status: string | null;
  readonly attempt: number;
  readonly elapsedSeconds: number;
  /** A call of this operation that changes DMS was accepted, or may have been: from then on nothing but the deadline ends the operation. */
  readonly accepted: boolean;
}

/** What a failed request to DMS means for the activity: the one place where a `DmsApiError` becomes an `ApplicationFailure`. Anything else is passed on. */
export function apiFailure(err: unknown, call: FailedCall): unknown {
  if (!(err instanceof DmsApiError)) return err;
  const awsError = awsErrorDetails(err);
  const subject = { ...call.subject, awsError };
  const arn = subject.replicationConfigArn;
  switch (err.kind) {
    case 'not-found':
      return dmsFailure(
        'DmsReplicationNotFound',
        subject,
        `There is no replication config ${arn}`,
        'Check the account and the region in the ARN, and that the config was not deleted or created anew (a new one has another ARN).',
      );
    case 'access-denied':
      if (call.accepted) return retryLater(err, call);
      return dmsFailure(
        'DmsAccessDenied',
        subject,
        `AWS refused a request about ${arn} (${err.awsName}: ${err.message})`,
        accessHint(err),
      );
    case 'rejected':
      if (call.accepted) return retryLater(err, call);
      return dmsFailure(
        'DmsRequestRejected',
        subject,
        `DMS refused a request about ${arn} (${err.awsName}: ${err.message})`,
        'Correct what it names and run the operation again.',
      );
    case 'invalid-state':
    case 'throttled':
    case 'unavailable':
      return retryLater(err, call);
  }
}

export function awsErrorDetails(err: DmsApiError): AwsErrorDetails {
  const { awsName, message, requestId } = err;
  return { name: awsName, message: message.slice(0, 1000), ...(requestId === null ? {} : { requestId }) };
}

function retryLater(err: DmsApiError, call: FailedCall): ApplicationFailure {
  const isThrottled = err.kind === 'throttled';
  const delay = backoffSeconds(call.attempt, isThrottled ? 2 : 1);
  const seen = call.status === null ? 'not seen yet' : `last seen "${call.status}"`;
  return retryable(
    isThrottled ? 'DmsThrottled' : 'DmsUnavailable',
    `No answer about ${call.subject.replicationConfigArn} (${seen}): ${err.awsName}: ${err.message}. Trying again in ${delay.toFixed(0)} s`,
    delay,
    { phase: call.phase, status: call.status, elapsedSeconds: call.elapsedSeconds, retryInSeconds: delay },
  );
}

/** Doubles up to 15 s, give or take a quarter. */
export function backoffSeconds(attempt: number, first: number): number {
  return Math.min(15, first * 2 ** Math.min(attempt - 1, 10)) * (0.75 + 0.5 * Math.random());
}

function accessHint(err: DmsApiError): string {
  const action = /perform: (dms:\w+)/.exec(err.message)?.[1];
  if (action !== undefined)
    return `Allow ${action} to the worker's role (the README has the smallest policy), then run the operation again.`;
  if (err.awsName === 'AccessDeniedFault') return 'DMS itself lacks access: check the roles and keys of its endpoints.';
  return "Renew the worker's AWS credentials, then run the operation again.";
}
