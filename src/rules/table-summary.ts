import type { TableStatistics } from '../dms/replication.js';
import type { TableRowSums, TableStatisticsSummary, Warning, WarningCode } from '../contract/results.js';

/** Maximum number of flagged tables in a summary. */
const MAX_FLAGGED = 200;

/** `TableState`s of tables in error, in lower case. */
const inError = new Set(['table error', 'table does not exist']);
/** `ValidationState`s of tables whose rows differ or could not be compared, in lower case. */
const mismatched = new Set(['mismatched records', 'suspended records', 'table error', 'error']);
/** `ValidationState`s of tables that are not validated yet, in lower case. */
const pending = new Set(['pending records', 'pending validation', 'pending revalidation', 'preparing table']);

const statisticsFields = {
  inserts: 'inserts',
  updates: 'updates',
  deletes: 'deletes',
  ddls: 'ddls',
  appliedInserts: 'appliedInserts',
  appliedUpdates: 'appliedUpdates',
  appliedDeletes: 'appliedDeletes',
  appliedDdls: 'appliedDdls',
  fullLoadRows: 'fullLoadRows',
  fullLoadErrorRows: 'fullLoadErrorRows',
  validationPending: 'validationPendingRecords',
  validationFailed: 'validationFailedRecords',
  validationSuspended: 'validationSuspendedRecords',
} as const satisfies Record<keyof TableRowSums, keyof TableStatistics>;

const rowKeys = Object.keys(statisticsFields) as readonly (keyof TableRowSums)[];

export function emptySummary(readAt: string): TableStatisticsSummary {
  const rows = Object.fromEntries(rowKeys.map((key) => [key, 0])) as Record<keyof TableRowSums, number>;
  return { total: 0, byState: {}, byValidationState: {}, rows, flagged: [], truncated: false, readAt };
}

/** Adds one page of tables to the summary. */
export function addTables(summary: TableStatisticsSummary, tables: readonly TableStatistics[]): TableStatisticsSummary {
  const byState = { ...summary.byState };
  const byValidationState = { ...summary.byValidationState };
  const rows: Record<keyof TableRowSums, number> = { ...summary.rows };
  for (const table of tables) {
    count(byState, table.tableState);
    count(byValidationState, table.validationState);
    for (const key of rowKeys) rows[key] += table[statisticsFields[key]] ?? 0;
  }
  const flagged = [...summary.flagged, ...tables.filter(isFlagged)];
  return {
    ...summary,
    total: summary.total + tables.length,
    byState,
    byValidationState,
    rows,
    flagged: flagged.slice(0, MAX_FLAGGED),
    truncated: summary.truncated || flagged.length > MAX_FLAGGED,
  };
}

export function tableWarnings({ total, byState, byValidationState }: TableStatisticsSummary): readonly Warning[] {
  const warn = (code: WarningCode, number: number, what: string): readonly Warning[] =>
    number === 0 ? [] : [{ code, message: `${number} of ${total} tables ${what}` }];
  return [
    ...warn('tables-in-error', sum(byState, inError), 'are in error'),
    ...warn('validation-pending', sum(byValidationState, pending), 'are not validated yet'),
    ...warn(
      'validation-mismatch',
      sum(byValidationState, mismatched),
      'have rows that differ or could not be compared',
    ),
  ];
}

function isFlagged({ tableState, validationState }: TableStatistics): boolean {
  return inError.has((tableState ?? '').toLowerCase()) || mismatched.has((validationState ?? '').toLowerCase());
}

function count(counts: Record<string, number>, key: string | null): void {
  if (key !== null) counts[key] = (counts[key] ?? 0) + 1;
}

function sum(counts: Readonly<Record<string, number>>, states: ReadonlySet<string>): number {
  return Object.entries(counts).reduce((all, [state, n]) => (states.has(state.toLowerCase()) ? all + n : all), 0);
}
