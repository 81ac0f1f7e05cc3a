import type { ReplicationConfigArn } from './arn.js';

/** Lag of a replication: how far the target is behind the source. `null`: unknown. */
export interface ReplicationLag {
  /** Seconds from a commit on the source until DMS has captured it. Reads 0 when nothing new happens, and grows while a transaction is open. */
  readonly sourceSeconds: number | null;
  /** Seconds from the capture until the change is applied to the target. */
  readonly targetSeconds: number | null;
  /** Time of the older of both values, ISO 8601. */
  readonly at: string;
}

/** Source of the lag of replications. */
export interface LagSource {
  /** Reads the newest known lag. `null`: none is known. */
  read(arn: ReplicationConfigArn, signal: AbortSignal): Promise<ReplicationLag | null>;
}
