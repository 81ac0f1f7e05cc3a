import type { Engine } from './checkpoint-format.js';

/** Rows in every 1,000 bytes of the log. */
export interface RowRates {
  readonly inserts: number;
  readonly updates: number;
  readonly deletes: number;
}

/** What the tables of a source were written in a time: `thousands` of bytes, and the rows in them. */
export interface Written extends RowRates {
  readonly thousands: number;
}

export interface SourceSettings {
  /** Default `mysql`. */
  readonly engine: Engine;
  /** What the source writes to its log each second. 0: an idle source. Default 2,000. */
  readonly bytesPerSecond: number;
  /** Rows of all tables in every 1,000 bytes, shared evenly by those that have no rates of their own. Default 6 inserts, 3 updates and 1 delete. */
  readonly rates: RowRates;
  /** Seconds of the log that the replication applies each second while it is behind. Below 1 the backlog grows. Default 20. */
  readonly catchUp: number;
  /** How long the source keeps its log: a resume from further back reaches `running` and fails. Default: for ever. */
  readonly logRetentionSeconds: number | null;
  /** What is written is nothing that is replicated: while running, the checkpoint stays where it was. Default false. */
  readonly filteredWrites: boolean;
}

export const usualSource: SourceSettings = {
  engine: 'mysql',
  bytesPerSecond: 2000,
  rates: { inserts: 6, updates: 3, deletes: 1 },
  catchUp: 20,
  logRetentionSeconds: null,
  filteredWrites: false,
};
