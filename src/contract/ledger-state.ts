import type { CallMark } from '../dms/checkpoint.js';
import type { DeadlineActivity, DeadlinePolicy, OperationKind, StopIntent } from './inputs.js';
import type { CheckpointRecord } from './records.js';
import type { Progress, TableStatisticsSummary } from './results.js';

/** Which operation, on whose behalf. The kind and the id together are its key. */
export interface OperationRef {
  readonly kind: OperationKind;
  readonly operationId: string;
  readonly workflowId: string;
  readonly runId: string;
  /** Run that began the execution. A reset changes `runId` and keeps this one. */
  readonly firstRunId: string;
  /** The host workflow, when the operation is a step of one. */
  readonly parentWorkflowId: string | null;
  readonly requestedBy: string | null;
  readonly reason: string | null;
  /** Owner of the reservation under which it works, when it names one. */
  readonly owner?: string | null | undefined;
  /** Of a stop: what is to happen before the replication can no longer be resumed. */
  readonly deadline?: DeadlinePlan | null | undefined;
}

export interface OperationRecord extends OperationRef {
  /** `null`: not ended, or failed. */
  readonly outcome: string | null;
  readonly failureType: string | null;
  /** In words, at most 500 characters. */
  readonly failureMessage: string | null;
  /** Status of the replication when the operation began. */
  readonly statusAtBegin: string | null;
  readonly startedAt: string;
  /** `null`: under way, or it died. */
  readonly finishedAt: string | null;
  readonly checkpointSequence: number | null;
  readonly awsRequestIds: readonly string[];
  /** What the table statistics were when a stop was recorded. `null`: none read. */
  readonly tables: TableStatisticsSummary | null;
  /** What a resume sent to DMS; `null` for a stop, or when nothing was sent. */
  readonly startReplicationType: string | null;
  /** What a resume saw after `running`; `null` for a stop. */
  readonly progress: Progress | null;
  /** `ledger` when the ledger recorded the outcome because the operation's workflow had ended. */
  readonly finishedBy: 'ledger' | null;
}

/** Facts of a call, noted right before it is sent. */
export interface CallNote {
  /** Intent of a stop; `null` for a resume. */
  readonly intent: StopIntent | null;
  /** Start type of a resume; `null` for a stop. */
  readonly startReplicationType: string | null;
  /** The replication in the look before the call. */
  readonly before: CallMark;
}

/** A note: a call that changes DMS was about to be sent, and its outcome is not known. */
export interface PendingCall extends OperationRef, CallNote {
  /** When the newest call was noted, by the ledger's clock. */
  readonly at: string;
  /** Fencing token of the attempt that noted it, which may take it back. 0: nobody may. */
  readonly token: number;
  /** Task queue of the activities that made it. */
  readonly taskQueue: string;
  /** DMS answered the call. An unanswered one may still land. */
  readonly isAnswered: boolean;
  /** Time of an earlier call of the same operation without an answer. `null`: none. */
  readonly earlierUnansweredAt: string | null;
  /** This note sealed the ledger: the seal goes with it. */
  readonly seals: boolean;
  /** The execution that noted it has closed, as a later operation has proved. */
  readonly isAbandoned: boolean;
}

/** The newest call without an answer. It may land until AWS no longer accepts its signature. */
export interface UnansweredCall {
  readonly kind: OperationKind;
  readonly operationId: string;
  readonly at: string;
}

export interface Seal {
  readonly by: string | null;
  readonly reason: string | null;
  readonly at: string;
}

/** What is to happen before a paused replication can no longer be resumed. */
export interface DeadlinePlan {
  readonly policy: DeadlinePolicy;
  /** So long before the deadline it begins. */
  readonly leadSeconds: number;
  /** The activity that is called with each warning. `null`: none. */
  readonly onResumeDeadline: DeadlineActivity | null;
}

