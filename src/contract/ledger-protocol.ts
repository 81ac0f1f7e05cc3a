/** Messages of the ledger: what activities and people send, and what the ledger replies. */
import type { StopIntent } from './inputs.js';
import type { CheckpointDraft, CheckpointRecord } from './records.js';
import type {
  ArchivedRecord,
  CallNote,
  OperationRecord,
  OperationRef,
  PendingCall,
  Reservation,
} from './ledger-state.js';
import type { Progress, TableStatisticsSummary } from './results.js';

/** Fields that every request of an operation's activity carries. */
interface Fenced {
  /** Server-side time at which the attempt was scheduled, in ms. It orders attempts, activities, resets and executions. */
  readonly token: number;
  /** Operation that sends the request. */
  readonly operation: OperationRef;
}

/** Argument of the update `dms.begin`: begins an operation, and notes a call that is due. May be repeated. */
export interface BeginRequest extends Fenced {
  /** Call that is about to be sent. `null`: none yet. */
  readonly call: CallNote | null;
  /** True if DMS answered the call that this operation noted before. */
  readonly isAnswered: boolean;
  /** Intent of a stop. `null` for a resume. */
  readonly intent: StopIntent | null;
  /** Sequence of the record that a resume asks for. `null`: the newest. */
  readonly sequence: number | null;
  /** `Status` in the look that led to this request. */
  readonly status: string;
  /** `ReplicationConfigIdentifier` in that look. `null` or left out: not known. */
  readonly identifier?: string | null | undefined;
  /** Task queue of the activities. */
  readonly taskQueue: string;
  /** True if the namespace has the search attributes of ledgers. Left out: not known. */
  readonly hasSearchAttributes?: boolean | undefined;
}

/** Reason why an operation has to wait, and for how long. */
export interface LedgerBusy {
  /** Reason, as a clause for a message. */
  readonly why: string;
  /** Seconds after which to ask again. */
  readonly seconds: number;
}

/** Failure types of refusals after which an activity sends its request again. */
export const retryLaterTypes = {
  late: 'DmsLateRequest',
  busy: 'DmsLedgerBusy',
  /** The ledger does not know the operation. It must begin again before it is recorded. */
  unknown: 'DmsOperationUnknown',
} as const;

/** Reply to the update `dms.begin`. */
export interface BeginReply {
  /** Reason to wait: nothing was begun or noted, so ask again later. `null`: none. */
  readonly busy: LedgerBusy | null;
  /** Operation with the same key that succeeded, and its record, if it is the newest operation. `null`: none. */
  readonly repeatOf: { readonly operation: OperationRecord; readonly checkpoint: CheckpointRecord | null } | null;
  /** Record asked for. `null`: none. */
  readonly checkpoint: CheckpointRecord | null;
  /** Note of this operation before this request. `null`: none. */
  readonly ownCall: PendingCall | null;
  /** True if the ledger knows that the replication has run. */
  readonly hasRun: boolean;
  /** Stop time in the newest record, ISO 8601. A look with an older stop time is stale. `null`: none. */
  readonly lastStoppedAt: string | null;
}

/** Argument of the update `dms.record`: how an operation, or its call, ended. */
export type RecordRequest = Fenced &
  (
    | ({
        readonly type: 'stopped';
        readonly checkpoint: CheckpointDraft;
        readonly tables: TableStatisticsSummary | null;
        /** Seconds left to resume the replication, by DMS's clock. The ledger counts them by its own clock. `null`: unknown. */
        readonly resumeWithinSeconds: number | null;
        /** Task queue of the activities with which the ledger guards the resume window and archives the record. */
        readonly taskQueue: string;
        /** True if the worker has an archive. */
        readonly archives: boolean;
      } & Ended)
    | ({
        readonly type: 'resumed';
        readonly startReplicationType: string | null;
        readonly progress: Progress;
        /** Sequence of the record that the resume went on from. `null`: none. */
        readonly checkpointSequence: number | null;
      } & Ended)
    /** Operation that failed or was cancelled, with nothing to record. */
    | ({ readonly type: 'ended' } & Ended)
    | { readonly type: 'tables'; readonly tables: TableStatisticsSummary }
    /** Call that DMS refused or that was never sent. The same token noted it. */
    | { readonly type: 'refused' }
  );

/** End of an operation. */
export type Ended = Pick<
  OperationRecord,
  'outcome' | 'failureType' | 'failureMessage' | 'awsRequestIds' | 'finishedBy'
> & {
  /** True if DMS answered the newest call of the operation. */
  readonly isAnswered: boolean;
};

/** Reply to the update `dms.record`. */
export interface RecordReply {
  /** Record that was written, or that was there already. `null`: none. */
  readonly checkpoint: CheckpointRecord | null;
}

/** Argument of the update `dms.reserve`. */
export interface ReserveRequest {
  /** Name of the owner. */
  readonly owner: string;
  /** Reason of the reservation. `null`: not given. */
  readonly reason: string | null;
  /** Id of the workflow whose steps are the owner's. `null`: none. */
  readonly workflowId: string | null;
}

/** Reply to the update `dms.reserve`. */
export interface ReserveReply {
  /** Reservation in force. */
  readonly reservation: Reservation;
  /** Age of another operation's note, in seconds, by the ledger's clock. `null`: none. */
  readonly pendingCallAgeSeconds: number | null;
}

/** Argument of the update `dms.release`. */
export interface ReleaseRequest {
  /** Name of the owner. */
  readonly owner: string;
}

/** Argument of the updates for people. */
export interface DecisionRequest {
  /** Name of the person who decides, 1 to 1,000 characters. */
  readonly by: string;
  /** Reason of the decision, 1 to 1,000 characters. */
  readonly reason: string;
}

/** Argument of the update `dms.move`. */
export interface MoveRequest extends DecisionRequest {
  /**
   * Task queue to move the ledger to, 1 to 200 printable ASCII characters. A worker with the workflows and the
   * activities of this package must poll it.
   */
  readonly taskQueue: string;
}

/** Argument of the update `dms.restore`: archived records of a replication whose ledger was lost. */
export interface RestoreRequest extends DecisionRequest {
  /** Records, newest first, at most as many as a ledger keeps. */
  readonly records: readonly ArchivedRecord[];
  /** Highest sequence of all archived records. */
  readonly lastSequence: number;
  /** Seconds for which the newest can be resumed, by the caller's clock. `null`: unknown. */
  readonly resumeWithinSeconds: number | null;
}

/** Reply to the update `dms.restore`. */
export interface RestoreReply {
  /** Number of records that were added. The others were already there, or another record has their sequence. */
  readonly added: number;
}
