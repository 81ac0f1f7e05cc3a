import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import {
  createDmsActivities,
  type CheckpointArchive,
  type LagSource,
  type PermissionSource,
} from '../activities/index.js';
import { createAwsDmsApi } from '../aws/index.js';
import { problemOf } from '../program.js';
import { connect } from './connect.js';
import { log } from './log.js';
import { readSettings, type WorkerSettings } from './settings.js';

const MAX_HELD_WAITS = 2000;
/**
 * Heap growth of V8. By default, garbage grows to several times the live heap on a large machine. 20 % costs a tenth
 * more CPU.
 */
const HEAP_GROWING = '--heap-growing-percent=20';
/** Longest time of a shutdown. */
const DRAIN_SECONDS = 20;

/** Runs the worker until a signal ends it. The process then ends with 0 once drained, or with 1 after a failure. */
export async function work(read = () => readSettings(process.env)): Promise<void> {
  // Threads and a native client of a worker that failed to start would keep the process alive.
  const end = (code: number) => () => process.exit(code);
  try {
    await serve(read());
    log('drained', {}, end(0));
  } catch (err) {
    log('failed', { error: problemOf(err) }, end(1));
  }
}

async function serve(settings: WorkerSettings): Promise<void> {
  const { address, namespace, taskQueue, allow, archiveTable, version, awsEndpoint } = settings;
  setFlagsFromString(HEAP_GROWING);
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => log('temporal', { level, message, ...meta })),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} } },
  });
  // The runtime is installed: from here on, a signal drains the worker before the process ends.
  log('connecting', { address, namespace, taskQueue, allow: allow ?? 'every replication', archiveTable, version });
  if (awsEndpoint !== undefined) log('warning', { warning: `AWS requests go to ${awsEndpoint}, not to AWS` });

  const activities = createDmsActivities({
    dms: createAwsDmsApi(),
    archive: await openArchive(archiveTable),
    lag: await openLag(settings.lag),
    permissions: await openPermissions(settings.permissions),
    endpointFingerprints: settings.endpointFingerprints,
    maxHeldWaits: MAX_HELD_WAITS,
    ...(allow === undefined ? {} : { allow }),
    ...(settings.holdSeconds === undefined ? {} : { holdSeconds: settings.holdSeconds }),
    ...(settings.looksPerSecond === undefined ? {} : { looksPerSecond: settings.looksPerSecond }),
  });
  const connection = await connect(settings);
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: { code: await bundle(version === null ? 'index.js' : 'versioned.js') },
    ...(version === null
      ? {}
      : { workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' } }),
    activities,
    maxConcurrentActivityTaskExecutions: MAX_HELD_WAITS + 200,
    activityTaskPollerBehavior: { type: 'autoscaling', maximum: 40 },
    workflowTaskPollerBehavior: { type: 'autoscaling', maximum: 20 },
    // A workflow outside the cache is read and replayed for its next task. Each cached workflow takes half a megabyte.
    maxCachedWorkflows: MAX_HELD_WAITS / 8,
    // Longest time until a wait shows a change of status.
    maxHeartbeatThrottleInterval: '15 seconds',
    // Waits learn of a shutdown at once and keep their status. Calls under way finish within their own time limits.
    shutdownGraceTime: 0,
    shutdownForceTime: DRAIN_SECONDS * 1000,
  });
  log('running', { identity: worker.options.identity });
  await worker.run();
  await connection.close();
}

/** Loads the SDK of DynamoDB only for workers that have an archive. */
async function openArchive(tableName: string | undefined): Promise<CheckpointArchive | undefined> {
  if (tableName === undefined) return undefined;
  const { createDynamoDbArchive } = await import('../dynamodb/index.js');
  return createDynamoDbArchive({ tableName });
}

/** Loads the SDK of CloudWatch only for workers that read the lag. */
async function openLag(source: WorkerSettings['lag']): Promise<LagSource | undefined> {
  if (source === undefined) return undefined;
  const { createCloudWatchLag } = await import('../cloudwatch/index.js');
  return createCloudWatchLag();
}

/** Loads the SDKs of IAM and STS only for workers that read their permissions. */
async function openPermissions(source: WorkerSettings['permissions']): Promise<PermissionSource | undefined> {
  if (source === undefined) return undefined;
  const { createIamPermissions } = await import('../iam/index.js');
  return createIamPermissions();
}

async function bundle(workflows: string): Promise<string> {
  const [program, path] = ['bundle.js', `../workflows/${workflows}`].map((file) =>
    fileURLToPath(new URL(file, import.meta.url)),
  ) as [string, string];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, path], { maxBuffer: Infinity });
    return stdout;
  } catch (err) {
    const said = (err as { stderr?: string }).stderr?.trim() || problemOf(err);
    throw new Error(`The workflows at ${path} can't be bundled: ${said}. Reinstall temporal-dms and @temporalio/*`, {
      cause: err,
    });
  }
}
