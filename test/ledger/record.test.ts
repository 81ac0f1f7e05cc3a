import { describe, expect, test } from 'vitest';
import { emptyLedger } from '../../src/ledger/entries.js';
import { record, validateRecord } from '../../src/ledger/record.js';
import type { Ledger, OperationRef, PendingCall } from '../../src/contract/ledger-state.js';
import {
  withBegun,
  draftOf,
  endedOf,
  withNote,
  withRecord,
  refusedOf,
  resumedOf,
  stoppedOf,
} from '../support/ledger-requests.js';
import { arn, at, messageOf, operation } from '../support/operations.js';

const empty = emptyLedger(arn);
const op = (operationId: string, more: Partial<OperationRef> = {}) => operation(operationId, more);
const resume = op('r', { kind: 'resume' });
const done = withRecord(withNote(empty, op('a'), 1), op('a'), 9);
function callIn({ pendingCall }: Ledger): PendingCall {
  if (pendingCall === null) throw new Error('No call is noted');
  return pendingCall;
}

describe('a request to record', () => {
  test('raises the newest token and never lowers it', () => {
    const ledger = withBegun(empty, op('a'), 5);
    expect(record(ledger, endedOf(op('a'), 9), at(9)).ledger.newestToken).toBe(Date.parse(at(9)));
    expect(record(ledger, endedOf(op('a'), 3), at(9)).ledger.newestToken).toBe(Date.parse(at(5)));
  });

  test('is rejected for a stop or resume that has not begun, or a checkpoint of another replication', () => {
    const unknown = (request: Parameters<typeof validateRecord>[1]) =>
      messageOf(() => validateRecord(empty, request, at(10)));
    expect(unknown(resumedOf(resume, 5))).toBe(`The resume "r" of ${arn} has not begun`);
    expect(unknown(stoppedOf(op('a'), 5))).toBe(`The stop "a" of ${arn} has not begun`);
    const tables = { token: Date.parse(at(5)), operation: op('a'), type: 'tables', tables: {} as never } as const;
    for (const request of [endedOf(op('a'), 5), refusedOf(op('a'), 5), tables])
      expect(unknown(request)).toBe('allowed');
    const foreign = stoppedOf(op('a'), 2, { checkpoint: draftOf('a', { replicationConfigArn: `${arn}X` }) });
    expect(() => validateRecord(empty, foreign, at(10))).toThrow(
      expect.objectContaining({ details: [expect.objectContaining({ replicationConfigArn: arn })] }),
    );
    expect(unknown(foreign)).toContain(`Invalid dms.record request: checkpoint.replicationConfigArn is not ${arn}`);
  });

  test('of a resume clears the note and keeps the outcome', () => {
    const started = withNote(done, resume, 20);
    const { ledger, reply } = record(started, resumedOf(resume, 30), at(30));
    expect(reply).toEqual({ checkpoint: null });
    expect(ledger).toMatchObject({ pendingCall: null, guard: null, unanswered: null });
    expect(ledger.operations[0]).toMatchObject({
      outcome: 'resumed',
      failureType: null,
      failureMessage: null,
      awsRequestIds: ['r'],
      finishedBy: null,
      finishedAt: at(30),
      startReplicationType: 'resume-processing',
      progress: 'moving',
      checkpointSequence: 1,
    });
    expect(record(started, resumedOf(resume, 30, false), at(30)).ledger.unanswered).toMatchObject({ kind: 'resume' });
  });

  test('of an end keeps the failure, unless the operation has already succeeded', () => {
    const cancelled = record(withBegun(empty, op('a'), 1), endedOf(op('a'), 9), at(9)).ledger.operations[0];
    expect(cancelled).toMatchObject({
      outcome: null,
      failureType: 'CancelledFailure',
      failureMessage: 'cancelled',
      awsRequestIds: ['r'],
      finishedAt: at(9),
    });
    const { newestToken: _, ...after } = record(done, endedOf(op('a'), 20), at(20)).ledger;
    const { newestToken: _before, ...before } = done;
    expect(after).toEqual(before);
  });

  test("of an end marks only its own operation's call as answered", () => {
    const ledger = withNote(withBegun(empty, op('b'), 0), op('a'), 1);
    const ended = record(ledger, endedOf(op('a'), 2, true), at(2)).ledger;
    expect(callIn(record(ended, endedOf(op('a'), 3, false), at(3)).ledger).isAnswered).toBe(true);
    expect(callIn(record(ledger, endedOf(op('b'), 2, true), at(2)).ledger).isAnswered).toBe(false);
  });

  test('of tables keeps 20 flagged tables and says whether others are missing', () => {
    const tables = (flagged: number, truncated = false) => {
      const told = { total: 30, flagged: Array.from({ length: flagged }, () => ({})), truncated } as never;
      const request = { token: Date.parse(at(10)), operation: op('a'), type: 'tables', tables: told } as const;
      const kept = record(done, request, at(10)).ledger.operations[0]?.tables;
      return [kept?.flagged.length, kept?.truncated];
    };
    expect([tables(20), tables(21), tables(3, true)]).toEqual([
      [20, false],
      [20, true],
      [3, true],
    ]);
  });

  test('of a stop that the ledger records again keeps the first end time and the tables', () => {
    const tables = { total: 1, flagged: [], truncated: false } as never;
    const first = withRecord(withBegun(empty, op('a'), 1), op('a'), 9, { tables });
    const again = withRecord(first, op('a'), 20, { finishedBy: 'ledger' });
    expect(again.operations[0]).toMatchObject({
      outcome: 'stopped',
      finishedAt: at(9),
      finishedBy: 'ledger',
      awsRequestIds: ['r'],
      failureMessage: null,
      tables: { total: 1 },
    });
  });
});

