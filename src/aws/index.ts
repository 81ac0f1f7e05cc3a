/**
 * `temporal-dms/aws`: {@link createAwsDmsApi}, the DMS side of the activities, for worker code. Only this folder
 * imports `@aws-sdk/client-database-migration-service`.
 *
 * @module
 */
import {
  DatabaseMigrationServiceClient,
  DescribeEndpointsCommand,
  DescribeReplicationConfigsCommand,
  DescribeReplicationsCommand,
  DescribeReplicationTableStatisticsCommand,
  StartReplicationCommand,
  StopReplicationCommand,
  type StartReplicationCommandOutput,
  type StopReplicationCommandOutput,
} from '@aws-sdk/client-database-migration-service';
import { DmsApiError, type Accepted, type Answered, type DmsApi } from '../dms/api.js';
import type { ReplicationConfigArn } from '../dms/arn.js';
import { AwsClients, type ClientFor } from './clients.js';
import { toDmsApiError } from './errors.js';
import { TracedRequest } from './traced-request.js';
import { toCreatedReplication, toEndpointAddress, toReplication, toTableStatistics } from './translate.js';

export type { DmsApi } from '../dms/api.js';
export type { ReplicationConfigArn } from '../dms/arn.js';

/** Options of {@link createAwsDmsApi}. */
export interface AwsDmsApiOptions {
  /**
   * Function that creates the client for an account and region. Default: {@link createDmsClient} with the AWS SDK's
   * standard credential chain, for every account. A worker that serves several accounts needs its own function.
   *
   * The function is called once for each account-region, and again after a request that hung or had no valid
   * credentials. It must return a new client each time. Create clients with {@link createDmsClient}: with the SDK's own
   * settings, a stop is retried unseen, up to three tries.
   */
  readonly clientFor?: ClientFor<DatabaseMigrationServiceClient>;
}

type ClientConfig = NonNullable<ConstructorParameters<typeof DatabaseMigrationServiceClient>[0]>;

/**
 * Creates a DMS client with the settings that this package needs. A request throws unless it connects within 5 s and is
 * answered within 15 s. The client never retries, because retries of Temporal can be seen.
 */
export function createDmsClient(config: ClientConfig & { region: string }): DatabaseMigrationServiceClient {
  return new DatabaseMigrationServiceClient({
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 5000, requestTimeout: 15_000, throwOnRequestTimeout: true },
    ...config,
  });
}

/**
 * Creates a {@link DmsApi} on the AWS SDK. Requests are routed by the ARN's account and region, never by the
 * environment's default region.
 */
