import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ReplicationClient } from '../../src/client/index.js';
import { failureOf, Stage, until } from '../support/stage.js';

const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };
const warnings: (Error & { code?: string })[] = [];
const onWarning = (warning: Error) => void warnings.push(warning);
beforeAll(() => void process.on('warning', onWarning));
afterAll(() => void process.off('warning', onWarning));
const warned = (code: string, text: string) =>
  warnings.filter((each) => each.code === code && each.message.includes(text));

describe.concurrent('without a worker', () => {
  test('progress names the task queue and the time since which the task waits, until a worker comes', async () => {
    await using stage = await Stage.set();
    const { taskQueue } = stage;
    const replicationConfigArn = stage.simulator.createReplication();
    const before = new Date(Date.now() - 60_000).toISOString();
    const handle = await stage.dms.startStop({ replicationConfigArn, ...brief });
    const alone = await handle.progress();
    expect(alone).toMatchObject({ phase: 'beginning', taskQueue, noWorker: { taskQueue, since: expect.any(String) } });
    expect((alone.noWorker?.since ?? '') > before).toBe(true);
    expect(alone.detail).toContain(`No worker polls the task queue "${taskQueue}"`);
    await stage.work();
    expect((await handle.result()).outcome).toBe('stopped');
    expect(await handle.progress()).toMatchObject({ phase: 'done', lastStatus: 'stopped', noWorker: null });
    await stage.stopWorkers();
    expect(await handle.progress()).toMatchObject({ phase: 'done', lastStatus: 'stopped', detail: 'Recorded' });
  });

  test('the client warns once, after two checks, and the operations go on when a worker comes', async () => {
    await using stage = await Stage.set();
    const [first, second] = [stage.simulator.createReplication(), stage.simulator.createReplication()];
    const startedAt = Date.now();
    const handle = await stage.dms.startStop({ replicationConfigArn: first, ...brief });
    const all = Promise.all([
      handle.result(),
      stage.dms.stop({ replicationConfigArn: first, ...brief }),
      stage.dms.stop({ replicationConfigArn: second, ...brief }),
    ]);
    const told = () => warned('TEMPORAL_DMS_NO_WORKER', stage.taskQueue);
    await until('it warns', () => told().length > 0);
    // The first check comes after three seconds, the second four later. A single one proves nothing.
    expect(Date.now() - startedAt).toBeGreaterThan(6_500);
    expect(told()[0]?.message).toContain(`temporal-dms worker --task-queue ${stage.taskQueue}`);
    await stage.work();
    expect((await all).map(({ outcome }) => outcome)).toEqual(['stopped', 'stopped', 'stopped']);
    expect(told()).toHaveLength(1);
  });

  test('the client warns of a worker that ended a moment ago', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    await stage.dms.stop({ replicationConfigArn, ...brief });
    expect(warned('TEMPORAL_DMS_NO_WORKER', stage.taskQueue)).toEqual([]);
    await stage.stopWorkers();
    const resumed = stage.dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 });
    await until('it warns', () => warned('TEMPORAL_DMS_NO_WORKER', stage.taskQueue).length === 1);
    await stage.work();
    expect((await resumed).outcome).toBe('resumed');
  });

  test('a refusal says that no worker has taken the operation under way', async () => {
    await using stage = await Stage.set();
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, ...brief });
    const refused = await failureOf(stage.dms.resume({ replicationConfigArn }));
    expect(refused).toMatchObject({ type: 'DmsOperationInProgress' });
    expect(refused.message).toContain('where no worker has taken it since');
    await handle.cancel();
  });
});

describe.concurrent('an operation on another task queue', () => {
  test('that no worker ever picked up is replaced, and its starter gets the reason', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const mistyped = `typo-${randomUUID()}`;
    const wrong = new ReplicationClient({ client: stage.client, taskQueue: mistyped });
    const replicationConfigArn = stage.simulator.createReplication();
    const lost = await wrong.startResume({ replicationConfigArn });
    const lostEnd = failureOf(lost.result());
    const handle = await stage.dms.startStop({ replicationConfigArn, ...brief });
    expect(handle.joined).toBe(false);
    expect((await handle.result()).outcome).toBe('stopped');
    const why = `No worker polls the task queue "${mistyped}"`;
    expect((await lostEnd).message).toContain(why);
    expect(await lost.progress()).toMatchObject({ phase: 'failed', detail: expect.stringContaining(why) });
    const [told] = warned('TEMPORAL_DMS_REPLACED', mistyped);
    expect(told?.message).toContain(`dms:${replicationConfigArn}`);
  });

  test('that no worker ever picked up is replaced by the step of a host', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const mistyped = `typo-${randomUUID()}`;
    const wrong = new ReplicationClient({ client: stage.client, taskQueue: mistyped });
    const replicationConfigArn = stage.simulator.createReplication();
    const lost = await wrong.startStop({ replicationConfigArn, ...brief });
    const lostEnd = failureOf(lost.result());
    const { client, taskQueue } = stage;
    const workflowId = randomUUID();
    const args = [{ replicationConfigArn, ...brief }] as const;
    const result = await client.workflow.execute('hostStop', { workflowId, taskQueue, args: [...args] });
    expect(result).toMatchObject({ outcome: 'stopped' });
    expect((await lostEnd).message).toContain(`No worker polls the task queue "${mistyped}"`);
  });

  test('that a worker runs is joined, and progress names its task queue', async () => {
    await using stage = await Stage.set();
    const other = `other-${randomUUID()}`;
    await stage.work({}, other);
    const there = new ReplicationClient({ client: stage.client, taskQueue: other });
    const replicationConfigArn = stage.simulator.createReplication({ status: 'modifying' });
    const first = await there.startStop({ replicationConfigArn, ...brief });
    await until('a worker has it', async () => (await first.progress()).phase === 'waiting-until-stoppable');
    const handle = await stage.dms.startStop({ replicationConfigArn, ...brief });
    expect(handle).toMatchObject({ joined: true, runId: first.runId });
    const { taskQueue, noWorker, detail } = await handle.progress();
    expect({ taskQueue, noWorker }).toEqual({ taskQueue: other, noWorker: null });
    expect(detail).toContain(`It runs on the task queue "${other}", not on this client's "${stage.taskQueue}"`);
    expect(await handle.result()).toEqual(await first.result());
  });

  test('that no worker picked up is joined when a worker polled its task queue', async () => {
    await using stage = await Stage.set();
    const other = `other-${randomUUID()}`;
    const there = new ReplicationClient({ client: stage.client, taskQueue: other });
    await stage.work({}, other);
    const { workflowService } = stage.client;
    const taskQueue = { namespace: 'default', taskQueue: { name: other }, taskQueueType: 1 };
    await until('it polls', async () => (await workflowService.describeTaskQueue(taskQueue)).pollers.length > 0);
    await stage.stopWorkers(); // the server remembers the poll
    const replicationConfigArn = stage.simulator.createReplication();
    const first = await there.startStop({ replicationConfigArn, ...brief });
    expect(await stage.dms.startStop({ replicationConfigArn, ...brief })).toMatchObject({ joined: true });
    await stage.work({}, other);
    expect((await first.result()).outcome).toBe('stopped');
  });
});
