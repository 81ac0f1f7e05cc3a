import type { EndpointAddress } from '../dms/api.js';
import type { ReplicationLag } from '../dms/lag.js';
import type { StopReasonCode } from '../dms/stop-reasons.js';
import type { StopIntent } from './inputs.js';

/** Version of the records that this code writes, and the newest that it reads. */
export const RECORD_VERSION = 1;

/** Where and why a replication stopped, and until when it can be resumed. */
export interface CheckpointRecord {
  /** 1. */
  readonly version: number;
  readonly replicationConfigArn: string;
  /** 1, 2, 3 … for each replication. */
  readonly sequence: number;
  readonly operationId: string;
  readonly intent: StopIntent;
  /** Opaque, verbatim. Where DMS stopped, not proof that all was applied. `null`: DMS reports none. */
  readonly recoveryCheckpoint: string | null;
  /** `grace-expired`: the fields did not settle in time, and what was shown then is recorded. */
  readonly settled: Settled;
  /** Verbatim, such as `Stop Reason NORMAL`. */
  readonly stopReason: string | null;
  /** `null`: none, or not a known one. */
  readonly stopReasonCode: StopReasonCode | null;
  /** Lower case. */
  readonly status: string;
  /** `ReplicationLastStopTime`. */
  readonly stoppedAt: string | null;
  /** After this DMS deprovisions and the replication can't be resumed. */
  readonly resumeBy: string | null;
  /** `ReplicationDeprovisionTime`, or `stoppedAt` plus 48 hours. */
  readonly resumeBySource: 'dms' | 'estimated' | null;
  readonly replicationType: string;
  readonly sourceEndpointArn: string | null;
  readonly targetEndpointArn: string | null;
  readonly replicationCreateTime: string | null;
  readonly freshStartDate: string | null;
  /** How far it was behind just before the stop. `null` or left out: not read. */
  readonly lagAtStop?: ReplicationLag | null | undefined;
  /** Where its endpoints led to: one that is repointed keeps its ARN. `null` or left out: not read. */
  readonly endpoints?: EndpointFingerprint | null | undefined;
  readonly recordedAt: string;
  readonly requestedBy: string | null;
  readonly reason: string | null;
  readonly workflowId: string;
  readonly runId: string;
}

/** Where the endpoints of a replication lead to. */
export interface EndpointFingerprint {
  readonly source: EndpointAddress;
  readonly target: EndpointAddress;
}

export type Settled = 'agreed' | 'grace-expired';

/** A record before the ledger has numbered and dated it. */
export type CheckpointDraft = Omit<CheckpointRecord, 'sequence' | 'recordedAt'>;
