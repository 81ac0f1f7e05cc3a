import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, test, vi } from 'vitest';
import { beginAttempt } from '../../src/activities/runtime/begin-attempt.js';
import { askLedger } from '../../src/activities/runtime/ledger-access.js';
import { WorkerContext } from '../../src/activities/runtime/worker-context.js';
import { LedgerUnreachable, LedgerBusyError } from '../../src/activities/runtime/ledger-errors.js';
import type { DmsApi } from '../../src/dms/api.js';
import { failureOf } from '../support/stage.js';

const arn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';
const begun = 1_800_000_000_000;

/** Asks the ledger in an attempt that the server scheduled `secondsIn` seconds after the activity. */
function ask(environment: WorkerContext, secondsIn: number, mayGiveUp: boolean, answers = false): Promise<unknown> {
  const currentAttemptScheduledTimestampMs = begun + secondsIn * 1000;
  const attempt = new MockActivityEnvironment(
    { scheduledTimestampMs: begun, currentAttemptScheduledTimestampMs },
    { logger: new DefaultLogger('ERROR') },
  );
  const request = () =>
    answers ? Promise.resolve('answer') : Promise.reject(new LedgerUnreachable('no worker has it'));
  return attempt.run(() =>
    askLedger(
      beginAttempt(environment, { replicationConfigArn: arn }, 'a test', {
        operationId: 'one',
        phase: 'beginning',
        mayHaveCalled: !mayGiveUp,
      }),
      request,
    ),
  );
}

test('an operation that has not begun gives up on its ledger after five minutes, and says where to look', async () => {
  const environment = new WorkerContext({ dms: {} as DmsApi, client: {} as Client, ledgerTaskQueue: 'somewhere' });
  for (const seconds of [0, 100, 299]) {
    expect(await failureOf(ask(environment, seconds, true))).toMatchObject({
      type: 'DmsUnavailable',
      nonRetryable: false,
    });
  }
  expect(await failureOf(ask(environment, 300, true))).toMatchObject({
    type: 'DmsLedgerUnavailable',
    nonRetryable: true,
    message: expect.stringMatching(
      /dms-ledger:arn.* \(task queue somewhere\).*no worker has it.*serves that task queue.*dmsReplicationLedger/s,
    ),
    details: [{ replicationConfigArn: arn, operationId: 'one', elapsedSeconds: 300 }],
  });
});

test('the five minutes begin again when the ledger has answered in between', async () => {
  const environment = new WorkerContext({ dms: {} as DmsApi, client: {} as Client, ledgerTaskQueue: 'somewhere' });
  await failureOf(ask(environment, 0, true));
  expect(await ask(environment, 200, true, true)).toBe('answer');
  await failureOf(ask(environment, 250, true));
  expect(await failureOf(ask(environment, 400, true))).toMatchObject({ type: 'DmsUnavailable' });
});

test('an operation that has begun waits for its ledger for five minutes, then until its own deadline', async () => {
  const environment = new WorkerContext({ dms: {} as DmsApi, client: {} as Client, ledgerTaskQueue: 'somewhere' });
  const deadline = { failure: 'DmsNotStoppable', what: 'after it began', hint: 'Wait.' } as const;
  const wait = (secondsIn: number, seconds: number) => {
    const attempt = new MockActivityEnvironment(
      { scheduledTimestampMs: begun, currentAttemptScheduledTimestampMs: begun + secondsIn * 1000 },
      { logger: new DefaultLogger('ERROR') },
    );
    return failureOf(
      attempt.run(() => {
        const begins = beginAttempt(environment, { replicationConfigArn: arn }, 'a test', {
          phase: 'beginning',
          deadline: { ...deadline, seconds },
        });
        begins.mayHaveBegun = true;
        return askLedger(begins, () => Promise.reject(new LedgerUnreachable('no worker has it')));
      }),
    );
  };
  for (const [secondsIn, seconds] of [
    [0, 0],
    [299, 0],
    [1000, 5400],
  ] as const)
    expect(await wait(secondsIn, seconds)).toMatchObject({ type: 'DmsUnavailable', nonRetryable: false });
  expect(await wait(5431, 5400)).toMatchObject({
    type: 'DmsNotStoppable',
    message: expect.stringContaining('gives no answer (no worker has it)'),
  });
});

test('an operation whose call was accepted never gives up on its ledger', async () => {
  const environment = new WorkerContext({ dms: {} as DmsApi, client: {} as Client, ledgerTaskQueue: 'somewhere' });
  for (const seconds of [0, 300, 100_000]) {
    expect(await failureOf(ask(environment, seconds, false))).toMatchObject({
      type: 'DmsUnavailable',
      nonRetryable: false,
    });
  }
});

