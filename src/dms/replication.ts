/**
 * Serverless replication as `DescribeReplications` shows it, in camelCase and safe to pass through Temporal. Times are ISO 8601 UTC strings with
 * milliseconds. `null` stands for a member that DMS left out. Free texts are without secrets and cut after 2,000 characters.
 *
 * @see https://docs.aws.amazon.com/dms/latest/APIReference/API_Replication.html
 */
export interface Replication {
  /** `ReplicationConfigIdentifier`: name that the user gave to the config. */
  readonly replicationConfigIdentifier: string | null;
  /** `ReplicationConfigArn`. Empty if DMS left it out. */
  readonly replicationConfigArn: string;
  /** `SourceEndpointArn`: ARN of the endpoint that DMS reads from. */
  readonly sourceEndpointArn: string | null;
  /** `TargetEndpointArn`: ARN of the endpoint that DMS writes to. */
  readonly targetEndpointArn: string | null;
  /** `ReplicationType`: `full-load`, `cdc` or `full-load-and-cdc`. `unknown`: DMS left it out. */
  readonly replicationType: string;
  /** `Status`, in lower case. The lifecycle table lists the known values; DMS may show others. `unknown`: DMS left it out. */
  readonly status: string;
  /** `ProvisionData`: the capacity behind the replication. */
  readonly provisionData: ProvisionData | null;
  /** `PremigrationAssessmentStatuses`: premigration assessments of the replication. Empty: none. */
  readonly premigrationAssessmentStatuses: readonly PremigrationAssessment[];
  /** `StopReason` as DMS words it, such as `Stop Reason NORMAL`. Until the stop has settled, it may be that of the previous run. */
  readonly stopReason: string | null;
  /** `FailureMessages`: reasons why the replication failed, at most ten. Empty: none. */
  readonly failureMessages: readonly string[];
  /** `ReplicationStats`: times and numbers of the newest run. DMS loses most of them when it deprovisions. */
  readonly replicationStats: ReplicationStats | null;
  /** `StartReplicationType` of the newest start. */
  readonly startReplicationType: string | null;
  /** `CdcStartTime` of the newest start, ISO 8601. */
  readonly cdcStartTime: string | null;
  /** `CdcStartPosition` of the newest start. */
  readonly cdcStartPosition: string | null;
  /** `CdcStopPosition` of the newest start: `server_time:…` or `commit_time:…`, in UTC. */
  readonly cdcStopPosition: string | null;
  /** `RecoveryCheckpoint`, opaque and verbatim. Until the stop has settled, it may be that of the previous run. */
  readonly recoveryCheckpoint: string | null;
  /** `ReplicationCreateTime`, ISO 8601. Another value means another replication under the same ARN. */
  readonly replicationCreateTime: string | null;
  /** `ReplicationUpdateTime`, ISO 8601: time of the last change of the replication. */
  readonly replicationUpdateTime: string | null;
  /** `ReplicationLastStopTime`, ISO 8601. Until the stop has settled, it may be that of the previous run. */
  readonly replicationLastStopTime: string | null;
  /**
   * `ReplicationDeprovisionTime`, ISO 8601: time at which DMS will deprovision the replication. Until the stop has settled, it may be that of the
   * previous run.
   */
  readonly replicationDeprovisionTime: string | null;
  /** `IsReadOnly`: true if a zero-ETL integration manages the replication. */
  readonly isReadOnly: boolean | null;
}

/** Capacity behind a replication. `null` stands for a member that DMS left out. */
export interface ProvisionData {
  /**
   * `ProvisionState`, in lower case: `provisioning`, `provisioned`, `deprovisioning`, `deprovisioned` or `failed_provision`. `null`: never
   * provisioned.
   */
  readonly provisionState: string | null;
  /** `ProvisionedCapacityUnits`: capacity in use, in DMS capacity units (DCU). */
  readonly provisionedCapacityUnits: number | null;
  /** `DateProvisioned`, ISO 8601: time at which DMS provisioned the capacity. */
  readonly dateProvisioned: string | null;
  /** `IsNewProvisioningAvailable`: true if new provisioning is available to the replication. */
  readonly isNewProvisioningAvailable: boolean | null;
  /** `DateNewProvisioningDataAvailable`, ISO 8601: time at which new provisioning became available. */
  readonly dateNewProvisioningDataAvailable: string | null;
  /** `ReasonForNewProvisioningData`: reason why DMS provisioned new capacity, in its words. */
  readonly reasonForNewProvisioningData: string | null;
}

