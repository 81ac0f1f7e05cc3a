import type { Replication, TableStatistics } from '../dms/replication.js';
import type { CheckpointRecord } from './records.js';

/** Result of a stop. */
export interface StopReplicationResult {
  /** Outcome of the stop, see {@link StopOutcome}. */
  readonly outcome: StopOutcome;
  /** Id of the stop. A joined stop returns the id of the stop that ran. */
  readonly operationId: string;
  /** Record that the stop wrote. */
  readonly checkpoint: CheckpointRecord;
  /** Look in which the stop had settled. */
  readonly replication: Replication;
  /** Table statistics, read when the stop was recorded. `null`: none could be read, and a warning says why. */
  readonly tables: TableStatisticsSummary | null;
  /** Warnings about the stop. Empty: none. */
  readonly warnings: readonly Warning[];
}

/** Result of a resume. */
export interface ResumeReplicationResult {
  /** Outcome of the resume, see {@link ResumeOutcome}. */
  readonly outcome: ResumeOutcome;
  /** Id of the resume. A joined resume returns the id of the resume that ran. */
  readonly operationId: string;
  /** Record of the stop that the resume went on from. `null`: none, or the start type is not `resume-processing`. */
  readonly resumedFrom: CheckpointRecord | null;
  /** `StartReplicationType` that was sent to DMS. `null`: nothing was sent. */
  readonly startReplicationType: string | null;
  /** Movement after the start, see {@link Progress}. */
  readonly progress: Progress;
  /** Last look of the resume. Its status is `stopped` if the replication ended by itself, such as at a stop position. */
  readonly replication: Replication;
  /** Warnings about the resume. Empty: none. */
  readonly warnings: readonly Warning[];
}

/**
 * Outcome of a stop.
 *
 * - `stopped`: the operation's call was accepted, or was sent and its answer lost.
 * - `already-stopping`: a stop by somebody else was under way.
 * - `already-stopped`: the replication had stopped before, so nothing was sent.
 * - `never-started`: the replication never ran, so there is nothing to stop and no checkpoint.
 */
export type StopOutcome = 'stopped' | 'already-stopping' | 'already-stopped' | 'never-started';
/**
 * Outcome of a resume.
 *
 * - `resumed`: the operation's call was accepted, or was sent and its answer lost.
 * - `already-running`: the replication ran, so nothing was sent and nothing was verified.
 * - `already-starting`: a start was under way, so nothing was sent.
 */
export type ResumeOutcome = 'resumed' | 'already-running' | 'already-starting';
/**
 * Movement of a resumed replication.
 *
 * - `moving`: table statistics changed, or the probe saw movement.
 * - `none-seen`: the source is idle or the replication is stuck; the statistics do not tell them apart.
 * - `not-checked`: verification was off, or nothing could be read.
 */
export type Progress = 'moving' | 'none-seen' | 'not-checked';

/** Warning in the result of an operation that succeeded. */
export interface Warning {
  /** Code for programs. */
  readonly code: WarningCode;
  /** Sentence for people. */
  readonly message: string;
}

/** Codes of warnings. */
export type WarningCode =
  /** Stop reason that the requester of a stop does not expect, or an unknown one. */
  | 'not-normal-stop'
  /** Stop that DMS may undo by itself. */
  | 'may-restart'
  /** Stop that did not settle in time. The record holds the last look. */
  | 'unsettled'
  /** Stop for which DMS reports no `RecoveryCheckpoint`. */
  | 'no-checkpoint'
  /** Full load that was not complete. Incomplete tables start again from zero. */
  | 'full-load-interrupted'
  /** Changes cached during the full load that are not applied yet. */
  | 'cached-changes-not-applied'
  /** Tables in error. */
  | 'tables-in-error'
  /** Tables that are not validated yet. */
  | 'validation-pending'
  /** Tables whose rows differ, or could not be compared. */
  | 'validation-mismatch'
  /** Table statistics that could not be read, or not all of them. */
  | 'statistics-unavailable'
  /** Resume window with less than 12 hours left, or one that has ended. */
  | 'short-window'
  /** Capacity that stays provisioned, and is billed. */
  | 'capacity-still-billed'
  /** Checkpoint that DMS now spells differently from the recorded one. */
  | 'checkpoint-text-differs'
  /** Requests that went to a host that is not AWS's own. */
  | 'endpoint-override'
  /** Source log that is nearly too old for the resume. */
  | 'source-log-short'
  /** Unknown lag at the stop, or unknown stop time. The source log may be needed from earlier on. */
  | 'lag-unknown'
  /** Unknown addresses behind the endpoints, so that they can't be compared. */
  | 'endpoints-unknown'
  /** Start at a position. AWS's documents disagree on whether DMS Serverless takes one. */
  | 'custom-start-position'
  /** Replication that runs, and for which the probe saw no movement. */
  | 'not-moving'
  /** Probe that failed, or did not return true or false. */
  | 'probe-failed';

/** Statistics of all tables of a replication, summed up. */
export interface TableStatisticsSummary {
  /** Number of tables that were read. */
  readonly total: number;
  /** Number of tables in each `TableState`, as DMS spells it. */
  readonly byState: Readonly<Record<string, number>>;
  /** Number of tables in each `ValidationState`, as DMS spells it. */
  readonly byValidationState: Readonly<Record<string, number>>;
  /** Sums over all tables. */
  readonly rows: TableRowSums;
  /** Tables in error or failing validation, at most 200. The ledger keeps 20. */
  readonly flagged: readonly TableStatistics[];
  /** True if `flagged` leaves tables out, or time ran out before every table was read. */
  readonly truncated: boolean;
  /** Time at which DMS answered with the first page, ISO 8601. */
  readonly readAt: string;
}

/** Sums over all tables. A table for which DMS leaves a value out counts as 0. */
export interface TableRowSums {
  /** Sum of `Inserts`: rows inserted on the source, as captured by CDC. */
  readonly inserts: number;
  /** Sum of `Updates`: rows updated on the source, as captured by CDC. */
  readonly updates: number;
  /** Sum of `Deletes`: rows deleted on the source, as captured by CDC. */
  readonly deletes: number;
  /** Sum of `Ddls`: DDL statements on the source, as captured by CDC. */
  readonly ddls: number;
  /** Sum of `AppliedInserts`: rows inserted in the target by CDC. */
  readonly appliedInserts: number;
  /** Sum of `AppliedUpdates`: rows updated in the target by CDC. */
  readonly appliedUpdates: number;
  /** Sum of `AppliedDeletes`: rows deleted in the target by CDC. */
  readonly appliedDeletes: number;
  /** Sum of `AppliedDdls`: DDL statements applied to the target by CDC. */
  readonly appliedDdls: number;
  /** Sum of `FullLoadRows`: rows loaded by the full load. */
  readonly fullLoadRows: number;
  /** Sum of `FullLoadErrorRows`: rows that the full load failed to load. */
  readonly fullLoadErrorRows: number;
  /** Sum of `ValidationPendingRecords`: records that are not validated yet. */
  readonly validationPending: number;
  /** Sum of `ValidationFailedRecords`: records that failed validation. */
  readonly validationFailed: number;
  /** Sum of `ValidationSuspendedRecords`: records that DMS could not validate. */
  readonly validationSuspended: number;
}
