import type { StopMark } from '../dms/checkpoint.js';
import type { Replication } from '../dms/replication.js';
import type { OperationKind, ResumePlan, StartReplicationType, StopIntent, StopPlan } from './inputs.js';
import type { CheckpointRecord, OperationRef, PendingCall, Settled } from './records.js';
import type {
  Progress,
  ResumeOutcome,
  ResumeReplicationResult,
  StopOutcome,
  StopReplicationResult,
  Warning,
} from './results.js';
import type { StartMark } from './start-wait.js';

/**
 * The activities by their type names, with what goes in and out. A host on one version may call a worker on another of the same major, so
 * these are as public as the package's exports. Fields marked "in an operation" are left out when an activity is run on its own; it then
 * works unguarded: nothing is noted in a ledger and nothing keeps two of them apart.
 */
export interface DmsActivities {
  'dms.beginOperation'(request: BeginOperation): Promise<BegunOperation>;
  'dms.requestStop'(request: RequestStop): Promise<RequestedStop>;
  'dms.awaitStopped'(request: AwaitStopped): Promise<StoppedReplication>;
  'dms.requestStart'(request: RequestStart): Promise<RequestedStart>;
  'dms.awaitRunning'(request: AwaitRunning): Promise<RunningReplication>;
  'dms.recordOperation'(request: RecordOperation): Promise<RecordedOperation>;
  'dms.awaitOperation'(request: AwaitOperation): Promise<AwaitedOperation>;
  'dms.describeReplication'(request: DescribeReplication): Promise<Replication>;
}

export interface BeginOperation {
  readonly kind: OperationKind;
  /** The operation's input as the caller gave it; checked here. */
  readonly input: unknown;
  readonly operationId: string;
  readonly parentWorkflowId: string | null;
}

export interface BegunOperation {
  readonly operation: OperationRef;
  readonly plan: StopPlan | ResumePlan;
  /** The status in the look that began it. */
  readonly status: string;
  /** This operation's own call from an earlier run, of which no outcome is known. */
  readonly ownCall: PendingCall | null;
  /** An accepted stop of another operation that was never recorded. */
  readonly unfinishedStop: PendingCall | null;
  /** The record a resume is checked against. */
  readonly checkpoint: CheckpointRecord | null;
  /** What an equal operation returned when it succeeded; nothing is left to do. */
  readonly repeated: StopReplicationResult | ResumeReplicationResult | null;
  /** How long an attempt of a wait is held by this worker. */
  readonly holdSeconds: number;
}

export interface RequestStop {
  readonly replicationConfigArn: string;
  /** Default 5,400. */
  readonly stoppableTimeoutSeconds?: number | undefined;
  /** In an operation. */
  readonly operation?: OperationRef | undefined;
  readonly intent?: StopIntent | undefined;
  /** An earlier call of this operation was accepted. */
  readonly accepted?: boolean | undefined;
  readonly ownCall?: PendingCall | null | undefined;
}

export interface RequestedStop {
  readonly outcome: StopOutcome;
  /** The last stop in the look before the call; `null` when the stop was not asked for here. */
  readonly before: StopMark | null;
  /** A look, or DMS's answer, showed it stopping or stopped. */
  readonly sawStop: boolean;
  /** A call of ours was accepted, or may have been. */
  readonly accepted: boolean;
  readonly replication: Replication;
  readonly awsRequestIds: readonly string[];
}

export interface AwaitStopped {
  readonly replicationConfigArn: string;
  /** Default 3,600. */
  readonly stopTimeoutSeconds?: number | undefined;
  /** Default 10. */
  readonly settleSeconds?: number | undefined;
  /** Default 1,800. */
  readonly selfRestartGraceSeconds?: number | undefined;
  readonly before?: StopMark | null | undefined;
  readonly sawStop?: boolean | undefined;
  /** Shown until the first look. */
  readonly lastStatus?: string | undefined;
  readonly accepted?: boolean | undefined;
  readonly operationId?: string | undefined;
}

