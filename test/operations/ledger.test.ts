import { describe, expect, test } from 'vitest';
import { isDmsFailure } from '../../src/operations/failures.js';
import { aboutTo, begin, emptyLedger, unseal, validateAboutTo, validateBegin } from '../../src/operations/ledger.js';
import { record } from '../../src/operations/recording.js';
import { CALL_SETTLED_SECONDS } from '../../src/operations/ledger-entries.js';
import type { CheckpointDraft, Ledger, OperationRef } from '../../src/operations/records.js';
import { arn, at, operation } from '../support/operations.js';

const op = (operationId: string, kind: OperationRef['kind'] = 'stop') =>
  operation(operationId, { kind, requestedBy: 'ada', reason: 'cutover' });
const draft = (operationId: string, more: Partial<CheckpointDraft> = {}) =>
  ({
    operationId,
    intent: 'pause',
    status: 'stopped',
    stoppedAt: at(1),
    recoveryCheckpoint: 'c',
    requestedBy: 'ada',
    reason: 'cutover',
    ...more,
  }) as CheckpointDraft;
const begun = (ledger: Ledger, operation: OperationRef, second = 0) =>
  begin(ledger, { operation, sequence: null }, at(second)).ledger;
const noted = (ledger: Ledger, operation: OperationRef, second = 0) =>
  aboutTo(ledger, { operation, before: null, intent: 'pause', startReplicationType: null }, at(second));
const recorded = (
  ledger: Ledger,
  operation: OperationRef,
  more: Partial<CheckpointDraft> = {},
  failureType: string | null = null,
) =>
  record(
    ledger,
    {
      type: 'stopped',
      operation,
      checkpoint: draft(operation.operationId, more),
      outcome: failureType ? null : 'stopped',
      failureType,
      awsRequestIds: ['r'],
    },
    at(9),
  );
const refusal = (act: () => void): string | undefined => {
  try {
    act();
  } catch (err) {
    return isDmsFailure(err) ? err.type : String(err);
  }
  return undefined;
};

