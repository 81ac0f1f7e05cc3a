/** Tasks that wait for a worker, found in the description of an execution. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { defaultDataConverter, type LoadedDataConverter } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { describePause, describeStuckTask } from '../../src/client/problems.js';
import { findWaitingTask } from '../../src/client/workers.js';

const withDeadline = async <T>(_: number, request: () => Promise<T>) => request();
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
  }) as Parameters<typeof describeStuckTask>[1];

/** Client of a server whose task queues were last polled at these times: `<name> <type>` and the second. */
const polledAt = (polls: Readonly<Record<string, number>>) =>
  ({
    options: { namespace: 'n' },
    withDeadline,
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

describe('a person', () => {
  test.each<[string, object, object, RegExp]>([
    [
      'has paused the execution',
      {},
      { status: { name: 'PAUSED' } },
      /paused w in Temporal.*temporal workflow unpause --workflow-id w$/,
    ],
    [
      'has paused an activity',
      { pendingActivities: [{ paused: true, activityId: '7', activityType: { name: 'dms.x' } }] },
      {},
      /paused the activity dms\.x of w .*temporal activity unpause --workflow-id w --activity-id 7$/,
    ],
  ])('%s', (_, raw, more, says) => {
    expect(describePause(description(raw, more))).toMatch(says);
  });

  test('has paused nothing', () => {
    expect(describePause(description({ pendingActivities: [{ activityType: { name: 'dms.x' } }] }))).toBeNull();
  });
});

/** Payload that only `converterWithCodec` decodes. */
const encryptedPayload = (value: unknown) => ({
  metadata: { encoding: new TextEncoder().encode('binary/encrypted') },
  data: new TextEncoder().encode(JSON.stringify(value)),
});

/** Converter with the codec of the payloads. */
const converterWithCodec: LoadedDataConverter = {
  ...defaultDataConverter,
  payloadCodecs: [
    {
      encode: async (payloads) => payloads,
      decode: async (payloads) =>
        payloads.map((each) => ({ ...each, metadata: { encoding: new TextEncoder().encode('json/plain') } })),
    },
  ],
};

/** Client of a server whose history of the execution ends with these events, the newest first. */
const withEvents = (events: readonly object[], loadedDataConverter = defaultDataConverter) =>
  ({
    options: { namespace: 'n', loadedDataConverter },
    withDeadline,
    workflowService: { getWorkflowExecutionHistoryReverse: async () => ({ history: { events } }) },
  }) as unknown as Client;

const failed = (failure: object, cause = 14) => ({
  eventType: 9,
  workflowTaskFailedEventAttributes: { failure, cause },
});
const [signaled, completed, timedOut] = [{ eventType: 26 }, { eventType: 7 }, { eventType: 8 }];
const missing = failed({ message: "no such function 'T'", applicationFailureInfo: { type: 'ReferenceError' } });

describe('a workflow task', () => {
  test.each<[string, number, readonly object[], RegExp | null]>([
    ['is stuck if a worker has failed it', 2, [missing], /"own" fail the .* w: no such function 'T'\. .* workflow T$/],
    ['is stuck if signals followed its failure', 2, [signaled, missing], /no such function/],
    [
      'is stuck if the code has changed',
      2,
      [failed({ message: 'm.' }, 24)],
      /task of w: m\. Their code does not match its history\. Start/,
    ],
    [
      'is stuck if Temporal rejects it',
      2,
      [failed({ message: 'BadSearchAttributes' }, 23)],
      /^Temporal rejects .* w from /,
    ],
    ['is stuck with one line of the failure', 2, [failed({ message: 'one\ntwo' })], /of w: one\. Check/],
    ['is stuck if the failure has no message', 2, [failed({})], /task of w\. Check/],
    ['is stuck at its third attempt', 3, [timedOut], /"own" do not complete the workflow task of w\. .* workflow T$/],
    ['may only be slow at its second attempt', 2, [timedOut, missing], null],
    ['is not stuck if the newest ended task was completed', 2, [completed, missing], null],
    ['may only be slow after a reset', 2, [failed({ message: 'r', resetWorkflowFailureInfo: {} })], null],
    ['is not stuck at its first attempt', 1, [missing], null],
  ])('%s', async (_, attempt, events, says) => {
    const found = await describeStuckTask(withEvents(events), description({ pendingWorkflowTask: { attempt } }));
    if (says === null) expect(found).toBeNull();
    else expect(found).toMatch(says);
  });

  test('shows the decoded failure if a codec encrypted the failure and its cause', async () => {
    const encrypted = (message: string) => ({
      message: 'Encoded failure',
      encodedAttributes: encryptedPayload({ message, stack_trace: '' }),
    });
    const raw = failed({ ...encrypted('outer'), cause: encrypted('inner') });
    const task = description({ pendingWorkflowTask: { attempt: 2 } });
    expect(await describeStuckTask(withEvents([raw], converterWithCodec), task)).toContain('of w: outer. Check');
    expect(await describeStuckTask(withEvents([raw]), task)).toContain('of w: Encoded failure. Check');
  });

  test('is judged by its attempts alone if the server does not show the history', async () => {
    const client = { options: { namespace: 'n' }, withDeadline, workflowService: {} } as unknown as Client;
    const at = (attempt: number) => describeStuckTask(client, description({ pendingWorkflowTask: { attempt } }));
    expect([await at(2), await at(3)]).toEqual([null, expect.stringContaining('do not complete')]);
  });
});
