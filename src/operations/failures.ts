import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { parseReplicationConfigArn } from '../dms/arn.js';
import type { Replication } from '../dms/replication.js';
import type { CheckpointRecord } from './records.js';

/** Types of the terminal failures. `DmsFailureType.DmsStopTimedOut === 'DmsStopTimedOut'`. */
export const DmsFailureType = {
  /** The input breaks its schema; nothing was called. */
  DmsInvalidInput: 'DmsInvalidInput',
  /** No such replication config in that account and region. */
  DmsReplicationNotFound: 'DmsReplicationNotFound',
  /** The replication is, or became, `failed`. */
  DmsReplicationFailed: 'DmsReplicationFailed',
  /** It is being deleted. */
  DmsReplicationDeleting: 'DmsReplicationDeleting',
  /** `IsReadOnly`: managed by a zero-ETL integration. */
  DmsReplicationReadOnly: 'DmsReplicationReadOnly',
  /** A resume after a final stop was recorded. */
  DmsReplicationSealed: 'DmsReplicationSealed',
  /** Still starting or being modified when `stoppableTimeoutSeconds` ran out. */
  DmsNotStoppable: 'DmsNotStoppable',
  /** Nothing to resume by DMS's rules. */
  DmsNotResumable: 'DmsNotResumable',
  /** The deadline of a stop passed; carries the last status. */
  DmsStopTimedOut: 'DmsStopTimedOut',
  /** The deadline of a resume passed; carries the last status. */
  DmsStartTimedOut: 'DmsStartTimedOut',
  /** It stopped, or was stopping, and someone started it again. */
  DmsStopReverted: 'DmsStopReverted',
  /** `resume-processing` past the resume deadline, or while deprovisioning or deprovisioned. */
  DmsResumeWindowClosed: 'DmsResumeWindowClosed',
  /** DMS's last stop is not the recorded one. */
  DmsCheckpointChanged: 'DmsCheckpointChanged',
  /** Nothing is recorded, or that sequence is not, and `force` is not set. */
  DmsCheckpointMissing: 'DmsCheckpointMissing',
  /** Another operation on this replication is open. */
  DmsOperationInProgress: 'DmsOperationInProgress',
  /** This operation id succeeded before, and something else has happened since. */
  DmsOperationSuperseded: 'DmsOperationSuperseded',
  /** The ledger could not be reached for 5 minutes before anything was called. */
  DmsLedgerUnavailable: 'DmsLedgerUnavailable',
  /** Someone terminated the ledger. */
  DmsLedgerClosed: 'DmsLedgerClosed',
  /** IAM refused, credentials are missing or expired, or DMS itself lacks access. */
  DmsAccessDenied: 'DmsAccessDenied',
  /** DMS refused the parameters. */
  DmsRequestRejected: 'DmsRequestRejected',
  /** The worker's allow-list does not contain this ARN. */
  DmsNotAllowed: 'DmsNotAllowed',
} as const;

export type DmsFailureType = keyof typeof DmsFailureType;

/** Failures of one attempt that Temporal retries; seen only as a pending activity's last failure. */
export type DmsRetryableType = 'DmsStillWaiting' | 'DmsThrottled' | 'DmsUnavailable';

/** `details[0]` of every {@link DmsFailure}. */
export interface DmsFailureDetails {
  readonly replicationConfigArn: string;
  /** `null` only when the ARN could not be read. */
  readonly region: string | null;
  readonly accountId: string | null;
  readonly operationId?: string | undefined;
  readonly status?: string | undefined;
  readonly provisionState?: string | null | undefined;
  readonly stopReason?: string | null | undefined;
  readonly failureMessages?: readonly string[] | undefined;
  readonly checkpoint?: CheckpointRecord | undefined;
  readonly awsError?: AwsErrorDetails | undefined;
  readonly elapsedSeconds?: number | undefined;
  /** Where DMS Serverless writes this replication's orchestrator log. It may be absent before the first run. */
  readonly logs?: { readonly group: string; readonly stream: string } | undefined;
  /** The look that showed a failed replication. */
  readonly replication?: Replication | undefined;
  /** The operation that is in the way. */
  readonly operation?: OperationInTheWay | undefined;
  /** What to do next. */
  readonly hint: string;
}

export interface AwsErrorDetails {
  readonly name: string;
  readonly message: string;
  readonly requestId?: string | undefined;
}

export interface OperationInTheWay {
  readonly kind: string;
  readonly operationId: string | null;
  readonly workflowId: string;
  readonly hostWorkflowId: string | null;
}

/** A terminal failure as callers see it. */
export interface DmsFailure extends Error {
  readonly type: DmsFailureType;
  readonly details: readonly [DmsFailureDetails, ...unknown[]];
}

/**
 * Whether an error is, or wraps, one of this package's failures, and of the given type. Temporal's own wrappers (`ActivityFailure`,
 * `ChildWorkflowFailure`, `WorkflowFailedError` …) are looked through; a wrapper is given the `type` and `details` of the failure inside it.
 */
export function isDmsFailure(err: unknown, type?: DmsFailureType): err is DmsFailure {
  const failure = findDmsFailure(err);
  if (failure === undefined || (type !== undefined && failure.type !== type)) return false;
  if (err !== failure) {
    Object.defineProperty(err, 'type', { value: failure.type, configurable: true });
    Object.defineProperty(err, 'details', { value: failure.details, configurable: true });
  }
  return true;
}

