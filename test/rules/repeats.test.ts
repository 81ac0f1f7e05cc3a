import { describe, expect, test } from 'vitest';
import { stopMark } from '../../src/dms/checkpoint.js';
import { workflowTypes } from '../../src/contract/names.js';
import type { BeginReply } from '../../src/contract/ledger-protocol.js';
import { repeatedResume, repeatedStop } from '../../src/rules/repeats.js';
import { emptySummary } from '../../src/rules/table-summary.js';
import { withRecord, resumedOf } from '../support/ledger-requests.js';
import { withBegun, draftOf } from '../support/ledger-requests.js';
import { look } from '../support/look.js';
import { arn, at, operation } from '../support/operations.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import { record } from '../../src/ledger/record.js';

type Repeat = NonNullable<BeginReply['repeatOf']>;

const subject = { replicationConfigArn: arn, operationId: 'a' };
const stop = operation('a');
const shown = look();
const { lastStopTime: stoppedAt, ...mark } = stopMark(shown);
const stopped = withRecord(withBegun(emptyLedger(arn), stop, 1), stop, 9, {
  checkpoint: draftOf('a', { stoppedAt, ...mark, resumeBy: '2026-01-04T00:00:00.000Z' }),
});
const now = Date.parse('2026-01-02T01:00:00.000Z');

/** Repeat of the ledger's newest operation, as a begin request is answered. */
function repeatOf(
  { operations: [newest], checkpoints }: typeof stopped,
  more: Partial<Repeat['operation']> = {},
): Repeat {
  if (newest === undefined) throw new Error('Nothing was recorded');
  return { operation: { ...newest, ...more }, checkpoint: checkpoints[0] ?? null };
}

const superseded = (kind: 'stop' | 'resume', is: string) =>
  `The ${kind} "a" of ${arn} succeeded at ${at(9)}, and that no longer holds: DMS shows "${is}". Use a new operation id to operate on it again, or none: temporal dms ${kind} ${arn} (or: temporal workflow start --type ${workflowTypes[kind]} --task-queue temporal-dms --input '{"replicationConfigArn":"${arn}"}').`;

describe('a stop repeated with the same id', () => {
  const repeat = repeatOf(stopped);

  test('returns the same result', () => {
    expect(repeatedStop(repeat, shown, subject, now)).toEqual({
      outcome: 'stopped',
      operationId: 'a',
      checkpoint: stopped.checkpoints[0],
      replication: shown,
      tables: null,
      warnings: [],
    });
  });

  test('warns of its stop, by the clock of the new look, and of its tables', () => {
    const tables = { ...emptySummary(at(9)), total: 2, byState: { 'Table error': 1 } };
    const late = now + 40 * 3_600_000;
    const { tables: told, warnings } = repeatedStop(repeatOf(stopped, { tables }), shown, subject, late);
    expect([told, warnings.map(({ code }) => code)]).toEqual([tables, ['short-window', 'tables-in-error']]);
  });

  test.each([
    ['failed since, at the recorded stop', look({ status: 'failed' })],
    ['deprovisioned since', look({ status: 'deprovisioned' })],
  ])('still holds when it %s', (_, row) => {
    expect(repeatedStop(repeat, row, subject, now).outcome).toBe('stopped');
  });

  test.each([
    ['it runs', repeat, look({ status: 'running' })],
    ['it is being modified', repeat, look({ status: 'modifying' })],
    ['it has been stopped again', repeat, look({ replicationLastStopTime: '2026-01-03T00:00:00.000Z' })],
    ['its record is gone', { ...repeat, checkpoint: null }, shown],
  ])('no longer holds when %s', (_, told, row) => {
    expect(() => repeatedStop(told, row, subject, now)).toThrow(
      expect.objectContaining({ type: 'DmsOperationSuperseded', message: superseded('stop', row.status) }),
    );
  });
});

describe('a resume repeated with the same id', () => {
  const resume = operation('a', { kind: 'resume' });
  const resumed = record(withBegun(stopped, resume, 10), resumedOf(resume, 9), at(9)).ledger;
  const repeat = repeatOf(resumed);
  const runs = look({ status: 'running' });

  test('returns the same result while the replication runs', () => {
    expect(repeatedResume(repeat, runs, subject)).toEqual({
      outcome: 'resumed',
      operationId: 'a',
      startReplicationType: 'resume-processing',
      progress: 'moving',
      resumedFrom: repeat.checkpoint,
      replication: runs,
      warnings: [],
    });
    expect(repeatedResume(repeatOf(resumed, { progress: null }), runs, subject).progress).toBe('not-checked');
  });

  test.each(['stopped', 'replication_starting', 'failed'])('no longer holds when DMS shows "%s"', (status) => {
    expect(() => repeatedResume(repeat, look({ status }), subject)).toThrow(
      expect.objectContaining({
        type: 'DmsOperationSuperseded',
        message: superseded('resume', status),
        details: [expect.objectContaining({ status, checkpoint: repeat.checkpoint })],
      }),
    );
  });
});
