/** Attempts that go on in a Temporal that was restored from an older backup. */
import { describe, expect, test } from 'vitest';
import type { DmsApi } from '../../src/activities/index.js';
import type { Replication } from '../../src/dms/replication.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import type { OperationRef } from '../../src/contract/ledger-state.js';
import { activitiesOf, Attempts } from '../support/attempts.js';
import { FakeLedger } from '../support/fake-ledger.js';
import { markOf, withNote } from '../support/ledger-requests.js';
import { look } from '../support/look.js';
import { arn as replicationConfigArn, operation } from '../support/operations.js';
import { failureOf } from '../support/stage.js';

const NOW = Date.UTC(2026, 0, 3);
const BEFORE_CALL = '2026-01-01T00:00:00.000Z';
const SINCE = '2026-01-02T12:00:00.000Z';
const STOP = operation('a');
const RESUME = operation('r', { kind: 'resume' });

/** Sets up a first attempt whose operation has already noted a call. The attempt remembers nothing of that call. */
function stageWithNote(ref: OperationRef, replication: Replication) {
  const before = { ...markOf(ref.kind === 'stop' ? 'running' : 'stopped', BEFORE_CALL), startedAt: BEFORE_CALL };
  const stop = { ...before.stop, replicationCreateTime: replication.replicationCreateTime };
  const ledger = new FakeLedger(withNote(emptyLedger(replicationConfigArn), ref, 1, { before: { ...before, stop } }));
  const calls: string[] = [];
  const call = (name: string) => async () => {
    calls.push(name);
    return { replication: null, requestId: 'r', dmsTime: NOW };
  };
  const dms = {
    describeReplication: async () => ({ replication, dmsTime: NOW }),
    stopReplication: call('stop'),
    startReplication: call('start'),
    endpointOverride: async () => null,
  } as Partial<DmsApi> as DmsApi;
  const attempts = new Attempts(NOW, (now) => (ledger.now = now));
  return { ledger, calls, attempts, activities: activitiesOf({ dms, client: ledger.client, looksPerSecond: 1e6 }) };
}

describe('a stop that has noted its call', () => {
  test('fails without another call when the replication was stopped and started since', async () => {
    const replication = look({ status: 'running', replicationLastStopTime: SINCE });
    const { ledger, calls, attempts, activities } = stageWithNote(STOP, replication);
    const stop = attempts.run(activities['dms.requestStop'], { replicationConfigArn, operation: STOP });
    expect(await failureOf(stop)).toMatchObject({
      type: 'DmsStopReverted',
      message: expect.stringContaining(`was stopped at ${SINCE}, after this stop had asked for it`),
    });
    expect([calls, ledger.told]).toEqual([[], ['begin and note a stop', 'refused']]);
  });

  test('fails without another call when DMS shows only that the replication was started since', async () => {
    const replicationStats = { startDate: SINCE } as Replication['replicationStats'];
    const replication = look({ status: 'running', replicationLastStopTime: null, replicationStats });
    const { calls, attempts, activities } = stageWithNote(STOP, replication);
    const stop = attempts.run(activities['dms.requestStop'], { replicationConfigArn, operation: STOP });
    expect(await failureOf(stop)).toMatchObject({ type: 'DmsStopReverted' });
    expect(calls).toEqual([]);
  });

  test('calls again when DMS itself has started the replication again', async () => {
    const undone = { replicationLastStopTime: SINCE, stopReason: 'Stop Reason RECYCLE_TASK' };
    const { calls, attempts, activities } = stageWithNote(STOP, look({ status: 'running', ...undone }));
    const stop = attempts.run(activities['dms.requestStop'], { replicationConfigArn, operation: STOP });
    expect(await stop).toMatchObject({ outcome: 'stopped' });
    expect(calls).toEqual(['stop']);
  });

  test('calls again when the replication has not stopped since', async () => {
    const { calls, attempts, activities } = stageWithNote(
      STOP,
      look({ status: 'running', replicationLastStopTime: BEFORE_CALL }),
    );
    const stop = attempts.run(activities['dms.requestStop'], { replicationConfigArn, operation: STOP });
    expect(await stop).toMatchObject({ outcome: 'stopped' });
    expect(calls).toEqual(['stop']);
  });
});

test('a resume that has noted its call sends no other when the replication was started and stopped since', async () => {
  const replication = look({ status: 'stopped', replicationLastStopTime: SINCE });
  const { calls, attempts, activities } = stageWithNote(RESUME, replication);
  const resume = attempts.run(activities['dms.requestStart'], { replicationConfigArn, operation: RESUME });
  expect(await resume).toMatchObject({
    outcome: 'resumed',
    mayHaveCalled: true,
    before: { stop: { lastStopTime: BEFORE_CALL } },
  });
  expect(calls).toEqual([]);
});
