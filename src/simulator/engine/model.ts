import type { RowRates } from './source-settings.js';
import type { StartStep } from './steps.js';

/** `ReplicationType` of DMS. */
export type ReplicationType = 'full-load' | 'cdc' | 'full-load-and-cdc';

/** Outcome of the next stop, instead of the usual one. */
export type NextStop =
  /** Failure with `messages`, instead of a stop. */
  | { readonly type: 'fail'; readonly messages: readonly string[]; readonly stopReason: string }
  /** Stop that DMS undoes by itself, `afterSeconds` simulated seconds after `stopped`. */
  | { readonly type: 'self-restart'; readonly stopReason: string; readonly afterSeconds: number }
  /** Stop with another reason. */
  | { readonly type: 'reason'; readonly stopReason: string }
  /** Stop that never leaves `stopping`. */
  | { readonly type: 'hang' };

/** Replication config, as it was created and modified. */
export interface Config {
  ReplicationConfigIdentifier: string;
  readonly ReplicationConfigArn: string;
  SourceEndpointArn: string;
  TargetEndpointArn: string;
  ReplicationType: ReplicationType;
  ComputeConfig: Readonly<Record<string, unknown>>;
  /** Settings of DMS, with all defaults, as JSON. */
  ReplicationSettings: string;
  SupplementalSettings?: string;
  TableMappings: string;
  readonly ReplicationConfigCreateTime: number;
  ReplicationConfigUpdateTime?: number;
  IsReadOnly?: boolean;
}

/** Row of `DescribeReplications` in its wire format: times are epoch seconds. Answers leave out absent members. */
export interface Row {
  /** Name of the config. */
  ReplicationConfigIdentifier: string;
  /** ARN of the config. */
  ReplicationConfigArn: string;
  /** ARN of the source endpoint. */
  SourceEndpointArn: string;
  /** ARN of the target endpoint. */
  TargetEndpointArn: string;
  /** `full-load`, `cdc` or `full-load-and-cdc`. */
  ReplicationType: string;
  /** Status, such as `running`. */
  Status: string;
  /** Capacity: its state, its units (DCU), and the time at which it was provisioned. */
  ProvisionData: {
    ProvisionState?: string;
    ProvisionedCapacityUnits: number;
    DateProvisioned?: number;
    IsNewProvisioningAvailable: boolean;
  };
  /** Premigration assessments of the replication. */
  PremigrationAssessmentStatuses?: Record<string, unknown>[];
  /** Reason of the last stop, such as `Stop Reason NORMAL`. */
  StopReason?: string;
  /** Reasons of a failure. Empty: none. */
  FailureMessages: string[];
  /** Times and numbers of the newest run, by AWS's names, such as `StartDate`. */
  ReplicationStats: Record<string, number>;
  /** Start type of the newest start. */
  StartReplicationType?: string;
  /** Start time that the newest start asked for, in epoch seconds. */
  CdcStartTime?: number;
  /** Start position that the newest start asked for. */
  CdcStartPosition?: string;
  /** Stop position that the newest start asked for. */
  CdcStopPosition?: string;
  /** Checkpoint of CDC, in the format of the source's {@link SourceSettings.engine}. */
  RecoveryCheckpoint?: string;
  /** Time at which the replication was created, in epoch seconds. */
  ReplicationCreateTime: number;
  /** Time of the last change of status, in epoch seconds. */
  ReplicationUpdateTime: number;
  /** Time of the last stop, in epoch seconds. */
  ReplicationLastStopTime?: number;
  /** Time at which the capacity is deprovisioned, in epoch seconds. */
  ReplicationDeprovisionTime?: number;
  /** True if a zero-ETL integration manages the replication. */
  IsReadOnly?: boolean;
}

/** State that a look shows: the present state, or an older one. */
export interface View {
  readonly row: Row;
  /** Time up to which changes were replicated, in epoch seconds. */
  readonly time: number;
  /** True if a start had been accepted by then. */
  readonly hasRow: boolean;
}

/** Statuses and provision states that a replication can be created in. */
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

/** Parameters of `StartReplication`. */
export interface StartInput {
  readonly type: string;
  readonly startTime?: number | undefined;
  readonly startPosition?: string | undefined;
  readonly stopPosition?: string | undefined;
  /** `PremigrationAssessmentSettings`, as JSON. */
  readonly assessment?: string | undefined;
}

/**
 * Tables of a source, and the number of tables with each problem.
 *
 * `inError`, `mismatched`, `withoutKey`, `suspended` and `notValidated` take tables from the front, in this order.
 * `missing` and `cancelled` take tables from the end.
 */
export interface TableSettings {
  /** Number of tables: `shop.table_00001` and so on. Default 3, at most 20,000. */
  readonly count: number;
  /** Names of the tables, as `schema.table`. Their number replaces `count`. Default: generated names. */
  readonly names?: readonly string[];
  /** Rows in every 1,000 bytes of the source's log, by `schema.table`. All other tables share the source's rates. */
  readonly rates: Readonly<Record<string, RowRates>>;
  /** Number of tables in `Table error`, from the first table on. Default 0. */
  readonly inError: number;
  /** Number of tables that fail validation (`Mismatched records`), after those of `inError`. Default 0. */
  readonly mismatched: number;
  /** Number of tables whose validation shows `No primary key`, after those of `mismatched`. Default 0. */
  readonly withoutKey: number;
  /** Number of tables whose validation shows `Suspended records`, after those of `withoutKey`. Default 0. */
  readonly suspended: number;
  /** Number of tables whose validation ends in `Error`, after those of `suspended`. Default 0. */
  readonly notValidated: number;
  /** Number of tables in `Table does not exist`, at the end. Default 0. */
  readonly missing: number;
  /** Number of tables in `Table cancelled`, before those of `missing`. Default 0. */
  readonly cancelled: number;
  /** Percentage of captured rows that an error setting skips instead of applying them. Default 0, at most 100. */
  readonly skippedPercent: number;
}

/** Change of what is wrong with tables that are replicated. */
export type TablesChange = Partial<
  Pick<TableSettings, 'inError' | 'mismatched' | 'withoutKey' | 'suspended' | 'notValidated'>
>;

export const defaultTables: TableSettings = {
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