/** Times and numbers of a replication. `null` stands for a member that DMS left out. */
export interface ReplicationStats {
  /** `FullLoadProgressPercent`: progress of the full load, 0 to 100. */
  readonly fullLoadProgressPercent: number | null;
  /** `ElapsedTimeMillis`: elapsed time of the replication, in milliseconds. */
  readonly elapsedTimeMillis: number | null;
  /** `TablesLoaded`: number of tables that are loaded. */
  readonly tablesLoaded: number | null;
  /** `TablesLoading`: number of tables that are being loaded. */
  readonly tablesLoading: number | null;
  /** `TablesQueued`: number of tables that wait to be loaded. */
  readonly tablesQueued: number | null;
  /** `TablesErrored`: number of tables in error. */
  readonly tablesErrored: number | null;
  /** `FreshStartDate`, ISO 8601: time of the last fresh start or reload. A resume does not change it. */
  readonly freshStartDate: string | null;
  /** `StartDate`, ISO 8601: start of the newest run. */
  readonly startDate: string | null;
  /** `StopDate`, ISO 8601: time of the last stop. May be missing right after a stop. */
  readonly stopDate: string | null;
  /** `FullLoadStartDate`, ISO 8601: start of the full load. DMS shows one for type `cdc`, too. */
  readonly fullLoadStartDate: string | null;
  /** `FullLoadFinishDate`, ISO 8601: end of the full load. DMS shows one for type `cdc`, too. */
  readonly fullLoadFinishDate: string | null;
}

/** Premigration assessment of a replication. `null` stands for a member that DMS left out. */
export interface PremigrationAssessment {
  /** `PremigrationAssessmentRunArn`: ARN of the assessment. */
  readonly premigrationAssessmentRunArn: string | null;
  /** `FailOnAssessmentFailure`: true if a failed assessment stops the start. */
  readonly failOnAssessmentFailure: boolean | null;
  /** `Status` of the assessment: one of {@link premigrationAssessmentStatuses}, or a status that DMS adds later. */
  readonly status: string | null;
  /** `PremigrationAssessmentRunCreationDate`, ISO 8601: time at which the assessment was created. */
  readonly premigrationAssessmentRunCreationDate: string | null;
  /** `AssessmentProgress`: numbers of individual assessments. */
  readonly assessmentProgress: {
    /** `IndividualAssessmentCount`: number of individual assessments to run. */
    readonly individualAssessmentCount: number | null;
    /** `IndividualAssessmentCompletedCount`: number of individual assessments that have ended, successfully or not. */
    readonly individualAssessmentCompletedCount: number | null;
  } | null;
  /** `LastFailureMessage`: message of the individual assessment that failed last. */
  readonly lastFailureMessage: string | null;
  /** `ResultLocationBucket`: S3 bucket that DMS created for the results. */
  readonly resultLocationBucket: string | null;
  /** `ResultLocationFolder`: folder of the results in that bucket. */
  readonly resultLocationFolder: string | null;
  /** `ResultEncryptionMode`: `SSE_KMS` or `SSE_S3`. */
  readonly resultEncryptionMode: string | null;
  /** `ResultKmsKeyArn`: ARN of the KMS key, with `SSE_KMS`. */
  readonly resultKmsKeyArn: string | null;
  /** `ResultStatistic`: numbers of individual assessments by result, once the assessment has ended. */
  readonly resultStatistic: {
    /** `Passed`: number that passed. */
    readonly passed: number | null;
    /** `Failed`: number that failed. */
    readonly failed: number | null;
    /** `Error`: number that ended with an error. */
    readonly error: number | null;
    /** `Warning`: number that ended with a warning. */
    readonly warning: number | null;
    /** `Cancelled`: number that was cancelled. */
    readonly cancelled: number | null;
    /** `Skipped`: number that was skipped. */
    readonly skipped: number | null;
  } | null;
}

