/**
 * `temporal-dms/aws`: {@link createAwsDmsApi}, the AWS side of the activities. For worker code; the only part of the package that imports the AWS SDK.
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
} from '@aws-sdk/client-database-migration-service';
import { DmsApiError, type CallOptions, type DmsApi } from '../dms/api.js';
import { accountAndRegion, type ReplicationConfigArn } from '../dms/arn.js';
import { toDmsApiError } from './errors.js';
import { toCreatedReplication, toReplication, toTableStatistics } from './translate.js';

export type { DmsApi } from '../dms/api.js';
export type { ReplicationConfigArn } from '../dms/arn.js';

export interface AwsDmsApiOptions {
  /**
   * The client for an account and region, asked for once for each. Default: {@link createDmsClient} with the AWS SDK's standard credential chain,
   * whatever account that is for: give this when the worker serves several accounts. Build clients with {@link createDmsClient}: the SDK's own
   * settings try a stop three times unseen and wait for an answer for ever.
   */
  readonly clientFor?: (
    account: Pick<ReplicationConfigArn, 'partition' | 'accountId' | 'region'>,
  ) => DatabaseMigrationServiceClient;
}

type ClientConfig = NonNullable<ConstructorParameters<typeof DatabaseMigrationServiceClient>[0]>;

/** A DMS client as this package wants it: it connects within 5 s, answers within 15 s or throws, and tries once: retries are Temporal's, where they are seen. */
export function createDmsClient(config: ClientConfig & { region: string }): DatabaseMigrationServiceClient {
  return new DatabaseMigrationServiceClient({
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 5000, requestTimeout: 15_000, throwOnRequestTimeout: true },
    ...config,
  });
}

/** DMS through the AWS SDK. Requests are routed by the ARN's account and region, never by the environment's default region. */
export function createAwsDmsApi({
  clientFor = ({ region }) => createDmsClient({ region }),
}: AwsDmsApiOptions = {}): DmsApi {
  const clients = new Map<string, DatabaseMigrationServiceClient>();
  const overrides = new Map<string, string | null>();

  const clientOf = (arn: ReplicationConfigArn): DatabaseMigrationServiceClient => {
    const key = accountAndRegion(arn);
    const known = clients.get(key);
    if (known !== undefined) return known;
    const created = clientFor(arn);
    created.middlewareStack.add(
      (next) => (args) => {
        const hostname = hostOf(args.request);
        if (hostname !== null) overrides.set(key, isAwsHost(hostname) ? null : hostname);
        return next(args);
      },
      { step: 'finalizeRequest', name: 'temporalDmsEndpointSeen', override: true },
    );
    clients.set(key, created);
    return created;
  };

  const once = async <T>(arn: ReplicationConfigArn, call: CallOptions | undefined, ask: Ask<T>): Promise<T> => {
    try {
      return await ask(clientOf(arn), call?.signal === undefined ? {} : { abortSignal: call.signal });
    } catch (err) {
      throw toDmsApiError(err);
    }
  };

  /** A look does no harm twice: a connection that broke is tried once more at once. A request that took its time is not. */
  const look = async <T>(arn: ReplicationConfigArn, call: CallOptions | undefined, ask: Ask<T>): Promise<T> => {
    const begun = performance.now();
    return once(arn, call, ask).catch((err: unknown) => {
      const isBroken = err instanceof DmsApiError && err.kind === 'unavailable' && performance.now() - begun < QUICK_MS;
      if (!isBroken || call?.signal?.aborted === true) throw err;
      return once(arn, call, ask);
    });
  };

  return {
    async describeReplication(arn, call) {
      const { Replications: rows } = await look(arn, call, (client, options) =>
        client.send(new DescribeReplicationsCommand(only(arn)), options),
      ).catch((err: unknown) => {
        if (err instanceof DmsApiError && err.kind === 'not-found') return { Replications: [] };
        throw err;
      });
      const row = rows?.find((each) => each.ReplicationConfigArn === arn.arn);
      if (row !== undefined) return toReplication(row);
      // No row: the config decides between "never ran" and "no such replication".
      const { ReplicationConfigs: configs } = await look(arn, call, (client, options) =>
        client.send(new DescribeReplicationConfigsCommand(only(arn)), options),
      );
      const config = configs?.find((each) => each.ReplicationConfigArn === arn.arn);
      if (config !== undefined) return toCreatedReplication(config);
      throw new DmsApiError('not-found', 'ResourceNotFoundFault', `No replication config ${arn.resourceId}`);
    },

    async listReplications(arn, marker, call) {
      const page = await look(arn, call, (client, options) =>
        client.send(new DescribeReplicationsCommand({ MaxRecords: 100, Marker: marker ?? undefined }), options),
      );
      return { items: (page.Replications ?? []).map(toReplication), marker: page.Marker ?? null };
    },

    async stopReplication(arn, call) {
      const command = new StopReplicationCommand({ ReplicationConfigArn: arn.arn });
      return accepted(await once(arn, call, (client, options) => client.send(command, options)));
    },

    async startReplication(arn, { startReplicationType, cdcStartPosition, cdcStartTime, cdcStopPosition }, call) {
      const command = new StartReplicationCommand({
        ReplicationConfigArn: arn.arn,
        StartReplicationType: startReplicationType,
        CdcStartPosition: cdcStartPosition,
        CdcStartTime: cdcStartTime === undefined ? undefined : new Date(cdcStartTime),
        CdcStopPosition: cdcStopPosition,
      });
      return accepted(await once(arn, call, (client, options) => client.send(command, options)));
    },

    async describeTableStatistics(arn, marker, call) {
      const input = { ReplicationConfigArn: arn.arn, MaxRecords: 500, Marker: marker ?? undefined };
      const page = await look(arn, call, (client, options) =>
        client.send(new DescribeReplicationTableStatisticsCommand(input), options),
      );
      return { items: (page.ReplicationTableStatistics ?? []).map(toTableStatistics), marker: page.Marker ?? null };
    },

    async describeEndpoints(arn, endpointArns, call) {
      const Filters = [{ Name: 'endpoint-arn', Values: [...endpointArns] }];
      const { Endpoints: endpoints = [] } = await look(arn, call, (client, options) =>
        client.send(new DescribeEndpointsCommand({ Filters }), options),
      );
      return endpoints.map(({ EndpointArn, ServerName, Port, DatabaseName }) => ({
        endpointArn: EndpointArn ?? '',
        host: ServerName ?? null,
        port: Port ?? null,
        database: DatabaseName ?? null,
      }));
    },

    endpointOverride: async (arn) => overrides.get(accountAndRegion(arn)) ?? null,
  };
}

