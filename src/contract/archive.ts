import type { ArchivedRecord } from './ledger-state.js';

/** Archive that keeps records for longer than Temporal does. */
export interface CheckpointArchive {
  /**
   * Stores a record. A record never changes. Must be idempotent, because the ledger calls it until it resolves: every few seconds at first, every
   * two minutes later. A {@link RecordRefused} ends the retries.
   */
  append(record: ArchivedRecord): Promise<void>;
  /** Lists all stored records of a replication, newest first. */
  list(replicationConfigArn: string): Promise<readonly ArchivedRecord[]>;
}

/** Error that an archive throws if it will never take a record. The ledger then writes an event, and goes on with the next record. */
export class RecordRefused extends Error {
  /** Name of the error: `RecordRefused`. */
  override readonly name = 'RecordRefused';
}
