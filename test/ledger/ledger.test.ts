import { describe, expect, test } from 'vitest';
import { begin, validateBegin } from '../../src/ledger/begin.js';
import { unseal } from '../../src/ledger/seal.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import { record, validateRecord } from '../../src/ledger/record.js';
import type { CallNote, Ledger, OperationRef } from '../../src/contract/ledger-state.js';
import {
  beginOf,
  withBegun,
  callOf,
  draftOf,
  endedOf,
  markOf,
  withNote,
  withRecord,
  refusalOf,
  refusedOf,
  resumedOf,
  startOf,
  stoppedOf,
} from '../support/ledger-requests.js';
import { arn, at, operation } from '../support/operations.js';

const op = (operationId: string, kind: OperationRef['kind'] = 'stop', more: Partial<OperationRef> = {}) =>
  operation(operationId, { kind, requestedBy: 'ada', reason: 'cutover', ...more });
const empty = emptyLedger(arn);
const resume = op('r', 'resume');
/** Failure type with which a request to begin is refused. `undefined`: the request passes. */
const refusalOfBegin = (ledger: Ledger, who: OperationRef, second: number, call: CallNote | null = null) =>
  refusalOf(() => validateBegin(ledger, beginOf(who, second, { call }), at(second)));

describe('a fencing token', () => {
  const ledger = withNote(empty, op('a'), 100);

  test('rejects every request of an attempt that was scheduled before the newest one', () => {
    expect(refusalOfBegin(ledger, op('a'), 99, callOf())).toBe('DmsLateRequest');
    for (const late of [stoppedOf(op('a'), 99), resumedOf(op('a'), 99), endedOf(op('a'), 99), refusedOf(op('a'), 99)])
      expect(refusalOf(() => validateRecord(ledger, late, at(100)))).toBe('DmsLateRequest');
  });

  test('lets the same attempt and a later one through', () => {
    for (const second of [100, 101]) {
      expect(refusalOfBegin(ledger, op('a'), second, callOf())).toBeUndefined();
      expect(refusalOf(() => validateRecord(ledger, stoppedOf(op('a'), second), at(second)))).toBeUndefined();
    }
  });

  test('more than a minute in the future has to wait', () => {
    const [soon, later] = [stoppedOf(op('a'), 160), stoppedOf(op('a'), 161)];
    expect(refusalOf(() => validateRecord(ledger, soon, at(100)))).toBeUndefined();
    expect(refusalOf(() => validateRecord(ledger, later, at(100)))).toBe('DmsLedgerBusy');
    expect(refusalOf(() => validateBegin(ledger, beginOf(op('a'), 161), at(100)))).toBe('DmsLedgerBusy');
    expect(refusalOf(() => validateRecord(ledger, later, at(101)))).toBeUndefined();
  });

  test('of a recorded end rejects leftover requests of the ended operation', () => {
    const ended = record(withBegun(empty, op('a'), 100), endedOf(op('a'), 110), at(110)).ledger;
    expect(refusalOfBegin(ended, op('a'), 105, callOf())).toBe('DmsLateRequest');
    const unknown = record(empty, endedOf(op('a'), 110), at(110)).ledger;
    expect(refusalOfBegin(unknown, op('a'), 105, callOf())).toBe('DmsLateRequest');
    expect(unknown.operations).toEqual([]);
  });
});

