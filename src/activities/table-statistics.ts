import { DmsApiError, type DmsApi } from '../dms/api.js';
import type { ReplicationConfigArn } from '../dms/arn.js';
import type { TableStatisticsSummary } from '../operations/results.js';
import { addTables, emptySummary } from '../operations/tables.js';

export interface ReadTables {
  /** `null`: none could be read. */
  readonly summary: TableStatisticsSummary | null;
  /** Why none, or not all, could be read. */
  readonly problem: string | null;
}

/** Reads and sums up the statistics of all tables, page by page, for as long as there is time. Never throws what DMS answers. */
export async function readTableSummary(
  dms: DmsApi,
  arn: ReplicationConfigArn,
  { withinSeconds }: { readonly withinSeconds: number },
): Promise<ReadTables> {
  const signal = AbortSignal.timeout(withinSeconds * 1000);
  let summary = emptySummary(new Date().toISOString());
  try {
    for (let marker: string | null = null; ;) {
      const page = await dms.describeTableStatistics(arn, marker, { signal });
      summary = addTables(summary, page.items);
      marker = page.marker;
      if (marker === null) return { summary, problem: null };
    }
  } catch (err) {
    if (!(err instanceof DmsApiError)) throw err;
    const problem = signal.aborted ? `not all were read within ${withinSeconds} s` : `${err.awsName}: ${err.message}`;
    return { summary: summary.total === 0 ? null : { ...summary, truncated: true }, problem };
  }
}
