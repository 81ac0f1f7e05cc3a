import type { ApplicationFailure } from '@temporalio/common';
import type { DmsApiError } from '../dms/api.js';
import { dmsFailure, type AwsErrorDetails } from '../operations/failures.js';
import type { Attempt } from './attempt.js';

/** What a failed request to DMS means for the activity: the one place where a `DmsApiError` becomes an `ApplicationFailure`. */
export function apiFailure(err: DmsApiError, attempt: Attempt): ApplicationFailure {
  const { arn } = attempt.arn;
  const subject = { ...attempt.subject, awsError: awsErrorDetails(err) };
  const said = `${err.awsName}: ${err.message}`;
  if (err.kind === 'not-found') {
    return dmsFailure(
      'DmsReplicationNotFound',
      subject,
      `There is no replication config ${arn}`,
      'Check the account and the region in the ARN, and that the config was not deleted or created anew (a new one has another ARN).',
    );
  }
  if (err.kind === 'access-denied' && !attempt.accepted) {
    return dmsFailure('DmsAccessDenied', subject, `AWS refused a request about ${arn} (${said})`, accessHint(err));
  }
  if (err.kind === 'rejected' && !attempt.accepted) {
    const hint = 'Correct what it names and run the operation again.';
    return dmsFailure('DmsRequestRejected', subject, `DMS refused a request about ${arn} (${said})`, hint);
  }
  const isThrottled = err.kind === 'throttled';
  const delay = backoffSeconds(attempt.number, isThrottled ? 2 : 1);
  const seen = attempt.status === null ? 'not seen yet' : `last seen "${attempt.status}"`;
  const message = `No answer about ${arn} (${seen}): ${said}. Trying again in ${delay.toFixed(0)} s`;
  return attempt.retryable(isThrottled ? 'DmsThrottled' : 'DmsUnavailable', message, delay);
}

export function awsErrorDetails({ awsName: name, message, requestId }: DmsApiError): AwsErrorDetails {
  return { name, message: message.slice(0, 1000), requestId: requestId ?? undefined };
}

/** Doubles up to 15 s, give or take a quarter. */
export function backoffSeconds(attempt: number, first: number): number {
  return Math.min(15, first * 2 ** Math.min(attempt - 1, 10)) * (0.75 + 0.5 * Math.random());
}

function accessHint({ awsName, message }: DmsApiError): string {
  const action = /perform: (dms:\w+)/.exec(message)?.[1];
  if (action !== undefined) {
    return `Allow ${action} to the worker's role (the README has the smallest policy), then run the operation again.`;
  }
  if (awsName === 'AccessDeniedFault') return 'DMS itself lacks access: check the roles and keys of its endpoints.';
  return "Renew the worker's AWS credentials, then run the operation again.";
}
