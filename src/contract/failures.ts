import { ApplicationFailure } from '@temporalio/common';
import { parseReplicationConfigArn } from '../dms/arn.js';
import type { Replication } from '../dms/replication.js';
import type { FleetReport } from './fleets.js';
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
  /** Somebody else has reserved it. */
  DmsReplicationReserved: 'DmsReplicationReserved',
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
  /** It was started, and was stopped again while the resume verified it. */
  DmsStartReverted: 'DmsStartReverted',
  /** `resume-processing` past the resume deadline, or while deprovisioning or deprovisioned. */
  DmsResumeWindowClosed: 'DmsResumeWindowClosed',
  /** The source does not keep its log for as long as it would be needed. */
  DmsSourceLogExpired: 'DmsSourceLogExpired',
  /** An endpoint leads to another database than when it was stopped. */
  DmsEndpointChanged: 'DmsEndpointChanged',
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
  /** A query or a decision about a replication that has no ledger: nothing was recorded under this ARN. */
  DmsLedgerNotFound: 'DmsLedgerNotFound',
  /** Someone terminated the ledger. */
  DmsLedgerClosed: 'DmsLedgerClosed',
  /** IAM refused, credentials are missing or expired, or DMS itself lacks access. */
  DmsAccessDenied: 'DmsAccessDenied',
  /** DMS refused the parameters. */
  DmsRequestRejected: 'DmsRequestRejected',
  /** The worker's allow-list does not contain this ARN. */
  DmsNotAllowed: 'DmsNotAllowed',
  /** So many replications of a fleet failed that no more were begun; carries what became of each. */
  DmsFleetHalted: 'DmsFleetHalted',
} as const;

export type DmsFailureType = keyof typeof DmsFailureType;

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
  /** What became of each replication of a fleet. */
  readonly fleet?: FleetReport | undefined;
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
    if (at instanceof ApplicationFailure && Object.hasOwn(DmsFailureType, at.type ?? '')) {
      return at as ApplicationFailure & DmsFailure;
    }
  }
  return undefined;
}

/** What a failure is about, from which its details are filled in. */
export interface FailureSubject
  extends
    Partial<
      Pick<DmsFailureDetails, 'operationId' | 'awsError' | 'elapsedSeconds' | 'replication' | 'operation' | 'fleet'>
    >,
    Pick<DmsFailureDetails, 'replicationConfigArn'> {
  /** The last status, when there is no look to take it from. */
  readonly status?: string | null | undefined;
  readonly checkpoint?: CheckpointRecord | null | undefined;
}

/** A terminal failure: `<what happened>. <hint>`. */
export function dmsFailure(
  type: DmsFailureType,
  subject: FailureSubject,
  whatHappened: string,
  hint: string,
): ApplicationFailure & DmsFailure {
  const { replication, checkpoint, status, ...facts } = subject;
  const details: DmsFailureDetails = {
    ...facts,
    ...placeOf(subject.replicationConfigArn),
    status: replication?.status ?? status ?? undefined,
    ...(replication && {
      provisionState: replication.provisionData?.provisionState ?? null,
      stopReason: replication.stopReason,
      failureMessages: replication.failureMessages,
    }),
    checkpoint: checkpoint ?? undefined,
    ...(type === 'DmsReplicationFailed' && { logs: logsOf(subject.replicationConfigArn), replication }),
    hint,
  };
  return failureWith(type, `${whatHappened}. ${hint}`, details);
}

/** The same failure with the record that was written because of it. */
export function withCheckpoint(
  { type, message, details: [details] }: ApplicationFailure & DmsFailure,
  checkpoint: CheckpointRecord,
): ApplicationFailure {
  return failureWith(type, `${message} Recorded as checkpoint ${checkpoint.sequence}.`, { ...details, checkpoint });
}

function failureWith(type: DmsFailureType, message: string, details: DmsFailureDetails) {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: true,
    details: [details],
  }) as ApplicationFailure & DmsFailure;
}

function placeOf(arn: string): Pick<DmsFailureDetails, 'region' | 'accountId'> {
  try {
    const { region, accountId } = parseReplicationConfigArn(arn);
    return { region, accountId };
  } catch {
    return { region: null, accountId: null }; // the failure is about this very ARN
  }
}

/** @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Serverless.Components.html */
function logsOf(arn: string): NonNullable<DmsFailureDetails['logs']> {
  const id = arn.split(':').at(-1) ?? '';
  return { group: `dms-serverless-replication-${id}`, stream: `dms-serverless-replication-orchestrator-${id}` };
}
