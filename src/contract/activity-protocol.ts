import type { CallMark, StopMark } from '../dms/checkpoint.js';
import type { ReplicationLag } from '../dms/lag.js';
import type { Replication } from '../dms/replication.js';
import type { OperationKind, ResumePlan, StopIntent, StopPlan } from './inputs.js';
import type { CheckpointRecord, Settled } from './records.js';
import type { ArchivedRecord, Ledger, OperationRef, Reservation } from './ledger-state.js';
import type { ResumeOutcome, ResumeReplicationResult, StopOutcome, StopReplicationResult, Warning } from './results.js';

/**
 * The activities by their type names, with what goes in and out. A host on one version may call a worker on another of the same major, so
 * these are as public as the package's exports. An activity that is run on its own, without an operation, works unguarded: nothing is noted in a
 * ledger and nothing keeps two of them apart.
 */
export interface DmsActivities {
  'dms.requestStop'(request: RequestStop): Promise<RequestedStop | Repeated<StopReplicationResult>>;
  'dms.awaitStopped'(request: AwaitStopped): Promise<StoppedReplication>;
  'dms.requestStart'(request: RequestStart): Promise<RequestedStart | Repeated<ResumeReplicationResult>>;
  'dms.awaitRunning'(request: AwaitRunning): Promise<RunningReplication>;
  'dms.recordOperation'(request: RecordOperation): Promise<RecordedOperation>;
  'dms.awaitOperation'(request: AwaitOperation): Promise<AwaitedOperation>;
  /** Keeps the replication for an owner: operations of anyone else are refused. */
  'dms.reserveReplication'(request: ReserveReplication): Promise<Reservation>;
  'dms.releaseReplication'(request: ReleaseReplication): Promise<void>;
  /** Waits until no operation is open, or none but later ones than the given. */
  'dms.awaitIdle'(request: AwaitIdle): Promise<void>;
  /** Copies a record out of Temporal. Storing it twice does no harm. */
  'dms.archiveRecord'(request: ArchiveRecord): Promise<void>;
  'dms.readLedger'(request: DescribeReplication): Promise<Ledger>;
  'dms.describeReplication'(request: DescribeReplication): Promise<Replication>;
  /** Looks at once for a wait that the worker holds, and fails where it holds none. */
  'dms.nudge'(request: DescribeReplication): Promise<void>;
}

export interface DescribeReplication {
  readonly replicationConfigArn: string;
}

export interface AwaitIdle extends DescribeReplication {
  /** First run of the execution that must have closed. Default: any. */
  readonly firstRunId?: string | undefined;
}

export interface ReleaseReplication extends DescribeReplication {
  /** At most 256 characters. Default: the id of the workflow whose step this is. */
  readonly owner?: string | null | undefined;
}

export interface ReserveReplication extends ReleaseReplication {
  /** Why, for whoever is refused. At most 1,000 characters. */
  readonly reason?: string | null | undefined;
}

export interface ArchiveRecord extends DescribeReplication {
  readonly record: ArchivedRecord;
}

/** The operation for which a request that changes DMS is made. Left out: the activity runs on its own, and nothing is noted. */
interface OfOperation {
  readonly operation?: OperationRef | undefined;
  /** DMS answered an earlier call of this operation. */
  readonly isAnswered?: boolean | undefined;
}

/** Defaults as in a stop. */
export interface RequestStop
  extends DescribeReplication, OfOperation, Partial<Pick<StopPlan, 'stoppableTimeoutSeconds' | 'intent'>> {}

/** Defaults as in a resume; `startTimeoutSeconds` is how long it may take to become startable. */
export interface RequestStart
  extends
    DescribeReplication,
    OfOperation,
    Partial<Omit<ResumePlan, 'replicationConfigArn' | 'verifyProgressSeconds' | 'progressProbe'>> {}

interface Requested<Outcome> {
  readonly outcome: Outcome;
  /** From the look before the call; `null` when this operation has sent no call. */
  readonly before: CallMark | null;
  /** A call of this operation was accepted, or may have been. */
  readonly accepted: boolean;
  /** DMS answered the newest call. */
  readonly isAnswered: boolean;
  readonly replication: Replication;
  readonly awsRequestIds: readonly string[];
  /** How long this worker holds an attempt of a wait. */
  readonly holdSeconds: number;
}

