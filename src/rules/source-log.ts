/** The source log: the log of the source database that a resume reads. The database keeps it for a limited time. */
import type { CheckpointRecord } from '../contract/records.js';
import type { Warning } from '../contract/results.js';

/** Share of the retention above which the log counts as nearly too old. */
const NEAR_END_SHARE = 0.8;

/** Facts about the source that only the caller knows. */
export interface SourceLog {
  readonly sourceLogRetentionSeconds: number | null;
  readonly oldestOpenTransactionSeconds: number | null;
}

export type SourceLogVerdict =
  { readonly expired: string } | { readonly expired: null; readonly warnings: readonly Warning[] };

/**
 * Judges whether the source still has the log that a resume reads.
 *
 * DMS reads from the stop time minus the lag at the stop, minus the age of the oldest open transaction. `now` (in ms)
 * and `stoppedAt` are both by DMS's clock.
 */
export function judgeSourceLog(
  stoppedAt: string | null,
  lagAtStop: CheckpointRecord['lagAtStop'],
  { sourceLogRetentionSeconds: retention, oldestOpenTransactionSeconds }: SourceLog,
  now: number,
): SourceLogVerdict {
  if (retention === null) return { expired: null, warnings: [] };
  if (stoppedAt === null) {
    const message = 'its stop time is unknown, so the resume did not check whether the source still has its log';
    return { expired: null, warnings: [{ code: 'lag-unknown', message }] };
  }
  const { sourceSeconds = null, targetSeconds = null } = lagAtStop ?? {};
  const lag = (sourceSeconds ?? 0) + (targetSeconds ?? 0);
  const open = oldestOpenTransactionSeconds ?? 0;
  const needed = Math.max(0, (now - Date.parse(stoppedAt)) / 1000) + lag + open;
  const parts = `stopped at ${stoppedAt}, ${formatSeconds(lag)} behind then, oldest transaction open for ${formatSeconds(open)}`;
  const what = `the log is needed from ${formatSeconds(needed)} ago on (${parts}), and the source keeps ${formatSeconds(retention)}`;
  if (needed > retention) return { expired: what };
  const warnings: Warning[] = [];
  if (needed > retention * NEAR_END_SHARE) warnings.push({ code: 'source-log-short', message: what });
  if (sourceSeconds === null) {
    const message = 'its lag at the stop is not recorded, so the resume may need the source log from earlier on';
    warnings.push({ code: 'lag-unknown', message });
  }
  return { expired: null, warnings };
}

function formatSeconds(seconds: number): string {
  return seconds < 7200 ? `${Math.round(seconds)} s` : `${(seconds / 3600).toFixed(1)} h`;
}
