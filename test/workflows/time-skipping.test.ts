import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createDmsActivities, type DmsActivitiesOptions } from '../../src/activities/index.js';
import { ReplicationClient } from '../../src/client/index.js';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';
import { startSkippingStage } from '../support/time-skipping.js';
import { failureOf, quick, simulatedApi, uncertain, until, workflowBundle } from '../support/stage.js';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  const begin = async () =>
    TestWorkflowEnvironment.createTimeSkipping({ server: { executable: inject('timeSkippingServer') } });
  // The SDK gives the server five seconds to start. A busy machine may need a second try.
  env = await begin().catch(begin);
});
afterAll(() => env.teardown());

async function createWorker(
  taskQueue: string,
  simulator: DmsSimulator,
  options: Partial<DmsActivitiesOptions> = {},
): Promise<Worker> {
  return Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: await workflowBundle(),
    // The request budget runs on real time, not on skipped time.
    activities: createDmsActivities({ dms: simulatedApi(simulator), holdSeconds: 0, looksPerSecond: 1000, ...options }),
  });
}

/** Counts the history events of a stop that takes this many seconds of the server's time. */
async function eventsOfStop(stopsAfterSeconds: number): Promise<{ all: number; own: number }> {
  const simulator = await startDmsSimulator({
    ...quick,
    durations: { ...quick.durations, stopping: 1e9 },
    // No throttling, because a day of looks passes within a minute.
    uncertain: { ...uncertain, throttle: null },
  });
  const taskQueue = randomUUID();
  try {
    const replicationConfigArn = simulator.createReplication();
    const worker = await createWorker(taskQueue, simulator);
    const begun = await env.currentTimeMs();
    const dms = new ReplicationClient({ client: env.client, taskQueue });
    return await worker.runUntil(async () => {
      const input = {
        replicationConfigArn,
        settleSeconds: 0,
        stopTimeoutSeconds: 2 * 86_400,
        deadlinePolicy: 'none',
      } as const;
      const handle = await dms.startStop(input);
      await until('it was asked to stop', () => simulator.count('StopReplication') === 1);
      await until('the wait began', async () => (await handle.progress()).lastStatus === 'stopping');
      while ((await env.currentTimeMs()) - begun < stopsAfterSeconds * 1000) {
        await env.sleep(Math.min(stopsAfterSeconds, 1800) * 1000);
      }
      simulator.row(replicationConfigArn).Status = 'stopped';
      simulator.row(replicationConfigArn).StopReason = 'Stop Reason NORMAL';
      simulator.row(replicationConfigArn).ReplicationLastStopTime = simulator.clock.now() / 1000;
      await handle.result();
      const { events } = await env.client.workflow.getHandle(handle.workflowId).fetchHistory();
      // The test server lets workflow tasks time out while it skips time, and dispatches them again. A real server does
      // not write these events.
      const own = events?.filter(
        (event) =>
          !event.workflowTaskScheduledEventAttributes &&
          !event.workflowTaskStartedEventAttributes &&
          !event.workflowTaskCompletedEventAttributes &&
          !event.workflowTaskTimedOutEventAttributes &&
          !event.workflowTaskFailedEventAttributes,
      );
      return { all: events?.length ?? 0, own: own?.length ?? 0 };
    });
  } finally {
    await simulator.close();
  }
}

test('the history of a six-hour stop is as short as that of a one-minute stop', async () => {
  const minute = await eventsOfStop(60);
  const hours = await eventsOfStop(6 * 3600);
  expect(hours.own).toBe(minute.own);
  expect(minute.own).toBeLessThanOrEqual(15);
});

test('a wait whose looks are throttled ten times in a row goes on', async () => {
  const simulator = await startDmsSimulator(quick);
  const taskQueue = randomUUID();
  try {
    const replicationConfigArn = simulator.createReplication();
    const worker = await createWorker(taskQueue, simulator, { looksPerSecond: 20 });
    const dms = new ReplicationClient({ client: env.client, taskQueue });
    await worker.runUntil(async () => {
      const handle = await dms.startStop({ replicationConfigArn, settleSeconds: 0, deadlinePolicy: 'none' });
      await until('it was asked to stop', () => simulator.count('StopReplication') === 1);
      simulator.fault({ operation: 'DescribeReplications', type: 'throttle', times: 10 });
      expect((await handle.result()).outcome).toBe('stopped');
    });
    expect(simulator.calls.filter((call) => call.outcome === 'ThrottlingException')).toHaveLength(10);
  } finally {
    await simulator.close();
  }
});

test("an operation whose ledger can't be reached for five minutes fails without calling DMS", async () => {
  const simulator = await startDmsSimulator(quick);
  const taskQueue = randomUUID();
  const away = () => Promise.reject(new Error('nobody serves that queue'));
  const client = {
    workflow: { getHandle: () => ({ executeUpdate: away, query: away }) },
    withDeadline: (_: number, ask: () => unknown) => ask(),
  } as unknown as Client;
  try {
    const replicationConfigArn = simulator.createReplication();
    const worker = await createWorker(taskQueue, simulator, { client, ledgerTaskQueue: 'elsewhere' });
    const dms = new ReplicationClient({ client: env.client, taskQueue });
    const failure = await worker.runUntil(failureOf(dms.stop({ replicationConfigArn })));
    expect(failure).toMatchObject({
      type: 'DmsLedgerUnavailable',
      message: expect.stringMatching(/elsewhere.*5 minutes \(nobody serves that queue\); DMS was not called/),
      details: [{ replicationConfigArn, elapsedSeconds: expect.any(Number) }],
    });
    expect(simulator.count('StopReplication')).toBe(0);
  } finally {
    await simulator.close();
  }
});

test('the ledger records the stop of an operation that was terminated', async () => {
  await using stage = await startSkippingStage();
  const { dms, env: server, simulator } = stage;
  const replicationConfigArn = simulator.createReplication();
  const own = createDmsActivities({ dms: simulatedApi(simulator), holdSeconds: 0, looksPerSecond: 1000 });
  let attempts = 0;
  // The test server skips no time while an attempt of a terminated workflow is under way. So terminate between two.
  const awaitStopped: (typeof own)['dms.awaitStopped'] = async (request) => {
    if (++attempts === 1) throw ApplicationFailure.create({ message: 'later', nextRetryDelay: '30 minutes' });
    return own['dms.awaitStopped'](request);
  };
  const worker = await stage.work({}, { 'dms.awaitStopped': awaitStopped });
  await worker.runUntil(async () => {
    const { workflowId } = await dms.startStop({ replicationConfigArn, operationId: 'night', intent: 'final' });
    await until('it was asked to stop', () => simulator.count('StopReplication') === 1);
    const operation = server.client.workflow.getHandle(workflowId);
    await until('its wait is between two attempts', async () => {
      const [pending] = (await operation.describe()).raw.pendingActivities ?? [];
      return pending?.lastFailure?.message === 'later';
    });
    await operation.terminate();
    await until('it is stopped', () => simulator.row(replicationConfigArn).Status === 'stopped');
    for (let minutes = 0; (await dms.ledger(replicationConfigArn)).checkpoints.length === 0; minutes++) {
      expect(minutes).toBeLessThan(15);
      await server.sleep(60_000);
    }
    expect(await dms.ledger(replicationConfigArn)).toMatchObject({
      pendingCall: null,
      sealed: { by: null },
      checkpoints: [{ operationId: 'night', intent: 'final' }],
      operations: [{ operationId: 'night', outcome: 'stopped', failureType: null, finishedBy: 'ledger' }],
    });
  });
});