describe('a note', () => {
  test('is written with the beginning, and cleared by the record of the stop', () => {
    const ledger = withNote(empty, op('a'), 1);
    expect(ledger).toMatchObject({ pendingCall: { operationId: 'a', at: at(1) }, operations: [{ operationId: 'a' }] });
    expect(withRecord(ledger, op('a'), 9)).toMatchObject({ pendingCall: null, unanswered: null });
  });

  test('stays when its operation fails or is cancelled, and remembers whether DMS answered', () => {
    const ledger = withNote(empty, op('a'), 1);
    expect(record(ledger, endedOf(op('a'), 9, true), at(9)).ledger.pendingCall).toMatchObject({ isAnswered: true });
    expect(record(ledger, endedOf(op('a'), 9), at(9)).ledger.pendingCall).toMatchObject({ isAnswered: false });
  });

  test('is cleared by the attempt that wrote it when DMS rejects the call', () => {
    const ledger = withNote(empty, op('a'), 5);
    expect(record(ledger, refusedOf(op('a'), 5), at(6)).ledger.pendingCall).toBeNull();
    expect(record(ledger, refusedOf(op('a'), 6), at(6)).ledger.pendingCall).not.toBeNull();
  });

  test('falls back to an earlier unanswered call when the later call is rejected', () => {
    const twice = withNote(withNote(empty, op('a'), 5), op('a'), 30);
    expect(twice.pendingCall).toMatchObject({ at: at(30), earlierUnansweredAt: at(5) });
    const refused = record(twice, refusedOf(op('a'), 30), at(31)).ledger;
    expect(refused.pendingCall).toMatchObject({ at: at(5), earlierUnansweredAt: null });
    const toldAgain = record(refused, refusedOf(op('a'), 30), at(32)).ledger;
    expect(toldAgain.pendingCall).toMatchObject({ at: at(5) });
  });

  test('keeps the newest stop before the call, because a later look may be older', () => {
    const marked = (lastStopTime: string) => ({ before: markOf('running', lastStopTime) });
    const twice = withNote(withNote(empty, op('a'), 5, marked(at(-10))), op('a'), 30, marked(at(-90)));
    expect(twice.pendingCall?.before.stop.lastStopTime).toBe(at(-10));
    const newer = withNote(withNote(empty, op('a'), 5, marked(at(-90))), op('a'), 30, marked(at(-10)));
    expect(newer.pendingCall?.before.stop.lastStopTime).toBe(at(-10));
  });

  test('of a closed execution makes the next operation wait for the ledger', () => {
    const left = withNote(empty, op('a'), 1);
    expect(refusalOfBegin(left, resume, 5)).toBeUndefined();
    const told = begin(left, beginOf(resume, 5, { call: startOf() }), at(5));
    expect(told.reply.busy).toMatchObject({ why: expect.stringContaining('the ledger is finishing the stop "a"') });
    expect(told.ledger).toMatchObject({ pendingCall: { operationId: 'a', isAbandoned: true } });
    expect(told.ledger.operations.map(({ operationId }) => operationId)).toEqual(['a']);
    expect(refusalOfBegin(told.ledger, resume, 8)).toBe('DmsLedgerBusy');
  });

  test('of a closed execution moves to the task queue of the operation that waits', () => {
    const left = withBegun(withNote(empty, op('a'), 1), resume, 5);
    const elsewhere = beginOf(op('b'), 9, { taskQueue: 'elsewhere' });
    expect(refusalOf(() => validateBegin(left, elsewhere, at(9)))).toBeUndefined();
    const told = begin(left, elsewhere, at(9)).ledger;
    expect(told.pendingCall).toMatchObject({ operationId: 'a', isAbandoned: true, taskQueue: 'elsewhere' });
    expect(refusalOf(() => validateBegin(told, { ...elsewhere, token: Date.parse(at(12)) }, at(12)))).toBe(
      'DmsLedgerBusy',
    );
  });

  test('of the run before a reset blocks the new run for 20 seconds', () => {
    const left = withNote(empty, op('a'), 1);
    const reset = op('a', 'stop', { runId: 'reset', firstRunId: 'run-a' });
    expect(refusalOfBegin(left, reset, 5, callOf())).toBe('DmsLedgerBusy');
    expect(refusalOfBegin(left, reset, 21, callOf())).toBeUndefined();
    expect(begin(left, beginOf(reset, 21, { call: callOf() }), at(21)).reply.ownCall).toMatchObject({ at: at(1) });
  });
});

describe('a call without an answer', () => {
  const lost = withRecord(withNote(empty, op('a'), 1), op('a'), 30, { isAnswered: false });

  test('blocks calls of the other kind until it can no longer take effect', () => {
    expect(lost).toMatchObject({ pendingCall: null, unanswered: { kind: 'stop', operationId: 'a', at: at(1) } });
    expect(refusalOfBegin(lost, resume, 40)).toBeUndefined();
    expect(refusalOfBegin(lost, resume, 40, startOf())).toBe('DmsLedgerBusy');
    expect(refusalOfBegin(lost, resume, 320, startOf())).toBe('DmsLedgerBusy');
    expect(refusalOfBegin(lost, resume, 321, startOf())).toBeUndefined();
  });

  test('tells the other operation how long to wait and why', () => {
    try {
      validateBegin(lost, beginOf(resume, 301, { call: startOf() }), at(301));
      expect.unreachable();
    } catch (err) {
      expect(err).toMatchObject({
        message: expect.stringMatching(
          /the stop "a" got no answer to its call at .* which may still take effect for 20 s/,
        ),
        details: [{ seconds: 20 }],
      });
    }
  });

  test('lets a call of its own kind through', () => {
    expect(refusalOfBegin(lost, op('b'), 40, callOf())).toBeUndefined();
  });

  test('is remembered even if a later call of the operation was answered', () => {
    const twice = withRecord(withNote(withNote(empty, op('a'), 5), op('a'), 30), op('a'), 60, { isAnswered: true });
    expect(twice.unanswered).toMatchObject({ at: at(5) });
  });
});

