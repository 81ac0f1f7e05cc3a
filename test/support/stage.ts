import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';
import { inject } from 'vitest';
import { createDmsActivities, type DmsActivitiesOptions } from '../../src/activities/index.js';
import { createAwsDmsApi, createDmsClient } from '../../src/aws/index.js';
import { ReplicationClient } from '../../src/client/index.js';
import type { DmsApi } from '../../src/dms/api.js';
import { isDmsFailure, type Ledger } from '../../src/index.js';
import {
  uncertainInverted,
  startDmsSimulator,
  type DmsSimulator,
  type DmsSimulatorOptions,
  type Uncertain,
} from '../../src/simulator/index.js';

// By the console, because Vitest shows that of failed tests only. Many tests provoke errors.
const logger = new DefaultLogger(process.env['TEST_LOG'] === undefined ? 'ERROR' : 'INFO', ({ level, message, meta }) =>
  console.error(level, message, meta ?? ''),
);
try {
  const filter = makeTelemetryFilterString({ core: 'ERROR' });
  Runtime.install({ logger, telemetryOptions: { logging: { filter, forward: {} } } });
} catch {
  // Installed by another test file of this process.
}

// Debug mode hooks every promise of this process. Only the query `__stack_trace` needs that hook.
globalHandlers['setPromiseHook'] = () => {};

interface Connections {
  readonly connection: Connection;
  readonly native: NativeConnection;
}

/**
 * Connections of this process to the server of all tests. The SDK keeps a context for the calls of each connection, and
 * never frees it.
 */
let shared: Promise<Connections> | undefined;

function connectShared(): Promise<Connections> {
  shared ??= connect(inject('temporalAddress')).catch((err: unknown) => {
    shared = undefined;
    throw err;
  });
  return shared;
}

async function connect(address: string): Promise<Connections> {
  const [connection, native] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ]);
  return { connection, native };
}

/** Workflows of a worker. Default: the package's, with the hosts that tests use. */
export async function workflowBundle(
  file?: string,
  { failureConverterPath }: DataConverter = {},
): Promise<WorkflowBundleOption> {
  if (file === undefined && failureConverterPath === undefined) return { codePath: inject('workflowBundle') };
  const workflowsPath = fileURLToPath(new URL(file ?? './hosts.ts', import.meta.url));
  const key = `${workflowsPath} ${failureConverterPath ?? ''}`;
  const options = { workflowsPath, logger, ...(failureConverterPath === undefined ? {} : { failureConverterPath }) };
  const bundling = bundles.get(key) ?? bundleWorkflowCode(options);
  bundles.set(key, bundling);
  return bundling;
}

/** Returns the usual bundle without one workflow. */
async function workflowBundleWithout(workflowType: string): Promise<WorkflowBundleOption> {
  const code = await readFile(inject('workflowBundle'), 'utf8');
  const lack = `{
    const { importWorkflows } = __TEMPORAL__;
    __TEMPORAL__ = { ...__TEMPORAL__, importWorkflows: () => ({ ...importWorkflows(), ${workflowType}: undefined }) };
  }\n`;
  const at = code.lastIndexOf('//# sourceMappingURL=');
  if (at === -1) throw new Error('The bundle of the workflows should have a source map');
  return { code: code.slice(0, at) + lack + code.slice(at) };
}

/** Bundles that tests of this process have made. One takes seconds of a processor. */
const bundles = new Map<string, ReturnType<typeof bundleWorkflowCode>>();

/**
 * Behaviour of DMS that nobody outside AWS knows. The package must work with either value of each switch.
 *
 * `npm run test:compatibility` runs tests with all switches inverted.
 */
export const uncertain: Partial<Uncertain> = process.env['DMS_UNCERTAIN'] === 'inverted' ? uncertainInverted : {};

/** Status in the answer to a stop. */
export const answeredStatus = uncertain.stopAnswers === 'status-before' ? 'running' : 'stopping';

/** Quick steps, in simulated seconds: a stop takes half a real second at the speed that tests use. */
export const quick = {
  speed: 20,
  uncertain,
  durations: {
    initializing: 4,
    preparing_metadata_resources: 4,
    testing_connection: 4,
    fetching_metadata: 4,
    calculating_capacity: 4,
    provisioning_capacity: 4,
    replication_starting: 10,
    stopping: 20,
    modifying: 40,
    deleting: 20,
    deprovisioning: 400,
    fullLoad: 40,
    describingStop: 4,
    flushingCheckpoint: 4,
  },
} satisfies DmsSimulatorOptions;

export function simulatedApi(simulator: DmsSimulator): DmsApi {
  return createAwsDmsApi({ clientFor: ({ region }) => createDmsClient(simulator.clientConfig(region)) });
}

export interface StageOptions {
  /** Default: the server of all end-to-end tests. */
  readonly address?: string;
  readonly dataConverter?: DataConverter;
}

