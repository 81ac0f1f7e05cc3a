import { describe, expect, test } from 'vitest';
import { isDmsFailure } from '../../src/contract/failures.js';
import { countWarning, reasonToEnd, guardOf, warningOf } from '../../src/ledger/deadline.js';
import { validateBegin } from '../../src/ledger/begin.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import { endWithoutEffect, secondsCallMayLand, unfinishedCall } from '../../src/ledger/calls.js';
import { record } from '../../src/ledger/record.js';
import type { CheckpointRecord } from '../../src/contract/records.js';
import type { Guard, OperationRef, PendingCall } from '../../src/contract/ledger-state.js';
import {
  breakReservation,
  release,
  requireMayOperate,
  reserve,
  validateReserve,
} from '../../src/ledger/reservation.js';
import {
  beginOf,
  withBegun,
  callOf,
  draftOf,
  endedOf,
  withNote,
  withRecord,
  resumedOf,
} from '../support/ledger-requests.js';
import { look } from '../support/look.js';
import { arn, at, operation as op } from '../support/operations.js';

const refusal = (act: () => void): string => {
  try {
    act();
  } catch (err) {
    return isDmsFailure(err) ? `${err.type}: ${err.message}` : String(err);
  }
  return 'allowed';
};
const empty = emptyLedger(arn);

function callIn({ pendingCall }: { readonly pendingCall: PendingCall | null }): PendingCall {
  if (pendingCall === null) throw new Error('No call is noted');
  return pendingCall;
}

describe('a noted call whose operation no longer follows it', () => {
  const ledger = withNote(empty, op('a'), 1);

  test('is finished by the ledger after five minutes, or at once when its operation has ended', () => {
    expect(unfinishedCall(empty, at(1))).toBeNull();
    expect(unfinishedCall(ledger, at(1))).toMatchObject({ call: { operationId: 'a' }, inSeconds: 300 });
    expect(unfinishedCall(ledger, at(101))).toMatchObject({ inSeconds: 200 });
    const cancelled = record(ledger, endedOf(op('a'), 2), at(2)).ledger;
    expect(unfinishedCall(cancelled, at(3))).toMatchObject({ inSeconds: 0 });
  });

  test('is finished at once when a later operation proves that its execution has closed', () => {
    expect(unfinishedCall(withBegun(ledger, op('b'), 5), at(5))).toMatchObject({
      call: { operationId: 'a' },
      inSeconds: 0,
    });
  });

  test('is finished for a resume as for a stop', () => {
    const resume = withNote(empty, op('r', { kind: 'resume' }), 1);
    expect(unfinishedCall(resume, at(1))).toMatchObject({ call: { kind: 'resume' } });
  });

  test('clears its note, lifts its seal and ends its operation if it had no effect', () => {
    const final = withNote(empty, op('a'), 1, { intent: 'final' });
    expect(endWithoutEffect(final, callIn(final), 'DmsStopReverted', at(9))).toMatchObject({
      pendingCall: null,
      sealed: null,
      operations: [{ failureType: 'DmsStopReverted', finishedAt: at(9), finishedBy: 'ledger' }],
    });
  });

  test('can take effect for 320 seconds unless DMS answered it', () => {
    expect(secondsCallMayLand(callIn(ledger), at(21))).toBe(300);
    expect(secondsCallMayLand(callIn(ledger), at(999))).toBe(0);
    const answered = record(ledger, endedOf(op('a'), 2, true), at(2)).ledger;
    expect(secondsCallMayLand(callIn(answered), at(21))).toBe(0);
    const twice = record(withNote(ledger, op('a'), 50), endedOf(op('a'), 60, true), at(60)).ledger;
    expect(secondsCallMayLand(callIn(twice), at(61))).toBe(260);
  });
});

describe('a reservation', () => {
  const request = { owner: 'cutover', reason: 'tonight', workflowId: 'host-1' };
  const { ledger: held } = reserve(emptyLedger(arn), request, at(0));

  test('lets only its owner and the steps of its workflow operate', () => {
    const allowed = (more: Partial<OperationRef>) => refusal(() => requireMayOperate(held, op('x', more)));
    expect(allowed({ owner: 'cutover' })).toBe('allowed');
    expect(allowed({ parentWorkflowId: 'host-1' })).toBe('allowed');
    expect(allowed({ owner: 'host-1' })).toBe('allowed');
    expect(allowed({ parentWorkflowId: 'host-2' })).toContain('DmsReplicationReserved');
    expect(allowed({})).toContain(`is reserved by cutover, in host-1 since ${at(0)} (tonight)`);
    expect(refusal(() => validateBegin(held, beginOf(op('x'), 1), at(1)))).toContain('Reserved');
    const { ledger } = reserve(withBegun(empty, op('x'), 0), request, at(1));
    const call = beginOf(op('x'), 2, { call: callOf() });
    expect(refusal(() => validateBegin(ledger, call, at(2)))).toContain('Reserved');
  });

  test('can be requested again by its owner only', () => {
    expect(refusal(() => validateReserve(held, request))).toBe('allowed');
    const elsewhere = reserve(held, { ...request, workflowId: 'host-2' }, at(5));
    expect(elsewhere.reply.reservation).toMatchObject({ at: at(0), workflowId: 'host-2' });
    expect(elsewhere.ledger.events).toHaveLength(1);
    expect(refusal(() => validateReserve(held, { ...request, owner: 'other' }))).toContain('Reserved');
  });

  test("reports the age of another owner's pending call", () => {
    const theirs = withNote(empty, op('x'), 1);
    expect(reserve(theirs, request, at(4)).reply.pendingCallAgeSeconds).toBe(3);
    const own = withNote(empty, op('x', { owner: 'cutover' }), 1);
    expect(reserve(own, request, at(4)).reply.pendingCallAgeSeconds).toBeNull();
  });

  test('is released only by its owner and can be broken by a person', () => {
    expect(release(held, { owner: 'other' }, at(1)).ledger).toBe(held);
    expect(release(held, { owner: 'cutover' }, at(1)).ledger).toMatchObject({
      reservation: null,
      events: [{ type: 'released', by: 'cutover' }, { type: 'reserved' }],
    });
    expect(breakReservation(held, { by: 'ada', reason: 'gone' }, at(2)).ledger).toMatchObject({
      reservation: null,
      events: [
        { type: 'reservation-broken', by: 'ada', reason: 'gone', detail: `The reservation of cutover, since ${at(0)}` },
        {},
      ],
    });
  });
});