export function createAwsDmsApi({
  clientFor = ({ region }) => createDmsClient({ region }),
}: AwsDmsApiOptions = {}): DmsApi {
  const clients = new AwsClients(clientFor);

  /** Sends a request that only reads. Retries it once if it failed quickly, as over a broken connection. */
  const look: AwsClients<DatabaseMigrationServiceClient>['send'] = async (arn, ask, signal) => {
    const begun = performance.now();
    return clients.send(arn, ask, signal).catch((err: unknown) => {
      const isBroken =
        err instanceof DmsApiError && err.kind === 'unavailable' && performance.now() - begun < BROKEN_CONNECTION_MS;
      if (!isBroken || signal?.aborted === true) throw err;
      return clients.send(arn, ask, signal);
    });
  };

  return {
    async describeReplication(arn, { signal } = {}) {
      const shown = await look(
        arn,
        (client, options) => client.send(new DescribeReplicationsCommand(filterByArn(arn)), options),
        signal,
      ).catch((err: unknown) => {
        if (err instanceof DmsApiError && err.kind === 'not-found') return null;
        throw err;
      });
      const row = shown?.answer.Replications?.find((each) => each.ReplicationConfigArn === arn.arn);
      if (shown !== null && row !== undefined) return { replication: toReplication(row), dmsTime: shown.dmsTime };
      // No row: the config decides between "never ran" and "no such replication".
      const { answer, dmsTime } = await look(
        arn,
        (client, options) => client.send(new DescribeReplicationConfigsCommand(filterByArn(arn)), options),
        signal,
      );
      const config = answer.ReplicationConfigs?.find((each) => each.ReplicationConfigArn === arn.arn);
      if (config !== undefined) return { replication: toCreatedReplication(config), dmsTime };
      throw new DmsApiError('not-found', 'ResourceNotFoundFault', `No replication config ${arn.resourceId}`);
    },

    async listReplications(arn, marker, { signal } = {}) {
      const input = { MaxRecords: 100, Marker: marker ?? undefined };
      const { answer, dmsTime } = await look(
        arn,
        (client, options) => client.send(new DescribeReplicationsCommand(input), options),
        signal,
      );
      return { items: (answer.Replications ?? []).map(toReplication), marker: answer.Marker ?? null, dmsTime };
    },

    async stopReplication(arn, { signal } = {}) {
      const input = { ReplicationConfigArn: arn.arn };
      return toAccepted(
        await clients.send(arn, (client, options) => client.send(new StopReplicationCommand(input), options), signal),
      );
    },

    async startReplication(
      arn,
      { startReplicationType, cdcStartPosition, cdcStartTime, cdcStopPosition },
      { signal } = {},
    ) {
      const input = {
        ReplicationConfigArn: arn.arn,
        StartReplicationType: startReplicationType,
        CdcStartPosition: cdcStartPosition,
        CdcStartTime: cdcStartTime === undefined ? undefined : new Date(cdcStartTime),
        CdcStopPosition: cdcStopPosition,
      };
      return toAccepted(
        await clients.send(arn, (client, options) => client.send(new StartReplicationCommand(input), options), signal),
      );
    },

    async describeTableStatistics(arn, marker, { signal } = {}) {
      const input = { ReplicationConfigArn: arn.arn, MaxRecords: 500, Marker: marker ?? undefined };
      const { answer, dmsTime } = await look(
        arn,
        (client, options) => client.send(new DescribeReplicationTableStatisticsCommand(input), options),
        signal,
      );
      const items = (answer.ReplicationTableStatistics ?? []).map(toTableStatistics);
      return { items, marker: answer.Marker ?? null, dmsTime };
    },

    async describeEndpoints(arn, endpointArns, { signal } = {}) {
      const Filters = [{ Name: 'endpoint-arn', Values: [...endpointArns] }];
      const { answer } = await look(
        arn,
        (client, options) => client.send(new DescribeEndpointsCommand({ Filters }), options),
        signal,
      );
      return (answer.Endpoints ?? []).map(toEndpointAddress);
    },

    async endpointOverride(arn) {
      const seen = clients.lastHost(arn);
      return seen === null || isAwsHost(seen.client, arn.region, seen.hostname) ? null : seen.hostname;
    },
  };
}

/** Maximum duration of a request that counts as broken off. The SDK calls a broken connection a time-out, too. */
const BROKEN_CONNECTION_MS = 2000;

/** Throws an error with AWS's reason when the AWS SDK's standard chain finds no credentials. */
export async function requireCredentials(): Promise<void> {
  // A client needs a region. Finding credentials does not depend on it.
  const client = createDmsClient({ region: process.env['AWS_REGION'] ?? 'us-east-1' });
  try {
    await new TracedRequest().send(
      () => client.config.credentials(),
      () => {},
    );
  } catch (err) {
    throw new Error(
      `No AWS credentials: ${toDmsApiError(err).message}. Set AWS_PROFILE, or another source of the AWS SDK's standard chain`,
      { cause: err },
    );
  } finally {
    client.destroy();
  }
}

function filterByArn(arn: ReplicationConfigArn) {
  return { Filters: [{ Name: 'replication-config-arn', Values: [arn.arn] }] };
}

function toAccepted({
  answer,
  dmsTime,
}: Answered & { readonly answer: StopReplicationCommandOutput | StartReplicationCommandOutput }): Accepted {
  return {
    replication: answer.Replication === undefined ? null : toReplication(answer.Replication),
    requestId: answer.$metadata.requestId ?? null,
    dmsTime,
  };
}

/** True if AWS serves a host, by the DNS suffixes that the SDK knows for the region. A VPC endpoint counts as AWS's. */
function isAwsHost({ config }: DatabaseMigrationServiceClient, region: string, hostname: string): boolean {
  const hosts = [{}, { UseDualStack: true }].flatMap((how) => {
    try {
      return [config.endpointProvider({ Region: region, ...how }).url.hostname];
    } catch {
      return []; // the partition has no such hosts
    }
  });
  return hosts.some((host) => hostname.endsWith(host.replace(`dms.${region}`, '')));
}
