import { describe, expect, test } from 'vitest';
import { abandonedStop, giveUp } from '../../src/operations/abandoned.js';
import { isDmsFailure } from '../../src/operations/failures.js';
import { advanced, endedBy, guardOf, warningOf } from '../../src/operations/guard.js';
import { aboutTo, begin, emptyLedger, validateAboutTo, validateBegin } from '../../src/operations/ledger.js';
import { record } from '../../src/operations/recording.js';
import type { CheckpointDraft, CheckpointRecord, Guard, Ledger, OperationRef } from '../../src/operations/records.js';
import {
  breakReservation,
  release,
  requireUnreserved,
  reserve,
  validateReserve,
} from '../../src/operations/reservations.js';
import { requireOwnerName } from '../../src/operations/update-texts.js';
import { look } from '../support/look.js';
import { arn, at, continuing, operation as op } from '../support/operations.js';

const note = { before: null, intent: 'pause', startReplicationType: null } as const;
const begun = (ledger: Ledger, operation: OperationRef) => begin(ledger, { operation, sequence: null }, at(0)).ledger;
const called = (ledger: Ledger, operation: OperationRef, callId?: string) =>
  aboutTo(begun(ledger, operation), { operation, ...note, ...(callId === undefined ? {} : { callId }) }, at(1)).ledger;
const refusal = (act: () => void): string => {
  try {
    act();
  } catch (err) {
    return isDmsFailure(err) ? `${err.type}: ${err.message}` : String(err);
  }
  return 'allowed';
};

describe('a stop that nobody follows any more', () => {
  const noted = called(emptyLedger(arn), op('a'));

  test('is looked after in five minutes, unless its operation has said that it ended', () => {
    expect(abandonedStop(emptyLedger(arn))).toBeNull();
    expect(abandonedStop(noted)).toMatchObject({ call: { operationId: 'a' }, inSeconds: 300 });
    const ended = {
      type: 'finished',
      clearsCall: false,
      outcome: null,
      failureType: 'CancelledFailure',
      awsRequestIds: ['r'],
    };
    const cancelled = record(noted, { operation: op('a'), ...ended } as never, at(2)).ledger;
    expect(abandonedStop(cancelled)).toMatchObject({ inSeconds: 0 });
    // Another operation has begun since, and may find it.
    expect(abandonedStop(begun(cancelled, op('b')))).toMatchObject({ call: { operationId: 'a' }, inSeconds: 300 });
    const resume = op('r', { kind: 'resume' });
    expect(abandonedStop(called(emptyLedger(arn), resume))).toBeNull();
  });

  test('that came to nothing is no pending call any more, and says what became of it', () => {
    const { pendingCall } = noted;
    if (pendingCall === null) throw new Error('It is noted');
    expect(giveUp(noted, pendingCall, 'DmsStopReverted', at(9))).toMatchObject({
      pendingCall: null,
      operations: [{ failureType: 'DmsStopReverted', finishedAt: at(9), finishedBy: 'ledger' }],
    });
  });

  test('keeps its note when a run after a reset ends, as long as the attempt that is left over may send it', () => {
    const ended = { type: 'finished', clearsCall: true, failureType: null, awsRequestIds: [] } as const;
    const end = (seconds: number, runId: string, outcome: string | null) =>
      record(noted, { operation: op('a'), runId, outcome, ...ended }, at(seconds)).ledger.pendingCall;
    for (const outcome of [null, 'stopped']) {
      expect(end(2, 'run-after', outcome)).toEqual(noted.pendingCall);
      expect(end(2, 'run-a', outcome)).toBeNull();
    }
    // By now it has been answered: what came of it is known to a run that succeeds.
    expect(end(30, 'run-after', 'stopped')).toBeNull();
    expect(end(30, 'run-after', null)).toEqual(noted.pendingCall);
  });

  test('keeps its note when an attempt that a reset left behind takes back its own', () => {
    const first = called(emptyLedger(arn), op('a'), 'first');
    const second = aboutTo(first, { operation: op('a'), ...note, callId: 'second', runId: 'later' }, at(30));
    expect(second.reply).toMatchObject({ previous: { callId: 'first' }, previousAgeSeconds: 29 });
    const refused = (callId: string) =>
      record(second.ledger, { type: 'refused', operation: op('a'), callId }, at(31)).ledger.pendingCall;
    expect(refused('first')).toMatchObject({ callId: 'second', runId: 'later' });
    expect(refused('second')).toBeNull();
  });
});