describe('a seal', () => {
  const final = { intent: 'final' } as const;
  const sealed = withNote(empty, op('a'), 1, final);

  test('is set when the call of a final stop is noted, and refuses resumes from then on', () => {
    expect(sealed.sealed).toEqual({ by: 'ada', reason: 'cutover', at: at(1) });
    expect(refusalOfBegin(sealed, resume, 2)).toBe('DmsReplicationSealed');
  });

  test('stays when the final stop is cancelled or ends in a failed replication', () => {
    expect(record(sealed, endedOf(op('a'), 9), at(9)).ledger.sealed).not.toBeNull();
    const failed = {
      failureType: 'DmsReplicationFailed',
      outcome: null,
      checkpoint: draftOf('a', { ...final, status: 'failed' }),
    };
    expect(withRecord(sealed, op('a'), 9, failed).sealed).not.toBeNull();
  });

  test('is removed with the note when DMS rejects the call', () => {
    expect(record(sealed, refusedOf(op('a'), 1), at(2)).ledger).toMatchObject({ sealed: null, pendingCall: null });
  });

  test('of an earlier final stop stays when a later one is refused', () => {
    const again = withNote(withRecord(sealed, op('a'), 9, { checkpoint: draftOf('a', final) }), op('b'), 20, final);
    expect(record(again, refusedOf(op('b'), 20), at(21)).ledger.sealed).toMatchObject({ at: at(1) });
  });

  test('is set by the record of a final stop that needed no call', () => {
    const ledger = withRecord(withBegun(empty, op('a'), 1), op('a'), 9, { checkpoint: draftOf('a', final) });
    expect(ledger.sealed).toEqual({ by: 'ada', reason: 'cutover', at: at(9) });
  });

  test('once lifted is not set again by the record of the same stop', () => {
    const open = unseal(sealed, { by: 'bob', reason: 'again' }, at(5));
    expect(open.reply).toBe(`${arn} is unsealed`);
    expect(open.ledger.lastUnsealed).toEqual({ by: 'bob', reason: 'again', at: at(5) });
    expect(withRecord(open.ledger, op('a'), 9, { checkpoint: draftOf('a', final) }).sealed).toBeNull();
    expect(unseal(open.ledger, { by: 'bob', reason: 'again' }, at(6)).reply).toContain('is not sealed');
  });

  test('once lifted is set again only by a later stop, even one with the same id', () => {
    const open = unseal(sealed, { by: 'bob', reason: 'again' }, at(5)).ledger;
    const again = withNote(open, op('a'), 9, final);
    expect(again.sealed).toBeNull();
    const failed = { ...record(again, endedOf(op('a'), 11), at(11)).ledger, pendingCall: null };
    const later = op('a', 'stop', { runId: 'later', firstRunId: 'later' });
    expect(withNote(failed, later, 20, final).sealed).toMatchObject({ at: at(20) });
    const needless = withRecord(withBegun(failed, later, 20), later, 30, { checkpoint: draftOf('a', final) });
    expect(needless.sealed).toMatchObject({ at: at(30) });
  });
});

