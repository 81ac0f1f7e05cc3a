#!/usr/bin/env node
/**
 * The ready-made worker: `temporal-dms-worker`. Temporal and AWS settings come from their standard variables and files. Its own are
 * TEMPORAL_TASK_QUEUE (default `temporal-dms`), TEMPORAL_DMS_ALLOW (ARNs, comma-separated, `*` for anything), TEMPORAL_DMS_HOLD_SECONDS,
 * TEMPORAL_DMS_LOOKS_PER_SECOND, TEMPORAL_DMS_ARCHIVE_TABLE (a DynamoDB table, for `@aws-sdk/client-dynamodb`), TEMPORAL_DMS_LAG (`cloudwatch`, for
 * `@aws-sdk/client-cloudwatch`) and TEMPORAL_DMS_ENDPOINT_FINGERPRINTS (`true`). With TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID, which Temporal's worker controller sets, it is versioned.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createDmsActivities, type CheckpointArchive, type LagSource } from './activities/index.js';
import { createAwsDmsApi, requireCredentials } from './aws/index.js';
import { maskSecrets } from './dms/secrets.js';
import { DMS_TASK_QUEUE } from './operations/names.js';

const MAX_HELD_WAITS = 2000;
/** V8 lets garbage grow to several times what is alive on a large machine; here to a fifth of it, which costs a tenth more processor. */
const HEAP_GROWING = '--heap-growing-percent=20';
/** What is left to a shutdown in all. */
const DRAIN_SECONDS = 20;

function log(phase: string, facts: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(
    `${JSON.stringify({ time: new Date().toISOString(), program: 'temporal-dms-worker', phase, ...facts })}\n`,
  );
}

async function main(): Promise<void> {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const taskQueue = process.env['TEMPORAL_TASK_QUEUE'] ?? DMS_TASK_QUEUE;
  const allow = process.env['TEMPORAL_DMS_ALLOW']
    ?.split(',')
    .map((each) => each.trim())
    .filter(Boolean);
  const holdSeconds = readNumber('TEMPORAL_DMS_HOLD_SECONDS', 'of seconds');
  const looksPerSecond = readNumber('TEMPORAL_DMS_LOOKS_PER_SECOND', 'of requests a second');
  if (looksPerSecond === 0) throw new Error('TEMPORAL_DMS_LOOKS_PER_SECOND is 0: nothing would ever be seen');
  const archiveTable = process.env['TEMPORAL_DMS_ARCHIVE_TABLE'] || undefined;
  const lagSource = process.env['TEMPORAL_DMS_LAG'] || undefined;
  const version = readVersion();
  const endpoint = process.env['AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE'] ?? process.env['AWS_ENDPOINT_URL'];
  const address = connectionOptions.address ?? 'localhost:7233';
  log('connecting', { address, namespace, taskQueue, allow: allow ?? 'every replication', archiveTable, version });
  if (endpoint !== undefined) log('warning', { warning: `AWS requests go to ${maskSecrets(endpoint)}, not to AWS` });

  setFlagsFromString(HEAP_GROWING);
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => log('temporal', { level, message, ...meta })),
  });
  await requireCredentials();
  const connection = await NativeConnection.connect(connectionOptions).catch((err: unknown) => {
    throw new Error(
      `No Temporal server answers at ${address}: ${messageOf(err)}. Set TEMPORAL_ADDRESS, or start one with "npm run temporal"`,
    );
  });
  try {
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue,
      workflowBundle: { code: await bundle(version === null ? './workflows/index.js' : './workflows/versioned.js') },
      ...(version === null
        ? {}
        : {
            workerDeploymentOptions: {
              version,
              useWorkerVersioning: true,
              defaultVersioningBehavior: 'PINNED',
            },
          }),
      activities: createDmsActivities({
        dms: createAwsDmsApi(),
        archive: await archiveIn(archiveTable),
        lag: await lagFrom(lagSource),
        endpointFingerprints: process.env['TEMPORAL_DMS_ENDPOINT_FINGERPRINTS'] === 'true',
        maxHeldWaits: MAX_HELD_WAITS,
        ...(allow === undefined ? {} : { allow }),
        ...(holdSeconds === undefined ? {} : { holdSeconds }),
        ...(looksPerSecond === undefined ? {} : { looksPerSecond }),
      }),
      maxConcurrentActivityTaskExecutions: MAX_HELD_WAITS + 200,
      activityTaskPollerBehavior: { type: 'autoscaling', maximum: 40 },
      workflowTaskPollerBehavior: { type: 'autoscaling', maximum: 20 },
      // An operation that waits needs no place in the cache, and comes back with thirty events.
      maxCachedWorkflows: MAX_HELD_WAITS / 20,
      // Waits hear of a shutdown at once and keep their status; calls under way finish within their own time.
      shutdownGraceTime: 0,
      shutdownForceTime: DRAIN_SECONDS * 1000,
    });
    log('running', { identity: worker.options.identity });
    await worker.run();
    log('drained');
  } finally {
    await connection.close();
  }
}

/** The SDK of DynamoDB is there only for those who have an archive. */
async function archiveIn(tableName: string | undefined): Promise<CheckpointArchive | undefined> {
  if (tableName === undefined) return undefined;
  const { createDynamoDbArchive } = await import('./dynamodb/index.js');
  return createDynamoDbArchive({ tableName });
}

/** So is that of CloudWatch. */
async function lagFrom(source: string | undefined): Promise<LagSource | undefined> {
  if (source === undefined) return undefined;
  if (source !== 'cloudwatch') throw new Error(`TEMPORAL_DMS_LAG is "${source}": only "cloudwatch" is known`);
  const { createCloudWatchLag } = await import('./cloudwatch/index.js');
  return createCloudWatchLag();
}

async function bundle(workflows: string): Promise<string> {
  const [program, workflowsPath] = ['./worker-bundle.js', workflows].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  ) as [string, string];
  const { stdout } = await promisify(execFile)(process.execPath, [program, workflowsPath], { maxBuffer: Infinity });
  return stdout;
}

/** `null`: not versioned. */
function readVersion(): { readonly deploymentName: string; readonly buildId: string } | null {
  const deploymentName = process.env['TEMPORAL_DEPLOYMENT_NAME'];
  const buildId = process.env['TEMPORAL_WORKER_BUILD_ID'];
  if (deploymentName && buildId) return { deploymentName, buildId };
  if (!deploymentName && !buildId) return null;
  throw new Error('TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID go together: one of them is not set');
}

function readNumber(name: string, what: string): number | undefined {
  const value = process.env[name];
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number) && number >= 0) return number;
  throw new Error(`${name} is "${value}", not a number ${what}`);
}

function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}

try {
  await main();
} catch (err) {
  log('failed', { error: messageOf(err) });
  process.exitCode = 1;
}
