import { CancelledFailure } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import { DmsApiError } from '../../dms/api.js';
import type { ReplicationConfigArn } from '../../dms/arn.js';
import { listCommands } from '../../contract/commands.js';
import { dmsFailure, type AwsErrorDetails, type FailureSubject } from '../../contract/failures.js';
import type { RetryableType } from '../../contract/progress.js';
import type { WorkerContext } from './worker-context.js';

/** Longest wait for valid credentials before the first call of an operation. */
const CREDENTIALS_PATIENCE_SECONDS = 60;

/** Facts of an attempt that decide what a failed request means for it. */
interface AskingAttempt {
  readonly worker: WorkerContext;
  readonly arn: ReplicationConfigArn;
  readonly number: number;
  readonly status: string | null;
  readonly mayHaveCalled: boolean;
  readonly elapsedSeconds: number;
  readonly secondsLeftForAnswer: number;
  readonly subject: FailureSubject;
  retryable(type: RetryableType, message: string, delaySeconds: number): ApplicationFailure;
}

/** True if the worker is shutting down. The attempt then ends, and the activity goes on in another worker. */
export function isShutdown(err: unknown): boolean {
  return err instanceof CancelledFailure && err.message === 'WORKER_SHUTDOWN';
}

/** True if an error may end an operation that has called nothing. */
export function mayEndOperation(err: unknown): boolean {
  return err instanceof DmsApiError && ['access-denied', 'credentials', 'rejected'].includes(err.kind);
}

/** Returns the failure of the activity for a failed request to DMS. */
export function failureOfRequest(err: DmsApiError, attempt: AskingAttempt): ApplicationFailure {
  const { arn } = attempt.arn;
  const subject = { ...attempt.subject, awsError: awsErrorDetails(err) };
  const said = `${err.awsName}: ${err.message}`;
  if (err.kind === 'not-found') {
    return dmsFailure(
      'DmsReplicationNotFound',
      subject,
      `There is no replication config ${arn}`,
      `Check the account and the region in the ARN. If the config was deleted and recreated, use the new ARN. See which replications are known: ${listCommands()}.`,
    );
  }
  const outage = err.kind === 'credentials' ? credentialOutage(attempt) : null;
  const isDenied = err.kind === 'access-denied' || (outage !== null && outage.secondsLeft <= 0);
  if (isDenied && !attempt.mayHaveCalled) {
    const what =
      outage === null ? `AWS refused a request about ${arn}` : `The worker has no valid AWS credentials for ${arn}`;
    return dmsFailure('DmsAccessDenied', subject, `${what} (${said})`, accessHint(err, attempt));
  }
  if (err.kind === 'rejected' && !attempt.mayHaveCalled) {
    const hint = 'Correct what it names and run the operation again.';
    return dmsFailure('DmsRequestRejected', subject, `DMS refused a request about ${arn} (${said})`, hint);
  }
  const isThrottled = err.kind === 'throttled';
  const secondsLeft = attempt.mayHaveCalled ? Infinity : (outage?.secondsLeft ?? Infinity);
  const delay = Math.min(
    backoffSeconds(attempt.number, isThrottled ? 2 : 1),
    Math.max(0.1, Math.min(attempt.secondsLeftForAnswer, secondsLeft)),
  );
  const seen = attempt.status === null ? 'not seen yet' : `last seen "${attempt.status}"`;
  const message = `${messageStart(err, outage)} about ${arn} (${seen}): ${said}. Trying again in ${delay.toFixed(0)} s`;
  return attempt.retryable(isThrottled ? 'DmsThrottled' : 'DmsUnavailable', message, delay);
}

/** Returns the first words of the message about a request that is retried. */
function messageStart({ kind }: DmsApiError, outage: { readonly seconds: number } | null): string {
  if (outage !== null)
    return `The worker has had no valid AWS credentials for ${outage.seconds.toFixed(0)} s, so it can't ask`;
  if (kind === 'throttled') return 'AWS throttles the requests';
  return kind === 'unavailable' ? 'No answer' : 'AWS refuses the requests';
}

/** Returns how long this operation has had no valid credentials, and how much longer it waits for them. */
function credentialOutage({ worker, arn, elapsedSeconds }: AskingAttempt) {
  const seconds = Math.min(worker.credentialOutages.extendOutage(arn), elapsedSeconds);
  return { seconds, secondsLeft: CREDENTIALS_PATIENCE_SECONDS - seconds };
}

export function awsErrorDetails({ awsName: name, message, requestId }: DmsApiError): AwsErrorDetails {
  return { name, message: message.slice(0, 1000), requestId: requestId ?? undefined };
}

/** Returns a delay in seconds: `first`, doubled with each attempt up to 15 s, plus or minus a quarter. */
export function backoffSeconds(attempt: number, first: number): number {
  return Math.min(15, first * 2 ** Math.min(attempt - 1, 10)) * (0.75 + 0.5 * Math.random());
}

function accessHint({ kind, awsName, message }: DmsApiError, { arn: { region, accountId } }: AskingAttempt): string {
  const action = /perform: ([\w-]+:\w+)/.exec(message)?.[1];
  if (action !== undefined) {
    return `Grant ${action} to the worker's role (the README has the smallest policy), then run the operation again.`;
  }
  if (awsName === 'AccessDeniedFault') return 'DMS itself lacks access: check the roles and keys of its endpoints.';
  if (/^(UnrecognizedClientException|InvalidClientTokenId|OptInRequired)$/.test(awsName)) {
    return `Check that the region ${region} is enabled for the account ${accountId}, and renew the worker's AWS credentials, then run the operation again.`;
  }
  if (kind === 'credentials') return "Renew the worker's AWS credentials, then run the operation again.";
  return "Grant the action to the worker's role (the README has the smallest policy), then run the operation again.";
}
