import type { EndpointAddress } from '../dms/api.js';
import type { ReplicationLag } from '../dms/lag.js';
import type { StopReasonCode } from '../dms/stop-reasons.js';
import type { StopIntent } from './inputs.js';

/** Version of the records that this code writes, and the newest that it reads. */
export const RECORD_VERSION = 1;

/** Record of one stop: its position and reason, and the end of the resume window. */
export interface CheckpointRecord {
  /** Version of the record's format: 1. */
  readonly version: number;
  /** ARN of the replication config: `arn:<partition>:dms:<region>:<account>:replication-config:<id>`. */
  readonly replicationConfigArn: string;
  /** Number of the record: 1, 2, 3 … for each replication. */
  readonly sequence: number;
  /** Id of the operation that recorded the stop, at most 200 characters. */
  readonly operationId: string;
  /** Intent of the stop. A replication that fails during a resume is recorded with `pause`. */
  readonly intent: StopIntent;
  /** `RecoveryCheckpoint`, opaque and verbatim. DMS stopped there, but may not have applied every change before it. `null`: DMS reports none. */
  readonly recoveryCheckpoint: string | null;
  /** Evidence for the stop. `grace-expired`: the fields did not settle in time, so the record holds the last look. */
  readonly settled: Settled;
  /**
   * `StopReason` as DMS words it, such as `Stop Reason NORMAL`. Secrets are masked, and a text is cut after 2,000 characters. `null`: DMS gives none.
   */
  readonly stopReason: string | null;
  /** Code in `stopReason`, such as `NORMAL`. `null`: none, or an unknown one. */
  readonly stopReasonCode: StopReasonCode | null;
  /** `Status` in the recorded look, in lower case, such as `stopped`, `failed` or `created`. */
  readonly status: string;
  /** `ReplicationLastStopTime`, ISO 8601. `null`: DMS shows none. */
  readonly stoppedAt: string | null;
  /** End of the resume window, ISO 8601. DMS then deprovisions the replication, so it can't be resumed. `null`: unknown, or already deprovisioned. */
  readonly resumeBy: string | null;
  /** Source of `resumeBy`. `dms`: `ReplicationDeprovisionTime`. `estimated`: `stoppedAt` plus 48 hours. `null`: `resumeBy` is `null`. */
  readonly resumeBySource: 'dms' | 'estimated' | null;
  /** `ReplicationType`: `full-load`, `cdc` or `full-load-and-cdc`. `unknown`: DMS shows none. */
  readonly replicationType: string;
  /** `SourceEndpointArn`. `null`: DMS shows none. */
  readonly sourceEndpointArn: string | null;
  /** `TargetEndpointArn`. `null`: DMS shows none. */
  readonly targetEndpointArn: string | null;
  /** `ReplicationCreateTime`, ISO 8601. Another value means another replication under the same ARN. `null`: DMS shows none. */
  readonly replicationCreateTime: string | null;
  /** `ReplicationStats.FreshStartDate`, ISO 8601: time of the last fresh start or reload. `null`: DMS shows none. */
  readonly freshStartDate: string | null;
  /** Lag of the replication just before the stop. `null` or left out: not read. */
  readonly lagAtStop?: ReplicationLag | null | undefined;
  /** Addresses behind the endpoints. An endpoint that is repointed keeps its ARN. `null` or left out: not read. */
  readonly endpoints?: EndpointFingerprint | null | undefined;
  /** Time at which the ledger wrote the record, ISO 8601, by the ledger's clock. */
  readonly recordedAt: string;
  /** Name of the requester, as given with the operation, at most 256 characters. `null`: not given. */
  readonly requestedBy: string | null;
  /** Reason of the operation, as given with it, at most 1,000 characters. `null`: not given. */
  readonly reason: string | null;
  /** Id of the operation workflow: `dms:<arn>`. */
  readonly workflowId: string;
  /** Run id of the operation workflow. */
  readonly runId: string;
}

/** Addresses behind the endpoints of a replication. A resume compares them with the recorded ones. */
export interface EndpointFingerprint {
  /** Address behind the source endpoint. */
  readonly source: EndpointAddress;
  /** Address behind the target endpoint. */
  readonly target: EndpointAddress;
}

/**
 * Evidence for a recorded stop. `agreed`: looks agreed on reason, time and checkpoint for `settleSeconds`, or on a replication that never ran.
 * `grace-expired`: looks did not agree in time.
 */
export type Settled = 'agreed' | 'grace-expired';

/** Record without the sequence and the time, which the ledger adds. */
export type CheckpointDraft = Omit<CheckpointRecord, 'sequence' | 'recordedAt'>;
