import { setFlagsFromString } from 'node:v8';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
  type NativeConnectionOptions,
  type RuntimeOptions,
  type WorkerOptions,
} from '@temporalio/worker';
import { createDmsActivities, type DmsActivitiesOptions } from '../activities/index.js';
import { createAwsDmsApi } from '../aws/index.js';
import type { DmsApi } from '../dms/api.js';
import { loadDataConverter } from '../data-converter.js';
import { connect } from './connect.js';
import { problemOf } from '../program.js';
import { HealthEndpoint } from './health.js';
import { log, setLogFormat } from './log.js';
import { ObservedDmsApi } from '../activities/runtime/observed-dms-api.js';
import { readSettings, type WorkerSettings } from './settings.js';
import { openTraces, type Traces } from './traces.js';
import { openArchive, openLag, openNexus, openPermissions } from './sources.js';
import { workflowBundle } from './workflow-bundle.js';

const MAX_HELD_WAITS = 2000;
/**
 * Heap growth of V8. By default, garbage grows to several times the live heap on a large machine. 20 % costs a tenth
 * more CPU.
 */
const HEAP_GROWING = '--heap-growing-percent=20';
/** Longest time of a shutdown. */
const DRAIN_SECONDS = 20;

/** Everything that a worker is made of. Change any of it. */
export interface DmsWorkerConfig {
  /** Options of Temporal's runtime: logger, metrics. One runtime serves a process. */
  runtime: RuntimeOptions;
  /** Options of the connection to Temporal. */
  connection: NativeConnectionOptions;
  /**
   * Options of the worker: namespace, task queue, data converter, interceptors, plugins, tuner, shutdown times, and
   * activities of yours beside those of this package.
   */
  worker: Omit<WorkerOptions, 'connection'>;
  /** Options of the activities of this package: access to DMS, allow-list, lag, archive. */
  activities: DmsActivitiesOptions;
  /** Address of the health endpoint, such as `0.0.0.0:8080`. `null`: none. */
  health: string | null;
}

/** Options of {@link runDmsWorker}. */
export interface RunDmsWorkerOptions {
  /** Changes the configuration that the environment gives, before anything is connected. */
  readonly configure?: (config: DmsWorkerConfig) => void | Promise<void>;
}

/**
 * Runs the ready-made worker, with changes of yours. Settings come from the environment, as for `temporal-dms worker`.
 *
 * Resolves once a signal has drained the worker. Rejects if it can't run: the message says what to do.
 */
export async function runDmsWorker({ configure }: RunDmsWorkerOptions = {}): Promise<void> {
  await serve(readSettings(process.env), configure);
}

/** Serves with these settings until a signal drains the worker. */
export async function serve(settings: WorkerSettings, configure?: RunDmsWorkerOptions['configure']): Promise<void> {
  setFlagsFromString(HEAP_GROWING);
  setLogFormat(settings.logFormat);
  const awsDms = createAwsDmsApi();
  const traces = await openTraces(settings.traces, settings.serviceName);
  const config = await configOf(settings, awsDms, traces);
  const { archive: archiveOfEnv } = config.activities;
  await configure?.(config);
  // A tuner sets the slots itself, and the SDK refuses both.
  if (config.worker.tuner !== undefined) {
    delete config.worker.maxConcurrentActivityTaskExecutions;
    // Held waits must leave slots for changes, and nobody knows how many slots a tuner has.
    const { maxHeldWaits, ...others } = config.activities;
    if (maxHeldWaits === MAX_HELD_WAITS) config.activities = others;
  }
  installRuntime(config.runtime);
  const { namespace = 'default', taskQueue } = config.worker;
  const { address = settings.address } = config.connection;
  const { workerDeploymentOptions: deployment } = config.worker;
  const version = deployment?.useWorkerVersioning === true ? deployment.version : null;
  const { allow = 'every replication', archive } = config.activities;
  const archiveTable = archive === archiveOfEnv ? settings.archiveTable : archive && 'set in code';
  const { awsEndpoint } = settings;
  // The runtime is installed: from here on, a signal drains the worker before the process ends.
  log('connecting', { address, namespace, taskQueue, allow, archiveTable, version });
  if (awsEndpoint !== undefined) log('warning', { warning: `AWS requests go to ${awsEndpoint}, not to AWS` });
  const dms = new ObservedDmsApi(config.activities.dms);
  await using health = await HealthEndpoint.open(config.health, () => ({ lastAnswerFromDms: dms.lastAnswerAt }));
  const connection = await connect({
    connectionOptions: config.connection,
    address,
    namespace,
    taskQueue,
    version,
    needsCredentials: config.activities.dms === awsDms,
  });
  // The SDK hands the worker plugins of the connection, too.
  const plugins = [...(config.connection.plugins ?? []), ...(config.worker.plugins ?? [])];
  const bundle = await workflowBundle({ ...config.worker, plugins }, version === null ? 'index' : 'versioned');
  const worker = await Worker.create({
    ...bundle,
    ...withoutBundled(config.worker, bundle),
    connection,
    activities: { ...createDmsActivities({ ...config.activities, dms }), ...config.worker.activities },
  });
  health.watch({ worker, connection });
  log('running', { identity: worker.options.identity });
  try {
    await worker.run();
  } finally {
    await traces?.close();
  }
  await connection.close();
}

