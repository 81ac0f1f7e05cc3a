import { describe, expect, test } from 'vitest';
import { nextToArchive, giveUpRecord, dequeueRecord } from '../../src/ledger/archive.js';
import { isDmsFailure } from '../../src/contract/failures.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import { record } from '../../src/ledger/record.js';
import { ledgerMarkdown } from '../../src/ledger/details.js';
import type { ArchivedRecord, DeadlinePlan, Ledger } from '../../src/contract/ledger-state.js';
import { restore, validateRestore } from '../../src/ledger/restore.js';
import { readRequest, schemas } from '../../src/contract/ledger-schemas.js';
import { withBegun, stoppedOf } from '../support/ledger-requests.js';
import { arn, at, operation } from '../support/operations.js';
import { archivedRecord } from '../support/records.js';

const deadline: DeadlinePlan = { policy: 'warn', leadSeconds: 21_600, onResumeDeadline: null };

/** Records one more stop. By default, the worker has an archive. */
function stopped(ledger: Ledger, n: number, more: Partial<ArchivedRecord> = {}, archives = true): Ledger {
  const { sequence: _, recordedAt, sealed: _sealed, deadline: _deadline, ...checkpoint } = archivedRecord(n, more);
  const { requestedBy, reason } = checkpoint;
  const who = operation(checkpoint.operationId, { deadline, requestedBy, reason });
  const request = stoppedOf(who, n * 100, { checkpoint, archives, resumeWithinSeconds: 7200 });
  return record(withBegun(ledger, who, n * 100), request, recordedAt).ledger;
}
const waiting = ({ archive }: Ledger) => archive?.waiting.map(({ sequence }) => sequence);
const recordedSequences = (ledger: Ledger) => ledger.checkpoints.map(({ sequence }) => sequence);

describe('the archive queue of a ledger', () => {
  test('holds every record of the ledger once a worker has an archive', () => {
    let ledger = stopped(stopped(emptyLedger(arn), 1, {}, false), 2, {}, false);
    expect([ledger.archive, nextToArchive(ledger)]).toEqual([null, null]);
    ledger = stopped(stopped(ledger, 3), 4, { intent: 'final' });
    expect(waiting(ledger)).toEqual([1, 2, 3, 4]);
    expect(ledger.archive?.taskQueue).toBe('dms');
    expect(nextToArchive(ledger)).toEqual({ ...ledger.checkpoints[3], sealed: null, deadline: null });
    expect(ledgerMarkdown(ledger)).toContain('Records that are not in the archive yet: 4');
    for (const sequence of [1, 2]) ledger = dequeueRecord(ledger, sequence);
    expect(nextToArchive(ledger)).toEqual({ ...ledger.checkpoints[1], sealed: null, deadline });
    ledger = dequeueRecord(ledger, 3);
    expect(nextToArchive(ledger)).toMatchObject({ sequence: 4, intent: 'final', sealed: { by: 'ada', at: at(410) } });
    ledger = dequeueRecord(ledger, 4);
    expect([nextToArchive(ledger), waiting(ledger)]).toEqual([null, []]);
    expect(ledgerMarkdown(ledger)).not.toContain('archive');
  });

  test('takes each record once even if its stop is recorded twice', () => {
    const once = stopped(emptyLedger(arn), 1);
    expect(waiting(stopped(once, 1))).toEqual([1]);
    expect(waiting(stopped(dequeueRecord(once, 1), 1))).toEqual([]);
  });

  test('keeps every record that waits outside the size limit of the ledger', () => {
    let ledger = stopped(emptyLedger(arn), 1);
    ledger = dequeueRecord(ledger, 1);
    for (let n = 2; n <= 160; n++) ledger = stopped(ledger, n, { reason: 'x'.repeat(1000) });
    expect(recordedSequences(ledger)).toEqual(Array.from({ length: 160 }, (_, n) => 160 - n));
    expect(waiting(ledger)).toHaveLength(159);
    for (const sequence of waiting(ledger) ?? []) ledger = dequeueRecord(ledger, sequence);
    ledger = stopped(ledger, 161);
    // The record that waits does not count towards the limit.
    const counted = { ...ledger, archive: null, checkpoints: ledger.checkpoints.slice(1) };
    expect(JSON.stringify(counted).length).toBeLessThanOrEqual(200_000);
    expect(recordedSequences(ledger)[0]).toBe(161);
  });

  test('drops a rejected record, or the oldest beyond a megabyte, and logs an event', () => {
    let ledger = stopped(emptyLedger(arn), 1);
    ledger = giveUpRecord(ledger, 1, 'it is too large', at(200));
    expect(ledger).toMatchObject({
      checkpoints: [{ sequence: 1 }],
      archive: { waiting: [] },
      events: [{ type: 'archive-refused', at: at(200), detail: 'Record 1 is not in the archive: it is too large' }],
    });
    const next = (n: number) => stopped(ledger, n, { stopReason: 'x'.repeat(20_000), intent: 'final' });
    for (let n = 2; n <= 48; n++) ledger = next(n);
    expect(waiting(ledger)).toHaveLength(47);
    // Records that wait do not count towards the limit of the ledger.
    expect(ledger.operations).toHaveLength(48);
    for (let n = 49; n <= 70; n++) ledger = next(n);
    const left = waiting(ledger) ?? [];
    expect(left).toEqual(Array.from({ length: left.length }, (_, n) => 71 - left.length + n));
    // 47 records of 21 kB fit into a megabyte.
    expect(left.length).toBe(47);
    expect(JSON.stringify(ledger).length).toBeLessThan(1_200_000);
    expect(ledger.events[0]?.detail).toContain('is not in the archive: its queue exceeds 1 MB');
  });

  test('takes records of workers without an archive and skips records that the ledger dropped', () => {
    let ledger = stopped(stopped(emptyLedger(arn), 1), 2, {}, false);
    expect([waiting(ledger), ledger.archive?.taskQueue]).toEqual([[1, 2], 'dms']);
    ledger = { ...ledger, checkpoints: ledger.checkpoints.slice(0, 1) };
    expect(nextToArchive(ledger)?.sequence).toBe(2);
    expect(nextToArchive(dequeueRecord(ledger, 2))).toBeNull();
  });
});

