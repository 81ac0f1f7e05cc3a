import type { CheckpointArchive } from '../../src/activities/index.js';
import type { ArchivedRecord } from '../../src/index.js';

/** An archive in memory. */
export class MemoryArchive implements CheckpointArchive {
  readonly #records = new Map<string, ArchivedRecord>();

  async append(record: ArchivedRecord): Promise<void> {
    this.#records.set(`${record.replicationConfigArn} ${record.sequence}`, record);
  }

  async list(replicationConfigArn: string): Promise<readonly ArchivedRecord[]> {
    const records = [...this.#records.values()].filter((each) => each.replicationConfigArn === replicationConfigArn);
    return records.toSorted((one, other) => other.sequence - one.sequence);
  }
}
