/** Tasks that wait for a worker, found in the description of an execution. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { findWaitingTask, stuckProblem } from '../../src/client/workers.js';

const second = (seconds: number) => ({ seconds: seconds as never, nanos: 0 });
const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
const [SCHEDULED, STARTED] = [1, 2];
const WORKFLOW = 1;

type Raw = Partial<WorkflowExecutionDescription['raw']>;

const description = (raw: object, more: object = {}) =>
  ({
    workflowId: 'w',
    type: 'T',
    taskQueue: 'own',
    status: { name: 'RUNNING' },
    raw: raw as Raw,
    ...more,
  }) as Parameters<typeof stuckProblem>[0];

/** Client of a server whose task queues were last polled at these times: `<name> <type>` and the second. */
const polledAt = (polls: Readonly<Record<string, number>>) =>
  ({
    options: { namespace: 'n' },
    workflowService: {
      describeTaskQueue: async ({
        taskQueue: { name },
        taskQueueType,
      }: {
        taskQueue: { name: string };
        taskQueueType: number;
      }) => {
        const at = polls[`${name} ${taskQueueType === WORKFLOW ? 'workflows' : 'activities'}`];
        return { pollers: at === undefined ? [] : [{ lastAccessTime: second(at) }] };
      },
    },
  }) as unknown as Client;

const activity = (more: object = {}) => ({ state: SCHEDULED, scheduledTime: second(100), ...more });
const elsewhere = { activityOptions: { taskQueue: { name: 'hooks' } } };

describe('a task that waits for a worker', () => {
  test.each<[string, object, Readonly<Record<string, number>>, object | null]>([
    [
      'is a workflow task that nobody polls for',
      { pendingWorkflowTask: { state: SCHEDULED, scheduledTime: second(100) } },
      {},
      { taskQueue: 'own', since: iso(100), isCertain: true, isActivity: false },
    ],
    [
      'is a workflow task whose worker polled before it, and may have ended',
      { pendingWorkflowTask: { state: SCHEDULED, scheduledTime: second(100) } },
      { 'own workflows': 90 },
      { taskQueue: 'own', since: iso(100), isCertain: false, isActivity: false },
    ],
    [
      'is no workflow task that a worker polled for since',
      { pendingWorkflowTask: { state: SCHEDULED, scheduledTime: second(100) } },
      { 'own workflows': 110 },
      null,
    ],
    [
      'is an activity on a task queue of its own',
      { pendingActivities: [activity(elsewhere)] },
      { 'own activities': 110 },
      { taskQueue: 'hooks', since: iso(100), isCertain: true, isActivity: true },
    ],
    [
      'is the second activity, if a worker has the first',
      { pendingActivities: [activity({ state: STARTED }), activity(elsewhere)] },
      {},
      { taskQueue: 'hooks', since: iso(100), isCertain: true, isActivity: true },
    ],
    [
      'is no activity that waits for its next attempt',
      { pendingActivities: [activity({ nextAttemptScheduleTime: second(130) })] },
      {},
      null,
    ],
    [
      'is no activity that a worker polled for since',
      { pendingActivities: [activity()] },
      { 'own activities': 110 },
      null,
    ],
  ])('%s', async (_, raw, polls, found) => {
    expect(await findWaitingTask(polledAt(polls), description(raw))).toEqual(found);
  });
});

describe('an execution that does not move', () => {
  test.each<[string, object, object, RegExp | null]>([
    [
      'is paused by a person',
      {},
      { status: { name: 'PAUSED' } },
      /paused w in Temporal.*temporal workflow unpause --workflow-id w$/,
    ],
    [
      'has a paused activity',
      { pendingActivities: [{ paused: true, activityType: { name: 'dms.x' } }] },
      {},
      /paused the activity dms\.x of w/,
    ],
    [
      'has a workflow task that no worker completes',
      { pendingWorkflowTask: { attempt: 3 } },
      {},
      /"own" do not complete .* workflow T$/,
    ],
    ['may only be slow', { pendingWorkflowTask: { attempt: 2 } }, {}, null],
  ])('%s', (_, raw, more, says) => {
    const found = stuckProblem(description(raw, more));
    if (says === null) expect(found).toBeNull();
    else expect(found?.text).toMatch(says);
  });
});
