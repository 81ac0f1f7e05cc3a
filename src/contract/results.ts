import type { Replication, TableStatistics } from '../dms/replication.js';
import type { CheckpointRecord } from './records.js';

export interface StopReplicationResult {
  /**
   * `stopped`: this operation's call was accepted, or was sent and its answer lost; `already-stopping`: someone else's stop was under way;
   * `already-stopped`: nothing had to be done; `never-started`: nothing to stop, and no checkpoint.
   */
  readonly outcome: StopOutcome;
  readonly operationId: string;
  readonly checkpoint: CheckpointRecord;
  /** The settled look. */
  readonly replication: Replication;
  /** `null`: none to be had; a warning says why. */
  readonly tables: TableStatisticsSummary | null;
  readonly warnings: readonly Warning[];
}

export interface ResumeReplicationResult {
  readonly outcome: ResumeOutcome;
  readonly operationId: string;
  /** The record that DMS's last stop was checked against. */
  readonly resumedFrom: CheckpointRecord | null;
  /** What was sent; `null` when nothing was. */
  readonly startReplicationType: string | null;
  /** `none-seen`: an idle source or a stuck replication, which can't be told apart from here. */
  readonly progress: Progress;
  readonly replication: Replication;
  readonly warnings: readonly Warning[];
}

export type StopOutcome = 'stopped' | 'already-stopping' | 'already-stopped' | 'never-started';
export type ResumeOutcome = 'resumed' | 'already-running' | 'already-starting';
export type Progress = 'moving' | 'none-seen' | 'not-checked';

export interface Warning {
  readonly code: WarningCode;
  readonly message: string;
}

export type WarningCode =
  | 'not-normal-stop'
  | 'may-restart'
  | 'unsettled'
  | 'no-checkpoint'
  | 'full-load-interrupted'
  | 'cached-changes-not-applied'
  | 'tables-in-error'
  | 'validation-pending'
  | 'validation-mismatch'
  | 'statistics-unavailable'
  | 'short-window'
  | 'capacity-still-billed'
  | 'checkpoint-text-differs'
  | 'endpoint-override'
  /** The source log that a resume goes on from is nearly too old. */
  | 'source-log-short'
  | 'lag-unknown'
  /** Whether its endpoints lead where they led can't be told. */
  | 'endpoints-unknown'
  /** It started at a position that AWS may not promise to take. */
  | 'custom-start-position'
  /** A probe says that it runs and nothing arrives. */
  | 'not-moving'
  | 'probe-failed';

export interface TableStatisticsSummary {
  readonly total: number;
  /** Tables by `TableState`, as DMS spells it. */
  readonly byState: Readonly<Record<string, number>>;
  readonly byValidationState: Readonly<Record<string, number>>;
  /** Sums over all tables. */
  readonly rows: TableRowSums;
  /** Tables in error or failing validation, at most 200 (20 in the ledger). */
  readonly flagged: readonly TableStatistics[];
  /** True when `flagged` leaves some out, or time ran out before every table was read. */
  readonly truncated: boolean;
  readonly readAt: string;
}

export interface TableRowSums {
  readonly inserts: number;
  readonly updates: number;
  readonly deletes: number;
  readonly ddls: number;
  readonly appliedInserts: number;
  readonly appliedUpdates: number;
  readonly appliedDeletes: number;
  readonly appliedDdls: number;
  readonly fullLoadRows: number;
  readonly fullLoadErrorRows: number;
  readonly validationPending: number;
  readonly validationFailed: number;
  readonly validationSuspended: number;
}
