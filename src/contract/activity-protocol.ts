import type { CallMark, StopMark } from '../dms/checkpoint.js';
import type { ReplicationLag } from '../dms/lag.js';
import type { Replication } from '../dms/replication.js';
import type { ResumePlan, StopIntent, StopPlan } from './inputs.js';
import type { CutoverLag } from './cutover.js';
import type { AwaitedOperation, AwaitOperation } from './joining-protocol.js';
import type { AwaitLag, ReadReplications, ReplicationReading, UnsealReplication } from './reading-protocol.js';
import type { OperationPlan, PlanOperation } from './operation-plan.js';
import type { CheckpointRecord, Settled } from './records.js';
import type { ArchivedRecord, Ledger, OperationRef, Reservation } from './ledger-state.js';
import type { ResumeOutcome, ResumeReplicationResult, StopOutcome, StopReplicationResult, Warning } from './results.js';

/**
 * Activities by type name, with their arguments and results. A host and a worker may run different versions of the same major version. The
 * activities are therefore as public as the package's exports.
 *
 * An activity that runs without an operation has no protection. The ledger does not note its call, and no lock excludes
 * a second activity.
 */
export interface DmsActivities {
  /** Begins a stop, and sends `StopReplication` once the replication can be stopped. Sends nothing if it is stopping, stopped, or never ran. */
  'dms.requestStop'(request: RequestStop): Promise<RequestedStop | Repeated<StopReplicationResult>>;
  /** Waits until a stop has settled. */
  'dms.awaitStopped'(request: AwaitStopped): Promise<StoppedReplication>;
  /** Begins a resume, and sends `StartReplication` if all checks allow it. Sends nothing if the replication runs or is starting. */
  'dms.requestStart'(request: RequestStart): Promise<RequestedStart | Repeated<ResumeReplicationResult>>;
  /** Waits until the replication runs, then looks for movement, an early failure and an early stop. */
  'dms.awaitRunning'(request: AwaitRunning): Promise<RunningReplication>;
  /** Records in the ledger how an operation ended. */
  'dms.recordOperation'(request: RecordOperation): Promise<RecordedOperation>;
  /** Follows the open operation on a replication, to join it or to run after it. Throws `DmsOperationInProgress` if neither is allowed. */
  'dms.awaitOperation'(request: AwaitOperation): Promise<AwaitedOperation>;
  /** Reserves the replication for an owner. Operations of anyone else are then refused. */
  'dms.reserveReplication'(request: ReserveReplication): Promise<Reservation>;
  /** Releases the reservation of an owner. Does nothing if the owner has none. */
  'dms.releaseReplication'(request: ReleaseReplication): Promise<void>;
  /** Waits until no operation is open, or until the given execution has closed. */
  'dms.awaitIdle'(request: AwaitIdle): Promise<void>;
  /** Copies a record into the archive. Idempotent. */
  'dms.archiveRecord'(request: ArchiveRecord): Promise<void>;
  /** Reads everything that the ledger holds. The ledger is empty if nothing was ever recorded. */
  'dms.readLedger'(request: ReplicationArgument): Promise<Ledger>;
  /** Looks once at a replication. */
  'dms.describeReplication'(request: ReplicationArgument): Promise<Replication>;
  /** Finds out what a stop or resume would do. Changes nothing. */
  'dms.planOperation'(request: PlanOperation): Promise<OperationPlan>;
  /** Reads what the request names of up to 50 replications. Changes nothing. */
  'dms.readReplications'(request: ReadReplications): Promise<readonly ReplicationReading[]>;
  /** Waits until the lag of all replications is low in several samples in a row. */
  'dms.awaitLag'(request: AwaitLag): Promise<readonly CutoverLag[]>;
  /** Lifts the seal of a replication for the workflow that has reserved it. Does nothing if it is not sealed. */
  'dms.unsealReplication'(request: UnsealReplication): Promise<void>;
  /** Returns true if the calling workflow was reset. An earlier run may then have done more than its history tells. */
  'dms.wasReset'(): Promise<boolean>;
  /** Makes a held wait look at once. Fails retryably if this worker holds no wait for the replication. */
  'dms.nudge'(request: ReplicationArgument): Promise<void>;
}

