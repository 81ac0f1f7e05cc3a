import type { StopMark } from '../dms/checkpoint.js';
import type { ReplicationLag } from '../dms/lag.js';
import type { Replication } from '../dms/replication.js';
import type { OperationKind, ResumePlan, StopIntent, StopPlan } from './inputs.js';
import type {
  ArchivedRecord,
  CheckpointRecord,
  Ledger,
  OperationRef,
  PendingCall,
  Reservation,
  Settled,
} from './records.js';
import type { ResumeOutcome, ResumeReplicationResult, StopOutcome, StopReplicationResult, Warning } from './results.js';
import type { StartMark } from './start-wait.js';

/**
 * The activities by their type names, with what goes in and out. A host on one version may call a worker on another of the same major, so
 * these are as public as the package's exports. An activity that is run on its own, without an operation, works unguarded: nothing is noted in a
 * ledger and nothing keeps two of them apart.
 */
export interface DmsActivities {
  'dms.beginOperation'(request: BeginOperation): Promise<BegunOperation>;
  'dms.requestStop'(request: RequestStop): Promise<RequestedStop>;
  'dms.awaitStopped'(request: AwaitStopped): Promise<StoppedReplication>;
  'dms.requestStart'(request: RequestStart): Promise<RequestedStart>;
  'dms.awaitRunning'(request: AwaitRunning): Promise<RunningReplication>;
  'dms.recordOperation'(request: RecordOperation): Promise<RecordedOperation>;
  'dms.awaitOperation'(request: AwaitOperation): Promise<AwaitedOperation>;
  /** Keeps the replication for an owner: operations of anyone else are refused. */
  'dms.reserveReplication'(request: ReserveReplication): Promise<Reservation>;
  'dms.releaseReplication'(request: ReleaseReplication): Promise<void>;
  /** Waits until no operation is open. */
  'dms.awaitIdle'(request: DescribeReplication): Promise<void>;
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
  /** The record of another replication that a resume goes on from. */
  readonly continued?: CheckpointRecord | null | undefined;
  /** The record a resume is checked against. */
  readonly checkpoint: CheckpointRecord | null;
  /** What an equal operation returned when it succeeded; nothing is left to do. */
  readonly repeated: StopReplicationResult | ResumeReplicationResult | null;
  /** How long an attempt of a wait is held by this worker. */
  readonly holdSeconds: number;
}

/** What a request that changes DMS is told of its operation. */
interface OfOperation {
  readonly operation?: OperationRef | undefined;
  readonly ownCall?: PendingCall | null | undefined;
  /** An earlier call of this operation was accepted. */
  readonly accepted?: boolean | undefined;
}

/** Defaults as in a stop. */
export interface RequestStop
  extends DescribeReplication, OfOperation, Partial<Pick<StopPlan, 'stoppableTimeoutSeconds' | 'intent'>> {}

/** Defaults as in a resume; `startTimeoutSeconds` is how long it may take to become startable. */
export interface RequestStart
  extends
    DescribeReplication,
    OfOperation,
    Partial<Omit<ResumePlan, 'replicationConfigArn' | 'checkpoint' | 'verifyProgressSeconds' | 'progressProbe'>> {
  /** The record that must be DMS's last stop. Left out: not checked. */
  readonly checkpoint?: CheckpointRecord | null | undefined;
  /** The record of another replication that this one goes on from. */
  readonly continued?: CheckpointRecord | null | undefined;
  /** The caller named the record. */
  readonly isNamed?: boolean | undefined;
}

interface Requested<Outcome, Mark> {
  readonly outcome: Outcome;
  /** From the look before the call; `null` when nothing was asked for here. */
  readonly before: Mark | null;
  /** A call of ours was accepted, or may have been. */
  readonly accepted: boolean;
  readonly replication: Replication;
  readonly awsRequestIds: readonly string[];
}

export interface RequestedStop extends Requested<StopOutcome, StopMark> {
  /** A look, or DMS's answer, showed it stopping or stopped. */
  readonly sawStop: boolean;
  /** How far it was behind just before the call. */
  readonly lagAtStop?: ReplicationLag | null | undefined;
}

export interface RequestedStart extends Requested<ResumeOutcome, StartMark> {
  readonly startReplicationType: string | null;
  readonly resumedFrom: CheckpointRecord | null;
  readonly warnings: readonly Warning[];
}

