import { DmsApiError, type Page } from '../../dms/api.js';
import type { TableStatisticsSummary } from '../../contract/results.js';
import type { TableStatistics } from '../../dms/replication.js';
import { addTables, emptySummary } from '../../rules/table-summary.js';
import { isShutdown } from './api-failures.js';
import { NO_TURN_REASON, type Attempt } from './attempt.js';

/** Longest wait for the turn of the first page, and the part of start-to-close that reading leaves unused. Seconds. */
const TURN_SECONDS = 50;
const RESERVE_SECONDS = 20;

export interface ReadTables {
  /** Summary of the tables that were read. `null`: none could be read. */
  readonly summary: TableStatisticsSummary | null;
  /** Reason that not all tables could be read. `null`: all were. */
  readonly problem: string | null;
}

/**
 * Reads the statistics of all tables page by page, until the time is over, and sums them up.
 *
 * Errors of DMS never fail the reading. A shutdown of the worker fails the attempt retryably. With `canWait`, so does a
 * first turn that does not come in time.
 */
export async function readTableSummary(attempt: Attempt, withinSeconds: number, canWait: boolean): Promise<ReadTables> {
  const { worker, arn } = attempt;
  const { budget } = worker.accountRegion(arn);
  const mostSeconds = Math.min(withinSeconds, TURN_SECONDS);
  const turn = attempt.waitAtMost(mostSeconds, NO_TURN_REASON, (signal) => budget.take('other', signal));
  if (canWait) await turn;
  else if (
    !(await turn.then(
      () => true,
      () => attempt.signal.aborted,
    ))
  )
    return { summary: null, problem: NO_TURN_REASON };
  const seconds = Math.max(1, Math.min(withinSeconds, attempt.secondsLeft - RESERVE_SECONDS));
  const patience = AbortSignal.timeout(Math.round(seconds * 1000));
  const signal = AbortSignal.any([patience, attempt.signal]);
  let summary: TableStatisticsSummary | null = null;
  try {
    for (let marker: string | null = null; ;) {
      const page: Page<TableStatistics> | null = await worker.dms
        .describeTableStatistics(arn, marker, { signal })
        .catch((err: unknown) => {
          if (!(err instanceof DmsApiError) || err.kind !== 'throttled') throw err;
          budget.slowDown();
          return null;
        });
      if (page !== null) {
        summary = addTables(summary ?? emptySummary(new Date(page.dmsTime).toISOString()), page.items);
        marker = page.marker;
        if (marker === null) return { summary, problem: null };
      }
      await budget.take('other', signal);
    }
  } catch (err) {
    if (attempt.signal.aborted && isShutdown(attempt.signal.reason)) throw attempt.failure(attempt.signal.reason);
    if (!(err instanceof DmsApiError) && !patience.aborted) throw err;
    const said = err instanceof DmsApiError ? `${err.awsName}: ${err.message}` : String(err);
    const problem = patience.aborted ? `not all were read within ${withinSeconds} s` : said;
    if (summary === null || summary.total === 0) return { summary: null, problem };
    return { summary: { ...summary, truncated: true }, problem };
  }
}