/** Argument of activities that need only the ARN. */
export interface ReplicationArgument {
  /** ARN of the replication config: `arn:<partition>:dms:<region>:<account>:replication-config:<id>`. */
  readonly replicationConfigArn: string;
}

/** Argument of `dms.awaitIdle`. */
export interface AwaitIdle extends ReplicationArgument {
  /** First run id of the execution that must have closed. Default: any execution. */
  readonly firstRunId?: string | undefined;
}

/** Argument of `dms.releaseReplication`. */
export interface ReleaseReplication extends ReplicationArgument {
  /** Name of the owner, at most 256 characters. Default: the id of the workflow that runs the step. */
  readonly owner?: string | null | undefined;
}

/** Argument of `dms.reserveReplication`. */
export interface ReserveReplication extends ReleaseReplication {
  /** Reason of the reservation, shown to others who are refused. At most 1,000 characters. */
  readonly reason?: string | null | undefined;
}

/** Argument of `dms.archiveRecord`. */
export interface ArchiveRecord extends ReplicationArgument {
  /** Record to store. */
  readonly record: ArchivedRecord;
}

/** Operation behind a request that changes DMS. Left out: the activity runs on its own, and writes no note. */
interface OperationArgument {
  /** Operation that the request belongs to. */
  readonly operation?: OperationRef | undefined;
  /** True if DMS answered an earlier call of this operation. */
  readonly isAnswered?: boolean | undefined;
  /** True if an earlier activity of this operation may have begun it. Default false. */
  readonly mayHaveBegun?: boolean | undefined;
}

/** Argument of `dms.requestStop`. Defaults as in a stop. */
export interface RequestStop
  extends ReplicationArgument, OperationArgument, Partial<Pick<StopPlan, 'stoppableTimeoutSeconds' | 'intent'>> {}

/** Argument of `dms.requestStart`. Defaults as in a resume. `startTimeoutSeconds` bounds the time until the replication is startable. */
export interface RequestStart
  extends
    ReplicationArgument,
    OperationArgument,
    Partial<Omit<ResumePlan, 'replicationConfigArn' | 'verifyProgressSeconds' | 'progressProbe'>> {}

/** Result of a request to stop or start. */
interface Requested<Outcome> {
  /** Outcome so far. */
  readonly outcome: Outcome;
  /** Replication in the look before the call. `null`: this operation has sent no call. */
  readonly before: CallMark | null;
  /** True if a call of this operation was accepted, or may have been. */
  readonly mayHaveCalled: boolean;
  /** True if DMS answered the newest call. */
  readonly isAnswered: boolean;
  /** Replication in DMS's answer, or in the last look. */
  readonly replication: Replication;
  /** AWS request ids of the accepted calls. */
  readonly awsRequestIds: readonly string[];
  /** Seconds for which this worker holds an attempt of a wait. */
  readonly holdSeconds: number;
}

/** Recorded result of an operation that succeeded before under the same id. Returned only while it still holds. */
export interface Repeated<Result> {
  /** Result that was recorded. */
  readonly repeated: Result;
}

/** Result of `dms.requestStop`. */
export interface RequestedStop extends Requested<StopOutcome> {
  /** True if a look showed `stopping`, so no call was sent. */
  readonly hasSeenStop: boolean;
  /** True if the replication is known to have run. */
  readonly hasRun: boolean;
  /** Lag just before the call. `null`: not read. */
  readonly lagAtStop: ReplicationLag | null;
}

/** Result of `dms.requestStart`. */
export interface RequestedStart extends Requested<ResumeOutcome> {
  /** `StartReplicationType` that was sent to DMS. `null`: nothing was sent. */
  readonly startReplicationType: string | null;
  /** Record of the stop that the resume goes on from. `null`: none, or the start type is not `resume-processing`. */
  readonly resumedFrom: CheckpointRecord | null;
  /** Warnings about the start. */
  readonly warnings: readonly Warning[];
}

