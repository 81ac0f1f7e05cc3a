import type { ArchivedRecord } from './ledger-state.js';

/** Archive that keeps records for longer than Temporal does. */
export interface CheckpointArchive {
  /**
   * Stores a record, in which nothing changes any more. Storing it again does no harm. The ledger calls it until it resolves, every few seconds at
   * first and every two minutes later. {@link RecordRefused} ends that.
   */
  append(record: ArchivedRecord): Promise<void>;
  /** Lists all stored records of a replication, newest first. */
  list(replicationConfigArn: string): Promise<readonly ArchivedRecord[]>;
}

/** Error of an archive that will never take a record. The ledger writes an event, and goes on with the next record. */
export class RecordRefused extends Error {
  /** Name of the error: `RecordRefused`. */
  override readonly name = 'RecordRefused';
}
