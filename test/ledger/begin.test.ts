import { describe, expect, test } from 'vitest';
import { begin, validateBegin } from '../../src/ledger/begin.js';
import { unseal } from '../../src/ledger/seal.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import { record } from '../../src/ledger/record.js';
import type { Ledger, OperationRef } from '../../src/contract/ledger-state.js';
import { beginOf, withBegun, draftOf, endedOf, withNote, withRecord, refusalOf } from '../support/ledger-requests.js';
import { arn, at, messageOf, operation } from '../support/operations.js';

const empty = emptyLedger(arn);
const op = (operationId: string, more: Partial<OperationRef> = {}) => operation(operationId, more);
const resume = op('r', { kind: 'resume' });
const done = withRecord(withNote(empty, op('a'), 1), op('a'), 9);

test('a new ledger holds nothing', () => {
  const { replicationConfigArn, version, newestToken, lastSequence, taskQueue, ...rest } = empty;
  expect([replicationConfigArn, version, newestToken, lastSequence, taskQueue]).toEqual([arn, 1, 0, 0, null]);
  const lists = { checkpoints: [], operations: [], events: [] };
  const facts = {
    identifier: null,
    sealed: null,
    pendingCall: null,
    unanswered: null,
    lastUnsealed: null,
    reservation: null,
  };
  expect(rest).toEqual({ ...lists, ...facts, guard: null, archive: null, missingSince: null, deletedAt: null });
});

describe('the beginning of an operation', () => {
  test('takes the identifier in the look, and keeps the one it knows', () => {
    const begun = (identifier: string | null, ledger = empty) =>
      begin(ledger, { ...beginOf(op('a'), 1), identifier }, at(0)).ledger;
    const named = begun('payments');
    expect([named.identifier, begun(null, named).identifier, begun('billing', named).identifier]).toEqual([
      'payments',
      'payments',
      'billing',
    ]);
  });

  test('raises the newest token and never lowers it', () => {
    expect(withBegun(empty, op('a'), 5).newestToken).toBe(Date.parse(at(5)));
    expect(begin(withBegun(empty, op('a'), 5), beginOf(op('a'), 3), at(6)).ledger.newestToken).toBe(Date.parse(at(5)));
  });

  test('tells the ledger the task queue of its activities', () => {
    const twice = begin(withBegun(empty, op('a'), 1), { ...beginOf(op('a'), 2), taskQueue: 'moved' }, at(2)).ledger;
    expect([withBegun(empty, op('a'), 1).taskQueue, twice.taskQueue]).toEqual([beginOf(op('a'), 1).taskQueue, 'moved']);
  });

  test('marks the replication as found', () => {
    const away = { ...empty, missingSince: at(1), deletedAt: at(2) };
    expect(withBegun(away, op('a'), 5)).toMatchObject({ missingSince: null, deletedAt: null });
  });

  test('registers each operation once, newest first', () => {
    const twice = withBegun(withBegun(withBegun(empty, op('a'), 1), op('b'), 2), op('a'), 3);
    expect(twice.operations.map(({ operationId }) => operationId)).toEqual(['a', 'b']);
    expect(twice.operations[0]).toEqual({
      ...op('a'),
      outcome: null,
      failureType: null,
      failureMessage: null,
      statusAtBegin: 'running',
      startedAt: at(1),
      finishedAt: null,
      checkpointSequence: null,
      awsRequestIds: [],
      tables: null,
      startReplicationType: null,
      progress: null,
      finishedBy: null,
    });
  });

  test('keeps its request ids, and within one execution also its first status', () => {
    const failed = record(withBegun(empty, op('a'), 1), endedOf(op('a'), 2), at(2)).ledger;
    const again = (who: OperationRef) =>
      begin(failed, beginOf(who, 3, { status: 'stopped' }), at(3)).ledger.operations[0];
    expect(again(op('a'))).toMatchObject({ statusAtBegin: 'running', awsRequestIds: ['r'] });
    expect(again(op('a', { runId: 'later' }))).toMatchObject({ statusAtBegin: 'stopped', awsRequestIds: ['r'] });
  });

  test.each([
    ['created', false],
    ['unknown', false],
    ['running', true],
  ])('in status %s proves that the replication has run: %s', (status, hasRun) => {
    const { ledger } = begin(empty, beginOf(op('a'), 1, { status }), at(1));
    expect(begin(ledger, beginOf(resume, 2, { status: 'created' }), at(2)).reply.hasRun).toBe(hasRun);
  });

  test('returns the requested record, or the newest if none is requested', () => {
    const second = withRecord(withBegun(done, op('b'), 20), op('b'), 21, {
      checkpoint: draftOf('b', { stoppedAt: at(15) }),
    });
    const asked = (sequence: number | null) =>
      begin(second, beginOf(resume, 30, { sequence }), at(30)).reply.checkpoint?.sequence;
    expect([asked(null), asked(1), asked(2), asked(7)]).toEqual([2, 1, 2, undefined]);
  });

  test('replies busy while a call of another execution is unfinished', () => {
    const left = withNote(empty, op('a'), 1);
    const { reply, ledger } = begin(left, beginOf(op('b'), 5), at(5));
    expect([reply.busy?.seconds, reply.repeatOf, reply.ownCall]).toEqual([3, null, null]);
    expect(ledger.newestToken).toBe(Date.parse(at(5)));
  });

  test.each<[string, Ledger, boolean]>([
    ['a recorded stop with a time proves a run', { ...done, operations: [] }, true],
    [
      'a recorded stop without a time proves no run',
      { ...done, operations: [], checkpoints: done.checkpoints.map((each) => ({ ...each, stoppedAt: null })) },
      false,
    ],
    [
      'an operation without a begin status proves no run',
      { ...done, checkpoints: [], operations: done.operations.map((each) => ({ ...each, statusAtBegin: null })) },
      false,
    ],
    ['an operation that began while the replication ran proves a run', { ...done, checkpoints: [] }, true],
  ])('judges by the ledger whether the replication has run: %s', (_, ledger, hasRun) => {
    expect(begin(ledger, beginOf(resume, 50), at(50)).reply.hasRun).toBe(hasRun);
  });

  test('returns no record if it repeats an operation that has none', () => {
    const bare = { ...done, operations: done.operations.map((each) => ({ ...each, checkpointSequence: null })) };
    expect(begin(bare, beginOf(op('a'), 20), at(20)).reply.repeatOf).toMatchObject({ checkpoint: null });
    expect(messageOf(() => validateBegin(bare, beginOf(op('a'), 20, { intent: 'final' }), at(20)))).toBe('allowed');
    expect(messageOf(() => validateBegin(done, beginOf(op('a'), 20), at(20)))).toBe('allowed');
  });

  test('is rejected with the ARN and the operation id in the details', () => {
    const about = (act: () => void) =>
      expect(act).toThrow(
        expect.objectContaining({
          details: [expect.objectContaining({ replicationConfigArn: arn, operationId: 'a' })],
        }),
      );
    about(() => validateBegin(withBegun(done, op('b'), 20), beginOf(op('a'), 30), at(30)));
    about(() => validateBegin(done, beginOf(op('a'), 30, { intent: 'final' }), at(30)));
  });

  test("says why it can't reuse the id of an operation that succeeded", () => {
    const later = withBegun(done, op('b'), 20);
    expect(messageOf(() => validateBegin(later, beginOf(op('a'), 30), at(30)))).toContain(
      `The stop "a" of ${arn} succeeded before, and since then the stop "b" began`,
    );
    const final = beginOf(op('a'), 30, { intent: 'final' });
    expect(messageOf(() => validateBegin(done, final, at(30)))).toContain('succeeded before as a pause');
    const sealed = withRecord(withNote(empty, op('a'), 1, { intent: 'final' }), op('a'), 9, {
      checkpoint: draftOf('a', { intent: 'final' }),
    });
    expect(messageOf(() => validateBegin(sealed, final, at(30)))).toBe('allowed');
    const forgotten = { ...done, checkpoints: [] };
    expect(messageOf(() => validateBegin(forgotten, final, at(30)))).toBe('allowed');
  });

  test('of a resume is rejected while the ledger is sealed, but that of a stop is not', () => {
    const sealed = { ...done, sealed: { by: 'ada', reason: null, at: at(9) } };
    expect(() => validateBegin(sealed, beginOf(resume, 30), at(30))).toThrow(
      expect.objectContaining({
        type: 'DmsReplicationSealed',
        details: [expect.objectContaining({ operationId: 'r', checkpoint: done.checkpoints[0] })],
      }),
    );
    expect(refusalOf(() => validateBegin(sealed, beginOf(op('b'), 30), at(30)))).toBeUndefined();
    expect(refusalOf(() => validateBegin({ ...empty, sealed: sealed.sealed }, beginOf(resume, 30), at(30)))).toBe(
      'DmsReplicationSealed',
    );
  });

  test('is rejected, and named in the message, if a later attempt has already sent a request', () => {
    const late = beginOf(op('a'), 4);
    expect(messageOf(() => validateBegin(withBegun(empty, op('a'), 5), late, at(5)))).toBe(
      'A request of the stop "a" came too late: the ledger already has one of a later attempt',
    );
  });

  test('waits with a reason while the run before a reset may send its call', () => {
    const left = withNote(empty, op('a'), 1);
    const reset = beginOf(op('a', { runId: 'reset', firstRunId: 'run-a' }), 5);
    expect(() => validateBegin(left, reset, at(5))).toThrow(
      expect.objectContaining({
        type: 'DmsLedgerBusy',
        nonRetryable: true,
        details: [{ why: 'the run before the reset may still be sending its call', seconds: 16 }],
      }),
    );
    expect(refusalOf(() => validateBegin(left, beginOf(op('a'), 5), at(5)))).toBeUndefined();
  });
});

