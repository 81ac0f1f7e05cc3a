import { ApplicationFailure } from '@temporalio/common';
import { parseReplicationConfigArn } from '../dms/arn.js';
import type { Replication } from '../dms/replication.js';
import type { FleetReport } from './fleets.js';
import type { CheckpointRecord } from './records.js';

/** Types of the terminal failures, by their own names: `DmsFailureType.DmsStopTimedOut === 'DmsStopTimedOut'`. */
export const DmsFailureType = {
  /** The input breaks its schema; nothing was called. */
  DmsInvalidInput: 'DmsInvalidInput',
  /** No such replication config exists in that account and region. */
  DmsReplicationNotFound: 'DmsReplicationNotFound',
  /** The replication is, or became, `failed`. */
  DmsReplicationFailed: 'DmsReplicationFailed',
  /** The replication is being deleted. */
  DmsReplicationDeleting: 'DmsReplicationDeleting',
  /** A zero-ETL integration manages the replication (`IsReadOnly`). */
  DmsReplicationReadOnly: 'DmsReplicationReadOnly',
  /** A final stop has sealed the ledger, so the resume is refused. */
  DmsReplicationSealed: 'DmsReplicationSealed',
  /** Another owner has reserved the replication. */
  DmsReplicationReserved: 'DmsReplicationReserved',
  /** The replication was still starting or being modified when `stoppableTimeoutSeconds` ran out. */
  DmsNotStoppable: 'DmsNotStoppable',
  /** DMS's rules leave nothing to resume, or the reload is not confirmed. */
  DmsNotResumable: 'DmsNotResumable',
  /** The stop took longer than `stopTimeoutSeconds`. Carries the last status. */
  DmsStopTimedOut: 'DmsStopTimedOut',
  /** The start took longer than `startTimeoutSeconds`. Carries the last status. */
  DmsStartTimedOut: 'DmsStartTimedOut',
  /** The replication was stopping or stopped, and someone started it again. */
  DmsStopReverted: 'DmsStopReverted',
  /** The replication was started, and was stopped again while the resume verified it. */
  DmsStartReverted: 'DmsStartReverted',
  /** `resume-processing` is no longer possible: the resume window has ended, or DMS has begun to deprovision the replication. */
  DmsResumeWindowClosed: 'DmsResumeWindowClosed',
  /** The source does not keep its log for as long as the resume needs it. */
  DmsSourceLogExpired: 'DmsSourceLogExpired',
  /** An endpoint leads to another database than at the stop. */
  DmsEndpointChanged: 'DmsEndpointChanged',
  /** DMS's last stop is not the recorded one. */
  DmsCheckpointChanged: 'DmsCheckpointChanged',
  /** The ledger has no record, or none with that sequence, and `force` is not set. */
  DmsCheckpointMissing: 'DmsCheckpointMissing',
  /** Another operation on this replication is open. */
  DmsOperationInProgress: 'DmsOperationInProgress',
  /** The operation id succeeded before, and something else has happened since. */
  DmsOperationSuperseded: 'DmsOperationSuperseded',
  /** No worker of a task queue has the activities of this package. They were tried for five minutes. */
  DmsWorkerMissing: 'DmsWorkerMissing',
  /** The ledger can't be reached. An operation that has not begun gives up after 5 minutes, and a client after seconds. */
  DmsLedgerUnavailable: 'DmsLedgerUnavailable',
  /** The replication has no ledger, so nothing was recorded under this ARN. */
  DmsLedgerNotFound: 'DmsLedgerNotFound',
  /** A person terminated the ledger. */
  DmsLedgerClosed: 'DmsLedgerClosed',
  /** IAM refused, credentials are missing or expired, or DMS itself lacks access. */
  DmsAccessDenied: 'DmsAccessDenied',
  /** DMS refused the parameters of the request. */
  DmsRequestRejected: 'DmsRequestRejected',
  /** The worker's allow-list does not contain this ARN. */
  DmsNotAllowed: 'DmsNotAllowed',
  /** A fleet starts no more operations: too many failed, or its id was used before. Carries the outcome of each replication. */
  DmsFleetHalted: 'DmsFleetHalted',
  /** A cutover ended without the decision that it waited for: nobody decided in time, or a cancel ended the wait. */
  DmsCutoverUndecided: 'DmsCutoverUndecided',
  /** A cutover refuses a request, because it comes at the wrong time, or for another cutover. */
  DmsCutoverRefused: 'DmsCutoverRefused',
  /** No cutover has that id. */
  DmsCutoverNotFound: 'DmsCutoverNotFound',
} as const;

/** Type of a terminal failure: one of the names in the constant of the same name. */
export type DmsFailureType = keyof typeof DmsFailureType;

