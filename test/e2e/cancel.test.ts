import { Client } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import type { OperationHandle } from '../../src/client/index.js';
import { manual } from '../support/held-wait.js';
import { failureOf, ledgerOf, Stage, until } from '../support/stage.js';
import { endProcess, startWorkerProcess } from '../support/worker-process.js';

const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };
const MOST_SECONDS = 5;

/** Cancels an operation, and checks that it ends as cancelled within five seconds. */
async function expectPromptCancel(handle: OperationHandle<unknown>): Promise<void> {
  const begun = performance.now();
  await handle.cancel();
  expect(String((await failureOf(handle.result())).cause)).toContain('CancelledFailure');
  expect((performance.now() - begun) / 1000).toBeLessThan(MOST_SECONDS);
}

// A machine with other work may be slow for a moment.
describe.concurrent('a cancel ends an operation within five seconds', { retry: 1 }, () => {
  test('while its ledger is slow to begin it, and the late update begins nothing', async () => {
    await using stage = await Stage.set(manual);
    const { simulator, dms, client } = stage;
    const arrived: string[] = [];
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const slowly = async <T>(name: string, go: () => Promise<T>): Promise<T> => {
      if (name !== 'dms.begin') return go();
      await gate;
      return go().finally(() => arrived.push(name));
    };
    const slow = new Client({
      connection: client.connection,
      interceptors: {
        workflow: [
          {
            startUpdate: (input, next) => slowly(input.updateName, () => next(input)),
            startUpdateWithStart: (input, next) => slowly(input.updateName, () => next(input)),
          },
        ],
      },
    });
    await stage.work({ client: slow });
    const replicationConfigArn = simulator.createReplication();
    const stop = await dms.startStop({ replicationConfigArn, ...brief });
    await until('it has looked', () => simulator.count('DescribeReplications') > 0);
    await expectPromptCancel(stop);
    release();
    await until('its beginning arrives', () => arrived.length > 0);
    const ledger = await until('the ledger is there', () => ledgerOf(dms, replicationConfigArn));
    expect(ledger.pendingCall).toBeNull();
    expect(ledger.operations.filter(({ finishedAt }) => finishedAt === null)).toEqual([]);
    expect(simulator.count('StopReplication')).toBe(0);
  });

  /** The end of the newest operation, as its ledger knows it. */
  const ended = { operations: [{ failureType: 'CancelledFailure', finishedAt: expect.any(String) }] };

  test('while it waits until the replication can be stopped', async () => {
    await using stage = await Stage.set(manual);
    await stage.work();
    const { simulator, dms } = stage;
    const replicationConfigArn = simulator.createReplication();
    simulator.modify(replicationConfigArn);
    const stop = await dms.startStop({ replicationConfigArn, ...brief });
    await until('it waits', async () => (await stop.progress()).detail.includes('can stop it only once it is running'));
    await expectPromptCancel(stop);
    expect(await dms.ledger(replicationConfigArn)).toMatchObject({ ...ended, pendingCall: null });
  });

  test('while it waits until the replication is stopped', async () => {
    await using stage = await Stage.set(manual);
    await stage.work();
    const { simulator, dms } = stage;
    const replicationConfigArn = simulator.createReplication();
    const stop = await dms.startStop({ replicationConfigArn, ...brief });
    await until('it is stopping', async () => (await stop.progress()).lastStatus === 'stopping');
    await expectPromptCancel(stop);
    expect(await dms.ledger(replicationConfigArn)).toMatchObject({ ...ended, pendingCall: { isAnswered: true } });
  });

  test('while a request to DMS hangs', async () => {
    await using stage = await Stage.set(manual);
    await stage.work();
    const { simulator, dms } = stage;
    const replicationConfigArn = simulator.createReplication();
    simulator.fault({ operation: 'StopReplication', type: 'hang', times: 9 });
    const stop = await dms.startStop({ replicationConfigArn, ...brief });
    await until('its call hangs', () => simulator.count('StopReplication') === 1);
    await expectPromptCancel(stop);
    expect(await dms.ledger(replicationConfigArn)).toMatchObject({ ...ended, pendingCall: { isAnswered: false } });
    const unseen = simulator.createReplication();
    simulator.fault({ operation: 'DescribeReplications', type: 'hang', times: 99 });
    const resume = await dms.startResume({ replicationConfigArn: unseen });
    await until('its look hangs', () => simulator.count('DescribeReplications', unseen) > 0);
    await expectPromptCancel(resume);
  });

  test('while a resume is verified', async () => {
    await using stage = await Stage.set(manual);
    await stage.work();
    const { simulator, dms } = stage;
    const replicationConfigArn = simulator.createReplication({ status: 'stopped' });
    const resume = await dms.startResume({ replicationConfigArn, force: true, verifyProgressSeconds: 600 });
    await until('it is asked for', () => simulator.count('StartReplication') === 1);
    await until('it is starting', async () => (await resume.progress()).phase === 'starting');
    simulator.clock.advance({ minutes: 5 });
    await until('it is verified', async () => (await resume.progress()).phase === 'verifying');
    await expectPromptCancel(resume);
    expect(await dms.ledger(replicationConfigArn)).toMatchObject(ended);
  });
});

test('an event loop that stalls for ten seconds loses no attempt of an activity that changes DMS', async () => {
  await using stage = await Stage.set(manual);
  const { simulator, dms, client, taskQueue } = stage;
  const worker = startWorkerProcess(taskQueue, simulator, { clock: './stalling-loop.mjs' });
  try {
    const replicationConfigArn = simulator.createReplication();
    simulator.fault({ operation: 'StopReplication', type: 'latency', milliseconds: 3000 });
    const stop = await dms.startStop({ replicationConfigArn, ...brief });
    await until('its call is on its way', async () => (await ledgerOf(dms, replicationConfigArn))?.pendingCall);
    const workflow = client.workflow.getHandle(stop.workflowId);
    const [asking] = (await workflow.describe()).raw.pendingActivities ?? [];
    const stalled = performance.now();
    worker.kill('SIGHUP');
    await until('it is asked to stop', () => simulator.row(replicationConfigArn).Status === 'stopping');
    simulator.clock.advance({ minutes: 1 });
    expect(await stop.result()).toMatchObject({ outcome: 'stopped' });
    expect((performance.now() - stalled) / 1000).toBeGreaterThan(10);
    expect(simulator.count('StopReplication')).toBe(1);
    const { events } = await workflow.fetchHistory();
    const attempts = events?.flatMap(({ activityTaskStartedEventAttributes: each }) => each?.attempt ?? []);
    expect(attempts?.[0]).toBe(asking?.attempt);
  } finally {
    await endProcess(worker, 'SIGKILL');
  }
});