/** `self-restarted`: DMS undid the stop by itself, and it is to be asked for again. */
export type StoppedReplication =
  | { readonly end: 'settled'; readonly settled: Settled; readonly replication: Replication }
  | { readonly end: 'self-restarted'; readonly replication: Replication };

export interface RequestStart {
  readonly replicationConfigArn: string;
  /** Default: `start-replication` for a replication that never ran, else `resume-processing`. */
  readonly startReplicationType?: StartReplicationType | null | undefined;
  readonly confirmReload?: string | null | undefined;
  readonly cdcStartPosition?: string | null | undefined;
  readonly cdcStartTime?: string | null | undefined;
  readonly cdcStopPosition?: string | null | undefined;
  /** How long it may take to become startable. Default 5,400. */
  readonly startTimeoutSeconds?: number | undefined;
  /** In an operation: the record that must be DMS's last stop. Left out: not checked. */
  readonly checkpoint?: CheckpointRecord | null | undefined;
  /** In an operation: do without that check. */
  readonly force?: boolean | undefined;
  readonly operation?: OperationRef | undefined;
  readonly ownCall?: PendingCall | null | undefined;
}

export interface RequestedStart {
  readonly outcome: ResumeOutcome;
  readonly startReplicationType: string | null;
  readonly before: StartMark | null;
  readonly accepted: boolean;
  readonly replication: Replication;
  readonly warnings: readonly Warning[];
  readonly awsRequestIds: readonly string[];
}

export interface AwaitRunning {
  readonly replicationConfigArn: string;
  /** Default 5,400. */
  readonly startTimeoutSeconds?: number | undefined;
  /** Default 120. */
  readonly verifyProgressSeconds?: number | undefined;
  readonly before?: StartMark | null | undefined;
  /** Shown until the first look. */
  readonly lastStatus?: string | undefined;
  readonly accepted?: boolean | undefined;
  readonly operationId?: string | undefined;
}

export interface RunningReplication {
  readonly replication: Replication;
  readonly progress: Progress;
  readonly warnings: readonly Warning[];
}

/** How an operation ended, to be put into the ledger. */
export type RecordOperation = { readonly replicationConfigArn: string; readonly operation: OperationRef } & (
  | {
      readonly end: 'stopped';
      readonly intent: StopIntent;
      readonly outcome: StopOutcome;
      readonly settled: Settled;
      readonly replication: Replication;
      readonly awsRequestIds: readonly string[];
    }
  | {
      readonly end: 'resumed';
      readonly outcome: ResumeOutcome;
      readonly resumedFrom: CheckpointRecord | null;
      readonly startReplicationType: string | null;
      readonly progress: Progress;
      readonly replication: Replication;
      readonly warnings: readonly Warning[];
      readonly awsRequestIds: readonly string[];
    }
  | {
      readonly end: 'failed';
      readonly failureType: string;
      /** The look at a failed replication: its checkpoint is recorded. */
      readonly replication: Replication | null;
      /** False while an accepted call may still have its effect unrecorded. */
      readonly clearsCall: boolean;
      readonly awsRequestIds: readonly string[];
    }
  | {
      readonly end: 'cancelled';
      /** A stop that was asked for or found under way; recorded if it is over by now. */
      readonly stop: {
        readonly intent: StopIntent;
        readonly outcome: StopOutcome;
        readonly before: StopMark | null;
        readonly settleSeconds: number;
      } | null;
      readonly clearsCall: boolean;
      readonly awsRequestIds: readonly string[];
    }
);

export interface RecordedOperation {
  readonly checkpoint: CheckpointRecord | null;
  /** The operation's result, when it succeeded. */
  readonly result: StopReplicationResult | ResumeReplicationResult | null;
}

export interface AwaitOperation {
  readonly replicationConfigArn: string;
  readonly kind: OperationKind;
  /** Only when the caller named one. */
  readonly operationId: string | null;
}

/** `gone`: it closed without a result to share; the caller may begin its own. */
export type AwaitedOperation = { readonly end: 'done'; readonly result: unknown } | { readonly end: 'gone' };

export interface DescribeReplication {
  readonly replicationConfigArn: string;
}
