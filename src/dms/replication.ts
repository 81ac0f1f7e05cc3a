/**
 * A serverless replication as `DescribeReplications` shows it, in camelCase and safe to pass through Temporal:
 * times are ISO 8601 UTC strings with milliseconds, `null` stands for a member that DMS left out.
 *
 * @see https://docs.aws.amazon.com/dms/latest/APIReference/API_Replication.html
 */
export interface Replication {
  readonly replicationConfigIdentifier: string | null;
  readonly replicationConfigArn: string;
  readonly sourceEndpointArn: string | null;
  readonly targetEndpointArn: string | null;
  /** `full-load`, `cdc` or `full-load-and-cdc`. */
  readonly replicationType: string;
  /** Lower case. Known values are in the lifecycle table; DMS may show others. */
  readonly status: string;
  readonly provisionData: ProvisionData | null;
  readonly premigrationAssessmentStatuses: readonly PremigrationAssessment[];
  /** Verbatim, such as `Stop Reason NORMAL`. May be the previous run's until the stop has settled. */
  readonly stopReason: string | null;
  readonly failureMessages: readonly string[];
  readonly replicationStats: ReplicationStats | null;
  readonly startReplicationType: string | null;
  readonly cdcStartTime: string | null;
  readonly cdcStartPosition: string | null;
  readonly cdcStopPosition: string | null;
  /** Opaque. May be the previous run's until the stop has settled. */
  readonly recoveryCheckpoint: string | null;
  readonly replicationCreateTime: string | null;
  readonly replicationUpdateTime: string | null;
  readonly replicationLastStopTime: string | null;
  readonly replicationDeprovisionTime: string | null;
  /** True when a zero-ETL integration manages the replication. */
  readonly isReadOnly: boolean | null;
}

export interface ProvisionData {
  /** Lower case: `provisioning`, `provisioned`, `deprovisioning`, `deprovisioned`, `failed_provision`; `null`: never provisioned. */
  readonly provisionState: string | null;
  readonly provisionedCapacityUnits: number | null;
  readonly dateProvisioned: string | null;
  readonly isNewProvisioningAvailable: boolean | null;
  readonly dateNewProvisioningDataAvailable: string | null;
  readonly reasonForNewProvisioningData: string | null;
}

export interface ReplicationStats {
  readonly fullLoadProgressPercent: number | null;
  readonly elapsedTimeMillis: number | null;
  readonly tablesLoaded: number | null;
  readonly tablesLoading: number | null;
  readonly tablesQueued: number | null;
  readonly tablesErrored: number | null;
  readonly freshStartDate: string | null;
  readonly startDate: string | null;
  readonly stopDate: string | null;
  readonly fullLoadStartDate: string | null;
  readonly fullLoadFinishDate: string | null;
}

export interface PremigrationAssessment {
  readonly premigrationAssessmentRunArn: string | null;
  readonly failOnAssessmentFailure: boolean | null;
  /** One of {@link premigrationAssessmentStatuses}, or what DMS adds later. */
  readonly status: string | null;
  readonly premigrationAssessmentRunCreationDate: string | null;
  readonly assessmentProgress: {
    readonly individualAssessmentCount: number | null;
    readonly individualAssessmentCompletedCount: number | null;
  } | null;
  readonly lastFailureMessage: string | null;
  readonly resultLocationBucket: string | null;
  readonly resultLocationFolder: string | null;
  readonly resultEncryptionMode: string | null;
  readonly resultKmsKeyArn: string | null;
  readonly resultStatistic: {
    readonly passed: number | null;
    readonly failed: number | null;
    readonly error: number | null;
    readonly warning: number | null;
    readonly cancelled: number | null;
    readonly skipped: number | null;
  } | null;
}

/** What each status of a premigration assessment means. An `over` assessment changes no more by itself. */
export const premigrationAssessmentStatuses = {
  cancelling: { over: false, blocksStart: false },
  deleting: { over: false, blocksStart: false },
  failed: { over: true, blocksStart: true },
  'error-provisioning': { over: true, blocksStart: true },
  'error-executing': { over: true, blocksStart: true },
  'invalid state': { over: true, blocksStart: true },
  passed: { over: true, blocksStart: false },
  provisioning: { over: false, blocksStart: false },
  running: { over: false, blocksStart: false },
  starting: { over: false, blocksStart: false },
  warning: { over: true, blocksStart: false },
} as const satisfies Record<string, { readonly over: boolean; readonly blocksStart: boolean }>;

/** One row of `DescribeReplicationTableStatistics`, in camelCase. */
export interface TableStatistics {
  readonly schemaName: string | null;
  readonly tableName: string | null;
  readonly inserts: number | null;
  readonly deletes: number | null;
  readonly updates: number | null;
  readonly ddls: number | null;
  readonly appliedInserts: number | null;
  readonly appliedDeletes: number | null;
  readonly appliedUpdates: number | null;
  readonly appliedDdls: number | null;
  readonly fullLoadRows: number | null;
  readonly fullLoadCondtnlChkFailedRows: number | null;
  readonly fullLoadErrorRows: number | null;
  readonly fullLoadStartTime: string | null;
  readonly fullLoadEndTime: string | null;
  readonly fullLoadReloaded: boolean | null;
  readonly lastUpdateTime: string | null;
  readonly tableState: string | null;
  readonly validationPendingRecords: number | null;
  readonly validationFailedRecords: number | null;
  readonly validationSuspendedRecords: number | null;
  readonly validationState: string | null;
  readonly validationStateDetails: string | null;
  readonly resyncState: string | null;
  readonly resyncRowsAttempted: number | null;
  readonly resyncRowsSucceeded: number | null;
  readonly resyncRowsFailed: number | null;
  readonly resyncProgress: number | null;
}