/** Meaning of each status of a premigration assessment. An assessment that is `over` no longer changes by itself. */
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

/** Row of `DescribeReplicationTableStatistics`, in camelCase. `null` stands for a member that DMS left out. */
export interface TableStatistics {
  /** `SchemaName`. */
  readonly schemaName: string | null;
  /** `TableName`. */
  readonly tableName: string | null;
  /** `Inserts`: rows inserted on the source, as captured by CDC. */
  readonly inserts: number | null;
  /** `Deletes`: rows deleted on the source, as captured by CDC. */
  readonly deletes: number | null;
  /** `Updates`: rows updated on the source, as captured by CDC. */
  readonly updates: number | null;
  /** `Ddls`: DDL statements on the source, as captured by CDC. */
  readonly ddls: number | null;
  /** `AppliedInserts`: rows inserted in the target by CDC. */
  readonly appliedInserts: number | null;
  /** `AppliedDeletes`: rows deleted in the target by CDC. */
  readonly appliedDeletes: number | null;
  /** `AppliedUpdates`: rows updated in the target by CDC. */
  readonly appliedUpdates: number | null;
  /** `AppliedDdls`: DDL statements applied to the target by CDC. */
  readonly appliedDdls: number | null;
  /** `FullLoadRows`: rows loaded by the full load. */
  readonly fullLoadRows: number | null;
  /** `FullLoadCondtnlChkFailedRows`: rows that failed conditional checks in the full load. Valid only for a DynamoDB target. */
  readonly fullLoadCondtnlChkFailedRows: number | null;
  /** `FullLoadErrorRows`: rows that the full load failed to load. AWS documents it for a DynamoDB target only. */
  readonly fullLoadErrorRows: number | null;
  /** `FullLoadStartTime`, ISO 8601: start of the table's full load. */
  readonly fullLoadStartTime: string | null;
  /** `FullLoadEndTime`, ISO 8601: end of the table's full load. */
  readonly fullLoadEndTime: string | null;
  /** `FullLoadReloaded`: true if the table was reloaded, false if a new full load loaded it. */
  readonly fullLoadReloaded: boolean | null;
  /** `LastUpdateTime`, ISO 8601: time of the table's last update. */
  readonly lastUpdateTime: string | null;
  /**
   * `TableState`, as DMS spells it: `Table does not exist`, `Before load`, `Full load`, `Table completed`, `Table cancelled`, `Table error` or `Table
   * is being reloaded`.
   */
  readonly tableState: string | null;
  /** `ValidationPendingRecords`: records that are not validated yet. */
  readonly validationPendingRecords: number | null;
  /** `ValidationFailedRecords`: records that failed validation. */
  readonly validationFailedRecords: number | null;
  /** `ValidationSuspendedRecords`: records that DMS could not validate. */
  readonly validationSuspendedRecords: number | null;
  /** `ValidationState`, as DMS spells it, such as `Not enabled`, `Pending records`, `Mismatched records` or `Validated`. */
  readonly validationState: string | null;
  /** `ValidationStateDetails`: details of the validation, without secrets, cut after 2,000 characters. */
  readonly validationStateDetails: string | null;
  /** `ResyncState`, as DMS spells it, such as `Not enabled`, `Pending` or `In progress`. */
  readonly resyncState: string | null;
  /** `ResyncRowsAttempted`: mismatched rows that DMS tried to fix in the target. */
  readonly resyncRowsAttempted: number | null;
  /** `ResyncRowsSucceeded`: mismatched rows that DMS fixed in the target. */
  readonly resyncRowsSucceeded: number | null;
  /** `ResyncRowsFailed`: mismatched rows that DMS failed to fix in the target. */
  readonly resyncRowsFailed: number | null;
  /** `ResyncProgress`: percentage of failed validations that DMS has fixed. */
  readonly resyncProgress: number | null;
}