/** Details of a terminal failure: `details[0]` of every {@link DmsFailure}. */
export interface DmsFailureDetails {
  /** ARN that the failure is about, as given. A failure of a fleet names its last failed replication, or an empty text. */
  readonly replicationConfigArn: string;
  /** Region in the ARN. `null` only if the ARN could not be read. */
  readonly region: string | null;
  /** Account id in the ARN, 12 digits. `null` only if the ARN could not be read. */
  readonly accountId: string | null;
  /** Id of the operation that failed. Left out: unknown. */
  readonly operationId?: string | undefined;
  /** Last seen `Status` of the replication, in lower case. Left out: not seen. */
  readonly status?: string | undefined;
  /** `ProvisionState` in the look behind the failure, in lower case. `null`: never provisioned. Left out: no look. */
  readonly provisionState?: string | null | undefined;
  /** `StopReason` in the look behind the failure. `null`: DMS gives none. Left out: no look. */
  readonly stopReason?: string | null | undefined;
  /** `FailureMessages` in the look behind the failure: at most ten, without secrets. Left out: no look. */
  readonly failureMessages?: readonly string[] | undefined;
  /** Record that the failure is about, or that was written because of it. Left out: none. */
  readonly checkpoint?: CheckpointRecord | undefined;
  /** Error of AWS that led to the failure. Left out: none. */
  readonly awsError?: AwsErrorDetails | undefined;
  /** Seconds since the activity was first scheduled. Left out: the failure did not come from a look or a call. */
  readonly elapsedSeconds?: number | undefined;
  /** CloudWatch log of the replication's orchestrator, set for `DmsReplicationFailed`. The log may be absent before the first run. */
  readonly logs?: { readonly group: string; readonly stream: string } | undefined;
  /** Look that showed the failed replication, set for `DmsReplicationFailed`. */
  readonly replication?: Replication | undefined;
  /** Operation that is in the way, set for `DmsOperationInProgress`. */
  readonly operation?: OperationInTheWay | undefined;
  /** Outcome of each replication of a fleet, set for `DmsFleetHalted`. */
  readonly fleet?: FleetReport | undefined;
  /** Task queue that no worker serves as it must, set for `DmsWorkerMissing` and `DmsLedgerUnavailable`. Left out: not known. */
  readonly taskQueue?: string | undefined;
  /** Next step for an operator. */
  readonly hint: string;
}

/** Error of AWS, in AWS's own words. */
export interface AwsErrorDetails {
  /** Name of the error, such as `InvalidResourceStateFault`. */
  readonly name: string;
  /** Message of the error, at most 1,000 characters, without secrets. */
  readonly message: string;
  /** AWS request id. Left out: AWS gave none. */
  readonly requestId?: string | undefined;
}

/** Open operation on the same replication. */
export interface OperationInTheWay {
  /** `stop` or `resume`. */
  readonly kind: string;
  /** Id of the operation. `null`: not known yet, for a moment after the start. */
  readonly operationId: string | null;
  /** Id of the operation workflow: `dms:<arn>`. */
  readonly workflowId: string;
  /** Id of the parent workflow, if the operation is a step of one. `null`: none. */
  readonly hostWorkflowId: string | null;
}

/** Terminal failure as callers see it. */
export interface DmsFailure extends Error {
  /** Type of the failure. */
  readonly type: DmsFailureType;
  /** Details of the failure; the first entry is typed. */
  readonly details: readonly [DmsFailureDetails, ...unknown[]];
}

/**
 * True if an error is, or wraps, one of this package's failures of the given type. Default: any type. Looks through Temporal's wrappers
 * (`ActivityFailure`, `ChildWorkflowFailure`, `WorkflowFailedError` …). Copies the `type` and `details` of the failure to its wrapper, unless
 * that is frozen.
 */
export function isDmsFailure(err: unknown, type?: DmsFailureType): err is DmsFailure {
  const failure = findDmsFailure(err);
  if (failure === undefined || (type !== undefined && failure.type !== type)) return false;
  if (err !== failure && Object.isExtensible(err)) {
    Object.defineProperty(err, 'type', { value: failure.type, configurable: true });
    Object.defineProperty(err, 'details', { value: failure.details, configurable: true });
  }
  return true;
}

/** Finds the failure of this package that an error is or wraps. `undefined`: none. */
export function findDmsFailure(err: unknown): (ApplicationFailure & DmsFailure) | undefined {
  for (let at = err, depth = 0; at instanceof Error && depth < 20; at = at.cause, depth++) {
    if (at instanceof ApplicationFailure && Object.hasOwn(DmsFailureType, at.type ?? '')) {
      return at as ApplicationFailure & DmsFailure;
    }
  }
  return undefined;
}

/** Facts from which the details of a failure are filled in. */
export interface FailureSubject
  extends
    Partial<
      Pick<
        DmsFailureDetails,
        'operationId' | 'awsError' | 'elapsedSeconds' | 'replication' | 'operation' | 'fleet' | 'taskQueue'
      >
    >,
    Pick<DmsFailureDetails, 'replicationConfigArn'> {
  /** Last seen status. Used only without a look in `replication`. */
  readonly status?: string | null | undefined;
  /** Task queue of operations that the hint starts. Not part of the details. Default `temporal-dms`. */
  readonly operationTaskQueue?: string | undefined;
  readonly checkpoint?: CheckpointRecord | null | undefined;
}

/** Creates a terminal failure with the message `<what happened>. <hint>`. */
export function dmsFailure(
  type: DmsFailureType,
  subject: FailureSubject,
  whatHappened: string,
  hint: string,
): ApplicationFailure & DmsFailure {
  const { replication, checkpoint, status, operationTaskQueue: _, ...facts } = subject;
  const details: DmsFailureDetails = {
    ...facts,
    ...accountRegionOf(subject.replicationConfigArn),
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

/** Copies a failure, and adds the record that was written because of it. The hint stays the end of the message. */
export function withCheckpoint(
  { type, message, details: [details] }: ApplicationFailure & DmsFailure,
  checkpoint: CheckpointRecord,
): ApplicationFailure {
  const { hint } = details;
  const [whatHappened, end] = message.endsWith(` ${hint}`)
    ? [message.slice(0, -hint.length - 1), ` ${hint}`]
    : [message, ''];
  const recorded = `Recorded as checkpoint ${checkpoint.sequence}.`;
  return failureWith(type, `${whatHappened} ${recorded}${end}`, { ...details, checkpoint });
}

function failureWith(type: DmsFailureType, message: string, details: DmsFailureDetails) {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: true,
    details: [details],
  }) as ApplicationFailure & DmsFailure;
}

function accountRegionOf(arn: string): Pick<DmsFailureDetails, 'region' | 'accountId'> {
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