describe('the record of a stop', () => {
  test('is returned by the request that recorded it', () => {
    expect(record(withBegun(empty, op('a'), 1), stoppedOf(op('a'), 9), at(9)).reply.checkpoint).toMatchObject({
      sequence: 1,
      recordedAt: at(9),
    });
  });

  test('seals the ledger even if the operation was dropped from it', () => {
    const dropped = { ...empty, lastUnsealed: { by: 'bob', reason: 'again', at: at(5) } };
    const { ledger } = record(dropped, stoppedOf(op('a'), 9, { checkpoint: draftOf('a', { intent: 'final' }) }), at(9));
    expect(ledger).toMatchObject({ sealed: { at: at(9) }, checkpoints: [{ sequence: 1 }], operations: [] });
  });

  test('is added again once the time of the stop is known', () => {
    const untimed = { checkpoint: draftOf('a', { stoppedAt: null }) };
    const first = withRecord(withBegun(empty, op('a'), 1), op('a'), 9, untimed);
    expect(withRecord(first, op('a'), 10).checkpoints).toHaveLength(2);
  });

  const guarded = op('a', { deadline: { policy: 'warn', leadSeconds: 3600, onResumeDeadline: null } });

  test('gets a deadline guard unless the stop failed', () => {
    const guardIn = (more: object) => withRecord(withBegun(empty, guarded, 1), guarded, 9, more).guard;
    expect(guardIn({})).toMatchObject({ sequence: 1 });
    expect(guardIn({ failureType: 'DmsReplicationFailed' })).toBeNull();
  });

  test.each<[string, object, number]>([
    ['is not added again if it is equal', {}, 1],
    ['is added again with another intent', { intent: 'final' }, 2],
    ['is added again with another status', { status: 'failed' }, 2],
    ['is added again for another operation', { operationId: 'b' }, 2],
    ['is added again for another stop', { stoppedAt: at(5) }, 2],
    ['is added again with another creation time', { replicationCreateTime: at(5) }, 2],
    ['is added again if only its fresh start date is lost', { freshStartDate: null }, 2],
    ['is not added again if its deadline is lost, too', { freshStartDate: null, resumeBy: null }, 1],
    ['is added again if only its stop time is lost', { stoppedAt: null }, 2],
  ])('%s', (_, more, records) => {
    const checkpoint = draftOf('a', { freshStartDate: at(0) });
    const first = withRecord(withBegun(empty, op('a'), 1), op('a'), 9, { checkpoint });
    expect(withRecord(first, op('a'), 10, { checkpoint: { ...checkpoint, ...more } }).checkpoints).toHaveLength(
      records,
    );
  });

  test.each([
    ['run-a', 1],
    ['later', 2],
  ])('without a time is recorded once per run: %s', (runId, records) => {
    const checkpoint = draftOf('a', { stoppedAt: null });
    const first = withRecord(withBegun(empty, op('a'), 1), op('a'), 9, { checkpoint });
    const again = withRecord(first, op('a'), 10, { checkpoint: { ...checkpoint, runId } });
    expect(again.checkpoints).toHaveLength(records);
  });

  test('takes no checkpoint from an earlier record if neither stop has a time', () => {
    const first = withRecord(withBegun(empty, op('a'), 1), op('a'), 2, {
      checkpoint: draftOf('a', { stoppedAt: null }),
    });
    const checkpoint = draftOf('b', { stoppedAt: null, recoveryCheckpoint: null });
    expect(
      withRecord(withBegun(first, op('b'), 3), op('b'), 4, { checkpoint }).checkpoints[0]?.recoveryCheckpoint,
    ).toBeNull();
  });

  test.each(['created', 'failed'])(
    'takes no checkpoint from an earlier stop if it has no stop time itself: %s',
    (status) => {
      const stoppedBefore = withRecord(withBegun(empty, op('a'), 1), op('a'), 2);
      const checkpoint = draftOf('b', { status, stoppedAt: null, recoveryCheckpoint: null, resumeBy: null });
      const recorded = withRecord(withBegun(stoppedBefore, op('b'), 3), op('b'), 4, { checkpoint });
      expect(recorded.checkpoints).toHaveLength(2);
      expect(recorded.checkpoints[0]?.recoveryCheckpoint).toBeNull();
    },
  );

  test('takes a missing checkpoint from the newest record of the same stop', () => {
    const first = withRecord(withBegun(empty, op('a'), 1), op('a'), 2);
    const none = { ...first, checkpoints: first.checkpoints.map((each) => ({ ...each, recoveryCheckpoint: null })) };
    const checkpoint = draftOf('b', { recoveryCheckpoint: null });
    const told = (ledger: Ledger) =>
      withRecord(withBegun(ledger, op('b'), 3), op('b'), 4, { checkpoint }).checkpoints[0];
    expect(told(none)?.recoveryCheckpoint).toBeNull();
    const both = { ...first, checkpoints: [...none.checkpoints, ...first.checkpoints] };
    expect(told(both)?.recoveryCheckpoint).toBe('c');
  });
});
