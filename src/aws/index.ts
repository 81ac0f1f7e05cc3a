/**
 * `temporal-dms/aws`: {@link createAwsDmsApi}, the AWS side of the activities. For worker code; the only part of the package that imports the AWS SDK.
 *
 * @module
 */
import {
  DatabaseMigrationServiceClient,
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
export function createAwsDmsApi(options: AwsDmsApiOptions = {}): DmsApi {
  const clientFor = options.clientFor ?? (({ region }) => createDmsClient({ region }));
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

  return {
    async describeReplication(arn, call) {
      const { Replications: rows } = await look(call, (signal) =>
        clientOf(arn).send(new DescribeReplicationsCommand(only(arn)), { abortSignal: signal }),
      ).catch(nothingIfNotFound({ Replications: [] }));
      const row = rows?.find((each) => each.ReplicationConfigArn === arn.arn);
      if (row !== undefined) return toReplication(row);
      // No row: the config decides between "never ran" and "no such replication".
      const { ReplicationConfigs: configs } = await look(call, (signal) =>
        clientOf(arn).send(new DescribeReplicationConfigsCommand(only(arn)), { abortSignal: signal }),
      );
      const config = configs?.find((each) => each.ReplicationConfigArn === arn.arn);
      if (config !== undefined) return toCreatedReplication(config);
      throw new DmsApiError('not-found', 'ResourceNotFoundFault', `No replication config ${arn.resourceId}`);
    },

    async listReplications(arn, marker, call) {
      const page = await look(call, (signal) =>
        clientOf(arn).send(new DescribeReplicationsCommand({ MaxRecords: 100, ...at(marker) }), {
          abortSignal: signal,
        }),
      );
      return { items: (page.Replications ?? []).map(toReplication), marker: page.Marker ?? null };
    },

    async stopReplication(arn, call) {
      const answer = await send(call, (signal) =>
        clientOf(arn).send(new StopReplicationCommand({ ReplicationConfigArn: arn.arn }), { abortSignal: signal }),
      );
      return accepted(answer);
    },

    async startReplication(arn, request, call) {
      const { startReplicationType, cdcStartPosition, cdcStartTime, cdcStopPosition } = request;
      const answer = await send(call, (signal) =>
        clientOf(arn).send(
          new StartReplicationCommand({
            ReplicationConfigArn: arn.arn,
            StartReplicationType: startReplicationType,
            CdcStartPosition: cdcStartPosition,
            CdcStartTime: cdcStartTime === undefined ? undefined : new Date(cdcStartTime),
            CdcStopPosition: cdcStopPosition,
          }),
          { abortSignal: signal },
        ),
      );
      return accepted(answer);
    },

    async describeTableStatistics(arn, marker, call) {
      const page = await look(call, (signal) =>
        clientOf(arn).send(
          new DescribeReplicationTableStatisticsCommand({
            ReplicationConfigArn: arn.arn,
            MaxRecords: 500,
            ...at(marker),
          }),
          { abortSignal: signal },
        ),
      );
      return { items: (page.ReplicationTableStatistics ?? []).map(toTableStatistics), marker: page.Marker ?? null };
    },

    endpointOverride(arn) {
      return Promise.resolve(overrides.get(accountAndRegion(arn)) ?? null);
    },
  };
}

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

function at(marker: string | null): { Marker?: string } {
  return marker === null ? {} : { Marker: marker };
}

/** The SDK calls a broken connection a time-out, too; only how long it took tells them apart. */
const QUICK_MS = 2000;

/** A look does no harm twice: a connection that broke is tried once more at once. A request that took its time is not. */
async function look<T>(call: CallOptions | undefined, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const begun = performance.now();
  try {
    return await send(call, request);
  } catch (err) {
    const isQuick = performance.now() - begun < QUICK_MS;
    const isBroken = isQuick && err instanceof DmsApiError && err.kind === 'unavailable';
    if (!isBroken || call?.signal?.aborted === true) throw err;
    return await send(call, request);
  }
}

async function send<T>(call: CallOptions | undefined, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = call?.signal ?? new AbortController().signal;
  try {
    return await request(signal);
  } catch (err) {
    throw toDmsApiError(err);
  }
}

function nothingIfNotFound<T>(nothing: T): (err: unknown) => T {
  return (err) => {
    if (err instanceof DmsApiError && err.kind === 'not-found') return nothing;
    throw err;
  };
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
