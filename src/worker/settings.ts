import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import type { LogLevel, MetricsExporterConfig } from '@temporalio/worker';
import { CODEC_MODULE } from '../data-converter.js';
import { parseReplicationConfigArn } from '../dms/arn.js';
import { DMS_TASK_QUEUE } from '../contract/names.js';
import { messageOf } from '../program.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Settings of the ready-made worker, from its environment. An empty variable counts as unset. */
export interface WorkerSettings {
  readonly connectionOptions: ClientConnectConfig['connectionOptions'];
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly allow: readonly string[] | undefined;
  readonly holdSeconds: number | undefined;
  readonly looksPerSecond: number | undefined;
  readonly archiveTable: string | undefined;
  readonly lag: 'cloudwatch' | undefined;
  readonly permissions: 'iam' | undefined;
  readonly endpointFingerprints: boolean;
  /** True if the worker serves the Nexus service. */
  readonly nexus: boolean;
  /** Deployment version of the worker. `null`: the worker is not versioned. */
  readonly version: { readonly deploymentName: string; readonly buildId: string } | null;
  readonly awsEndpoint: string | undefined;
  /** Exporter of metrics. `null`: none. */
  readonly metrics: MetricsExporterConfig | null;
  /** URL of an OTLP collector of traces. `null`: no traces. */
  readonly traces: string | null;
  /** Name of the service in traces. */
  readonly serviceName: string | undefined;
  /** Address of the health endpoint, such as `0.0.0.0:8080`. `null`: none. */
  readonly health: string | null;
  /** Module of the data converter. */
  readonly codecModule: string | undefined;
  /** Least level of the lines that Temporal's SDK logs. */
  readonly logLevel: LogLevel;
  /** Format of the log's lines. */
  readonly logFormat: 'json' | 'text';
}

/** Reads the settings. Throws an error that names the variable. */
export function readSettings(env: Env, options: { readonly disableFile?: boolean } = {}): WorkerSettings {
  const { connectionOptions, namespace = 'default' } = readTemporal(env, options);
  return {
    connectionOptions,
    address: connectionOptions.address ?? 'localhost:7233',
    namespace,
    taskQueue: readTaskQueue(env),
    allow: readAllowed(env['TEMPORAL_DMS_ALLOW']),
    holdSeconds: unit(env, 'TEMPORAL_DMS_HOLD_SECONDS', 'of seconds'),
    looksPerSecond: readLooks(env),
    archiveTable: env['TEMPORAL_DMS_ARCHIVE_TABLE'] || undefined,
    lag: readWord(env, 'TEMPORAL_DMS_LAG', ['cloudwatch']),
    permissions: readWord(env, 'TEMPORAL_DMS_PERMISSIONS', ['iam']),
    endpointFingerprints: readWord(env, 'TEMPORAL_DMS_ENDPOINT_FINGERPRINTS', ['true', 'false']) === 'true',
    nexus: readWord(env, 'TEMPORAL_DMS_NEXUS', ['true', 'false']) === 'true',
    version: readVersion(env),
    awsEndpoint: env['AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE'] || env['AWS_ENDPOINT_URL'] || undefined,
    metrics: readMetrics(env['TEMPORAL_DMS_METRICS']),
    traces: readTraces(env['TEMPORAL_DMS_TRACES']),
    serviceName: env['OTEL_SERVICE_NAME'] || undefined,
    health: readAddress('TEMPORAL_DMS_HEALTH', env['TEMPORAL_DMS_HEALTH']),
    codecModule: env[CODEC_MODULE] || undefined,
    logLevel: readWord(env, 'TEMPORAL_DMS_LOG_LEVEL', ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR']) ?? 'WARN',
    logFormat: readWord(env, 'TEMPORAL_DMS_LOG_FORMAT', ['json', 'text']) ?? 'json',
  };
}

function readTemporal(env: Env, options: { readonly disableFile?: boolean }): ClientConnectConfig {
  try {
    return loadClientConnectConfig({ ...options, overrideEnvVars: env as Record<string, string> });
  } catch (err) {
    const hint = 'Check the TEMPORAL_* variables and the file that TEMPORAL_CONFIG_FILE names';
    throw new Error(`The Temporal settings can't be read: ${messageOf(err)}. ${hint}`, { cause: err });
  }
}

/** Buckets of the histograms that measure seconds. Those of Temporal's SDK are for milliseconds. */
const seconds = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];
const histogramBucketOverrides = { dms_stop_duration_seconds: seconds, dms_cutover_writes_stopped_seconds: seconds };

