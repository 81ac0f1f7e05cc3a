/** A refusal in AWS's words. */
export class AwsFault extends Error {
  constructor(
    readonly type: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

export interface ConfigSettings {
  readonly identifier: string;
  readonly replicationType: 'full-load' | 'cdc' | 'full-load-and-cdc';
  readonly sourceEndpointArn: string;
  readonly targetEndpointArn: string;
  readonly tables: number;
  readonly isReadOnly: boolean;
  /** Source log bytes a second. 0: an idle source. */
  readonly changesPerSecond: number;
}

/** How long each step takes, in simulated seconds. */
export interface Durations {
  readonly initializing: number;
  readonly preparing_metadata_resources: number;
  readonly testing_connection: number;
  readonly fetching_metadata: number;
  readonly calculating_capacity: number;
  readonly provisioning_capacity: number;
  readonly replication_starting: number;
  readonly stopping: number;
  readonly modifying: number;
  readonly deleting: number;
  readonly deprovisioning: number;
  readonly fullLoad: number;
  /** From `stopped` until stop reason, stop time and deprovision time are those of this stop. */
  readonly describingStop: number;
  /** From `stopped` until the checkpoint is the final one. */
  readonly flushingCheckpoint: number;
}

/** From reports of real runs; a provision takes about forty minutes. */
export const usualDurations: Durations = {
  initializing: 180,
  preparing_metadata_resources: 900,
  testing_connection: 180,
  fetching_metadata: 240,
  calculating_capacity: 90,
  provisioning_capacity: 840,
  replication_starting: 90,
  stopping: 90,
  modifying: 120,
  deleting: 120,
  deprovisioning: 300,
  fullLoad: 600,
  describingStop: 3,
  flushingCheckpoint: 6,
};

/** What DMS will do at the next stop, instead of what it usually does. */
export type NextStop =
  | { readonly type: 'fail'; readonly messages: readonly string[]; readonly stopReason: string }
  | { readonly type: 'self-restart'; readonly stopReason: string; readonly afterSeconds: number }
  | { readonly type: 'reason'; readonly stopReason: string };

export interface Row {
  ReplicationConfigIdentifier: string;
  ReplicationConfigArn: string;
  SourceEndpointArn: string;
  TargetEndpointArn: string;
  ReplicationType: string;
  Status: string;
  ProvisionData: {
    ProvisionState?: string;
    ProvisionedCapacityUnits: number;
    DateProvisioned?: number;
    IsNewProvisioningAvailable: boolean;
  };
  StopReason?: string;
  FailureMessages: string[];
  ReplicationStats: Record<string, number>;
  StartReplicationType?: string;
  CdcStopPosition?: string;
  RecoveryCheckpoint?: string;
  ReplicationCreateTime: number;
  ReplicationUpdateTime: number;
  ReplicationLastStopTime?: number;
  ReplicationDeprovisionTime?: number;
  IsReadOnly?: boolean;
}