describe('the record of a stop', () => {
  test('is written once even if it is sent twice', () => {
    const first = record(withNote(empty, op('a'), 1), stoppedOf(op('a'), 9), at(9));
    const again = record(first.ledger, stoppedOf(op('a'), 12), at(12));
    expect(again.reply).toEqual(first.reply);
    expect(again.ledger).toMatchObject({
      lastSequence: 1,
      operations: [{ outcome: 'stopped', checkpointSequence: 1 }],
    });
    expect(again.ledger.checkpoints).toHaveLength(1);
    const next = withRecord(withBegun(again.ledger, op('b'), 20), op('b'), 21, { checkpoint: draftOf('b') });
    expect(next.checkpoints[0]?.sequence).toBe(2);
  });

  test('without a time is also written once', () => {
    const untimed = { checkpoint: draftOf('a', { stoppedAt: null }) };
    const first = withRecord(withBegun(empty, op('a'), 1), op('a'), 2, untimed);
    expect(withRecord(first, op('a'), 3, untimed).checkpoints).toHaveLength(1);
  });

  test('keeps the checkpoint of its stop when DMS no longer shows it', () => {
    const first = withRecord(withBegun(empty, op('a'), 1), op('a'), 2);
    const again = (stoppedAt: string) => {
      const checkpoint = draftOf('b', { recoveryCheckpoint: null, stoppedAt });
      return withRecord(withBegun(first, op('b'), 3), op('b'), 4, { checkpoint }).checkpoints[0]?.recoveryCheckpoint;
    };
    expect(again(at(1))).toBe('c');
    expect(again(at(5))).toBeNull();
  });

  test('includes the table statistics with at most 20 flagged tables', () => {
    const flagged = Array.from({ length: 30 }, () => ({}));
    const tables = { total: 30, flagged, truncated: false } as never;
    const ledger = withRecord(withBegun(empty, op('a'), 1), op('a'), 2, { tables });
    expect(ledger.operations[0]?.tables).toMatchObject({ total: 30, truncated: true });
    expect(ledger.operations[0]?.tables?.flagged).toHaveLength(20);
  });

  test('of another replication, or of an operation that has not begun, is refused', () => {
    const foreign = stoppedOf(op('a'), 2, { checkpoint: draftOf('a', { replicationConfigArn: `${arn}X` }) });
    expect(refusalOf(() => validateRecord(withBegun(empty, op('a'), 1), foreign, at(2)))).toBe('DmsInvalidInput');
    expect(refusalOf(() => validateRecord(empty, stoppedOf(op('a'), 2), at(2)))).toBe('DmsOperationUnknown');
  });
});

describe('an operation id', () => {
  const done = withRecord(withNote(empty, op('a'), 1), op('a'), 9);

  test('that succeeded returns its record until another operation begins', () => {
    const again = begin(done, beginOf(op('a', 'stop', { runId: 'later' }), 20, { call: callOf() }), at(20));
    expect(again.reply.repeatOf).toMatchObject({ operation: { outcome: 'stopped' }, checkpoint: { sequence: 1 } });
    expect(again.ledger).toBe(done);
    expect(refusalOfBegin(withBegun(done, resume, 30), op('a'), 40)).toBe('DmsOperationSuperseded');
  });

  test("of a recorded pause can't be used by a final stop", () => {
    const request = beginOf(op('a', 'stop', { runId: 'later' }), 20, { intent: 'final' });
    expect(refusalOf(() => validateBegin(done, request, at(20)))).toBe('DmsOperationSuperseded');
  });

  test('that failed runs again', () => {
    const failed = record(withBegun(empty, op('a'), 1), endedOf(op('a'), 9), at(9)).ledger;
    const again = withBegun(failed, op('a', 'stop', { runId: 'later' }), 20);
    expect(again.operations).toMatchObject([
      { operationId: 'a', finishedAt: null, failureType: null, startedAt: at(20) },
    ]);
  });
});

test('the reply to a begin request says whether the replication ran and when it last stopped', () => {
  const facts = (ledger: Ledger, status: string) => begin(ledger, beginOf(resume, 50, { status }), at(50)).reply;
  expect(facts(empty, 'created')).toMatchObject({ hasRun: false, lastStoppedAt: null, checkpoint: null });
  expect(facts(withBegun(empty, op('a'), 1), 'created')).toMatchObject({ hasRun: true });
  const stopped = withRecord(withBegun(empty, op('a'), 1), op('a'), 2);
  expect(facts(stopped, 'created')).toMatchObject({ hasRun: true, lastStoppedAt: at(1), checkpoint: { sequence: 1 } });
});

test('a ledger drops its oldest entries beyond 100 records or 200 kB', () => {
  let ledger = empty;
  for (let n = 1; n <= 120; n++) {
    const who = { ...op(`op-${n}`), reason: 'x'.repeat(1500) };
    const checkpoint = draftOf(`op-${n}`, { stoppedAt: at(n), reason: 'x'.repeat(1500) });
    ledger = withRecord(withBegun(ledger, who, n), who, n, { checkpoint });
  }
  expect(ledger.checkpoints.length).toBeLessThanOrEqual(100);
  expect(JSON.stringify(ledger).length).toBeLessThanOrEqual(200_000);
  expect(ledger.checkpoints[0]?.sequence).toBe(120);
  expect(ledger.operations[0]?.operationId).toBe('op-120');
});
