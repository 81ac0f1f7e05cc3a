import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { quick, Stage, until } from '../support/stage.js';

const WAITS = 300;
const HOLD_SECONDS = 30;

test('three hundred waits on a worker with a hundred slots leave other activities alone', async () => {
  const durations = { ...quick.durations, stopping: 1e6 };
  await using stage = await Stage.set({ ...quick, durations, uncertain: { throttle: null } });
  // Slots are what is scarce here, not requests.
  await stage.work({
    slots: 100,
    holdSeconds: HOLD_SECONDS,
    looksPerSecond: 20,
    foreign: { hello: async () => 'hello' },
  });
  const arns = Array.from({ length: WAITS }, () => stage.simulator.createReplication());
  const handles = await Promise.all(
    arns.map((replicationConfigArn) => stage.dms.startStop({ replicationConfigArn, selfRestartGraceSeconds: 0 })),
  );
  const areStopping = () => arns.every((arn) => stage.simulator.row(arn).Status === 'stopping');
  await until('all were asked to stop', areStopping, 200);

  const delays: number[] = [];
  for (let i = 0; i < 20; i++) {
    const begunAt = performance.now();
    const workflowId = randomUUID();
    await stage.client.workflow.execute('hostHello', { workflowId, taskQueue: stage.taskQueue });
    delays.push((performance.now() - begunAt) / 1000);
  }
  // Were every slot held, another activity would wait for most of a hold.
  expect(Math.max(...delays)).toBeLessThan(HOLD_SECONDS / 3);
  expect(areStopping()).toBe(true);
  await Promise.all(handles.map(({ workflowId }) => stage.client.workflow.getHandle(workflowId).terminate('test')));
}, 300_000);
