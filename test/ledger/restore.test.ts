import { describe, expect, test } from 'vitest';
import { queueRecord, dequeueRecord } from '../../src/ledger/archive.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import type { RestoreRequest } from '../../src/contract/ledger-protocol.js';
import type { ArchivedRecord, Ledger } from '../../src/contract/ledger-state.js';
import { restore, restoreRequest, validateRestore } from '../../src/ledger/restore.js';
import { withBegun, draftOf, withRecord, stoppedOf } from '../support/ledger-requests.js';
import { arn, at, operation } from '../support/operations.js';
import { archivedRecord } from '../support/records.js';

const by = { by: 'grace', reason: 'it was terminated' };
const seal = { by: 'ada', reason: 'done', at: at(5) };
const requestOf = (records: readonly ArchivedRecord[], more: Partial<RestoreRequest> = {}): RestoreRequest => ({
  ...by,
  records,
  lastSequence: Math.max(0, ...records.map(({ sequence }) => sequence)),
  resumeWithinSeconds: 7200,
  ...more,
});

/** Returns a ledger that recorded stops itself, at these seconds. */
function ownAt(...seconds: readonly number[]): Ledger {
  return seconds.reduce((ledger, second, n) => {
    const who = operation(`own-${n + 1}`);
    const checkpoint = draftOf(who.operationId, { stoppedAt: at(second - 1) });
    return withRecord(withBegun(ledger, who, second), who, second, { checkpoint });
  }, emptyLedger(arn));
}
const names = ({ checkpoints }: Ledger) => checkpoints.map(({ operationId }) => operationId);
const restored = (ledger: Ledger, records: readonly ArchivedRecord[], more: Partial<RestoreRequest> = {}) =>
  restore(ledger, requestOf(records, more), at(9000));

describe('a request to restore', () => {
  test('carries the newest 100 records, the highest sequence and the time left to resume', () => {
    const [newest, ...older] = Array.from({ length: 120 }, (_, n) => archivedRecord(n === 110 ? 500 : 120 - n));
    if (newest === undefined) throw new Error('There are no records');
    const request = restoreRequest([newest, ...older], by, Date.parse(newest.resumeBy ?? '') - 5500);
    expect(request).toEqual({
      ...by,
      records: [newest, ...older.slice(0, 99)],
      lastSequence: 500,
      resumeWithinSeconds: 5.5,
    });
    expect(restoreRequest([archivedRecord(1, { resumeBy: null })], by, 0).resumeWithinSeconds).toBeNull();
  });

  test('is rejected with the ARN of the replication in the details', () => {
    const foreign = requestOf([archivedRecord(1, { replicationConfigArn: `${arn}X` })]);
    expect(() => validateRestore(emptyLedger(arn), foreign)).toThrow(
      expect.objectContaining({ details: [expect.objectContaining({ replicationConfigArn: arn })] }),
    );
  });
});

describe('a restored ledger', () => {
  test('sorts its records by time, then by sequence', () => {
    const records = [archivedRecord(3), archivedRecord(2), archivedRecord(1)];
    expect(names(restored(ownAt(50), records).ledger)).toEqual(['op-3', 'op-2', 'own-1']);
    const later = archivedRecord(7, { recordedAt: at(60) });
    expect(names(restored(ownAt(50, 70), [later]).ledger)).toEqual(['own-2', 'op-7', 'own-1']);
    const same = [5, 6, 4].map((n) => archivedRecord(n, { recordedAt: at(60) }));
    expect(names(restored(emptyLedger(arn), same).ledger)).toEqual(['op-6', 'op-5', 'op-4']);
  });

  test('counts only the records that fit into it', () => {
    const full = {
      ...ownAt(...Array.from({ length: 100 }, (_, n) => 1000 + n)),
      archive: { taskQueue: null, waiting: [] },
    };
    const room = full.checkpoints.length;
    const older = archivedRecord(500, { recordedAt: at(1) });
    const { ledger, reply } = restored({ ...full, lastSequence: 500 }, [older]);
    expect([reply.added, ledger.checkpoints.length, ledger.lastSequence]).toEqual([0, room, 500]);
    expect(names(ledger)).not.toContain('op-500');
    expect(ledger.events).toEqual([]);
  });

  test('continues the archived numbering even if no record comes back', () => {
    const { ledger, reply } = restored(emptyLedger(arn), [], { lastSequence: 7 });
    expect(reply).toEqual({ added: 0 });
    expect(ledger).toMatchObject({ lastSequence: 7, sealed: null, guard: null, checkpoints: [] });
    expect(ledger.events[0]?.detail).toBe('0 records came back from the archive');
  });

  test('takes a record whose sequence it has already counted', () => {
    const { ledger, reply } = restored({ ...emptyLedger(arn), lastSequence: 3 }, [archivedRecord(3)]);
    expect([reply.added, ledger.lastSequence, names(ledger)]).toEqual([1, 3, ['op-3']]);
  });

  test.each<[string, readonly ArchivedRecord[], boolean]>([
    ['by a sealed record that it had lost', [archivedRecord(3, { sealed: seal })], true],
    ['only by the newest record that it had lost', [archivedRecord(3), archivedRecord(2, { sealed: seal })], false],
    ['not by its own record', [archivedRecord(1, { recordedAt: at(50), sealed: seal }), archivedRecord(2)], false],
    [
      'by another record with the sequence of its own',
      [archivedRecord(1, { recordedAt: at(51), sealed: seal }), archivedRecord(2)],
      true,
    ],
    ['by another record with the time of its own', [archivedRecord(2, { recordedAt: at(50), sealed: seal })], true],
  ])('is sealed %s', (_, records, isSealed) => {
    expect(restored(ownAt(50), records).ledger.sealed).toEqual(isSealed ? seal : null);
  });

  test.each<[string, readonly ArchivedRecord[], readonly number[]]>([
    ['every record that the archive lacks', [archivedRecord(7)], [1, 2]],
    ['no record that the archive has', [archivedRecord(7), archivedRecord(1, { recordedAt: at(50) })], [2]],
    [
      'a record whose sequence another archived record has',
      [archivedRecord(7), archivedRecord(1, { recordedAt: at(51) })],
      [1, 2],
    ],
    ['a record whose time another archived record has', [archivedRecord(7, { recordedAt: at(50) })], [1, 2]],
  ])('queues for the archive %s', (_, records, sequences) => {
    const { archive } = restored(ownAt(50, 60), records).ledger;
    expect(archive).toEqual({
      taskQueue: null,
      waiting: sequences.map((sequence) => ({ sequence, sealed: null, deadline: null })),
    });
  });
});

describe('the archive queue of a ledger', () => {
  test('keeps a single record of more than a megabyte', () => {
    const who = operation('a');
    const ledger = ownAt(50);
    const [newest] = ledger.checkpoints;
    if (newest === undefined) throw new Error('There is no record');
    const large = { ...newest, stopReason: 'x'.repeat(1_100_000) };
    const request = { ...stoppedOf(who, 60), archives: true };
    const { archive, events } = queueRecord({ ...ledger, checkpoints: [large] }, large, request, at(60));
    expect([archive?.waiting.map(({ sequence }) => sequence), events]).toEqual([[1], []]);
  });

  test('stays absent when a record is dequeued before a worker has an archive', () => {
    const ledger = ownAt(50);
    expect(dequeueRecord(ledger, 1)).toBe(ledger);
  });
});