describe('the deadline guard of a paused replication', () => {
  const plan = { policy: 'warn', leadSeconds: 3600, onResumeDeadline: null } as const;
  const stopped = (more: Partial<CheckpointRecord> = {}) =>
    ({
      sequence: 1,
      resumeBy: at(172_800),
      intent: 'pause',
      status: 'stopped',
      recordedAt: at(10),
      ...more,
    }) as CheckpointRecord;
  const within = { resumeWithinSeconds: 7200, taskQueue: 'dms' };

  test("counts the time left by the ledger's own clock", () => {
    expect(guardOf(stopped(), plan, within)).toEqual({
      sequence: 1,
      resumeBy: at(172_800),
      endsAt: at(7210),
      nextAt: at(3610),
      plan,
      taskQueue: 'dms',
      warnings: 0,
    });
  });

  test.each<[string, Partial<CheckpointRecord>, object]>([
    ['a final stop', { intent: 'final' }, plan],
    ['a failed replication', { status: 'failed' }, plan],
    ['a stop without a deadline', { resumeBy: null }, plan],
    ['a caller that asks for none', {}, { ...plan, policy: 'none' }],
  ])('does not exist for %s', (_, more, wanted) => {
    expect(guardOf(stopped(more), wanted as never, within)).toBeNull();
    expect(guardOf(stopped(), plan, { ...within, resumeWithinSeconds: 0 })).toBeNull();
  });

  test('warns every hour, more often near the end and once at the end', () => {
    const guard = guardOf(stopped(), plan, { ...within, resumeWithinSeconds: 40_000 });
    if (guard === null) throw new Error('No guard was made');
    const next = (now: number) => Date.parse(countWarning(emptyLedger(arn), guard, at(now)).guard?.nextAt ?? '');
    expect(next(0)).toBe(Date.parse(at(3600)));
    expect(next(40_010 - 4000)).toBe(Date.parse(at(40_010 - 3000)));
    expect(next(40_010 - 100)).toBe(Date.parse(at(40_010)));
    expect(warningOf(emptyLedger(arn), guard, at(41_000), null).secondsLeft).toBe(0);
  });

  test('ends when the ledger is sealed', () => {
    const guarded = { ...empty, sealed: { by: 'ada', reason: null, at: at(5) } };
    for (const shown of [look({ status: 'stopped' }), null])
      expect(reasonToEnd(guarded, { sequence: 1 } as Guard, shown, at(99))).toBe('it was sealed');
  });

  describe('of a recorded stop', () => {
    const shown = look();
    const { replicationLastStopTime: stoppedAt, replicationCreateTime } = shown;
    const operation = op('a', { deadline: plan });
    const checkpoint = draftOf('a', { stoppedAt, replicationCreateTime });
    const ledger = withRecord(withNote(empty, operation, 1), operation, 9, { checkpoint, ...within });
    const { guard } = ledger;
    if (guard === null) throw new Error('No guard was made');

    test.each<[string, object, string | null]>([
      ['continues while the replication is stopped', {}, null],
      ['continues while the replication is being modified', { status: 'modifying' }, null],
      ['continues in an unknown status', { status: 'pondering' }, null],
      ['continues when a look shows an older stop', { replicationLastStopTime: at(-9) }, null],
      ['continues when a look shows no stop', { replicationLastStopTime: null }, null],
      ['ends when the replication runs', { status: 'running' }, 'running'],
      ['ends when a look shows a newer stop', { replicationLastStopTime: '2027-01-01T00:00:00.000Z' }, 'ran again'],
    ])('%s', (_, more, why) => {
      const end = reasonToEnd(ledger, guard, look(more), at(99));
      if (why === null) expect(end).toBeNull();
      else expect(end).toContain(why);
    });

    test('continues without a look or with a look that may be older than the record', () => {
      expect(reasonToEnd(ledger, guard, null, at(99))).toBeNull();
      expect(reasonToEnd(ledger, guard, look({ status: 'running' }), at(60))).toBeNull();
    });

    test('ends when a resume succeeds and continues when one fails', () => {
      const resume = op('r', { kind: 'resume' });
      const resuming = withBegun(ledger, resume, 15);
      expect(record(resuming, resumedOf(resume, 20), at(20)).ledger.guard).toBeNull();
      expect(record(resuming, endedOf(resume, 20), at(20)).ledger.guard).toEqual(guard);
    });
  });
});