test('an operation that the ledger keeps waiting past its deadline ends, and says why', async () => {
  const environment = new WorkerContext({ dms: {} as DmsApi, client: {} as Client });
  const what = 'after the wait for its stop began';
  const deadline = { seconds: 60, failure: 'DmsStopTimedOut', what, hint: 'Wait.' } as const;
  const wait = (secondsIn: number) => {
    const currentAttemptScheduledTimestampMs = begun + secondsIn * 1000;
    const attempt = new MockActivityEnvironment(
      { scheduledTimestampMs: begun, currentAttemptScheduledTimestampMs },
      { logger: new DefaultLogger('ERROR') },
    );
    const request = () => Promise.reject(new LedgerBusyError('the resume "night" may land for another 200 s', 10));
    const options = { operationId: 'one', phase: 'beginning', deadline } as const;
    return failureOf(
      attempt.run(() =>
        askLedger(beginAttempt(environment, { replicationConfigArn: arn }, 'a test', options), request),
      ),
    );
  };
  expect(await wait(59)).toMatchObject({ type: 'DmsStillWaiting', nonRetryable: false });
  expect(await wait(91)).toMatchObject({
    type: 'DmsStopTimedOut',
    message: expect.stringContaining('(the resume "night" may land for another 200 s)'),
  });
});

test('a cutover shows the outage of one ledger until it answers, then that of the other', async () => {
  const shown: (string | null)[] = [];
  const signal = async (_: string, problem: string | null) => void shown.push(problem);
  const client = {
    workflow: { getHandle: () => ({ signal, describe: async () => ({ taskQueue: 'somewhere' }) }) },
    withDeadline: (_: number, request: () => Promise<unknown>) => request(),
  } as unknown as Client;
  const environment = new WorkerContext({ dms: {} as DmsApi, client });
  const asks = (replicationConfigArn: string, secondsIn: number, answers = false, activityId = '1') => {
    const attempt = new MockActivityEnvironment(
      {
        scheduledTimestampMs: begun,
        currentAttemptScheduledTimestampMs: begun + secondsIn * 1000,
        workflowExecution: { workflowId: 'dms-cutover:orders', runId: 'run' },
        activityId,
      },
      { logger: new DefaultLogger('ERROR') },
    );
    const options = { phase: 'checking' } as const;
    const request = () => (answers ? Promise.resolve() : Promise.reject(new LedgerUnreachable('nobody polls')));
    return attempt
      .run(() => askLedger(beginAttempt(environment, { replicationConfigArn }, 'a test', options), request))
      .catch(() => undefined);
  };
  const other = `${arn}2`;
  for (const secondsIn of [0, 1]) for (const each of [arn, other]) await asks(each, secondsIn);
  expect(shown).toEqual([]);
  for (const secondsIn of [2, 3, 4]) for (const each of [arn, other]) await asks(each, secondsIn);
  const silence = (each: string) =>
    `The ledger dms-ledger:${each} (task queue somewhere) gives no answer (nobody polls)`;
  expect(shown).toEqual([silence(arn)]);
  await asks(arn, 5, true);
  await asks(other, 6);
  expect(shown).toEqual([silence(arn), null, silence(other)]);
  // A workflow forgets what it shows when the activity ends.
  await asks(other, 7, false, '2');
  await asks(other, 8, false, '2');
  expect(shown.slice(3)).toEqual([silence(other)]);
});

test('a cutover shows within ten seconds that a ledger is silent', async () => {
  vi.useFakeTimers();
  try {
    const shown: string[] = [];
    const signal = async (_: string, problem: string) => void shown.push(problem);
    const client = {
      workflow: { getHandle: () => ({ signal, describe: async () => ({ taskQueue: 'somewhere' }) }) },
      withDeadline: (_: number, request: () => Promise<unknown>) => request(),
    } as unknown as Client;
    const environment = new WorkerContext({ dms: {} as DmsApi, client, ledgerTaskQueue: 'somewhere' });
    const workflowExecution = { workflowId: 'dms-cutover:orders', runId: 'run' };
    const attempt = new MockActivityEnvironment({ workflowExecution }, { logger: new DefaultLogger('ERROR') });
    const begun = beginAttempt.bind(null, environment, { replicationConfigArn: arn }, 'a test', { phase: 'checking' });
    void attempt.run(() => askLedger(begun(), () => new Promise(() => {})));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(shown).toEqual([expect.stringContaining(`dms-ledger:${arn} (task queue somewhere) had given no answer`)]);
  } finally {
    vi.useRealTimers();
  }
});
