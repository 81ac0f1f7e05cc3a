import type { StopMark } from '../dms/checkpoint.js';
import type { StopIntent } from './inputs.js';
import type { CheckpointDraft, CheckpointRecord, OperationRecord, OperationRef, PendingCall } from './records.js';
import type { Progress, TableStatisticsSummary } from './results.js';

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
export interface AboutToRequest {
  readonly operation: OperationRef;
  readonly before: StopMark | null;
  readonly intent: StopIntent | null;
  readonly startReplicationType: string | null;
}

export interface AboutToReply {
  /** This operation's call before this one, of which no outcome is known. */
  readonly previous: PendingCall | null;
}

/** Argument of the update `dms.record`. */
export type RecordRequest =
  | {
      readonly type: 'stopped';
      readonly operation: OperationRef;
      readonly checkpoint: CheckpointDraft;
      readonly outcome: string | null;
      readonly failureType: string | null;
      readonly awsRequestIds: readonly string[];
    }
  | {
      readonly type: 'finished';
      readonly operation: OperationRef;
      readonly outcome: string | null;
      readonly failureType: string | null;
      readonly awsRequestIds: readonly string[];
      readonly startReplicationType: string | null;
      readonly progress: Progress | null;
      readonly checkpointSequence: number | null;
      /** False while an accepted call may still have its effect unrecorded. */
      readonly clearsCall: boolean;
    }
  | { readonly type: 'tables'; readonly operation: OperationRef; readonly tables: TableStatisticsSummary }
  | { readonly type: 'refused'; readonly operation: OperationRef };

export interface RecordReply {
  readonly checkpoint: CheckpointRecord | null;
}

export interface UnsealRequest {
  readonly by: string;
  readonly reason: string;
}
