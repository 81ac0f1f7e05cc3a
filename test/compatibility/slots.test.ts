import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createDmsActivities } from '../../src/activities/index.js';
import { quick, simulatedApi, Stage, until } from '../support/stage.js';

const WAITS = 150;
const HOLD_SECONDS = 20;
const MAX_HELD_WAITS = 25;
/** Minimum duration of an attempt that counts as held. Any other attempt looks once and ends. */
const HELD_FROM_MS = HOLD_SECONDS * 500;

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Returns the maximum number of spans that overlap. */
function mostAtOnce(spans: readonly Span[]): number {
  return Math.max(...spans.map(({ from }) => spans.filter((each) => each.from <= from && from < each.to).length));
}

test('a hundred and fifty waits hold at most half of fifty slots, and other activities start within seconds', async () => {
  const durations = { ...quick.durations, stopping: 1e6 };
  await using stage = await Stage.set({ ...quick, durations, uncertain: { throttle: null } });
  // Slots are scarce in this test. Requests are not.
  const own = createDmsActivities({
    dms: simulatedApi(stage.simulator),
    holdSeconds: HOLD_SECONDS,
    maxHeldWaits: MAX_HELD_WAITS,
    looksPerSecond: 20,
  });
  const attempts: Span[] = [];
  const awaitStopped: (typeof own)['dms.awaitStopped'] = async (request) => {
    const from = performance.now();
    return own['dms.awaitStopped'](request).finally(() => attempts.push({ from, to: performance.now() }));
  };
  const foreign = { ...own, 'dms.awaitStopped': awaitStopped, hello: async () => 'hello' };
  await stage.work({ slots: 50, bare: true, foreign });
  const arns = Array.from({ length: WAITS }, () => stage.simulator.createReplication());
  const started = arns.map((replicationConfigArn) =>
    stage.dms.startStop({ replicationConfigArn, selfRestartGraceSeconds: 0 }),
  );
  const handles = await Promise.all(started);
  const areStopping = () => arns.every((arn) => stage.simulator.row(arn).Status === 'stopping');
  await until('all were asked to stop', areStopping, 200);

  const delays: number[] = [];
  for (let i = 0; i < 20; i++) {
    const begunAt = performance.now();
    const workflowId = randomUUID();
    await stage.client.workflow.execute('hostHello', { workflowId, taskQueue: stage.taskQueue });
    delays.push((performance.now() - begunAt) / 1000);
  }
  // If all slots were held, other activities would wait for most of HOLD_SECONDS. On an idle machine the slowest takes
  // one second.
  expect(delays.toSorted((one, other) => one - other)[delays.length / 2]).toBeLessThan(HOLD_SECONDS / 4);
  expect(Math.max(...delays)).toBeLessThan(HOLD_SECONDS / 2);
  const held = () => attempts.filter(({ from, to }) => to - from >= HELD_FROM_MS);
  await until('as many attempts as may be held have been', () => held().length > MAX_HELD_WAITS, 120);
  expect(mostAtOnce(held())).toBeLessThanOrEqual(MAX_HELD_WAITS);
  expect(mostAtOnce(held())).toBeGreaterThan(MAX_HELD_WAITS / 2);
  expect(areStopping()).toBe(true);
  await Promise.all(handles.map(({ workflowId }) => stage.client.workflow.getHandle(workflowId).terminate('test')));
});