/** Facts that a wait takes over from the request to stop or start before it. */
interface WaitArgument extends ReplicationArgument {
  /** Operation id, for messages. */
  readonly operationId?: string | undefined;
  /** Replication in the look before the call. Left out or `null`: no call was sent. */
  readonly before?: CallMark | null | undefined;
  /** True if a call of this operation was accepted, or may have been. Default false. */
  readonly mayHaveCalled?: boolean | undefined;
  /** Status that the progress shows until the first look. */
  readonly lastStatus?: string | undefined;
}

/** Argument of `dms.awaitStopped`. Defaults as in a stop. */
export interface AwaitStopped
  extends WaitArgument, Partial<Pick<StopPlan, 'stopTimeoutSeconds' | 'settleSeconds' | 'selfRestartGraceSeconds'>> {
  /** True if a look showed `stopping`, or a stop newer than `before`. Default false. */
  readonly hasSeenStop?: boolean | undefined;
  /**
   * True if the ledger knows that the replication ran once. Looks that show `created` then have to agree for longer than staleness. Default false.
   */
  readonly hasRun?: boolean | undefined;
}

/** Result of `dms.awaitStopped`. */
export type StoppedReplication =
  | {
      readonly end: 'settled';
      readonly settled: Settled;
      readonly replication: Replication;
      /** DMS's clock at the look, in ms. */
      readonly dmsTime: number;
    }
  /** Replication that runs: DMS undid the stop, or only older looks showed it stopped. The caller has to request the stop again. */
  | { readonly end: 'running-again'; readonly replication: Replication }
  /** Replication that never ran: there is nothing to stop, and no checkpoint. */
  | { readonly end: 'never-started'; readonly replication: Replication; readonly dmsTime: number };

/** Argument of `dms.awaitRunning`. Defaults as in a resume. */
export interface AwaitRunning
  extends WaitArgument, Partial<Pick<ResumePlan, 'startTimeoutSeconds' | 'verifyProgressSeconds'>> {}

/** Result of `dms.awaitRunning`. */
export type RunningReplication = Pick<ResumeReplicationResult, 'replication' | 'progress' | 'warnings'>;

/** Argument of `dms.recordOperation`: how an operation ended. */
export type RecordOperation = ReplicationArgument & {
  readonly operation: OperationRef;
  /** `ledger`: the ledger records it, because the operation's workflow has ended. `null`: the operation records it. */
  readonly finishedBy: 'ledger' | null;
  readonly awsRequestIds: readonly string[];
  /** True if DMS answered the newest call of the operation. */
  readonly isAnswered: boolean;
} & (
    | {
        readonly end: 'stopped';
        readonly intent: StopIntent;
        readonly outcome: StopOutcome;
        readonly settled: Settled;
        readonly replication: Replication;
        /** DMS's clock at the look, in ms. */
        readonly dmsTime: number;
        readonly lagAtStop: ReplicationLag | null;
      }
    | { readonly end: 'resumed'; readonly result: ResumeReplicationResult }
    /** Replication that is `failed`. Its checkpoint, if DMS has one, is recorded. */
    | {
        readonly end: 'failed-replication';
        readonly intent: StopIntent;
        readonly failureMessage: string;
        /** Last stop before the operation's own call. */
        readonly before: StopMark | null;
        /** Look that showed the failed replication. Recorded if no better look is made. `null`: none. */
        readonly seen: Replication | null;
        readonly settleSeconds: number;
        readonly lagAtStop: ReplicationLag | null;
      }
    /** Operation that failed or was cancelled. A call that it made stays noted, for the ledger to finish. */
    | { readonly end: 'ended'; readonly failureType: string; readonly failureMessage: string }
  );

/** Result of `dms.recordOperation`. */
export interface RecordedOperation {
  /** Record that was written. `null`: none. */
  readonly checkpoint: CheckpointRecord | null;
  /** Result of the operation. `null`: it failed. */
  readonly result: StopReplicationResult | ResumeReplicationResult | null;
}