/** The failure of this package that an error is or wraps, if any. */
export function findDmsFailure(err: unknown): (ApplicationFailure & DmsFailure) | undefined {
  for (let at = err, depth = 0; at instanceof Error && depth < 20; at = at.cause, depth++) {
    if (at instanceof ApplicationFailure && isDmsFailureType(at.type)) return at as ApplicationFailure & DmsFailure;
  }
  return undefined;
}

function isDmsFailureType(type: string | null | undefined): type is DmsFailureType {
  return typeof type === 'string' && Object.hasOwn(DmsFailureType, type);
}

/** What a failure is about, from which its details are filled in. */
export interface FailureSubject {
  readonly replicationConfigArn: string;
  readonly operationId?: string | undefined;
  readonly replication?: Replication | undefined;
  /** The last status, when there is no look to take it from. */
  readonly status?: string | undefined;
  readonly checkpoint?: CheckpointRecord | null | undefined;
  readonly awsError?: AwsErrorDetails | undefined;
  readonly elapsedSeconds?: number | undefined;
  readonly operation?: OperationInTheWay | undefined;
}

/** A terminal failure: `<what happened>. <hint>`. */
export function dmsFailure(
  type: DmsFailureType,
  subject: FailureSubject,
  whatHappened: string,
  hint: string,
): ApplicationFailure & DmsFailure {
  return ApplicationFailure.create({
    type,
    message: `${whatHappened}. ${hint}`,
    nonRetryable: true,
    details: [failureDetails(type, subject, hint)],
  }) as ApplicationFailure & DmsFailure;
}

/** The same failure with the record that was written because of it. */
export function withCheckpoint(
  failure: ApplicationFailure & DmsFailure,
  checkpoint: CheckpointRecord,
): ApplicationFailure {
  const recorded = `${failure.message} Recorded as checkpoint ${checkpoint.sequence}.`;
  return ApplicationFailure.create({
    type: failure.type,
    message: recorded,
    nonRetryable: true,
    details: [{ ...failure.details[0], checkpoint }],
  });
}

/** A failure that Temporal retries after the given delay. BENIGN when nothing is wrong: the wait is just not over. */
export function retryable(
  type: DmsRetryableType,
  message: string,
  delaySeconds: number,
  details: RetryDetails,
): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message: message.slice(0, 1000),
    nextRetryDelay: Math.max(100, Math.round(delaySeconds * 1000)),
    details: [details],
    ...(type === 'DmsStillWaiting' ? { category: ApplicationFailureCategory.BENIGN } : {}),
  });
}

/** `details[0]` of a retryable failure: what a pending activity shows. */
export interface RetryDetails {
  readonly phase: string;
  readonly status: string | null;
  readonly elapsedSeconds: number;
  readonly retryInSeconds: number;
}

function failureDetails(type: DmsFailureType, subject: FailureSubject, hint: string): DmsFailureDetails {
  const { replication } = subject;
  return {
    replicationConfigArn: subject.replicationConfigArn,
    ...placeOf(subject.replicationConfigArn),
    ...present('operationId', subject.operationId),
    ...present('status', subject.status),
    ...(replication && {
      status: replication.status,
      provisionState: replication.provisionData?.provisionState ?? null,
      stopReason: replication.stopReason,
      failureMessages: replication.failureMessages,
    }),
    ...present('checkpoint', subject.checkpoint ?? undefined),
    ...present('awsError', subject.awsError),
    ...present('elapsedSeconds', subject.elapsedSeconds),
    ...present('operation', subject.operation),
    ...(type === 'DmsReplicationFailed'
      ? { ...logsOf(subject.replicationConfigArn), ...present('replication', replication) }
      : {}),
    hint,
  };
}

function present<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in K]?: V });
}

function placeOf(arn: string): { readonly region: string | null; readonly accountId: string | null } {
  try {
    const { region, accountId } = parseReplicationConfigArn(arn);
    return { region, accountId };
  } catch {
    return { region: null, accountId: null }; // the failure is about this very ARN
  }
}

/** @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Serverless.Components.html */
function logsOf(arn: string): { readonly logs: { readonly group: string; readonly stream: string } } {
  const id = arn.split(':').at(-1) ?? '';
  return {
    logs: { group: `dms-serverless-replication-${id}`, stream: `dms-serverless-replication-orchestrator-${id}` },
  };
}

/** Refuses an operation by the name of the one that is under way. */
export function operationInProgress(
  replicationConfigArn: string,
  open: OperationInTheWay,
): ApplicationFailure & DmsFailure {
  const { kind, operationId, workflowId, hostWorkflowId } = open;
  const host = hostWorkflowId === null ? '' : `, a step of ${hostWorkflowId}`;
  return dmsFailure(
    'DmsOperationInProgress',
    { replicationConfigArn, operation: { kind, operationId, workflowId, hostWorkflowId } },
    `A ${kind} ("${operationId ?? 'id not known yet'}") of ${replicationConfigArn} is under way in ${workflowId}${host}`,
    'Wait for it or cancel it, then run this operation again.',
  );
}
