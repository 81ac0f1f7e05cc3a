import type { ArchivedRecord } from './ledger-state.js';

/** Keeps records for longer than Temporal does. */
export interface CheckpointArchive {
  /**
   * Stores a record, in which nothing changes any more. Storing it again does no harm. Called until it resolves, in seconds at first and every two
   * minutes later; {@link RecordRefused} ends that.
   */
  append(record: ArchivedRecord): Promise<void>;
  /** Everything that is stored of a replication, newest first. */
  list(replicationConfigArn: string): Promise<readonly ArchivedRecord[]>;
}

/** What an archive throws that will never take a record, however often it is asked: the ledger says so in an event, and goes on with the next. */
export class RecordRefused extends Error {
  override readonly name = 'RecordRefused';
}
