import type { CallMark } from '../dms/checkpoint.js';
import type { DeadlineActivity, DeadlinePolicy, OperationKind, StopIntent } from './inputs.js';
import type { CheckpointRecord } from './records.js';
import type { Progress, TableStatisticsSummary } from './results.js';

/** Identity of an operation, and its requester. The kind and the id together are its key. */
export interface OperationRef {
  /** Kind of the operation. */
  readonly kind: OperationKind;
  /** Operation id, at most 200 characters: the caller's, or one made up for the call. */
  readonly operationId: string;
  /** Id of the operation workflow: `dms:<arn>`. */
  readonly workflowId: string;
  /** Run id of the operation workflow. A reset changes it. */
  readonly runId: string;
  /** Run id that the execution began with. A reset changes `runId` and keeps this one. */
  readonly firstRunId: string;
  /** Id of the parent workflow, if the operation is a step of one. `null`: none. */
  readonly parentWorkflowId: string | null;
  /** Name of the requester, as given with the operation, at most 256 characters. `null`: not given. */
  readonly requestedBy: string | null;
  /** Reason of the operation, as given with it, at most 1,000 characters. `null`: not given. */
  readonly reason: string | null;
  /** Owner of the reservation under which the operation works. `null` or left out: not named. */
  readonly owner?: string | null | undefined;
  /** Plan of a stop for the end of the resume window. `null` or left out: none, as for a resume. */
  readonly deadline?: DeadlinePlan | null | undefined;
}

/** Entry of the ledger about one operation. */
export interface OperationRecord extends OperationRef {
  /** Outcome of an operation that succeeded: a `StopOutcome` or a `ResumeOutcome`. `null`: under way, or failed. */
  readonly outcome: string | null;
  /** Failure type, such as `DmsStopTimedOut` or `CancelledFailure`. Stays when the ledger records the call's outcome later. `null`: no failure. */
  readonly failureType: string | null;
  /** Failure message, at most 500 characters. `null`: no failure, or no message. */
  readonly failureMessage: string | null;
  /** `Status` of the replication when the operation began, in lower case. `null`: unknown. */
  readonly statusAtBegin: string | null;
  /** Time at which the operation began, ISO 8601, by the ledger's clock. */
  readonly startedAt: string;
  /** Time at which its end was recorded, ISO 8601, by the ledger's clock. `null`: under way, or its workflow died. */
  readonly finishedAt: string | null;
  /** Sequence of the record that a stop wrote, or that a resume went on from. `null`: none. */
  readonly checkpointSequence: number | null;
  /** AWS request ids of the calls that DMS accepted: the newest 20, oldest first. */
  readonly awsRequestIds: readonly string[];
  /** Table statistics when the stop was recorded. `null`: none read. */
  readonly tables: TableStatisticsSummary | null;
  /** `StartReplicationType` that a resume sent to DMS. `null`: nothing was sent, or a stop. */
  readonly startReplicationType: string | null;
  /** Movement that a resume saw after `running`. `null`: not recorded yet, or a stop. */
  readonly progress: Progress | null;
  /** `ledger`: the ledger recorded the outcome, because the operation's workflow had ended. `null`: the operation itself, or nobody yet. */
  readonly finishedBy: 'ledger' | null;
}

/** Facts of a call, noted right before it is sent. */
export interface CallNote {
  /** Intent of a stop. `null`: a resume. */
  readonly intent: StopIntent | null;
  /** `StartReplicationType` of a resume. `null`: a stop. */
  readonly startReplicationType: string | null;
  /** Replication in the look before the call. */
  readonly before: CallMark;
}