describe('a reservation', () => {
  const request = { owner: 'cutover', reason: 'tonight', workflowId: 'host-1' };
  const { ledger: held } = reserve(emptyLedger(arn), request, at(0));

  test('lets its owner and the steps of its workflow operate, and nobody else', () => {
    const allowed = (more: Partial<OperationRef>) => refusal(() => requireUnreserved(held, op('x', more)));
    expect(allowed({ owner: 'cutover' })).toBe('allowed');
    expect(allowed({ parentWorkflowId: 'host-1' })).toBe('allowed');
    expect(allowed({ parentWorkflowId: 'host-2' })).toContain('DmsReplicationReserved');
    expect(allowed({})).toContain(`is reserved by cutover, in host-1 since ${at(0)} (tonight)`);
    expect(refusal(() => validateBegin(held, { operation: op('x'), sequence: null }))).toContain('Reserved');
    const before = begun(emptyLedger(arn), op('x'));
    const { ledger } = reserve(before, request, at(1));
    expect(refusal(() => validateAboutTo(ledger, { operation: op('x'), ...note }))).toContain('Reserved');
  });

  test('is the same one when asked for again, and refused to anyone else', () => {
    expect(refusal(() => validateReserve(held, request))).toBe('allowed');
    const elsewhere = reserve(held, { ...request, workflowId: 'host-2' }, at(5));
    expect(elsewhere.reply.reservation).toMatchObject({ at: at(0), workflowId: 'host-2' });
    expect(elsewhere.ledger.events).toHaveLength(1);
    expect(refusal(() => validateReserve(held, { ...request, owner: 'other' }))).toContain('Reserved');
    for (const senseless of [undefined, {}, { owner: '' }, { owner: 'x'.repeat(257) }, { ...request, reason: 7 }])
      expect(refusal(() => validateReserve(held, senseless as never))).toContain('DmsInvalidInput');
    expect(refusal(() => requireOwnerName(held, undefined))).toContain('DmsInvalidInput');
  });

  test("tells of somebody else's call that may not have landed", () => {
    const noted = called(emptyLedger(arn), op('x'));
    expect(reserve(noted, request, at(4)).reply.pendingCallAgeSeconds).toBe(3);
    const own = called(emptyLedger(arn), op('x', { owner: 'cutover' }));
    expect(reserve(own, request, at(4)).reply.pendingCallAgeSeconds).toBeNull();
  });

  test('is given back by its owner only, and broken by a person', () => {
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

describe('the clock of a paused replication', () => {
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

  test("goes by the ledger's own time, from how long the worker saw it to be", () => {
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
    ['a caller who wants none', {}, { ...plan, policy: 'none' }],
  ])('is not there for %s', (_, more, wanted) => {
    expect(guardOf(stopped(more), wanted as never, within)).toBeNull();
    expect(guardOf(stopped(), plan, { ...within, resumeWithinSeconds: 0 })).toBeNull();
  });

  test('warns every hour, more often near the end, and last at the end', () => {
    const guard = guardOf(stopped(), plan, { ...within, resumeWithinSeconds: 40_000 });
    if (guard === null) throw new Error('There is one');
    const next = (now: number) => Date.parse(advanced(emptyLedger(arn), guard, at(now)).guard?.nextAt ?? '');
    expect(next(0)).toBe(Date.parse(at(3600)));
    expect(next(40_010 - 4000)).toBe(Date.parse(at(40_010 - 3000)));
    expect(next(40_010 - 100)).toBe(Date.parse(at(40_010)));
    expect(warningOf(emptyLedger(arn), guard, at(41_000), null).secondsLeft).toBe(0);
  });

  test('ends when it was sealed meanwhile', () => {
    const guarded = { ...emptyLedger(arn), sealed: { by: 'ada', reason: null, at: at(5) } };
    for (const shown of [look({ status: 'stopped' }), null])
      expect(endedBy(guarded, { sequence: 1 } as Guard, shown)).toBe('it was sealed');
  });

  test('goes on while another replication is about to go on from there, or nothing can be seen', () => {
    const continuedBy = {
      replicationConfigArn: `${arn}-ANEW`,
      ...continuing,
      isStarted: false,
      isInDoubt: false,
    };
    const claimed = { ...emptyLedger(arn), sealed: { by: null, reason: null, at: at(5), continuedBy } };
    expect(endedBy(claimed, { sequence: 1 } as Guard, look({ status: 'stopped' }))).toBeNull();
    expect(endedBy(emptyLedger(arn), { sequence: 1 } as Guard, null)).toBeNull();
  });

  test('ends when the replication runs, or its last stop is another', () => {
    const draft = { operationId: 'a', intent: 'pause', status: 'stopped', resumeBy: at(172_800) } as CheckpointDraft;
    const shown = look();
    const { replicationLastStopTime: stoppedAt, replicationCreateTime } = shown;
    const checkpoint = { ...draft, stoppedAt, replicationCreateTime, freshStartDate: null };
    const operation = op('a', { deadline: plan });
    const ended = { outcome: 'stopped', failureType: null, awsRequestIds: [] };
    const stop = { type: 'stopped', operation, checkpoint, ...within, ...ended } as const;
    const { ledger } = record(called(emptyLedger(arn), operation), stop, at(9));
    const { guard } = ledger;
    if (guard === null) throw new Error('There is one');
    expect(endedBy(ledger, guard, shown)).toBeNull();
    expect(endedBy(ledger, guard, look({ status: 'running' }))).toContain('running');
    expect(endedBy(ledger, guard, look({ replicationLastStopTime: at(99) }))).toContain('ran again');
    const resume = op('r', { kind: 'resume' });
    const resumed = { type: 'finished', operation: resume, clearsCall: true, ...ended, outcome: 'resumed' } as const;
    expect(record(begun(ledger, resume), resumed, at(20)).ledger.guard).toBeNull();
    const failed = { ...resumed, outcome: null, failureType: 'DmsStartTimedOut' };
    expect(record(begun(ledger, resume), failed, at(20)).ledger.guard).toEqual(guard);
  });
});
