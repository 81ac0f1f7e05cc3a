import { describe, expect, test } from 'vitest';
import { clearNeverPickedUp, isNeverPickedUp, isPolled, type PickUpFacts } from '../../src/rules/never-picked-up.js';

const [SCHEDULED, STARTED] = [1, 2];
const waiting: PickUpFacts = {
  taskQueue: 'mistyped',
  status: { name: 'RUNNING' },
  historyLength: 2,
  raw: { pendingWorkflowTask: { state: SCHEDULED, attempt: 1 } },
};
const task = (state: number, attempt: number) => ({ pendingWorkflowTask: { state, attempt } });

describe('an execution counts as never picked up', () => {
  test.each<[string, Partial<PickUpFacts>, boolean]>([
    ['when its first task is scheduled', {}, true],
    ['when it was also cancelled', { historyLength: 3 }, true],
    ['when its task has no attempt yet', { raw: { pendingWorkflowTask: { state: SCHEDULED } } }, true],
    ['when its task is shown as another kind of number', { raw: { pendingWorkflowTask: { state: '1' } } }, true],
    ['but not when a worker has the first task', { raw: task(STARTED, 1) }, false],
    ['but not when a worker has the task', { raw: task(STARTED, 1), historyLength: 3 }, false],
    ['but not when a worker had the task before', { raw: task(SCHEDULED, 2) }, false],
    ['but not when its history has more events', { historyLength: 5 }, false],
    ['but not when nothing is pending', { raw: {} }, false],
    ['but not when its task is null', { raw: { pendingWorkflowTask: null } }, false],
    ['but not when it is closed', { status: { name: 'TERMINATED' } }, false],
    ['but not when it is paused', { status: { name: 'PAUSED' } }, false],
  ])('%s', (_, facts, isSo) => expect(isNeverPickedUp({ ...waiting, ...facts })).toBe(isSo));
});

describe('an execution that no worker ever picked up', () => {
  const clear = async (taskQueue: string, polled: readonly string[], before: PickUpFacts, atLast: PickUpFacts) => {
    const reasons: string[] = [];
    const run = { describe: async () => atLast, terminate: async (reason: string) => reasons.push(reason) };
    const reason = await clearNeverPickedUp(before, run, taskQueue, async (queue) => polled.includes(queue));
    expect(reasons).toEqual(reason === null ? [] : [reason]);
    return reason;
  };
  const pickedUp = { ...waiting, raw: task(STARTED, 1), historyLength: 3 };

  test('is terminated for the other task queue, with both names in the reason', async () =>
    expect(await clear('right', ['right'], waiting, waiting)).toMatch(/"mistyped".*"right"/));

  test.each<[string, ...Parameters<typeof clear>]>([
    ['is on the same task queue', 'mistyped', [], waiting, waiting],
    ['has a task queue that a worker polls', 'right', ['right', 'mistyped'], waiting, waiting],
    ['is in the way of an operation whose task queue no worker polls either', 'right', [], waiting, waiting],
    ['is picked up by a worker in between', 'right', ['right'], waiting, pickedUp],
    ['was picked up before', 'right', ['right'], pickedUp, waiting],
  ])('stays when it %s', async (_, ...situation) => expect(await clear(...situation)).toBeNull());
});

describe('a task queue counts as polled', () => {
  const client = (answer: () => Promise<{ pollers?: readonly unknown[] | null }>) => {
    const asked: unknown[] = [];
    const describeTaskQueue = (request: unknown) => {
      asked.push(request);
      return answer();
    };
    return { asked, client: { options: { namespace: 'n' }, workflowService: { describeTaskQueue } } };
  };

  test.each<[string, () => Promise<{ pollers?: readonly unknown[] | null }>, boolean]>([
    ['when a worker polled it', () => Promise.resolve({ pollers: [{}] }), true],
    ['but not when none did', () => Promise.resolve({ pollers: [] }), false],
    ['when the server names no pollers', () => Promise.resolve({ pollers: null }), true],
    ['when the caller may not ask', () => Promise.reject(new Error('denied')), true],
  ])('%s', async (_, answer, isSo) => {
    const { asked, client: temporal } = client(answer);
    expect(await isPolled(temporal, 'q')).toBe(isSo);
    expect(asked).toEqual([{ namespace: 'n', taskQueue: { name: 'q' }, taskQueueType: 1 }]);
  });
});
