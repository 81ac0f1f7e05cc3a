import type {
  Replication as AwsReplication,
  ReplicationConfig as AwsReplicationConfig,
  TableStatistics as AwsTableStatistics,
} from '@aws-sdk/client-database-migration-service';
import type { PremigrationAssessment, Replication, TableStatistics } from '../dms/replication.js';

/** A row of `DescribeReplications`. */
export function toReplication(row: AwsReplication): Replication {
  const { ProvisionData: provision, ReplicationStats: stats } = row;
  return {
    replicationConfigIdentifier: row.ReplicationConfigIdentifier ?? null,
    replicationConfigArn: row.ReplicationConfigArn ?? '',
    sourceEndpointArn: row.SourceEndpointArn ?? null,
    targetEndpointArn: row.TargetEndpointArn ?? null,
    replicationType: row.ReplicationType ?? 'unknown',
    status: (row.Status ?? 'unknown').toLowerCase(),
    provisionData: provision
      ? {
          provisionState: provision.ProvisionState?.toLowerCase() ?? null,
          provisionedCapacityUnits: provision.ProvisionedCapacityUnits ?? null,
          dateProvisioned: iso(provision.DateProvisioned),
          isNewProvisioningAvailable: provision.IsNewProvisioningAvailable ?? null,
          dateNewProvisioningDataAvailable: iso(provision.DateNewProvisioningDataAvailable),
          reasonForNewProvisioningData: provision.ReasonForNewProvisioningData ?? null,
        }
      : null,
    premigrationAssessmentStatuses: (row.PremigrationAssessmentStatuses ?? []).map(toAssessment),
    stopReason: row.StopReason || null,
    failureMessages: row.FailureMessages ?? [],
    replicationStats: stats
      ? {
          fullLoadProgressPercent: stats.FullLoadProgressPercent ?? null,
          elapsedTimeMillis: stats.ElapsedTimeMillis ?? null,
          tablesLoaded: stats.TablesLoaded ?? null,
          tablesLoading: stats.TablesLoading ?? null,
          tablesQueued: stats.TablesQueued ?? null,
          tablesErrored: stats.TablesErrored ?? null,
          freshStartDate: iso(stats.FreshStartDate),
          startDate: iso(stats.StartDate),
          stopDate: iso(stats.StopDate),
          fullLoadStartDate: iso(stats.FullLoadStartDate),
          fullLoadFinishDate: iso(stats.FullLoadFinishDate),
        }
      : null,
    startReplicationType: row.StartReplicationType ?? null,
    cdcStartTime: iso(row.CdcStartTime),
    cdcStartPosition: row.CdcStartPosition ?? null,
    cdcStopPosition: row.CdcStopPosition ?? null,
    recoveryCheckpoint: row.RecoveryCheckpoint || null,
    replicationCreateTime: iso(row.ReplicationCreateTime),
    replicationUpdateTime: iso(row.ReplicationUpdateTime),
    replicationLastStopTime: iso(row.ReplicationLastStopTime),
    replicationDeprovisionTime: iso(row.ReplicationDeprovisionTime),
    isReadOnly: row.IsReadOnly ?? null,
  };
}

/** A config that never ran and has no row of its own, shown as the row it would have. */
export function toCreatedReplication(config: AwsReplicationConfig): Replication {
  return toReplication({
    ReplicationConfigIdentifier: config.ReplicationConfigIdentifier,
    ReplicationConfigArn: config.ReplicationConfigArn,
    SourceEndpointArn: config.SourceEndpointArn,
    TargetEndpointArn: config.TargetEndpointArn,
    ReplicationType: config.ReplicationType,
    IsReadOnly: config.IsReadOnly,
    Status: 'created',
  });
}

export function toTableStatistics(row: AwsTableStatistics): TableStatistics {
  return {
    schemaName: row.SchemaName ?? null,
    tableName: row.TableName ?? null,
    inserts: row.Inserts ?? null,
    deletes: row.Deletes ?? null,
    updates: row.Updates ?? null,
    ddls: row.Ddls ?? null,
    appliedInserts: row.AppliedInserts ?? null,
    appliedDeletes: row.AppliedDeletes ?? null,
    appliedUpdates: row.AppliedUpdates ?? null,
    appliedDdls: row.AppliedDdls ?? null,
    fullLoadRows: row.FullLoadRows ?? null,
    fullLoadCondtnlChkFailedRows: row.FullLoadCondtnlChkFailedRows ?? null,
    fullLoadErrorRows: row.FullLoadErrorRows ?? null,
    fullLoadStartTime: iso(row.FullLoadStartTime),
    fullLoadEndTime: iso(row.FullLoadEndTime),
    fullLoadReloaded: row.FullLoadReloaded ?? null,
    lastUpdateTime: iso(row.LastUpdateTime),
    tableState: row.TableState ?? null,
    validationPendingRecords: row.ValidationPendingRecords ?? null,
    validationFailedRecords: row.ValidationFailedRecords ?? null,
    validationSuspendedRecords: row.ValidationSuspendedRecords ?? null,
    validationState: row.ValidationState ?? null,
    validationStateDetails: row.ValidationStateDetails ?? null,
    resyncState: row.ResyncState ?? null,
    resyncRowsAttempted: row.ResyncRowsAttempted ?? null,
    resyncRowsSucceeded: row.ResyncRowsSucceeded ?? null,
    resyncRowsFailed: row.ResyncRowsFailed ?? null,
    resyncProgress: row.ResyncProgress ?? null,
  };
}

function toAssessment(
  row: NonNullable<AwsReplication['PremigrationAssessmentStatuses']>[number],
): PremigrationAssessment {
  const { AssessmentProgress: progress, ResultStatistic: results } = row;
  return {
    premigrationAssessmentRunArn: row.PremigrationAssessmentRunArn ?? null,
    failOnAssessmentFailure: row.FailOnAssessmentFailure ?? null,
    status: row.Status ?? null,
    premigrationAssessmentRunCreationDate: iso(row.PremigrationAssessmentRunCreationDate),
    assessmentProgress: progress
      ? {
          individualAssessmentCount: progress.IndividualAssessmentCount ?? null,
          individualAssessmentCompletedCount: progress.IndividualAssessmentCompletedCount ?? null,
        }
      : null,
    lastFailureMessage: row.LastFailureMessage ?? null,
    resultLocationBucket: row.ResultLocationBucket ?? null,
    resultLocationFolder: row.ResultLocationFolder ?? null,
    resultEncryptionMode: row.ResultEncryptionMode ?? null,
    resultKmsKeyArn: row.ResultKmsKeyArn ?? null,
    resultStatistic: results
      ? {
          passed: results.Passed ?? null,
          failed: results.Failed ?? null,
          error: results.Error ?? null,
          warning: results.Warning ?? null,
          cancelled: results.Cancelled ?? null,
          skipped: results.Skipped ?? null,
        }
      : null,
  };
}

/** With milliseconds. `null` for a time that DMS left out. */
function iso(time: Date | undefined): string | null {
  return time?.toISOString() ?? null;
}