/** Note: a call that changes DMS was about to be sent, and its outcome is not known. */
export interface PendingCall extends OperationRef, CallNote {
  /** Time at which the newest call was noted, ISO 8601, by the ledger's clock. */
  readonly at: string;
  /**
   * Fencing token of the attempt that noted the call, in ms since the epoch. Only that attempt may take the note back.
   * 0: none may.
   */
  readonly token: number;
  /** Task queue of the activities that made the call. */
  readonly taskQueue: string;
  /** True once the operation has reported, with its end, that DMS answered the newest call. A call without an answer may still land. */
  readonly isAnswered: boolean;
  /** Time of an earlier call of the same operation that got no answer, ISO 8601. `null`: none. */
  readonly earlierUnansweredAt: string | null;
  /**
   * True if this note sealed the ledger. If the call has no effect, the ledger drops the note and lifts the seal. A
   * recorded stop keeps the seal.
   */
  readonly seals: boolean;
  /** True if the execution that noted the call has closed, as a later operation has proved. */
  readonly isAbandoned: boolean;
}

/** Newest call that got no answer. The call may land until AWS no longer accepts its signature. */
export interface UnansweredCall {
  /** Kind of the operation that made the call. */
  readonly kind: OperationKind;
  /** Id of the operation that made the call. */
  readonly operationId: string;
  /** Time at which the call was noted, ISO 8601, by the ledger's clock. */
  readonly at: string;
}

/** Seal of a final stop, or the decision that lifted one. */
export interface Seal {
  /** Name of the requester or of the person who decided. `null`: not given. */
  readonly by: string | null;
  /** Reason, at most 1,000 characters. `null`: not given. */
  readonly reason: string | null;
  /** Time of the seal or of the decision, ISO 8601, by the ledger's clock. */
  readonly at: string;
}

/** Plan for the end of the resume window of a paused replication. */
export interface DeadlinePlan {
  /** Action before the window ends. */
  readonly policy: DeadlinePolicy;
  /** Seconds before the end of the window at which the action begins. Default 21,600, at most 172,800. */
  readonly leadSeconds: number;
  /** Activity that is called with each warning. `null`: none. */
  readonly onResumeDeadline: DeadlineActivity | null;
}

/** Deadline guard: the clock over the resume window of a paused replication. */
export interface Guard {
  /** Sequence of the record that it guards. */
  readonly sequence: number;
  /** End of the resume window, ISO 8601, by DMS's clock. */
  readonly resumeBy: string;
  /** End of the resume window, ISO 8601, by the ledger's own clock. */
  readonly endsAt: string;
  /** Plan that the stop named. */
  readonly plan: DeadlinePlan;
  /** Task queue of the package's activities. `null`: the ledger's own. */
  readonly taskQueue: string | null;
  /** Time at which the guard is due, ISO 8601, by the ledger's clock. The guard then looks, and warns or resumes. */
  readonly nextAt: string;
  /** Number of times that the guard has warned or has tried to resume. */
  readonly warnings: number;
}

/** Reservation: an owner keeps the replication for several operations. */
export interface Reservation {
  /** Name of the owner, at most 256 characters, or the id of the workflow that reserved the replication. */
  readonly owner: string;
  /** Reason, as given with the reservation, at most 1,000 characters. `null`: not given. */
  readonly reason: string | null;
  /** Time of the reservation, ISO 8601, by the ledger's clock. */
  readonly at: string;
  /** Id of the workflow that reserved it last. Steps of that workflow are the owner's. `null`: none. */
  readonly workflowId: string | null;
}

/** Event in a replication's ledger that is not an operation. */
export interface LedgerEvent {
  /** Type of the event. */
  readonly type:
    | 'unsealed'
    | 'reserved'
    | 'released'
    | 'reservation-broken'
    | 'deadline-warning'
    /** Ended guard: the ledger was sealed, or somebody ran the replication without an operation. */
    | 'guard-ended'
    /** End of the resume window: nobody resumed the replication. */
    | 'window-closed'
    /** Deletion: DMS has not shown the replication for a day. The ledger then closes. */
    | 'deleted'
    /** Refusal: the archive will never take a record, or the ledger has given the record up. */
    | 'archive-refused'
    /** Restore: records came back from the archive. */
    | 'restored'
    /** Move: the ledger runs on another task queue from now on. */
    | 'moved';
  /** Time of the event, ISO 8601, by the ledger's clock. */
  readonly at: string;
  /** Name of the person or of the owner who caused the event. `null`: the ledger itself. */
  readonly by: string | null;
  /** Reason that the person or owner gave. `null`: none. */
  readonly reason: string | null;
  /** Id of the workflow that held the reservation. `null`: the event is not about a reservation, or no workflow held it. */
  readonly workflowId: string | null;
  /** Sentence about the event, at most 2,000 characters. `null`: the type says all. */
  readonly detail: string | null;
}

