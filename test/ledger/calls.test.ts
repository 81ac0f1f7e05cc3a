import { describe, expect, test } from 'vitest';
import { begin } from '../../src/ledger/begin.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import {
  markAbandoned,
  endWithoutEffect,
  laterMark,
  operationOf,
  secondsCallMayLand,
  clearNote,
  takeBackNote,
  unfinishedCall,
} from '../../src/ledger/calls.js';
import { record } from '../../src/ledger/record.js';
import type { Ledger, OperationRef, PendingCall } from '../../src/contract/ledger-state.js';
import {
  beginOf,
  withBegun,
  callOf,
  endedOf,
  markOf,
  withNote,
  startOf,
  withRecord,
} from '../support/ledger-requests.js';
import { arn, at, operation } from '../support/operations.js';

const empty = emptyLedger(arn);
const op = (operationId: string, more: Partial<OperationRef> = {}) => operation(operationId, more);
const resume = op('r', { kind: 'resume' });
function callIn({ pendingCall }: Ledger): PendingCall {
  if (pendingCall === null) throw new Error('No call is noted');
  return pendingCall;
}

describe('a note', () => {
  test('holds the call, its time and its attempt', () => {
    const { pendingCall } = begin(empty, beginOf(op('a'), 3, { call: callOf({ intent: 'final' }) }), at(4)).ledger;
    expect(pendingCall).toEqual({
      ...op('a'),
      ...callOf({ intent: 'final' }),
      at: at(4),
      token: Date.parse(at(3)),
      taskQueue: 'dms',
      isAnswered: false,
      earlierUnansweredAt: null,
      seals: true,
      isAbandoned: false,
    });
  });

  test('remembers an earlier call of its operation unless DMS answered it', () => {
    const first = withNote(empty, op('a'), 5);
    const next = (ledger: Ledger, isAnswered: boolean, second = 30) =>
      begin(ledger, beginOf(op('a'), second, { call: callOf(), isAnswered }), at(second)).ledger;
    expect(callIn(next(first, true)).earlierUnansweredAt).toBeNull();
    expect(callIn(next(next(first, false), true, 60)).earlierUnansweredAt).toBe(at(5));
    expect(callIn(next(next(first, false), false, 60)).earlierUnansweredAt).toBe(at(30));
    const answered = record(first, endedOf(op('a'), 9, true), at(9)).ledger;
    expect(callIn(next(answered, false)).earlierUnansweredAt).toBeNull();
  });

  test('keeps an existing seal when another call is noted', () => {
    const final = { intent: 'final' } as const;
    const twice = withNote(withNote(empty, op('a'), 5, final), op('a'), 30, final);
    expect([callIn(twice).seals, twice.sealed?.at]).toEqual([true, at(5)]);
    const paused = withNote(withNote(empty, op('a'), 5, final), op('a'), 30);
    expect(callIn(paused).seals).toBe(true);
    const seal = { by: 'ada', reason: null, at: at(1) };
    const other = withNote({ ...empty, sealed: seal }, op('a'), 5, final);
    expect([callIn(other).seals, other.sealed]).toEqual([false, seal]);
    expect(callIn(withNote(empty, op('a'), 5)).seals).toBe(false);
  });

  test.each([
    [at(-10), at(-90), at(-10)],
    [at(-90), at(-10), at(-10)],
    [null, at(-10), at(-10)],
  ])('of looks with the last stops %s and %s keeps %s', (one, other, newest) => {
    expect(laterMark(markOf('running', one), markOf('running', other)).stop.lastStopTime).toBe(newest);
  });

  test('keeps the later of two looks that show the same stop', () => {
    const later = markOf('modifying', at(-10));
    expect(laterMark(markOf('running', at(-10)), later)).toBe(later);
  });

  test('is marked as abandoned if it exists', () => {
    const next = { ...beginOf(op('b'), 2), taskQueue: 'served' };
    const left = callIn(markAbandoned(withNote(empty, op('a'), 1), next));
    expect(left).toMatchObject({ isAbandoned: true, taskQueue: 'served' });
    expect(markAbandoned(empty, next)).toBe(empty);
  });

  test('is cleared only by its own operation and leaves an older unanswered call', () => {
    const lost = withRecord(withNote(empty, op('a'), 1), op('a'), 30, { isAnswered: false });
    const next = withNote(lost, op('b'), 40);
    expect(clearNote(next, op('a'), true)).toBe(next);
    expect(clearNote(next, op('b'), true)).toMatchObject({ pendingCall: null, unanswered: { operationId: 'a' } });
    expect(clearNote(next, op('b'), false)).toMatchObject({
      unanswered: { kind: 'stop', operationId: 'b', at: at(40) },
    });
    const answered = record(next, endedOf(op('b'), 50, true), at(50)).ledger;
    expect(clearNote(answered, op('b'), false)).toMatchObject({ unanswered: { operationId: 'a' } });
  });

  test('is withdrawn only by the attempt and the operation that wrote it', () => {
    const ledger = withNote(empty, op('a'), 5);
    const token = Date.parse(at(5));
    expect([takeBackNote(ledger, op('b'), token), takeBackNote(ledger, op('a'), token + 1)]).toEqual([ledger, ledger]);
    expect(takeBackNote(ledger, op('a'), token).pendingCall).toBeNull();
    expect(takeBackNote(empty, op('a'), token)).toBe(empty);
  });

  test('of a call without effect is dropped, and leaves the recorded end and an earlier seal', () => {
    const ledger = withNote(empty, op('a'), 1);
    const cancelled = record(ledger, endedOf(op('a'), 2), at(2)).ledger;
    expect(endWithoutEffect(cancelled, callIn(cancelled), 'DmsStopReverted', at(9)).operations[0]).toMatchObject({
      failureType: 'CancelledFailure',
      finishedAt: at(2),
      finishedBy: 'ledger',
    });
    const seal = { by: 'ada', reason: null, at: at(0) };
    const foreign = { ...ledger, sealed: seal };
    expect(endWithoutEffect(foreign, callIn(foreign), 'DmsStopReverted', at(9)).sealed).toEqual(seal);
    expect(endWithoutEffect({ ...foreign, pendingCall: null }, callIn(foreign), 'x', at(9)).sealed).toEqual(seal);
    expect(endWithoutEffect({ ...ledger, operations: [] }, callIn(ledger), 'x', at(9))).toMatchObject({
      operations: [],
    });
  });

  test('is due after five minutes even if another operation has ended', () => {
    const ledger = withNote(withBegun(empty, op('b'), 0), op('a'), 1);
    const other = record(ledger, endedOf(op('b'), 2), at(2)).ledger;
    expect(unfinishedCall(other, at(1))?.inSeconds).toBe(300);
    expect(unfinishedCall({ ...ledger, operations: [] }, at(301))?.inSeconds).toBe(0);
    expect(unfinishedCall(ledger, at(999))?.inSeconds).toBe(0);
  });

  test('can take effect until 320 seconds after its last unanswered call', () => {
    const call = callIn(withNote(empty, op('a'), 0));
    expect([
      secondsCallMayLand(call, at(0)),
      secondsCallMayLand(call, at(320)),
      secondsCallMayLand(call, at(400)),
    ]).toEqual([320, 0, 0]);
    expect(secondsCallMayLand({ ...call, isAnswered: true }, at(0))).toBe(0);
    expect(secondsCallMayLand({ ...call, isAnswered: true, earlierUnansweredAt: at(-20) }, at(0))).toBe(300);
  });

  test('names its operation', () => {
    const who = op('a', { owner: 'o', deadline: null, requestedBy: 'ada', reason: 'x', parentWorkflowId: 'host' });
    expect(operationOf(callIn(withNote(empty, who, 1)))).toEqual(who);
  });
});

test('a call of a resume is noted with its start type', () => {
  expect(callIn(withNote(empty, resume, 1))).toMatchObject({ ...startOf(), kind: 'resume', seals: false });
});
