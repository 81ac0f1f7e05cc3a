/**
 * `temporal-dms/cloudwatch`: {@link createCloudWatchLag}, the lag of a replication from its metrics, for worker code.
 * No other part of the package imports `@aws-sdk/client-cloudwatch`.
 *
 * @module
 */
import { CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { AwsClients, type ClientFor } from '../aws/clients.js';
import { DmsApiError } from '../dms/api.js';
import type { LagSource } from '../dms/lag.js';

export type { LagSource, ReplicationLag } from '../dms/lag.js';

/** Options of {@link createCloudWatchLag}. */
export interface CloudWatchLagOptions {
  /**
   * Function that creates the client for an account and region. Default: a client with the AWS SDK's standard
   * credential chain.
   *
   * The function is called once for each account-region, and again after a request that hung or had no valid
   * credentials. It must return a new client each time.
   */
  readonly clientFor?: ClientFor<CloudWatchClient>;
}

/** Maximum age of a value. Values come once a minute, and are sparse at times. */
const RECENT_MS = 15 * 60_000;
const PERIOD_SECONDS = 60;

/**
 * Creates a source of the lag: the newest `CDCLatencySource` and `CDCLatencyTarget` of the last 15 minutes. DMS
 * Serverless has these metrics in the namespace `AWS/DMS`. Their only dimension is `ReplicationConfigId`, with the
 * value `<account>:<config id>`.
 *
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Serverless.Components.html
 */
export function createCloudWatchLag({
  clientFor = ({ region }) => new CloudWatchClient({ region, maxAttempts: 1 }),
}: CloudWatchLagOptions = {}): LagSource {
  const clients = new AwsClients(clientFor);
  return {
    async read(arn, signal) {
      const Dimensions = [{ Name: 'ReplicationConfigId', Value: `${arn.accountId}:${arn.resourceId}` }];
      const query = (Id: string, MetricName: string): MetricDataQuery => ({
        Id,
        MetricStat: {
          Metric: { Namespace: 'AWS/DMS', MetricName, Dimensions },
          Period: PERIOD_SECONDS,
          Stat: 'Maximum',
        },
      });
      const ask = (client: CloudWatchClient, options: { readonly abortSignal: AbortSignal }) => {
        // The SDK learns from answers by how much the worker's clock is off.
        const now = Date.now() + client.config.systemClockOffset;
        const command = new GetMetricDataCommand({
          MetricDataQueries: [query('source', 'CDCLatencySource'), query('target', 'CDCLatencyTarget')],
          StartTime: new Date(now - RECENT_MS),
          EndTime: new Date(now),
          ScanBy: 'TimestampDescending',
        });
        return client.send(command, options);
      };
      const { answer } = await clients.send(arn, ask, signal).catch((err: unknown) => {
        throw err instanceof DmsApiError ? new Error(`${err.awsName}: ${err.message}`) : err;
      });
      const { MetricDataResults: results = [] } = answer;
      const newest = (id: string) => {
        const { Timestamps: [at] = [], Values: [seconds] = [] } = results.find(({ Id }) => Id === id) ?? {};
        return at === undefined || seconds === undefined ? null : { at, seconds };
      };
      const [source, target] = [newest('source'), newest('target')];
      const times = [source, target].flatMap((each) => (each === null ? [] : [each.at.getTime()]));
      if (times.length === 0) return null;
      return {
        sourceSeconds: source?.seconds ?? null,
        targetSeconds: target?.seconds ?? null,
        at: new Date(Math.min(...times)).toISOString(),
      };
    },
  };
}
