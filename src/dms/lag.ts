import type { ReplicationConfigArn } from './arn.js';

/** How far a replication was behind. `null` for a half that is not known. */
export interface ReplicationLag {
  /** From a commit on the source until DMS has captured it, in seconds. Reads 0 when nothing new happens, and grows while a transaction is open. */
  readonly sourceSeconds: number | null;
  /** From there until it is applied to the target, in seconds. */
  readonly targetSeconds: number | null;
  /** When that was so. ISO 8601. */
  readonly at: string;
}

/** Where the lag of a replication is read. */
export interface LagSource {
  /** The newest that is known; `null` when nothing is. */
  read(arn: ReplicationConfigArn, signal: AbortSignal): Promise<ReplicationLag | null>;
}
