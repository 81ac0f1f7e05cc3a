import type {
  ArchivedRecord,
  CallNote,
  CheckpointDraft,
  CheckpointRecord,
  Ledger,
  OperationRecord,
  OperationRef,
  PendingCall,
  Reservation,
} from './records.js';
import type { TableStatisticsSummary } from './results.js';

/** Argument of the update `dms.begin`. */
export interface BeginRequest {
  readonly operation: OperationRef;
  /** The record a resume asks for; `null`: the latest. */
  readonly sequence: number | null;
  /** The status in the look that began it. */
  readonly found?: string | undefined;
}

export interface BeginReply {
  readonly pendingCall: PendingCall | null;
  /** By the ledger's own clock, so that two clocks are never compared. */
  readonly pendingCallAgeSeconds: number | null;
  readonly checkpoint: CheckpointRecord | null;
  /** What an equal operation recorded when it succeeded, if this is a repeat of the newest one. */
  readonly repeatOf: { readonly operation: OperationRecord; readonly checkpoint: CheckpointRecord | null } | null;
}

/** Argument of the update `dms.aboutTo`, sent right before a call that changes DMS. */
export interface AboutToRequest extends CallNote {
  readonly operation: OperationRef;
  /** The run that is about to call, which is not the one that began the operation once it was reset. */
  readonly runId?: string | undefined;
  /** Names this very call, so that its refusal takes back no other note. */
  readonly callId?: string | undefined;
  readonly taskQueue?: string | undefined;
}

export interface AboutToReply {
  /** This operation's call before this one, of which no outcome is known. */
  readonly previous: PendingCall | null;
  /** By the ledger's own clock. */
  readonly previousAgeSeconds: number | null;
}

/** How an operation ended. */
export type OperationEnd = Pick<OperationRecord, 'outcome' | 'failureType' | 'awsRequestIds'> &
  Partial<Pick<OperationRecord, 'failureMessage'>>;

/** Argument of the update `dms.record`. */
export type RecordRequest = {
  readonly operation: OperationRef;
  /** The run whose call this settles, which is not the one that began the operation once it was reset. Left out by older workers. */
  readonly runId?: string | undefined;
} & (
  | ({
      readonly type: 'stopped';
      readonly checkpoint: CheckpointDraft;
      readonly finishedBy?: string | undefined;
      /** How long it can be resumed, by the clock that the worker compares with DMS's times; the ledger goes on by its own. */
      readonly resumeWithinSeconds?: number | null | undefined;
      /** Where the activities are that may look again, or store the record. */
      readonly taskQueue?: string | undefined;
      /** The worker has an archive. */
      readonly archives?: boolean | undefined;
    } & OperationEnd)
  | ({
      readonly type: 'finished';
      /** False while an accepted call may still have its effect unrecorded. */
      readonly clearsCall: boolean;
    } & OperationEnd &
      Partial<Pick<OperationRecord, 'startReplicationType' | 'progress' | 'checkpointSequence'>>)
  | { readonly type: 'tables'; readonly tables: TableStatisticsSummary }
  | { readonly type: 'refused'; readonly callId?: string | undefined }
);

export interface RecordReply {
  readonly checkpoint: CheckpointRecord | null;
  /** What is noted of a call from then on, of an operation that was told to have finished. */
  readonly pendingCall?: PendingCall | null | undefined;
}

/** Argument of the update `dms.reserve`. */
export interface ReserveRequest {
  readonly owner: string;
  readonly reason?: string | null | undefined;
  /** The workflow whose steps are the owner's. */
  readonly workflowId?: string | null | undefined;
}

export interface ReserveReply {
  readonly reservation: Reservation;
  /** Of a call of somebody else that may not have landed yet, by the ledger's own clock. */
  readonly pendingCallAgeSeconds: number | null;
}

/** Argument of the update `dms.release`. */
export interface ReleaseRequest {
  readonly owner: string;
}

export interface BreakReservationRequest {
  readonly by: string;
  readonly reason: string;
}

/** Argument of the update `dms.restore`: what an archive holds of a replication whose ledger was lost. */
export interface RestoreRequest {
  readonly by: string;
  readonly reason: string;
  /** Newest first; no more than a ledger keeps. */
  readonly records: readonly ArchivedRecord[];
  /** Of all that are archived. */
  readonly lastSequence: number;
  /** How long the newest can be resumed, by the clock of whoever asks. */
  readonly resumeWithinSeconds: number | null;
}

export interface RestoreReply {
  /** So many came back. The others were there already, or another record has their sequence: those stay in the archive only. */
  readonly added: number;
  readonly ledger: Ledger;
}

/** Argument of the update `dms.continued`. */
export interface ContinuedRequest {
  /** The ARN of the replication that goes on from here. */
  readonly by: string;
  /** The record that it goes on from. */
  readonly sequence: number;
  /** Of the resume that does it, of the run that began it, and of the run that tells this, which is another once that was reset. */
  readonly operationId: string;
  readonly operationRunId: string;
  readonly runId: string;
  /** `claimed`: DMS is about to be asked to start it. `started`: DMS has. `released`: DMS has not, and will not. */
  readonly is: 'claimed' | 'started' | 'released';
  /** Who does it, for whoever has reserved the replication. */
  readonly owner?: string | null | undefined;
  readonly parentWorkflowId?: string | null | undefined;
}

export interface UnsealRequest {
  readonly by: string;
  readonly reason: string;
}
