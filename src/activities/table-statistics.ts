import { DmsApiError } from '../dms/api.js';
import type { TableStatisticsSummary } from '../operations/results.js';
import { addTables, emptySummary } from '../operations/tables.js';
import { isShutdown, type Attempt } from './attempt.js';

export interface ReadTables {
  /** `null`: none could be read. */
  readonly summary: TableStatisticsSummary | null;
  /** Why none, or not all, could be read. */
  readonly problem: string | null;
}

/** Reads and sums up the statistics of all tables, page by page, for as long as there is time. What DMS answers never fails it; the end of the worker leaves it to another. */
export async function readTableSummary(attempt: Attempt, withinSeconds: number): Promise<ReadTables> {
  const { environment, arn } = attempt;
  const patience = AbortSignal.timeout(withinSeconds * 1000);
  const signal = AbortSignal.any([patience, attempt.signal]);
  let summary = emptySummary(new Date().toISOString());
  try {
    for (let marker: string | null = null; ;) {
      const page = await environment.dms.describeTableStatistics(arn, marker, { signal });
      summary = addTables(summary, page.items);
      marker = page.marker;
      if (marker === null) return { summary, problem: null };
    }
  } catch (err) {
    if (attempt.signal.aborted && isShutdown(attempt.signal.reason)) throw attempt.failure(attempt.signal.reason);
    if (!(err instanceof DmsApiError)) throw err;
    const problem = patience.aborted ? `not all were read within ${withinSeconds} s` : `${err.awsName}: ${err.message}`;
    return { summary: summary.total === 0 ? null : { ...summary, truncated: true }, problem };
  }
}
