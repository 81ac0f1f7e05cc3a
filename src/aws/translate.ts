import type {
  Endpoint,
  PremigrationAssessmentStatus,
  ProvisionData as AwsProvisionData,
  Replication as AwsReplication,
  ReplicationConfig as AwsReplicationConfig,
  ReplicationStats as AwsReplicationStats,
  ReplicationTaskAssessmentRunResultStatistic,
  TableStatistics as AwsTableStatistics,
} from '@aws-sdk/client-database-migration-service';
import type { EndpointAddress } from '../dms/api.js';
import type {
  PremigrationAssessment,
  ProvisionData,
  Replication,
  ReplicationStats,
  TableStatistics,
} from '../dms/replication.js';
import { sanitizeMessage, sanitizeMessages } from './secrets.js';

/** Translates a row of `DescribeReplications`. */
export function toReplication(row: AwsReplication): Replication {
  return {
    ...copyReplication(row),
    replicationConfigArn: row.ReplicationConfigArn ?? '',
    replicationType: row.ReplicationType ?? 'unknown',
    status: (row.Status ?? 'unknown').toLowerCase(),
    provisionData: row.ProvisionData ? toProvisionData(row.ProvisionData) : null,
    premigrationAssessmentStatuses: (row.PremigrationAssessmentStatuses ?? []).map(toAssessment),
    stopReason: withoutSecrets(row.StopReason),
    failureMessages: sanitizeMessages(row.FailureMessages ?? []),
    replicationStats: row.ReplicationStats ? copyStats(row.ReplicationStats) : null,
    recoveryCheckpoint: row.RecoveryCheckpoint || null,
  };
}

/** Translates a config that never ran and has no row. Returns the row it would have. */
export function toCreatedReplication(config: AwsReplicationConfig): Replication {
  const { ReplicationConfigIdentifier, ReplicationConfigArn, SourceEndpointArn, TargetEndpointArn } = config;
  const { ReplicationType, IsReadOnly } = config;
  const ids = { ReplicationConfigIdentifier, ReplicationConfigArn, SourceEndpointArn, TargetEndpointArn };
  return toReplication({ ...ids, ReplicationType, IsReadOnly, Status: 'created' });
}

/** Union of the words of a text. */
type Words<Text extends string, Before = never> = Text extends `${infer First} ${infer Rest}`
  ? Words<Rest, Before | First>
  : Before | Text;

/** Type `unknown` if the words are exactly the members of `Ours`, and `Aws` has them. Else a type without values. */
type Checked<Text extends string, Aws, Ours> = [
  Exclude<keyof Ours, Words<Text>> | Exclude<Words<Text>, keyof Ours> | Exclude<Capitalize<Words<Text>>, keyof Aws>,
] extends [never]
  ? unknown
  : { readonly notTheMembers: true };

/**
 * Returns a function that copies members of an AWS shape under their names in camelCase. Missing members become `null`.
 * Times become ISO 8601 with milliseconds.
 */
function copierOf<Aws extends object, Ours>() {
  return <Text extends string>(...members: (Text & Checked<Text, Aws, Ours>)[]) => {
    const names = members
      .join(' ')
      .split(' ')
      .map((name) => [name, name.charAt(0).toUpperCase() + name.slice(1)] as const);
    return (row: Aws): Ours => {
      const values = new Map<string, unknown>(Object.entries(row));
      return Object.fromEntries(names.map(([name, awsName]) => [name, toJsonSafe(values.get(awsName))])) as Ours;
    };
  };
}

function toJsonSafe(value: unknown): unknown {
  return value instanceof Date ? value.toISOString() : (value ?? null);
}

const copyReplication = copierOf<AwsReplication, Replication>()(
  'replicationConfigIdentifier replicationConfigArn sourceEndpointArn targetEndpointArn replicationType status',
  'provisionData premigrationAssessmentStatuses stopReason failureMessages replicationStats',
  'startReplicationType cdcStartTime cdcStartPosition cdcStopPosition recoveryCheckpoint replicationCreateTime',
  'replicationUpdateTime replicationLastStopTime replicationDeprovisionTime isReadOnly',
);
const copyProvisionData = copierOf<AwsProvisionData, ProvisionData>()(
  'provisionState provisionedCapacityUnits dateProvisioned isNewProvisioningAvailable',
  'dateNewProvisioningDataAvailable reasonForNewProvisioningData',
);
const copyStats = copierOf<AwsReplicationStats, ReplicationStats>()(
  'fullLoadProgressPercent elapsedTimeMillis tablesLoaded tablesLoading tablesQueued tablesErrored',
  'freshStartDate startDate stopDate fullLoadStartDate fullLoadFinishDate',
);
const copyAssessment = copierOf<PremigrationAssessmentStatus, PremigrationAssessment>()(
  'premigrationAssessmentRunArn failOnAssessmentFailure status premigrationAssessmentRunCreationDate',
  'assessmentProgress lastFailureMessage resultLocationBucket resultLocationFolder resultEncryptionMode',
  'resultKmsKeyArn resultStatistic',
);
const copyProgress = copierOf<
  NonNullable<PremigrationAssessmentStatus['AssessmentProgress']>,
  NonNullable<PremigrationAssessment['assessmentProgress']>
>()('individualAssessmentCount individualAssessmentCompletedCount');
const copyResults = copierOf<
  ReplicationTaskAssessmentRunResultStatistic,
  NonNullable<PremigrationAssessment['resultStatistic']>
>()('passed failed error warning cancelled skipped');

const copyTable = copierOf<AwsTableStatistics, TableStatistics>()(
  'schemaName tableName inserts deletes updates ddls appliedInserts appliedDeletes appliedUpdates appliedDdls',
  'fullLoadRows fullLoadCondtnlChkFailedRows fullLoadErrorRows fullLoadStartTime fullLoadEndTime',
  'fullLoadReloaded lastUpdateTime tableState validationPendingRecords validationFailedRecords',
  'validationSuspendedRecords validationState validationStateDetails resyncState resyncRowsAttempted',
  'resyncRowsSucceeded resyncRowsFailed resyncProgress',
);

/** Translates a row of `DescribeReplicationTableStatistics`. */
export function toTableStatistics(row: AwsTableStatistics): TableStatistics {
  return { ...copyTable(row), validationStateDetails: withoutSecrets(row.ValidationStateDetails) };
}

/** Translates an endpoint's address. The host of MongoDB may be a whole URL, with a password. */
export function toEndpointAddress({ EndpointArn, ServerName, Port, DatabaseName }: Endpoint): EndpointAddress {
  return {
    endpointArn: EndpointArn ?? '',
    host: withoutSecrets(ServerName),
    port: Port ?? null,
    database: withoutSecrets(DatabaseName),
  };
}

/** Removes secrets from free text of DMS, which may quote messages of the endpoints. */
function withoutSecrets(text: string | undefined): string | null {
  return text ? sanitizeMessage(text) : null;
}

function toProvisionData(row: AwsProvisionData): ProvisionData {
  return {
    ...copyProvisionData(row),
    provisionState: row.ProvisionState?.toLowerCase() ?? null,
    reasonForNewProvisioningData: withoutSecrets(row.ReasonForNewProvisioningData),
  };
}

function toAssessment(row: PremigrationAssessmentStatus): PremigrationAssessment {
  return {
    ...copyAssessment(row),
    lastFailureMessage: withoutSecrets(row.LastFailureMessage),
    assessmentProgress: row.AssessmentProgress ? copyProgress(row.AssessmentProgress) : null,
    resultStatistic: row.ResultStatistic ? copyResults(row.ResultStatistic) : null,
  };
}
