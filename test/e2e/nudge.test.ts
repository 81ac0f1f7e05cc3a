import { NativeConnection } from '@temporalio/worker';
import { describe, expect, inject, test } from 'vitest';
import { endStop, heldWait, manual, SLOW } from '../support/held-wait.js';
import { isHeld, quick, Stage, until } from '../support/stage.js';

describe.concurrent('a nudge', () => {
  test('ends a wait before the next sweep, and reaches the worker that holds it', async () => {
    await using stage = await Stage.set(manual);
    const connections = await Promise.all(
      [1, 2].map(() => NativeConnection.connect({ address: inject('temporalAddress') })),
    );
    await Promise.all([stage.native, ...connections].map((connection) => stage.work({ ...SLOW, connection })));
    const { replicationConfigArn, handle, looks } = await heldWait(stage);
    endStop(stage);
    const before = looks();
    // A nudge is tried for ten seconds. It may miss the one worker of three that holds the wait, so nudge again.
    let nudgedAt = -Infinity;
    await until(
      'it was looked at',
      async () => {
        if (looks() === before && performance.now() - nudgedAt > 12_000) {
          nudgedAt = performance.now();
          expect(await stage.dms.nudge(replicationConfigArn)).toBe(true);
        }
        return looks() > before;
      },
      120,
    );
    expect((await handle.result()).outcome).toBe('stopped');
    expect(looks() - before).toBe(1);
    await stage.stopWorkers();
    await Promise.all(connections.map((connection) => connection.close()));
  });

  test('may be a signal by name, and fifty at once cause fewer than 25 looks', async () => {
    await using stage = await Stage.set(manual);
    await stage.work(SLOW);
    const { replicationConfigArn, handle, workflow, looks } = await heldWait(stage);
    const before = looks();
    await Promise.all(Array.from({ length: 50 }, () => workflow.signal('dms.nudge')));
    await until('all of them are passed on', async () => {
      const { raw } = await workflow.describe();
      return looks() > before && raw.pendingWorkflowTask === null && raw.pendingActivities?.length === 1;
    });
    expect(looks() - before).toBeLessThan(25);
    expect((await handle.progress()).lastStatus).toBe('stopping');
    endStop(stage);
    await stage.dms.nudge(replicationConfigArn);
    expect((await handle.result()).outcome).toBe('stopped');
  });

  test('of a replication without an open operation returns false', async () => {
    await using stage = await Stage.set(manual);
    const arn = stage.simulator.createReplication();
    expect(await stage.dms.nudge(arn)).toBe(false);
    await expect(stage.dms.nudge('orders')).rejects.toMatchObject({ type: 'DmsInvalidInput' });
  });

  test('that finds no worker does not disturb the stop', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 1200 } });
    const nowhere = () => Promise.reject(new Error('no wait is held in this worker'));
    await stage.work({ foreign: { 'dms.nudge': nowhere } });
    // The operation is open for longer than the nudge is tried.
    const slow = { type: 'latency', operation: 'DescribeReplicationTableStatistics', milliseconds: 13_000 } as const;
    stage.simulator.fault(slow);
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, settleSeconds: 0, selfRestartGraceSeconds: 0 });
    const workflow = stage.client.workflow.getHandle(handle.workflowId);
    await until('its wait is held', () => isHeld(workflow));
    await stage.dms.nudge(replicationConfigArn);
    await until('the nudge is tried', async () => {
      const { raw } = await workflow.describe();
      return raw.pendingActivities?.some(({ activityType }) => activityType?.name === 'dms.nudge');
    });
    expect((await handle.progress()).phase).toBe('stopping');
    stage.simulator.clock.advance({ seconds: 1200 });
    expect((await handle.result()).outcome).toBe('stopped');
  });

  test('does not keep a later cancel from ending the operation', async () => {
    await using stage = await Stage.set(manual);
    await stage.work(SLOW);
    const { replicationConfigArn, handle } = await heldWait(stage);
    await stage.dms.nudge(replicationConfigArn);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(/cancelled/i);
  });
});