describe('a restored ledger', () => {
  const records = [3, 2, 1].map((n) => archivedRecord(n));
  const request = { by: 'grace', reason: 'it was terminated', records, lastSequence: 3, resumeWithinSeconds: 7200 };
  const bare = ({ sealed: _sealed, deadline: _deadline, ...checkpoint }: ArchivedRecord) => checkpoint;

  test('has its records back and an event that says who restored it and why', () => {
    const { ledger, reply } = restore(emptyLedger(arn), request, at(9000));
    expect(reply).toEqual({ added: 3 });
    expect(ledger).toMatchObject({
      checkpoints: records.map(bare),
      lastSequence: 3,
      sealed: null,
      guard: null,
      archive: { waiting: [] },
      events: [
        { type: 'restored', by: 'grace', reason: 'it was terminated', detail: expect.stringContaining('3 rec') },
      ],
    });
    expect(stopped(ledger, 4).checkpoints[0]).toMatchObject({ sequence: 4 });
    expect(waiting(stopped(ledger, 4))).toEqual([4]);
  });

  test('is not changed by a second restore of the same records', () => {
    const { ledger } = restore(emptyLedger(arn), request, at(9000));
    const later = { ...stopped(ledger, 4), sealed: null };
    const sealing = {
      ...request,
      records: records.map((each) => ({ ...each, sealed: { by: 'b', reason: 'r', at: at(1) } })),
    };
    expect(restore(later, sealing, at(9900))).toEqual({ ledger: later, reply: { added: 0 } });
  });

  test('takes its seal and its deadline guard from the newest record', () => {
    const seal = { by: 'ada', reason: 'done', at: at(310) };
    const sealed = [archivedRecord(3, { sealed: seal, intent: 'final' }), ...records.slice(1)];
    expect(restore(emptyLedger(arn), { ...request, records: sealed }, at(9000)).ledger.sealed).toEqual(seal);
    const older = [archivedRecord(4), ...sealed];
    expect(restore(emptyLedger(arn), { ...request, records: older }, at(9000)).ledger.sealed).toBeNull();
    const guarded = [archivedRecord(3, { deadline }), ...records.slice(1)];
    const { guard } = restore(emptyLedger(arn), { ...request, records: guarded }, at(9000)).ledger;
    expect(guard).toMatchObject({ sequence: 3, plan: deadline, endsAt: at(9000 + 7200) });
    // The archive does not show what happened since, so the guard only warns.
    const resuming = [archivedRecord(3, { deadline: { ...deadline, policy: 'resume' } }), ...records.slice(1)];
    const back = restore(emptyLedger(arn), { ...request, records: resuming }, at(9000)).ledger;
    expect(back.guard).toMatchObject({ sequence: 3, plan: { ...deadline, policy: 'warn' } });
    const closed = { ...request, records: guarded, resumeWithinSeconds: -1 };
    expect(restore(emptyLedger(arn), closed, at(9000)).ledger.guard).toBeNull();
  });

  test('takes the archived seal despite newer records of its own, unless someone has unsealed it', () => {
    const seal = { by: 'ada', reason: 'done', at: at(310) };
    const sealed = { ...request, records: [archivedRecord(3, { sealed: seal, intent: 'final' }), ...records.slice(1)] };
    const own = stopped(emptyLedger(arn), 90, {}, false);
    expect(restore(own, sealed, at(9999)).ledger).toMatchObject({ sealed: seal, guard: own.guard });
    const lifted = { ...own, lastUnsealed: { by: 'grace', reason: 'why not', at: at(9500) } };
    expect(restore(lifted, sealed, at(9999)).ledger.sealed).toBeNull();
  });

  test('keeps the newer of two records with the same sequence', () => {
    const anew = archivedRecord(1, { recordedAt: at(5000), operationId: 'anew' });
    const { checkpoints } = restore(emptyLedger(arn), { ...request, records: [anew, ...records] }, at(9000)).ledger;
    expect(checkpoints.map(({ operationId }) => operationId)).toEqual(['anew', 'op-3', 'op-2']);
  });

  test('keeps its own records and guard and queues its own records for the archive', () => {
    const own = stopped(emptyLedger(arn), 90, {}, false);
    expect(recordedSequences(own)).toEqual([1]);
    const { ledger, reply } = restore(own, request, at(9999));
    expect(reply.added).toBe(2);
    expect(ledger.checkpoints.map(({ operationId }) => operationId)).toEqual(['op-90', 'op-3', 'op-2']);
    expect([ledger.lastSequence, waiting(ledger), ledger.guard]).toEqual([3, [1], own.guard]);
    expect(stopped(ledger, 91).checkpoints[0]?.sequence).toBe(4);
  });

  test.each([
    ['without a name', { by: ' ' }, /by: is empty/],
    ['without records', { records: null }, /records: /],
    ['without a valid resume window', { resumeWithinSeconds: 'soon' }, /resumeWithinSeconds: /],
    [
      'with an invalid time',
      { records: [archivedRecord(1, { recordedAt: 'x' })] },
      /records.0.recordedAt: is not a time/,
    ],
    [
      'with an invalid deadline plan',
      { records: [archivedRecord(1, { deadline: {} as never })] },
      /records.0.deadline/,
    ],
    [
      'with a record of another replication',
      { records: [archivedRecord(1, { replicationConfigArn: `${arn}X` })] },
      /is of .*ORDERSX/,
    ],
    [
      'with records of a newer version',
      { records: [archivedRecord(1, { version: 2 })] },
      /newer version of temporal-dms \(2, this/,
    ],
  ])('is not made by a request %s', (_, more, message) => {
    const act = () =>
      validateRestore(
        emptyLedger(arn),
        readRequest(arn, 'dms.restore request', schemas.restore, { ...request, ...more }),
      );
    let failure: unknown;
    try {
      act();
    } catch (err) {
      failure = err;
    }
    expect(isDmsFailure(failure, 'DmsInvalidInput') && failure.message).toMatch(message);
    expect(() => validateRestore(emptyLedger(arn), request)).not.toThrow();
  });
});
