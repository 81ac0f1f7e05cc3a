import type {
  CallNote,
  CheckpointDraft,
  CheckpointRecord,
  OperationRecord,
  OperationRef,
  PendingCall,
} from './records.js';
import type { TableStatisticsSummary } from './results.js';

/** Argument of the update `dms.begin`. */
export interface BeginRequest {
  readonly operation: OperationRef;
  /** The record a resume asks for; `null`: the latest. */
  readonly sequence: number | null;
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
}

export interface AboutToReply {
  /** This operation's call before this one, of which no outcome is known. */
  readonly previous: PendingCall | null;
}

/** How an operation ended. */
export type OperationEnd = Pick<OperationRecord, 'outcome' | 'failureType' | 'awsRequestIds'>;

/** Argument of the update `dms.record`. */
export type RecordRequest = { readonly operation: OperationRef } & (
  | ({ readonly type: 'stopped'; readonly checkpoint: CheckpointDraft } & OperationEnd)
  | ({
      readonly type: 'finished';
      /** False while an accepted call may still have its effect unrecorded. */
      readonly clearsCall: boolean;
    } & OperationEnd &
      Partial<Pick<OperationRecord, 'startReplicationType' | 'progress' | 'checkpointSequence'>>)
  | { readonly type: 'tables'; readonly tables: TableStatisticsSummary }
  | { readonly type: 'refused' }
);

export interface RecordReply {
  readonly checkpoint: CheckpointRecord | null;
}

export interface UnsealRequest {
  readonly by: string;
  readonly reason: string;
}