/** Reads where metrics go: `prometheus://<host>:<port>` is an endpoint to scrape, any other URL an OTLP collector. */
function readMetrics(value: string | undefined): MetricsExporterConfig | null {
  if (!value) return null;
  const [, scrape] = /^prometheus:\/\/(.*)$/.exec(value) ?? [];
  const bindAddress = scrape === undefined ? null : readAddress('TEMPORAL_DMS_METRICS', scrape || value);
  if (bindAddress !== null) return { prometheus: { bindAddress, histogramBucketOverrides } };
  if (/^https?:\/\/\S+$/.test(value))
    return { otel: { url: value, http: value.endsWith('/v1/metrics'), histogramBucketOverrides } };
  throw new Error(
    `TEMPORAL_DMS_METRICS is "${value}": set it to prometheus://0.0.0.0:9464, or to the URL of an OTLP collector`,
  );
}

function readTraces(value: string | undefined): string | null {
  if (!value) return null;
  if (/^https?:\/\/[^/\s]+\/\S+$/.test(value)) return value;
  throw new Error(
    `TEMPORAL_DMS_TRACES is "${value}". It must be an HTTP URL with a path. Set it to the traces URL of an OTLP collector, such as http://localhost:4318/v1/traces`,
  );
}

function readAddress(name: string, value: string | undefined): string | null {
  if (!value) return null;
  if (/^[^\s/]+:\d{1,5}$/.test(value)) return value;
  throw new Error(`${name} is "${value}": it takes a host and a port, such as 0.0.0.0:8080`);
}

function readTaskQueue(env: Env): string {
  const taskQueue = env['TEMPORAL_TASK_QUEUE'] || DMS_TASK_QUEUE;
  if (!taskQueue.startsWith('__temporal_')) return taskQueue;
  throw new Error(`TEMPORAL_TASK_QUEUE is "${taskQueue}": Temporal reserves names that start with __temporal_`);
}

/** Reads the allow-list. Throws on an entry that can match no ARN, because it would silently forbid everything. */
function readAllowed(value: string | undefined): readonly string[] | undefined {
  const entries = value
    ?.split(',')
    .map((each) => each.trim())
    .filter(Boolean);
  for (const each of entries ?? []) {
    if (each.includes('*') || isReplicationConfigArn(each)) continue;
    throw new Error(
      `TEMPORAL_DMS_ALLOW contains "${each}", which is no replication config ARN. Set ARNs, or patterns with *`,
    );
  }
  return entries?.length === 0 ? undefined : entries;
}

function isReplicationConfigArn(value: string): boolean {
  try {
    parseReplicationConfigArn(value);
    return true;
  } catch {
    return false;
  }
}

function unit(env: Env, name: string, what: string): number | undefined {
  const value = env[name];
  if (!value) return undefined;
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number) && number >= 0) return number;
  throw new Error(`${name} is "${value}", not a number ${what}`);
}

function readLooks(env: Env): number | undefined {
  const name = 'TEMPORAL_DMS_LOOKS_PER_SECOND';
  const looks = unit(env, name, 'of requests a second');
  if (looks === 0) throw new Error(`${name} is 0: the worker would never look. Set it above 0, or leave it out`);
  return looks;
}

function readWord<Word extends string>(env: Env, name: string, words: readonly Word[]): Word | undefined {
  const value = env[name];
  if (!value) return undefined;
  const word = words.find((each) => each === value);
  if (word !== undefined) return word;
  throw new Error(`${name} is "${value}": set it to ${words.join(' or ')}, or leave it out`);
}

function readVersion(env: Env): WorkerSettings['version'] {
  const { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId } = env;
  if (deploymentName && buildId) return { deploymentName, buildId };
  if (!deploymentName && !buildId) return null;
  throw new Error('TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID go together: set both, or neither');
}
