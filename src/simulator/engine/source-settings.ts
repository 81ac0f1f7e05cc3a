import type { Engine } from './checkpoint-format.js';

/** Numbers of rows in every 1,000 bytes of the log. */
export interface RowRates {
  /** Number of inserted rows. */
  readonly inserts: number;
  /** Number of updated rows. */
  readonly updates: number;
  /** Number of deleted rows. */
  readonly deletes: number;
}

/** Writes to the replicated tables in a period: the bytes of the log, in `thousands`, and the rows in them. */
export interface Written extends RowRates {
  readonly thousands: number;
}

/** Settings of a source database. */
export interface SourceSettings {
  /** Engine, which determines the format of checkpoints. Default `mysql`. */
  readonly engine: Engine;
  /** Bytes that the source writes to its log each second. Default 2,000; 0: an idle source. */
  readonly bytesPerSecond: number;
  /**
   * Rows of all tables in every 1,000 bytes. Default 6 inserts, 3 updates and 1 delete.
   *
   * Tables without rates of their own share them evenly.
   */
  readonly rates: RowRates;
  /** Seconds of the log that a replication applies each second of a backlog. Below 1 the backlog grows. Default 20. */
  readonly catchUp: number;
  /**
   * Seconds for which the source keeps its log. Default `null`: for ever.
   *
   * A resume from an older position reaches `running`, then fails.
   */
  readonly logRetentionSeconds: number | null;
  /**
   * True if the source writes only to tables that are not replicated. Default false.
   *
   * The checkpoint of running CDC then stays where it was.
   */
  readonly filteredWrites: boolean;
}

/** Default settings of a source. */
export const defaultSource: SourceSettings = {
  engine: 'mysql',
  bytesPerSecond: 2000,
  rates: { inserts: 6, updates: 3, deletes: 1 },
  catchUp: 20,
  logRetentionSeconds: null,
  filteredWrites: false,
};
