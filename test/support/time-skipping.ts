import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import { createDmsActivities, type DmsActivitiesOptions } from '../../src/activities/index.js';
import { ReplicationClient } from '../../src/client/index.js';
import { startDmsSimulator, type DmsSimulator, type DmsSimulatorOptions } from '../../src/simulator/index.js';
import { quick, simulatedApi, workflowBundle } from './stage.js';

/** A simulator, a task queue and a client on a server whose time is skipped. */
export interface SkippingStage extends AsyncDisposable {
  readonly env: TestWorkflowEnvironment;
  readonly simulator: DmsSimulator;
  readonly taskQueue: string;
  readonly dms: ReplicationClient;
  /** Creates a worker. `foreign`: activities that are not the package's. */
  work(options?: Partial<DmsActivitiesOptions>, foreign?: object): Promise<Worker>;
  /** Creates a worker with the workflows only. */
  workWithoutActivities(taskQueue: string): Promise<Worker>;
}

/**
 * Starts a stage with a time-skipping server of its own.
 *
 * A shared server would stop skipping time while a workflow has no worker, such as the ledger of an earlier test.
 */
export async function startSkippingStage(options: DmsSimulatorOptions = quick): Promise<SkippingStage> {
  const begin = async () =>
    TestWorkflowEnvironment.createTimeSkipping({ server: { executable: inject('timeSkippingServer') } });
  // The SDK waits five seconds for the server to start. A busy machine may need a second try.
  const [env, simulator] = await Promise.all([begin().catch(begin), startDmsSimulator(options)]);
  const taskQueue = randomUUID();
  return {
    env,
    simulator,
    taskQueue,
    // With this client, time is skipped only while a test sleeps. The environment's own client also skips while a test
    // waits for a result. The time would then jump to the next warning of a guard.
    dms: new ReplicationClient({ client: new Client({ connection: env.connection }), taskQueue }),
    async work(activities = {}, foreign = {}) {
      // The server skips time, but the request budget uses the real clock.
      const usual = { dms: simulatedApi(simulator), holdSeconds: 0, looksPerSecond: 1000 };
      return Worker.create({
        connection: env.nativeConnection,
        taskQueue,
        workflowBundle: await workflowBundle(),
        debugMode: true,
        activities: { ...createDmsActivities({ ...usual, ...activities }), ...foreign },
      });
    },
    async workWithoutActivities(ofLedgers) {
      const { nativeConnection: connection } = env;
      return Worker.create({
        connection,
        taskQueue: ofLedgers,
        workflowBundle: await workflowBundle(),
        debugMode: true,
      });
    },
    async [Symbol.asyncDispose]() {
      await env.teardown();
      await simulator.close();
    },
  };
}