/** An equal operation succeeded before, and what it brought about still holds. */
export interface Repeated<Result> {
  readonly repeated: Result;
}

export interface RequestedStop extends Requested<StopOutcome> {
  /** A look, or DMS's answer, showed it stopping or stopped. */
  readonly sawStop: boolean;
  /** The replication has run before. */
  readonly hasRun: boolean;
  /** How far it was behind just before the call. */
  readonly lagAtStop: ReplicationLag | null;
}

export interface RequestedStart extends Requested<ResumeOutcome> {
  readonly startReplicationType: string | null;
  readonly resumedFrom: CheckpointRecord | null;
  readonly warnings: readonly Warning[];
}

/** What a wait is told of the request before it. */
interface AfterRequest extends DescribeReplication {
  readonly operationId?: string | undefined;
  readonly before?: CallMark | null | undefined;
  readonly accepted?: boolean | undefined;
  /** Shown until the first look. */
  readonly lastStatus?: string | undefined;
}

/** Defaults as in a stop. */
export interface AwaitStopped
  extends AfterRequest, Partial<Pick<StopPlan, 'stopTimeoutSeconds' | 'settleSeconds' | 'selfRestartGraceSeconds'>> {
  /** A look showed it stopping or stopped. */
  readonly sawStop?: boolean | undefined;
  /** The ledger knows that it ran once. Looks that show `created` then have to agree for longer than staleness. Default false. */
  readonly everRan?: boolean | undefined;
}

export type StoppedReplication =
  | {
      readonly end: 'settled';
      readonly settled: Settled;
      readonly replication: Replication;
      /** DMS's clock at the look, in ms. */
      readonly dmsTime: number;
    }
  /** It runs: DMS undid the stop by itself, or only older looks had shown it stopped. DMS has to be asked to stop it. */
  | { readonly end: 'running-again'; readonly replication: Replication }
  /** It never ran: there is nothing to stop, and no checkpoint. */
  | { readonly end: 'never-started'; readonly replication: Replication; readonly dmsTime: number };

/** Defaults as in a resume. */
export interface AwaitRunning
  extends AfterRequest, Partial<Pick<ResumePlan, 'startTimeoutSeconds' | 'verifyProgressSeconds'>> {}

export type RunningReplication = Pick<ResumeReplicationResult, 'replication' | 'progress' | 'warnings'>;

/** How an operation ended, to be put into the ledger. */
export type RecordOperation = DescribeReplication & {
  readonly operation: OperationRef;
  /** Set when the ledger records it, because the operation's workflow has ended. */
  readonly finishedBy: 'ledger' | null;
  readonly awsRequestIds: readonly string[];
  /** DMS answered the newest call of the operation. */
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
    /** The replication is `failed`: its checkpoint, if DMS has one, is recorded. */
    | {
        readonly end: 'failed-replication';
        readonly intent: StopIntent;
        readonly failureMessage: string;
        /** Last stop before the operation's own call. */
        readonly before: StopMark | null;
        /** The look that showed it, recorded if there is no better one. */
        readonly seen: Replication | null;
        readonly settleSeconds: number;
        readonly lagAtStop: ReplicationLag | null;
      }
    /** It failed or was cancelled. A call that it made stays noted, for the ledger to finish. */
    | { readonly end: 'ended'; readonly failureType: string; readonly failureMessage: string }
  );

export interface RecordedOperation {
  readonly checkpoint: CheckpointRecord | null;
  /** The operation's result, when it succeeded. */
  readonly result: StopReplicationResult | ResumeReplicationResult | null;
}

export interface AwaitOperation extends DescribeReplication {
  /** What the caller wants to run. */
  readonly wanted: Wanted;
  /** The input of a stop that ends a resume which is under way. Nothing is ended unless it is valid and its caller may operate. */
  readonly preempting?: unknown;
  /** The calling workflow has begun it in an earlier run: however it has ended, or will, that is its end. */
  readonly ours?: boolean | undefined;
}

/** An operation that somebody wants to run. */
export interface Wanted {
  readonly kind: OperationKind;
  /** Only when the caller named one. */
  readonly operationId: string | null;
  /** What it asks of DMS, as a text that is equal for equal requests. */
  readonly asks: string;
}

/** `gone`: it closed without a result to share, and the caller may begin its own. */
export type AwaitedOperation = { readonly end: 'done'; readonly result: unknown } | { readonly end: 'gone' };