/** Installs Temporal's runtime, which opens the port of metrics. */
function installRuntime(options: RuntimeOptions): void {
  try {
    Runtime.install(options);
  } catch (err) {
    const hint = options.telemetryOptions?.metrics === undefined ? '' : '. Check TEMPORAL_DMS_METRICS';
    throw new Error(`Temporal's runtime can't start: ${problemOf(err)}${hint}`, { cause: err });
  }
}

/** Returns the options without the workflow interceptors that are in the bundle. The SDK warns of them. */
function withoutBundled(
  options: DmsWorkerConfig['worker'],
  { workflowBundle: bundle }: Pick<WorkerOptions, 'workflowBundle'>,
): DmsWorkerConfig['worker'] {
  const { interceptors = {}, ...others } = options;
  if (bundle === undefined || options.interceptors === undefined) return options;
  const { workflowModules: _, ...rest } = interceptors;
  return { ...others, interceptors: rest };
}

async function configOf(settings: WorkerSettings, dms: DmsApi, traces: Traces | null): Promise<DmsWorkerConfig> {
  const { version } = settings;
  const dataConverter = await loadDataConverter(settings.codecModule);
  return {
    runtime: {
      logger: new DefaultLogger(settings.logLevel, ({ level, message, meta }) =>
        log('temporal', { level, message, ...meta }),
      ),
      telemetryOptions: {
        logging: { filter: makeTelemetryFilterString({ core: settings.logLevel, other: 'ERROR' }), forward: {} },
        ...(settings.metrics === null ? {} : { metrics: settings.metrics }),
      },
    },
    connection: settings.connectionOptions,
    worker: {
      namespace: settings.namespace,
      taskQueue: settings.taskQueue,
      ...(dataConverter === null ? {} : { dataConverter }),
      ...(traces === null ? {} : { interceptors: traces.interceptors, sinks: traces.sinks }),
      ...(settings.nexus ? { nexusServices: await openNexus() } : {}),
      ...(version === null
        ? {}
        : { workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' } }),
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
    },
    activities: {
      dms,
      archive: await openArchive(settings.archiveTable),
      lag: await openLag(settings.lag),
      permissions: await openPermissions(settings.permissions),
      endpointFingerprints: settings.endpointFingerprints,
      maxHeldWaits: MAX_HELD_WAITS,
      ...(settings.allow === undefined ? {} : { allow: settings.allow }),
      ...(settings.holdSeconds === undefined ? {} : { holdSeconds: settings.holdSeconds }),
      ...(settings.looksPerSecond === undefined ? {} : { looksPerSecond: settings.looksPerSecond }),
    },
    health: settings.health,
  };
}
