import type { TableStatistics } from '../dms/replication.js';
import type { TableRowSums, TableStatisticsSummary } from './results.js';

const MAX_FLAGGED = 200;

/** `ValidationState`s that mean rows differ or were not compared. */
const failingValidation = new Set(['mismatched records', 'suspended records', 'table error', 'error']);

export function emptySummary(readAt: string): TableStatisticsSummary {
  const rows = Object.fromEntries(Object.keys(sources).map((key) => [key, 0])) as Record<keyof TableRowSums, number>;
  return { total: 0, byState: {}, byValidationState: {}, rows, flagged: [], truncated: false, readAt };
}

/** The summary with one more page of tables. */
export function addTables(summary: TableStatisticsSummary, tables: readonly TableStatistics[]): TableStatisticsSummary {
  const byState = { ...summary.byState };
  const byValidationState = { ...summary.byValidationState };
  const rows: Record<keyof TableRowSums, number> = { ...summary.rows };
  for (const table of tables) {
    count(byState, table.tableState);
    count(byValidationState, table.validationState);
    for (const key of rowKeys) rows[key] += table[sources[key]] ?? 0;
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

const sources = {
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

const rowKeys = Object.keys(sources) as readonly (keyof TableRowSums)[];

function isFlagged(table: TableStatistics): boolean {
  return isErrorState(table.tableState) || failingValidation.has((table.validationState ?? '').toLowerCase());
}

function isErrorState(tableState: string | null): boolean {
  const state = (tableState ?? '').toLowerCase();
  return state === 'table error' || state === 'table does not exist';
}

function count(counts: Record<string, number>, key: string | null): void {
  if (key !== null) counts[key] = (counts[key] ?? 0) + 1;
}