/** The clock of a paused replication. */
export interface Guard {
  /** Of the record that it guards. */
  readonly sequence: number;
  readonly resumeBy: string;
  /** The same by the ledger's own clock. */
  readonly endsAt: string;
  readonly plan: DeadlinePlan;
  /** Where the package's activities are. */
  readonly taskQueue: string | null;
  /** When it looks, and warns or resumes, next. */
  readonly nextAt: string;
  readonly warnings: number;
}

/** Somebody keeps the replication for several operations of theirs. */
export interface Reservation {
  readonly owner: string;
  readonly reason: string | null;
  readonly at: string;
  /** The workflow that reserved it, whose steps are the owner's. */
  readonly workflowId: string | null;
}

/** What happened to a replication's ledger besides operations. */
export interface LedgerEvent {
  readonly type:
    | 'unsealed'
    | 'reserved'
    | 'released'
    | 'reservation-broken'
    | 'deadline-warning'
    /** Somebody acted: it was resumed or deleted otherwise than by an operation. */
    | 'guard-ended'
    /** Nobody did. */
    | 'window-closed'
    /** DMS knows the replication no more: the last record of a ledger, which then closes. */
    | 'deleted'
    /** The archive will never take a record. */
    | 'archive-refused'
    /** Records came back from the archive. */
    | 'restored';
  readonly at: string;
  /** Who did it. */
  readonly by: string | null;
  readonly reason: string | null;
  readonly workflowId: string | null;
  readonly detail: string | null;
}

/** A record as an archive holds it: as it was recorded, and what held then. */
export interface ArchivedRecord extends CheckpointRecord {
  /** The seal that was in force once it was recorded. */
  readonly sealed: Seal | null;
  /** What was to happen before it could no longer be resumed. `null`: nothing, or it is older than the archive. */
  readonly deadline: DeadlinePlan | null;
}

/** A record that is not in the archive yet, by its sequence, with what held when it was recorded. */
export interface Unarchived extends Pick<ArchivedRecord, 'sequence' | 'sealed' | 'deadline'> {}

/** What a ledger owes the archive. */
export interface Archiving {
  /** Where the activity is that stores records. `null`: where the ledger runs. */
  readonly taskQueue: string | null;
  /** Oldest first. A record that waits stays in the ledger, until those that wait are larger than 1 MB: then the oldest is given up. */
  readonly waiting: readonly Unarchived[];
}

/** What the query `dms.ledger` returns. The lists are newest first and hold the newest 100 entries each. When all is larger than 200 kB, the longest list loses its oldest entry first. Records that wait for the archive are kept beside that. */
export interface Ledger {
  /** 1. */
  readonly version: number;
  readonly replicationConfigArn: string;
  /** Set by a final stop; while it is, resumes are refused. */
  readonly sealed: Seal | null;
  readonly pendingCall: PendingCall | null;
  /** Kept after its operation was recorded, until it can no longer land. */
  readonly unanswered: UnansweredCall | null;
  /** Highest fencing token accepted so far. Requests of activities with a lower one are rejected. */
  readonly newestToken: number;
  readonly checkpoints: readonly CheckpointRecord[];
  readonly operations: readonly OperationRecord[];
  /** The sequence of the newest record ever written. */
  readonly lastSequence: number;
  /** Who last lifted a seal, and why. */
  readonly lastUnsealed: Seal | null;
  readonly reservation: Reservation | null;
  /** Of the newest stop, while it can be resumed and nobody has. */
  readonly guard: Guard | null;
  /** `null`: no worker with an archive has recorded a stop yet. */
  readonly archive: Archiving | null;
  /** Since when somebody has not found it in DMS. A day later the ledger looks itself. */
  readonly missingSince: string | null;
  /** Since when DMS is known not to have the replication any more. An operation on one that has its ARN again opens the ledger again. */
  readonly deletedAt: string | null;
  readonly events: readonly LedgerEvent[];
}
