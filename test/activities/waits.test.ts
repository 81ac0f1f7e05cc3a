import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, test } from 'vitest';
import { createDmsActivities, DmsApiError, type DmsApi } from '../../src/activities/index.js';
import { callMark } from '../../src/dms/checkpoint.js';
import type { Replication } from '../../src/dms/replication.js';
import { startReverted } from '../../src/contract/failure-messages.js';
import { answered, look } from '../support/look.js';
import { created, running, stopped, stopping } from '../support/judged.js';

const replicationConfigArn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';
const gone = new DmsApiError('not-found', 'ResourceNotFoundFault', 'No such config');
const slow = new DmsApiError('unavailable', 'TimeoutError', 'slow');
const again = look({ replicationLastStopTime: '2026-01-03T00:00:00.000Z' });

type Wait = 'dms.awaitStopped' | 'dms.awaitRunning' | 'dms.requestStop' | 'dms.requestStart';
/** Attempts: seconds since the activity was scheduled, and what its only look shows. */
type Attempts = readonly (readonly [seconds: number, shown: Replication | DmsApiError])[];

/** What each attempt ends in: a failure, or a result. Heartbeat details pass from one to the next. */
async function ends(wait: Wait, request: object, attempts: Attempts): Promise<any[]> {
  let shown: Replication | DmsApiError = gone;
  const dms: Partial<DmsApi> = {
    describeReplication: () =>
      shown instanceof DmsApiError ? Promise.reject(shown) : Promise.resolve(answered(shown)),
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
    const ended = await ends(wait, request, [
      [1, underWay],
      [3, gone],
      [13, gone],
      [20, over],
      [26, over],
    ]);
    expect(types(ended).slice(0, 3)).toEqual(['DmsStillWaiting', 'DmsStillWaiting', 'DmsStillWaiting']);
    // A busy machine may add a second or two.
    expect(ended[2].message).toMatch(/after 1[3-9] s; DMS does not show it \(since 1\d s\)/);
    expect(ended[2].message).toContain(`: "${underWay.status}"`);
    expect(types(ended).at(-1)).toBe(end);
  });

  test('fails once uninterrupted looks miss the replication for longer than staleness', async () => {
    const missing = await ends(wait, request, [
      [1, gone],
      [30, slow],
      [60, gone],
      [62, gone],
    ]);
    expect(types(missing)).toEqual(['DmsStillWaiting', 'DmsUnavailable', 'DmsStillWaiting', 'DmsReplicationNotFound']);
    const shown = await ends(wait, request, [
      [1, gone],
      [30, underWay],
      [62, gone],
      [120, gone],
      [123, gone],
    ]);
    expect(types(shown).slice(2)).toEqual(['DmsStillWaiting', 'DmsStillWaiting', 'DmsReplicationNotFound']);
  });

  test('fails at once when the replication is being deleted', async () => {
    const ended = await ends(wait, request, [[1, { ...underWay, status: 'deleting' }]]);
    expect(types(ended)).toEqual(['DmsReplicationDeleting']);
  });
});

test.each([
  ['dms.requestStop', 'stoppableTimeoutSeconds'],
  ['dms.awaitStopped', 'settleSeconds'],
  ['dms.requestStart', 'startTimeoutSeconds'],
  ['dms.awaitRunning', 'verifyProgressSeconds'],
] as const)('%s refuses a request whose %s is of another type, before it looks', async (activity, field) => {
  const [ended] = await ends(activity, { [field]: 'soon' }, [[1, running]]);
  expect(ended).toMatchObject({ type: 'DmsInvalidInput', message: expect.stringContaining(`${field} is "soon"`) });
});

