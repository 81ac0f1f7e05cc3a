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

/** What every request of an operation's activity carries. */
interface Fenced {
  /** Server-side time at which the attempt was scheduled, in ms. It orders attempts, activities, resets and executions. */
  readonly token: number;
  readonly operation: OperationRef;
}

/** Argument of the update `dms.begin`: begins an operation, and notes a call that is due. May be repeated. */
export interface BeginRequest extends Fenced {
  /** The call that is about to be sent. `null`: none yet. */
  readonly call: CallNote | null;
  /** Whether DMS answered the call that this operation noted before. */
  readonly isAnswered: boolean;
  /** Intent of a stop. `null` for a resume. */
  readonly intent: StopIntent | null;
  /** The record a resume asks for. `null`: the newest. */
  readonly sequence: number | null;
  /** Status in the look before. */
  readonly status: string;
  /** Task queue of the activities. */
  readonly taskQueue: string;
}

/** Why an operation has to wait, and for how long. */
export interface LedgerBusy {
  readonly why: string;
  readonly seconds: number;
}

/** Types of the refusals that an activity answers by trying again later. */
export const retryLater = {
  late: 'DmsLateRequest',
  busy: 'DmsLedgerBusy',
  /** The operation has to begin again before it is recorded. */
  unknown: 'DmsOperationUnknown',
} as const;

export interface BeginReply {
  /** Set: nothing was begun or noted; ask again later. */
  readonly busy: LedgerBusy | null;
  /** What an equal operation recorded when it succeeded, if that is the newest operation. */
  readonly repeatOf: { readonly operation: OperationRecord; readonly checkpoint: CheckpointRecord | null } | null;
  /** The record asked for. */
  readonly checkpoint: CheckpointRecord | null;
  /** This operation's note before this request. */
  readonly ownCall: PendingCall | null;
  /** Whether the ledger knows that the replication has run. */
  readonly hasRun: boolean;
  /** Stop time in the newest record. A look with an older one is older than that record. */
  readonly lastStoppedAt: string | null;
}

/** Argument of the update `dms.record`: how an operation, or its call, went. */
export type RecordRequest = Fenced &
  (
    | ({
        readonly type: 'stopped';
        readonly checkpoint: CheckpointDraft;
        readonly tables: TableStatisticsSummary | null;
        /** Seconds for which it can be resumed, by DMS's clock. The ledger counts them by its own. */
        readonly resumeWithinSeconds: number | null;
        /** Task queue of the activities that look again, or store the record. */
        readonly taskQueue: string;
        /** The worker has an archive. */
        readonly archives: boolean;
      } & Ended)
    | ({
        readonly type: 'resumed';
        readonly startReplicationType: string | null;
        readonly progress: Progress;
        /** The record it went on from. */
        readonly checkpointSequence: number | null;
      } & Ended)
    /** It failed or was cancelled, with nothing to record. */
    | ({ readonly type: 'ended' } & Ended)
    | { readonly type: 'tables'; readonly tables: TableStatisticsSummary }
    /** DMS refused the call that was noted with the same token, or it was never sent. */
    | { readonly type: 'refused' }
  );

/** How an operation ended. */
export type Ended = Pick<
  OperationRecord,
  'outcome' | 'failureType' | 'failureMessage' | 'awsRequestIds' | 'finishedBy'
> & {
  /** DMS answered its newest call. */
  readonly isAnswered: boolean;
};

export interface RecordReply {
  readonly checkpoint: CheckpointRecord | null;
}

/** Argument of the update `dms.reserve`. */
export interface ReserveRequest {
  readonly owner: string;
  readonly reason: string | null;
  /** The workflow whose steps are the owner's. */
  readonly workflowId: string | null;
}

export interface ReserveReply {
  readonly reservation: Reservation;
  /** Age of another operation's note, by the ledger's clock. `null`: none. */
  readonly pendingCallAgeSeconds: number | null;
}

/** Argument of the update `dms.release`. */
export interface ReleaseRequest {
  readonly owner: string;
}

/** Argument of the updates for people: who does it, and why. At most 1,000 characters each. */
export interface DecisionRequest {
  readonly by: string;
  readonly reason: string;
}

/** Argument of the update `dms.restore`: what an archive holds of a replication whose ledger was lost. */
export interface RestoreRequest extends DecisionRequest {
  /** Newest first; no more than a ledger keeps. */
  readonly records: readonly ArchivedRecord[];
  /** Of all that are archived. */
  readonly lastSequence: number;
  /** Seconds for which the newest can be resumed, by the clock of whoever asks. */
  readonly resumeWithinSeconds: number | null;
}

export interface RestoreReply {
  /** How many records came back. The others were there, or another record has their sequence. */
  readonly added: number;
}