export interface StageWorkerOptions extends Partial<DmsActivitiesOptions> {
  /** File with the workflows, relative to this file. Default: the package's, with the hosts that tests use. */
  readonly workflows?: string;
  /** Workflow type to remove from the usual bundle. The worker then ignores `workflows` and the stage's converter. */
  readonly lacks?: string;
  readonly slots?: number;
  /** Activities that are not the package's, on the same worker. */
  readonly foreign?: object;
  /** Connection of this worker alone, for a second worker on the same task queue. Default: the stage's. */
  readonly connection?: NativeConnection;
  /** True if the worker has none of the package's activities. */
  readonly bare?: boolean;
}

/** A simulator, a task queue, a client on the real server, and workers as needed. */
export class Stage implements AsyncDisposable {
  readonly taskQueue = `test-${randomUUID()}`;
  readonly #running: { worker: Worker; done: Promise<void> }[] = [];

  private constructor(
    readonly simulator: DmsSimulator,
    readonly connection: Connection,
    readonly native: NativeConnection,
    readonly client: Client,
    readonly dms: ReplicationClient,
    private readonly dataConverter: DataConverter,
    private readonly isShared: boolean,
  ) {
    this.dms = new ReplicationClient({ client, taskQueue: this.taskQueue });
  }

  static async set(
    options: DmsSimulatorOptions = quick,
    { address, dataConverter = {} }: StageOptions = {},
  ): Promise<Stage> {
    const connecting = address === undefined ? connectShared() : connect(address);
    const [simulator, { connection, native }] = await Promise.all([
      startDmsSimulator({ ...options, uncertain: { ...uncertain, ...options.uncertain } }),
      connecting,
    ]);
    const client = new Client({ connection, dataConverter });
    const dms = new ReplicationClient({ client });
    return new Stage(simulator, connection, native, client, dms, dataConverter, address === undefined);
  }

  async work(options: StageWorkerOptions = {}, taskQueue = this.taskQueue): Promise<Worker> {
    const { workflows, lacks, slots, foreign, connection = this.native, bare = false, ...activities } = options;
    const own = bare ? {} : createDmsActivities({ dms: simulatedApi(this.simulator), ...activities });
    const worker = await Worker.create({
      connection,
      taskQueue,
      dataConverter: this.dataConverter,
      workflowBundle: await (lacks === undefined
        ? workflowBundle(workflows, this.dataConverter)
        : workflowBundleWithout(lacks)),
      activities: { ...own, ...foreign },
      shutdownGraceTime: 0,
      // Saves the thread for workflows, whose start takes half a second. Tests of the worker program do use it.
      debugMode: true,
      // Lets tests see progress at once.
      maxHeartbeatThrottleInterval: 500,
      ...(slots === undefined ? {} : { maxConcurrentActivityTaskExecutions: slots }),
    });
    this.#running.push({ worker, done: worker.run() });
    return worker;
  }

  /** Shuts down one worker, or all workers, and waits for their end. */
  async stopWorkers(which?: Worker): Promise<void> {
    const ending = this.#running.filter(({ worker }) => which === undefined || worker === which);
    for (const { worker } of ending) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all(ending.map(({ done }) => done));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopWorkers();
    if (!this.isShared) {
      await this.connection.close();
      await this.native.close();
    }
    await this.simulator.close();
  }
}

/** `PendingActivityState` of Temporal's API. */
const STARTED = 2;

/** Returns true if a held attempt waits for the workflow, and has looked at least once. */
export async function isHeld(workflow: WorkflowHandle): Promise<boolean> {
  const { raw } = await workflow.describe();
  const wait = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'dms.awaitStopped');
  return Number(wait?.state) === STARTED && ((wait?.attempt ?? 0) > 1 || wait?.heartbeatDetails != null);
}

/** Waits until `look` returns a value other than `null`, `undefined` or `false`. Throws an error after the deadline. */
export async function until<T>(what: string, look: () => T | Promise<T>, seconds = 100): Promise<NonNullable<T>> {
  const deadline = Date.now() + seconds * 1000;
  for (let pause = 50; ; pause = Math.min(pause * 1.2, 500)) {
    // A worker that is short of processor time may give no answer.
    const seen = await Promise.resolve(look()).catch((err: unknown) => {
      if (!isDmsFailure(err, 'DmsLedgerUnavailable')) throw err;
      return null;
    });
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`Gave up after waiting ${seconds} s until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Returns the ledger of a replication. `null`: the replication has had no operation yet. */
export async function ledgerOf(dms: ReplicationClient, replicationConfigArn: string): Promise<Ledger | null> {
  try {
    return await dms.ledger(replicationConfigArn);
  } catch (err) {
    if (isDmsFailure(err, 'DmsLedgerNotFound')) return null;
    throw err;
  }
}

/** Returns the error that a promise rejects with. */
export async function failureOf(
  promise: Promise<unknown>,
): Promise<{ type?: string; message: string; details?: readonly any[] } & Error> {
  try {
    await promise;
  } catch (err) {
    return err as Error & { type?: string };
  }
  throw new Error('The promise should have been rejected');
}