describe('a lifted seal', () => {
  test('is removed from the note too, and an event names the person', () => {
    const sealed = withNote(empty, op('a'), 1, { intent: 'final' });
    const { ledger } = unseal(sealed, { by: 'bob', reason: 'again' }, at(5));
    expect(ledger).toMatchObject({ sealed: null, pendingCall: { operationId: 'a', seals: false } });
    const event = { type: 'unsealed', at: at(5), by: 'bob', reason: 'again', workflowId: null, detail: null };
    expect(ledger.events).toEqual([event]);
    expect(
      unseal({ ...sealed, pendingCall: null }, { by: 'bob', reason: 'again' }, at(5)).ledger.pendingCall,
    ).toBeNull();
    expect(unseal(empty, { by: 'bob', reason: 'again' }, at(5)).ledger).toBe(empty);
  });

  test('is set again by the record of a final stop that began later', () => {
    const checkpoint = draftOf('b', { intent: 'final' });
    const lifted = unseal(withNote(empty, op('a'), 1, { intent: 'final' }), { by: 'bob', reason: 'x' }, at(5)).ledger;
    const free = { ...lifted, pendingCall: null };
    const sealedBy = (second: number) =>
      withRecord(withBegun(free, op('b'), second), op('b'), 9, { checkpoint }).sealed;
    expect([sealedBy(4), sealedBy(5), sealedBy(6)?.at]).toEqual([null, null, at(9)]);
  });
});
