import { describe, expect, test } from 'vitest';
import type { TableStatistics } from '../../src/dms/replication.js';
import { addTables, emptySummary, tableWarnings } from '../../src/rules/table-summary.js';

const table = (tableName: string, changes: Partial<TableStatistics> = {}) =>
  ({ tableName, tableState: 'Table completed', validationState: 'Validated', ...changes }) as TableStatistics;
const summaryOf = (...pages: TableStatistics[][]) => pages.reduce(addTables, emptySummary('2026-01-01T00:00:00.000Z'));

describe('a summary of tables', () => {
  test('adds up rows and states over pages and counts missing values as zero', () => {
    const summary = summaryOf(
      [table('a', { inserts: 3, appliedInserts: 2, validationPendingRecords: 5 }), table('b', { inserts: null })],
      [table('c', { inserts: 4, updates: 1, validationState: null, tableState: 'Before load' })],
    );
    expect(summary).toMatchObject({
      total: 3,
      byState: { 'Table completed': 2, 'Before load': 1 },
      byValidationState: { Validated: 2 },
      rows: { inserts: 7, updates: 1, deletes: 0, appliedInserts: 2, validationPending: 5, validationFailed: 0 },
      flagged: [],
      truncated: false,
    });
  });

  test('starts at zero', () => {
    const { rows, ...rest } = emptySummary('2026-01-01T00:00:00.000Z');
    expect(rest).toEqual({
      total: 0,
      byState: {},
      byValidationState: {},
      flagged: [],
      truncated: false,
      readAt: '2026-01-01T00:00:00.000Z',
    });
    expect(new Set(Object.values(rows))).toEqual(new Set([0]));
  });

  test('adds up every number of a table under its name', () => {
    const numbers = {
      inserts: 1,
      updates: 2,
      deletes: 3,
      ddls: 4,
      appliedInserts: 5,
      appliedUpdates: 6,
      appliedDeletes: 7,
      appliedDdls: 8,
      fullLoadRows: 9,
      fullLoadErrorRows: 10,
    };
    const validation = {
      validationPendingRecords: 11,
      validationFailedRecords: 12,
      validationSuspendedRecords: 13,
    };
    expect(summaryOf([table('a', { ...numbers, ...validation })]).rows).toEqual({
      ...numbers,
      validationPending: 11,
      validationFailed: 12,
      validationSuspended: 13,
    });
  });

  test.each([
    [{ tableState: 'Table error' }, true],
    [{ tableState: 'Table does not exist' }, true],
    [{ validationState: 'Mismatched records' }, true],
    [{ validationState: 'Suspended records' }, true],
    [{ validationState: 'Error' }, true],
    [{ validationState: 'Table error' }, true],
    [{ tableState: null, validationState: null }, false],
    [{ validationState: 'Pending records' }, false],
    [{ validationState: 'No primary key' }, false],
    [{ tableState: 'Full load' }, false],
  ])('flags a table with %j: %s', (changes, isFlagged) => {
    expect(summaryOf([table('a', changes)]).flagged).toHaveLength(isFlagged ? 1 : 0);
  });

  test('keeps at most 200 flagged tables and says whether others are missing', () => {
    const broken = (count: number) =>
      Array.from({ length: count }, (_, n) => table(`${n}`, { tableState: 'Table error' }));
    expect(summaryOf(broken(200))).toMatchObject({ truncated: false });
    const summary = summaryOf(broken(150), broken(51));
    expect([summary.flagged.length, summary.total, summary.truncated]).toEqual([200, 201, true]);
    expect(addTables(summary, []).truncated).toBe(true);
  });

  test('warns of tables in error, not validated yet, and failing validation, with their numbers', () => {
    const states = ['Pending records', 'Pending validation', 'Pending revalidation', 'Preparing table'];
    const pending = states.map((validationState, n) => table(`p${n}`, { validationState }));
    const failing = ['Mismatched records', 'Error'].map((validationState, n) => table(`f${n}`, { validationState }));
    const summary = summaryOf([...pending, ...failing, table('e', { tableState: 'Table error' })]);
    expect(tableWarnings(summary)).toEqual([
      { code: 'tables-in-error', message: '1 of 7 tables are in error' },
      { code: 'validation-pending', message: '4 of 7 tables are not validated yet' },
      { code: 'validation-mismatch', message: '2 of 7 tables have rows that differ or could not be compared' },
    ]);
    expect(tableWarnings(summaryOf([table('fine')]))).toEqual([]);
  });
});