type Ask<T> = (client: DatabaseMigrationServiceClient, options: { abortSignal?: AbortSignal }) => Promise<T>;

/** The SDK calls a broken connection a time-out, too; only how long it took tells them apart. */
const QUICK_MS = 2000;

/** Fails, saying so, when the AWS SDK's standard chain finds no credentials. */
export async function requireCredentials(): Promise<void> {
  // The region plays no part in finding credentials, but a client can't be without one.
  const client = createDmsClient({ region: process.env['AWS_REGION'] ?? 'us-east-1' });
  try {
    await client.config.credentials();
  } catch (err) {
    throw new Error(
      `No AWS credentials: ${toDmsApiError(err).message}. Set AWS_PROFILE, or whatever else the AWS SDK's standard chain knows`,
      { cause: err },
    );
  } finally {
    client.destroy();
  }
}

function only(arn: ReplicationConfigArn) {
  return { Filters: [{ Name: 'replication-config-arn', Values: [arn.arn] }] };
}

function accepted(answer: {
  readonly Replication?: Parameters<typeof toReplication>[0] | undefined;
  readonly $metadata: { readonly requestId?: string | undefined };
}) {
  return {
    replication: answer.Replication === undefined ? null : toReplication(answer.Replication),
    requestId: answer.$metadata.requestId ?? null,
  };
}

function hostOf(request: unknown): string | null {
  const hostname = typeof request === 'object' && request !== null && 'hostname' in request ? request.hostname : null;
  return typeof hostname === 'string' ? hostname : null;
}

function isAwsHost(hostname: string): boolean {
  return /(^|\.)(amazonaws\.com(\.cn)?|api\.aws|amazonwebservices\.com\.cn)$/.test(hostname);
}