describe('the wait for a stop', () => {
  test('ends when no stop was requested and the replication runs', async () => {
    const found = { settleSeconds: 5 };
    expect(
      types(
        await ends('dms.awaitStopped', found, [
          [1, stopped],
          [3, running],
        ]),
      ),
    ).toEqual(['DmsStillWaiting', 'running-again']);
    // The mark of a look before the call says that there was one.
    const before = { before: stop.before };
    expect(
      types(
        await ends('dms.awaitStopped', before, [
          [1, running],
          [90, running],
        ]),
      ),
    ).toEqual(['DmsStillWaiting', 'DmsStillWaiting']);
  });

  test('ends when the replication has never run, and later when the ledger has seen it run', async () => {
    const looks = [
      [1, created],
      [7, created],
      [63, created],
    ] as const;
    expect(types(await ends('dms.awaitStopped', { settleSeconds: 5 }, looks))[1]).toBe('never-started');
    const known = await ends('dms.awaitStopped', { settleSeconds: 5, hasRun: true }, looks);
    expect(types(known)).toEqual(['DmsStillWaiting', 'DmsStillWaiting', 'never-started']);
  });

  test('asks again when a later run shows that DMS undid the stop, and no look has shown that stop', async () => {
    const run = (startDate: string) => ({ ...running, replicationStats: { startDate } as never });
    const before = callMark(run('2026-01-01T00:00:00.000Z'));
    const later = run('2026-01-02T00:00:00.000Z');
    const ended = await ends('dms.awaitStopped', { ...stop, before }, [
      [1, run('2026-01-01T00:00:00.000Z')],
      [3, later],
      [64, later],
    ]);
    expect(types(ended)).toEqual(['DmsStillWaiting', 'DmsStillWaiting', 'running-again']);
  });

  test('fails when someone started it again, and when it failed', async () => {
    const reverted = await ends('dms.awaitStopped', stop, [
      [1, stopping],
      [3, running],
      [64, running],
    ]);
    expect(reverted[2]).toMatchObject({
      type: 'DmsStopReverted',
      message: expect.stringContaining('someone started it'),
    });
    const failed = await ends('dms.awaitStopped', stop, [[1, look({ status: 'failed', failureMessages: ['Oh'] })]]);
    expect(failed[0]).toMatchObject({ type: 'DmsReplicationFailed', message: expect.stringContaining('Oh') });
  });
});

describe('the wait for a start', () => {
  const verified = { ...start, verifyProgressSeconds: 20 };
  const runs = { ...stopped, status: 'running' };

  test('fails with the reason when it is stopped again while it is verified', async () => {
    const ended = await ends('dms.awaitRunning', verified, [
      [1, runs],
      [6, again],
      [17, again],
    ]);
    expect(ended[2]).toMatchObject({
      type: 'DmsStartReverted',
      message: expect.stringContaining(
        'is "stopped" again: "Stop Reason NORMAL" (it was stopped on request). Find out',
      ),
      details: [{ stopReason: 'Stop Reason NORMAL', status: 'stopped' }],
    });
  });

  test('names a stop that may have landed late', () => {
    const lateStop = 'The stop "cutover" of 10:00 got no answer, and may have landed late.';
    expect(startReverted({ replicationConfigArn }, again, lateStop).message).toContain(
      `request). ${lateStop} Find out`,
    );
    const unexplained = startReverted({ replicationConfigArn }, { ...again, stopReason: null });
    expect(unexplained.message).toContain('again: DMS gives no reason. Find out');
  });

  test('goes on settling a stop of the started replication past its deadline', async () => {
    const late = { ...verified, startTimeoutSeconds: 5 };
    const ended = await ends('dms.awaitRunning', late, [
      [1, runs],
      [7, stopped],
      [9, again],
      [20, again],
    ]);
    expect(types(ended)).toEqual(['DmsStillWaiting', 'DmsStillWaiting', 'DmsStillWaiting', 'DmsStartReverted']);
    const never = await ends('dms.awaitRunning', late, [[7, stopped]]);
    expect(types(never)).toEqual(['DmsStartTimedOut']);
  });

  test('succeeds with a warning when the replication stopped after its full load', async () => {
    const ended = { ...again, stopReason: 'Stop Reason STOPPED_AFTER_FULL_LOAD' };
    const [, result] = await ends('dms.awaitRunning', verified, [
      [1, ended],
      [12, ended],
    ]);
    expect(result).toMatchObject({ replication: { status: 'stopped' }, warnings: [{ code: 'not-normal-stop' }] });
  });

  test.each([
    [{ ...stopped, status: 'failed' }, 'failed while it was starting'],
    [{ ...again, status: 'failed' }, 'failed shortly after it was running again'],
  ])('says when it failed', async (failed, said) => {
    const first = said.includes('starting') ? { ...stopped, status: 'initializing' } : runs;
    const ended = await ends('dms.awaitRunning', verified, [
      [1, first],
      [3, failed],
    ]);
    expect(ended[1]).toMatchObject({ type: 'DmsReplicationFailed', message: expect.stringContaining(said) });
  });
});
