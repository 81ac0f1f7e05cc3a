import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, test } from 'vitest';
import { createDmsActivities, DmsApiError, type DmsApi } from '../../src/activities/index.js';
import { callMark } from '../../src/dms/checkpoint.js';
import type { Replication } from '../../src/dms/replication.js';
import { startReverted } from '../../src/contract/failure-messages.js';
import { lookAnswer, look } from '../support/look.js';
import { created, running, stopped, stopping } from '../support/judged.js';

const replicationConfigArn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';
const gone = new DmsApiError('not-found', 'ResourceNotFoundFault', 'No such config');
const slow = new DmsApiError('unavailable', 'TimeoutError', 'slow');
const stoppedAgain = look({ replicationLastStopTime: '2026-01-03T00:00:00.000Z' });

type Wait = 'dms.awaitStopped' | 'dms.awaitRunning' | 'dms.requestStop' | 'dms.requestStart';
/** Attempts: the seconds since the activity was scheduled, and the answer to the only look. */
type Attempts = readonly (readonly [seconds: number, shown: Replication | DmsApiError])[];

/** Runs the attempts, and returns the failure or the result of each. Heartbeat details pass from one to the next. */
async function runAttempts(wait: Wait, request: object, attempts: Attempts): Promise<any[]> {
  let shown: Replication | DmsApiError = gone;
  const dms: Partial<DmsApi> = {
    describeReplication: () =>
      shown instanceof DmsApiError ? Promise.reject(shown) : Promise.resolve(lookAnswer(shown)),
    describeTableStatistics: () => Promise.resolve({ items: [], marker: null, dmsTime: Date.now() }),
  };
  const activities = createDmsActivities({ dms: dms as DmsApi, client: {} as Client, holdSeconds: 0 });
  const run = activities[wait] as (request: object) => Promise<unknown>;
  let heartbeatDetails: unknown;
  const ended: unknown[] = [];
  for (const [seconds, each] of attempts) {
    shown = each;
    const times = { scheduledTimestampMs: 0, currentAttemptScheduledTimestampMs: seconds * 1000 };
    const info = { attempt: 2, startToCloseTimeoutMs: 45_000, heartbeatDetails, ...times };
    const environment = new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
    environment.on('heartbeat', (details: unknown) => (heartbeatDetails = details));
    ended.push(await environment.run(run, { replicationConfigArn, ...request }).catch((err: unknown) => err));
  }
  return ended;
}

const stop = { before: callMark(running), mayHaveCalled: true, settleSeconds: 5, lastStatus: 'stopping' };
const start = { before: callMark(stopped), mayHaveCalled: true, verifyProgressSeconds: 0, lastStatus: 'stopped' };
const types = (ended: any[]) => ended.map(({ type, end }) => type ?? end);

describe.each([
  ['dms.awaitStopped', stop, stopping, stopped, 'settled'],
  ['dms.awaitRunning', start, { ...stopped, status: 'initializing' }, { ...stopped, status: 'running' }, undefined],
] as const)('%s', (wait, request, underWay, over, end) => {
  test('goes on through ten seconds without a row and a config, and says so', async () => {
    const ended = await runAttempts(wait, request, [
      [1, underWay],
      [3, gone],
      [13, gone],
      [20, over],
      [26, over],
    ]);
    expect(types(ended).slice(0, 3)).toEqual(['DmsStillWaiting', 'DmsStillWaiting', 'DmsStillWaiting']);
    // A busy machine may add a second or two.
    expect(ended[2].message).toMatch(/after 1[3-9] s; DMS has not shown it for 1\d s/);
    expect(ended[2].message).toContain(`: "${underWay.status}"`);
    expect(types(ended).at(-1)).toBe(end);
  });

  test('fails once uninterrupted looks miss the replication for longer than staleness', async () => {
    const missing = await runAttempts(wait, request, [
      [1, gone],
      [30, slow],
      [60, gone],
      [62, gone],
    ]);
    expect(types(missing)).toEqual(['DmsStillWaiting', 'DmsUnavailable', 'DmsStillWaiting', 'DmsReplicationNotFound']);
    const shown = await runAttempts(wait, request, [
      [1, gone],
      [30, underWay],
      [62, gone],
      [120, gone],
      [123, gone],
    ]);
    expect(types(shown).slice(2)).toEqual(['DmsStillWaiting', 'DmsStillWaiting', 'DmsReplicationNotFound']);
  });

  test('fails at once when the replication is being deleted', async () => {
    const ended = await runAttempts(wait, request, [[1, { ...underWay, status: 'deleting' }]]);
    expect(types(ended)).toEqual(['DmsReplicationDeleting']);
  });
});

test.each([
  ['dms.requestStop', 'stoppableTimeoutSeconds'],
  ['dms.awaitStopped', 'settleSeconds'],
  ['dms.requestStart', 'startTimeoutSeconds'],
  ['dms.awaitRunning', 'verifyProgressSeconds'],
] as const)('%s refuses a request whose %s is of another type', async (activity, field) => {
  const [ended] = await runAttempts(activity, { [field]: 'soon' }, [[1, running]]);
  expect(ended).toMatchObject({ type: 'DmsInvalidInput', message: expect.stringContaining(`${field} is "soon"`) });
});

