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
  /** `foreign`: activities of somebody else. */
  work(options?: Partial<DmsActivitiesOptions>, foreign?: object): Promise<Worker>;
  /** A worker that has the workflows alone. */
  workWithoutActivities(taskQueue: string): Promise<Worker>;
}

/**
 * A server for each stage: time stands still in one that has work left which no worker does any more, such as the guard of a replication that an
 * earlier test has stopped.
 */
export async function setSkipping(options: DmsSimulatorOptions = quick): Promise<SkippingStage> {
  const begin = async () =>
    TestWorkflowEnvironment.createTimeSkipping({ server: { executable: inject('timeSkippingServer') } });
  // It gets five seconds to start, which a busy machine may take.
  const [env, simulator] = await Promise.all([begin().catch(begin), startDmsSimulator(options)]);
  const taskQueue = randomUUID();
  return {
    env,
    simulator,
    taskQueue,
    // Time is skipped only where a test sleeps, and not whenever it waits for a result: it would jump to the next warning of a guard.
    dms: new ReplicationClient({ client: new Client({ connection: env.connection }), taskQueue }),
    async work(activities = {}, foreign = {}) {
      // Time is skipped; the budget of requests goes by the real one.
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