/** What a wait is told of the request before it. */
interface AfterRequest<Mark> extends DescribeReplication {
  readonly operationId?: string | undefined;
  readonly before?: Mark | null | undefined;
  readonly accepted?: boolean | undefined;
  /** Shown until the first look. */
  readonly lastStatus?: string | undefined;
}

/** Defaults as in a stop. */
export interface AwaitStopped
  extends
    AfterRequest<StopMark>,
    Partial<Pick<StopPlan, 'stopTimeoutSeconds' | 'settleSeconds' | 'selfRestartGraceSeconds'>> {
  /** A look showed it stopping or stopped. */
  readonly sawStop?: boolean | undefined;
  /** The ledger knows that it ran once. Looks that show `created` then have to agree for longer than staleness. Default false. */
  readonly everRan?: boolean | undefined;
}

export type StoppedReplication =
  | { readonly end: 'settled'; readonly settled: Settled; readonly replication: Replication }
  /** It runs: DMS undid the stop by itself, or only older looks had shown it stopped. DMS has to be asked to stop it. */
  | { readonly end: 'running-again'; readonly replication: Replication }
  /** It never ran: there is nothing to stop, and no checkpoint. */
  | { readonly end: 'never-started'; readonly replication: Replication };

/** Defaults as in a resume. */
export interface AwaitRunning
  extends AfterRequest<StartMark>, Partial<Pick<ResumePlan, 'startTimeoutSeconds' | 'verifyProgressSeconds'>> {}

export type RunningReplication = Pick<ResumeReplicationResult, 'replication' | 'progress' | 'warnings'>;

/** How an operation ended, to be put into the ledger. */
export type RecordOperation = DescribeReplication & {
  readonly operation: OperationRef;
  /** Who records it, when the operation itself did not live to. */
  readonly finishedBy?: string | undefined;
  readonly awsRequestIds: readonly string[];
  readonly continued?: ContinuedStart | null | undefined;
} & (
    | {
        readonly end: 'stopped';
        readonly intent: StopIntent;
        readonly outcome: StopOutcome;
        readonly settled: Settled;
        readonly replication: Replication;
        readonly lagAtStop?: ReplicationLag | null | undefined;
      }
    | { readonly end: 'resumed'; readonly result: ResumeReplicationResult }
    | {
        readonly end: 'failed';
        readonly failureType: string;
        readonly failureMessage?: string | undefined;
        readonly stop: StopInDoubt | null;
        readonly clearsCall: boolean;
      }
    | { readonly end: 'cancelled'; readonly stop: StopInDoubt | null; readonly clearsCall: boolean }
  );

/** What a resume goes on from, if that is another replication's record. */
export interface ContinuedStart extends Pick<CheckpointRecord, 'replicationConfigArn' | 'sequence'> {
  /** Whether DMS has started it there; `null`: it was to be asked; false: it ran already. */
  readonly isStarted: boolean | null;
}

/** A stop that was asked for, found under way, or came about by a failure; recorded if it is over by now. */
export interface StopInDoubt {
  readonly intent: StopIntent;
  readonly outcome: StopOutcome;
  readonly before: StopMark | null;
  readonly lagAtStop?: ReplicationLag | null | undefined;
  readonly settleSeconds: number;
  /** The look at a failed replication, recorded if there is no better one. */
  readonly seen: Replication | null;
}

export interface RecordedOperation {
  readonly checkpoint: CheckpointRecord | null;
  /** The operation's result, when it succeeded. */
  readonly result: StopReplicationResult | ResumeReplicationResult | null;
}

export interface AwaitOperation extends DescribeReplication {
  readonly kind: OperationKind;
  /** Only when the caller named one. */
  readonly operationId: string | null;
  /** The input of a stop that ends a resume which is under way; unless it is valid, and its caller may operate, nothing is ended. */
  readonly preempting?: unknown;
  /** The calling workflow has begun it in an earlier run: however it has ended, or will, that is its end. */
  readonly ours?: boolean | undefined;
}

/** `gone`: it closed without a result to share; the caller may begin its own. */
export type AwaitedOperation = { readonly end: 'done'; readonly result: unknown } | { readonly end: 'gone' };