describe('the wait for a stop', () => {
  test('ends when no stop was requested and the replication runs', async () => {
    const found = { settleSeconds: 5 };
    expect(
      types(
        await runAttempts('dms.awaitStopped', found, [
          [1, stopped],
          [3, running],
        ]),
      ),
    ).toEqual(['DmsStillWaiting', 'running-again']);
    // The mark of a look before the call says that there was one.
    const before = { before: stop.before };
    expect(
      types(
        await runAttempts('dms.awaitStopped', before, [
          [1, running],
          [90, running],
        ]),
      ),
    ).toEqual(['DmsStillWaiting', 'DmsStillWaiting']);
  });

  test('ends when looks show that it never ran, but only after staleness if the ledger has seen it run', async () => {
    const looks = [
      [1, created],
      [7, created],
      [63, created],
    ] as const;
    expect(types(await runAttempts('dms.awaitStopped', { settleSeconds: 5 }, looks))[1]).toBe('never-started');
    const known = await runAttempts('dms.awaitStopped', { settleSeconds: 5, hasRun: true }, looks);
    expect(types(known)).toEqual(['DmsStillWaiting', 'DmsStillWaiting', 'never-started']);
  });

  test('ends as running again when a later run shows that DMS undid a stop which no look has shown', async () => {
    const run = (startDate: string) => ({ ...running, replicationStats: { startDate } as never });
    const before = callMark(run('2026-01-01T00:00:00.000Z'));
    const later = run('2026-01-02T00:00:00.000Z');
    const ended = await runAttempts('dms.awaitStopped', { ...stop, before }, [
      [1, run('2026-01-01T00:00:00.000Z')],
      [3, later],
      [64, later],
    ]);
    expect(types(ended)).toEqual(['DmsStillWaiting', 'DmsStillWaiting', 'running-again']);
  });

  test('fails when someone started the replication again, and when the replication failed', async () => {
    const reverted = await runAttempts('dms.awaitStopped', stop, [
      [1, stopping],
      [3, running],
      [64, running],
    ]);
    expect(reverted[2]).toMatchObject({
      type: 'DmsStopReverted',
      message: expect.stringContaining('someone started it'),
    });
    const failed = await runAttempts('dms.awaitStopped', stop, [
      [1, look({ status: 'failed', failureMessages: ['Oh'] })],
    ]);
    expect(failed[0]).toMatchObject({ type: 'DmsReplicationFailed', message: expect.stringContaining('Oh') });
  });
});

describe('the wait for a start', () => {
  const verified = { ...start, verifyProgressSeconds: 20 };
  const runs = { ...stopped, status: 'running' };

  test('fails with the stop reason when the replication is stopped again while it is verified', async () => {
    const ended = await runAttempts('dms.awaitRunning', verified, [
      [1, runs],
      [6, stoppedAgain],
      [17, stoppedAgain],
    ]);
    expect(ended[2]).toMatchObject({
      type: 'DmsStartReverted',
      message: expect.stringContaining(
        'is "stopped" again: "Stop Reason NORMAL" (it was stopped on request). Find out',
      ),
      details: [{ stopReason: 'Stop Reason NORMAL', status: 'stopped' }],
    });
  });

  test('has a failure that names a late stop, or says that DMS gives no reason', () => {
    const lateStop = 'The stop "cutover" of 10:00 got no answer, and may have landed late.';
    expect(startReverted({ replicationConfigArn }, stoppedAgain, lateStop).message).toContain(
      `request). ${lateStop} Find out`,
    );
    const unexplained = startReverted({ replicationConfigArn }, { ...stoppedAgain, stopReason: null });
    expect(unexplained.message).toContain('again: DMS gives no reason. Find out');
  });

  test('goes on settling a stop of the started replication past its deadline', async () => {
    const late = { ...verified, startTimeoutSeconds: 5 };
    const ended = await runAttempts('dms.awaitRunning', late, [
      [1, runs],
      [7, stopped],
      [9, stoppedAgain],
      [20, stoppedAgain],
    ]);
    expect(types(ended)).toEqual(['DmsStillWaiting', 'DmsStillWaiting', 'DmsStillWaiting', 'DmsStartReverted']);
    const never = await runAttempts('dms.awaitRunning', late, [[7, stopped]]);
    expect(types(never)).toEqual(['DmsStartTimedOut']);
  });

  test('succeeds with a warning when the replication stopped after its full load', async () => {
    const ended = { ...stoppedAgain, stopReason: 'Stop Reason STOPPED_AFTER_FULL_LOAD' };
    const [, result] = await runAttempts('dms.awaitRunning', verified, [
      [1, ended],
      [12, ended],
    ]);
    expect(result).toMatchObject({ replication: { status: 'stopped' }, warnings: [{ code: 'not-normal-stop' }] });
  });

  test.each([
    ['failed while it was starting', { ...stopped, status: 'failed' }],
    ['failed shortly after it was running again', { ...stoppedAgain, status: 'failed' }],
  ])('says that the replication %s', async (said, failed) => {
    const first = said.includes('starting') ? { ...stopped, status: 'initializing' } : runs;
    const ended = await runAttempts('dms.awaitRunning', verified, [
      [1, first],
      [3, failed],
    ]);
    expect(ended[1]).toMatchObject({ type: 'DmsReplicationFailed', message: expect.stringContaining(said) });
  });
});
