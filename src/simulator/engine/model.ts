import type { RowRates } from './source-settings.js';
import type { StartStep } from './steps.js';

export type ReplicationType = 'full-load' | 'cdc' | 'full-load-and-cdc';

/** What DMS will do at the next stop, instead of what it usually does. */
export type NextStop =
  | { readonly type: 'fail'; readonly messages: readonly string[]; readonly stopReason: string }
  | { readonly type: 'self-restart'; readonly stopReason: string; readonly afterSeconds: number }
  | { readonly type: 'reason'; readonly stopReason: string }
  | { readonly type: 'hang' };

/** A replication config, as it was created and modified. */
export interface Config {
  ReplicationConfigIdentifier: string;
  readonly ReplicationConfigArn: string;
  SourceEndpointArn: string;
  TargetEndpointArn: string;
  ReplicationType: ReplicationType;
  ComputeConfig: Readonly<Record<string, unknown>>;
  ReplicationSettings?: string;
  SupplementalSettings?: string;
  TableMappings: string;
  readonly ReplicationConfigCreateTime: number;
  ReplicationConfigUpdateTime?: number;
  IsReadOnly?: boolean;
}

/** A row of DescribeReplications, as it goes over the wire: times are epoch seconds. */
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
  PremigrationAssessmentStatuses?: Record<string, unknown>[];
  StopReason?: string;
  FailureMessages: string[];
  ReplicationStats: Record<string, number>;
  StartReplicationType?: string;
  CdcStartTime?: number;
  CdcStartPosition?: string;
  CdcStopPosition?: string;
  RecoveryCheckpoint?: string;
  ReplicationCreateTime: number;
  ReplicationUpdateTime: number;
  ReplicationLastStopTime?: number;
  ReplicationDeprovisionTime?: number;
  IsReadOnly?: boolean;
}

/** What a look shows: as it is now, or as it was. */
export interface View {
  readonly row: Row;
  /** Until when its tables have moved. */
  readonly time: number;
  /** Whether it had been started. */
  readonly hasRow: boolean;
}

/** Statuses and provision states that a replication can be put into. */
export type PlacedStatus =
  | 'created'
  | StartStep
  | 'running'
  | 'stopping'
  | 'stopped'
  | 'modifying'
  | 'failed'
  | 'deleting'
  | 'deprovisioning'
  | 'deprovisioned';

export interface StartInput {
  readonly type: string;
  readonly startTime?: number | undefined;
  readonly startPosition?: string | undefined;
  readonly stopPosition?: string | undefined;
  /** JSON. */
  readonly assessment?: string | undefined;
}

/** The tables of a source, and how they are other than well. */
export interface TableSettings {
  /** Default 3, in the schema `shop`: `table_00001` and so on. */
  readonly count: number;
  /** What they are called instead, as `schema.table`. */
  readonly names?: readonly string[];
  /** Rows in every 1,000 bytes of the source's log, by `schema.table`. Those that are not named share the source's rates. */
  readonly rates: Readonly<Record<string, RowRates>>;
  /** How many of the first tables are in error, fail validation, have no primary key, or can not be validated. Default 0. */
  readonly inError: number;
  readonly mismatched: number;
  readonly withoutKey: number;
  readonly suspended: number;
  readonly notValidated: number;
  /** How many of the last tables are not there in the target, or were given up. Default 0. */
  readonly missing: number;
  readonly cancelled: number;
  /** Rows of each hundred that an error setting skips: captured, and never applied. Default 0. */
  readonly skippedPercent: number;
}

export const usualTables: TableSettings = {
  count: 3,
  rates: {},
  inError: 0,
  mismatched: 0,
  withoutKey: 0,
  suspended: 0,
  notValidated: 0,
  missing: 0,
  cancelled: 0,
  skippedPercent: 0,
};