/** Record as an archive holds it, with the seal and the deadline plan at that time. */
export interface ArchivedRecord extends CheckpointRecord {
  /** Seal in force right after the record was written. `null`: none. */
  readonly sealed: Seal | null;
  /** Plan for the end of its resume window. `null`: none, or the record is older than the archive. */
  readonly deadline: DeadlinePlan | null;
}

/**
 * State of a ledger, as the query `dms.ledger` returns it. The lists are newest first and hold at most 100 entries each. Above 200 kB in all, the
 * longest list loses its oldest entry. Records that wait for the archive stay, and don't count towards the 200 kB.
 */
export interface Ledger {
  /** Version of the state's format: 1. */
  readonly version: number;
  /** ARN of the replication config: `arn:<partition>:dms:<region>:<account>:replication-config:<id>`. */
  readonly replicationConfigArn: string;
  /** `ReplicationConfigIdentifier` in the look of the newest operation: the name that people gave it. `null`: not known. */
  readonly identifier: string | null;
  /** Seal of a final stop. Resumes are refused while it is set. `null`: not sealed. */
  readonly sealed: Seal | null;
  /** Note of the call whose outcome is not known. `null`: none. */
  readonly pendingCall: PendingCall | null;
  /** Newest unanswered call of a recorded operation. `null`: none. */
  readonly unanswered: UnansweredCall | null;
  /** Highest fencing token accepted so far, in ms since the epoch. Requests of activities with a lower token are rejected. */
  readonly newestToken: number;
  /** Task queue of the newest operation's activities, on which the ledger looks for a missing replication. `null`: the ledger's own. */
  readonly taskQueue: string | null;
  /** Records, newest first. At most 100, not counting those that wait for the archive. */
  readonly checkpoints: readonly CheckpointRecord[];
  /** Operations, newest first, at most 100. */
  readonly operations: readonly OperationRecord[];
  /** Sequence of the newest record ever written. 0: none. */
  readonly lastSequence: number;
  /** Decision that last lifted a seal. `null`: none. */
  readonly lastUnsealed: Seal | null;
  /** Reservation in force. `null`: none. */
  readonly reservation: Reservation | null;
  /** Deadline guard of the newest stop, while it can be resumed and nobody has resumed it. `null`: none. */
  readonly guard: Guard | null;
  /** Queue of records to copy into the archive. `null`: no worker with an archive has recorded a stop, and nothing was restored. */
  readonly archive: {
    /** Task queue of the activity that stores records. `null`: the ledger's own. */
    readonly taskQueue: string | null;
    /**
     * Sequences of the records that wait, oldest first, with the seal and the plan to archive. A waiting record stays
     * in the ledger. Above 1 MB of waiting records, the ledger gives up the oldest.
     */
    readonly waiting: readonly Pick<ArchivedRecord, 'sequence' | 'sealed' | 'deadline'>[];
  } | null;
  /** Time of the first report that DMS does not show the replication, ISO 8601. A day later the ledger looks for it. `null`: not missing. */
  readonly missingSince: string | null;
  /**
   * Time at which the ledger found the replication deleted, ISO 8601. An operation on a new replication under the ARN opens the ledger again. `null`:
   * not deleted.
   */
  readonly deletedAt: string | null;
  /** Events, newest first, at most 100. */
  readonly events: readonly LedgerEvent[];
}