describe('the ledger', () => {
  test('records one stop of one operation once, however often it is asked to', () => {
    const ledger = noted(begun(emptyLedger(arn), op('a')), op('a')).ledger;
    const first = recorded(ledger, op('a'));
    const again = recorded(first.ledger, op('a'));
    expect(again.reply).toEqual(first.reply);
    expect(again.ledger).toMatchObject({
      lastSequence: 1,
      pendingCall: null,
      operations: [{ outcome: 'stopped', checkpointSequence: 1 }],
    });
    expect(again.ledger.checkpoints).toHaveLength(1);
    const next = recorded(begun(again.ledger, op('b')), op('b'));
    expect(next.reply.checkpoint?.sequence).toBe(2);
  });

  test('keeps a checkpoint that DMS no longer shows', () => {
    const first = recorded(begun(emptyLedger(arn), op('a')), op('a')).ledger;
    expect(
      recorded(begun(first, op('b')), op('b'), { recoveryCheckpoint: null }).reply.checkpoint?.recoveryCheckpoint,
    ).toBe('c');
    const elsewhere = recorded(begun(first, op('b')), op('b'), { recoveryCheckpoint: null, stoppedAt: at(5) });
    expect(elsewhere.reply.checkpoint?.recoveryCheckpoint).toBeNull();
  });

  test('is sealed by a final stop that succeeded, and refuses resumes until unsealed', () => {
    const failed = recorded(
      begun(emptyLedger(arn), op('a')),
      op('a'),
      { intent: 'final' },
      'DmsReplicationFailed',
    ).ledger;
    expect(failed.sealed).toBeNull();
    const sealed = recorded(begun(emptyLedger(arn), op('a')), op('a'), { intent: 'final' }).ledger;
    expect(sealed.sealed).toEqual({ by: 'ada', reason: 'cutover', at: at(9) });
    expect(refusal(() => validateBegin(sealed, { operation: op('r', 'resume'), sequence: null }))).toBe(
      'DmsReplicationSealed',
    );
    expect(refusal(() => validateBegin(sealed, { operation: op('s'), sequence: null }))).toBeUndefined();
    const open = unseal(sealed, { by: 'bob', reason: 'again' }, at(10)).ledger;
    expect(open.lastUnsealed).toEqual({ by: 'bob', reason: 'again', at: at(10) });
    expect(refusal(() => validateBegin(open, { operation: op('r', 'resume'), sequence: null }))).toBeUndefined();
    expect(recorded(open, op('a'), { intent: 'final' }).ledger.sealed).toBeNull();
  });

  test('is sealed by a final stop that died, whoever records it', () => {
    const dead = aboutTo(
      begun(emptyLedger(arn), op('dead')),
      { operation: { ...op('dead'), requestedBy: 'eve' }, before: null, intent: 'final', startReplicationType: null },
      at(1),
    ).ledger;
    const next = recorded(begun(dead, op('next'), 2), op('next')).ledger;
    expect(next).toMatchObject({
      pendingCall: null,
      sealed: { by: 'eve', at: at(9) },
      checkpoints: [{ intent: 'pause' }],
    });
    const failed = recorded(begun(dead, op('next'), 2), op('next'), {}, 'DmsReplicationFailed').ledger;
    expect(failed.sealed).toBeNull();
  });

  test('takes a final stop that died for one, although another stop is noted over it and refused, until it is unsealed', () => {
    const note = (operationId: string, intent: 'pause' | 'final', ledger: Ledger) =>
      aboutTo(ledger, { operation: op(operationId), before: null, intent, startReplicationType: null }, at(1)).ledger;
    const dead = note('dead', 'final', begun(emptyLedger(arn), op('dead')));
    const over = note('over', 'pause', begun(dead, op('over'), 2));
    expect(over.pendingCall).toMatchObject({ operationId: 'over', replaces: { operationId: 'dead' } });
    const refused = record(over, { type: 'refused', operation: op('over') }, at(3)).ledger;
    expect(refused.pendingCall).toMatchObject({ operationId: 'dead', intent: 'final' });
    expect(recorded(over, op('over')).ledger.sealed).not.toBeNull();
    expect(recorded(refused, op('over')).ledger.sealed).not.toBeNull();
    const resume = {
      operation: op('r', 'resume'),
      before: null,
      intent: null,
      startReplicationType: 'resume-processing',
    };
    const resuming = begun(refused, resume.operation, 4);
    expect(refusal(() => validateAboutTo(resuming, resume))).toBe('DmsReplicationSealed');
    const open = unseal(resuming, { by: 'bob', reason: 'again' }, at(5)).ledger;
    expect(open.pendingCall).toMatchObject({ operationId: 'dead', intent: 'pause' });
    expect(refusal(() => validateAboutTo(open, resume))).toBeUndefined();
  });

  test('answers a repeat with what was recorded, until another operation began', () => {
    const done = recorded(begun(emptyLedger(arn), op('a')), op('a')).ledger;
    const again = begin(done, { operation: op('a'), sequence: null }, at(20));
    expect(again.reply.repeatOf).toMatchObject({ operation: { outcome: 'stopped' }, checkpoint: { sequence: 1 } });
    expect(again.ledger).toBe(done);
    const moved = begun(done, op('b', 'resume'));
    expect(refusal(() => validateBegin(moved, { operation: op('a'), sequence: null }))).toBe('DmsOperationSuperseded');
  });

  test('tells of a call in flight and its age, and of an own one before', () => {
    const ledger = noted(begun(emptyLedger(arn), op('a')), op('a'), 5).ledger;
    expect(begin(ledger, { operation: op('b'), sequence: null }, at(12)).reply).toMatchObject({
      pendingCall: { operationId: 'a' },
      pendingCallAgeSeconds: 7,
    });
    expect(noted(ledger, op('a'), 6).reply.previous).toMatchObject({ at: at(5) });
    expect(record(ledger, { type: 'refused', operation: op('a') }, at(7)).ledger.pendingCall).toBeNull();
  });

  test('refuses the note of an operation after which another began, and keeps the note of that one', () => {
    const ledger = noted(begun(begun(emptyLedger(arn), op('a')), op('b')), op('b')).ledger;
    const late = { operation: op('a'), before: null, intent: null, startReplicationType: null };
    expect(refusal(() => validateAboutTo(ledger, late))).toBe('DmsOperationSuperseded');
    expect(recorded(ledger, op('a')).ledger.pendingCall).toMatchObject({ operationId: 'b' });
    expect(recorded(noted(begun(emptyLedger(arn), op('a')), op('a')).ledger, op('a')).ledger.pendingCall).toBeNull();
  });

  test('keeps the note of a run that was reset until its call has landed, however often the run after it asks', () => {
    const first = noted(begun(emptyLedger(arn), op('a')), op('a'), 5).ledger;
    const call = { operation: op('a'), runId: 'reset', before: null, intent: null, startReplicationType: null };
    const asked = aboutTo(first, call, at(7));
    expect(asked).toMatchObject({ ledger: first, reply: { previous: { at: at(5) }, previousAgeSeconds: 2 } });
    expect(aboutTo(asked.ledger, call, at(9)).reply).toMatchObject({ previousAgeSeconds: 4 });
    const landed = aboutTo(asked.ledger, call, at(5 + CALL_SETTLED_SECONDS));
    expect(landed.ledger.pendingCall).toMatchObject({ runId: 'reset' });
  });

  test('refuses the note of a run that has ended, and takes that of a reset', () => {
    const ended = record(
      begun(emptyLedger(arn), op('a')),
      {
        type: 'finished',
        operation: op('a'),
        clearsCall: false,
        outcome: null,
        failureType: 'CancelledFailure',
        awsRequestIds: [],
      },
      at(3),
    ).ledger;
    const late = { operation: op('a'), before: null, intent: null, startReplicationType: null };
    expect(refusal(() => validateAboutTo(ended, late))).toBe('DmsOperationSuperseded');
    const reset = { ...late, runId: 'reset' };
    expect(refusal(() => validateAboutTo(ended, reset))).toBeUndefined();
    const failed = { type: 'finished', clearsCall: false, outcome: null, failureType: 'X', awsRequestIds: [] } as const;
    const endedAgain = record(ended, { ...failed, operation: op('a'), runId: 'reset' }, at(4)).ledger;
    for (const run of [late, reset])
      expect(refusal(() => validateAboutTo(endedAgain, run))).toBe('DmsOperationSuperseded');
    // Its id is taken up again: how the execution before it failed is told late, and ends nothing of the newer one.
    const again = { operation: { ...op('a'), runId: 'anew' }, before: null, intent: null, startReplicationType: null };
    const anew = begun(ended, again.operation, 5);
    const told = record(anew, { ...failed, operation: op('a'), runId: 'run-a' }, at(6)).ledger;
    for (const ledger of [anew, told]) {
      expect(refusal(() => validateAboutTo(ledger, late))).toBe('DmsOperationSuperseded');
      expect(refusal(() => validateAboutTo(ledger, again))).toBeUndefined();
    }
    const done = recorded(anew, again.operation).ledger;
    const afterwards = record(done, { ...failed, operation: op('a'), runId: 'run-a' }, at(12)).ledger;
    expect(afterwards.operations).toMatchObject([{ outcome: 'stopped', failureType: null }]);
  });

  test('refuses the call of a resume that began before the seal', () => {
    const begunUnsealed = begun(begun(emptyLedger(arn), op('a')), op('r', 'resume'));
    const sealed = recorded(begunUnsealed, op('a'), { intent: 'final' }).ledger;
    const start = {
      operation: op('r', 'resume'),
      before: null,
      intent: null,
      startReplicationType: 'resume-processing',
    };
    expect(refusal(() => validateAboutTo(begunUnsealed, start))).toBeUndefined();
    expect(refusal(() => validateAboutTo(sealed, start))).toBe('DmsReplicationSealed');
  });

  test('keeps the call of a dead operation when the one after it fails, and clears it when that succeeds', () => {
    const dead = noted(begun(emptyLedger(arn), op('a')), op('a')).ledger;
    const end = (outcome: string | null) =>
      record(
        begun(dead, op('r', 'resume')),
        {
          type: 'finished',
          operation: op('r', 'resume'),
          outcome,
          failureType: outcome === null ? 'CancelledFailure' : null,
          awsRequestIds: [],
          startReplicationType: null,
          progress: null,
          checkpointSequence: null,
          clearsCall: true,
        },
        at(9),
      ).ledger.pendingCall;
    expect(end(null)).toMatchObject({ operationId: 'a' });
    expect(end('already-running')).toBeNull();
  });

  test('records a stop without a time once, too', () => {
    const first = recorded(begun(emptyLedger(arn), op('a')), op('a'), { stoppedAt: null, runId: 'run-a' });
    expect(recorded(first.ledger, op('a'), { stoppedAt: null, runId: 'run-a' }).ledger.checkpoints).toHaveLength(1);
  });

  test('is bounded, and drops the oldest first', () => {
    let ledger = emptyLedger(arn);
    for (let n = 1; n <= 250; n++) {
      const operation = { ...op(`op-${n}`), reason: 'x'.repeat(1000) };
      ledger = recorded(begun(ledger, operation), operation, { stoppedAt: at(n), reason: 'x'.repeat(1000) }).ledger;
    }
    expect(ledger.checkpoints.length).toBeLessThanOrEqual(100);
    expect(JSON.stringify(ledger).length).toBeLessThanOrEqual(200_000);
    expect(ledger.checkpoints[0]?.sequence).toBe(250);
    expect(ledger.operations[0]?.operationId).toBe('op-250');
  });
});
