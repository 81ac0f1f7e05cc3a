import { lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { maySelfRestart, stopReasonCode, stopReasons } from '../dms/stop-reasons.js';
import type { CheckpointDraft } from './records.js';
import type { TableStatisticsSummary, Warning, WarningCode } from './results.js';

/** A resume deadline nearer than this gets a warning. */
const SHORT_WINDOW_SECONDS = 12 * 60 * 60;

/** What a person should know about a stop that succeeded. */
export function stopWarnings(checkpoint: CheckpointDraft, replication: Replication, now: number): readonly Warning[] {
  const warnings: Warning[] = [];
  const warn = (when: boolean, code: WarningCode, message: string) => {
    if (when) warnings.push({ code, message });
  };
  const code = stopReasonCode(checkpoint.stopReason);
  const facts = code === null ? null : stopReasons[code];
  const state = lifecycleState(replication);
  const everRan = state.status !== 'created';
  const secondsLeft = checkpoint.resumeBy === null ? null : (Date.parse(checkpoint.resumeBy) - now) / 1000;

  warn(
    everRan && checkpoint.stopReason !== null && facts?.ordinary !== true,
    'not-normal-stop',
    `DMS gives "${checkpoint.stopReason}"${facts === null ? ', which is not a known stop reason' : `: ${facts.meaning}. Next: ${facts.next}`}`,
  );
  warn(
    maySelfRestart(checkpoint.stopReason),
    'may-restart',
    'DMS may start it again by itself after this kind of stop; look again before relying on it',
  );
  warn(
    checkpoint.settled === 'grace-expired',
    'unsettled',
    'stop reason, stop time and checkpoint did not settle in time; what was shown then is recorded',
  );
  warn(
    everRan && checkpoint.recoveryCheckpoint === null && checkpoint.replicationType !== 'full-load',
    'no-checkpoint',
    'DMS reports no RecoveryCheckpoint for this stop',
  );
  const loaded = replication.replicationStats?.fullLoadProgressPercent ?? null;
  warn(
    everRan && checkpoint.replicationType !== 'cdc' && loaded !== null && loaded < 100,
    'full-load-interrupted',
    `the full load was at ${loaded} %: tables that were not complete start again from zero`,
  );
  warn(
    code === 'STOPPED_AFTER_FULL_LOAD',
    'cached-changes-not-applied',
    'changes cached during the full load are not applied yet; resume to apply them',
  );
  warn(
    secondsLeft !== null && secondsLeft < SHORT_WINDOW_SECONDS,
    'short-window',
    secondsLeft !== null && secondsLeft > 0
      ? `it can be resumed for another ${(secondsLeft / 3600).toFixed(1)} hours only, until ${checkpoint.resumeBy}`
      : `the time to resume it ended at ${checkpoint.resumeBy}`,
  );
  warn(
    everRan && state.provisionState === 'provisioned',
    'capacity-still-billed',
    `its capacity stays provisioned and is billed until ${checkpoint.resumeBy ?? 'DMS deprovisions it'}`,
  );
  return warnings;
}

export function tableWarnings(tables: TableStatisticsSummary): readonly Warning[] {
  const warnings: Warning[] = [];
  const inError = countOf(tables.byState, ['table error', 'table does not exist']);
  const pending = countOf(tables.byValidationState, [
    'pending records',
    'pending validation',
    'pending revalidation',
    'preparing table',
  ]);
  const mismatched = countOf(tables.byValidationState, [
    'mismatched records',
    'suspended records',
    'table error',
    'error',
  ]);
  if (inError > 0)
    warnings.push({ code: 'tables-in-error', message: `${inError} of ${tables.total} tables are in error` });
  if (pending > 0) {
    warnings.push({
      code: 'validation-pending',
      message: `validation of ${pending} of ${tables.total} tables is not complete`,
    });
  }
  if (mismatched > 0) {
    warnings.push({ code: 'validation-mismatch', message: `${mismatched} of ${tables.total} tables fail validation` });
  }
  return warnings;
}

function countOf(counts: Readonly<Record<string, number>>, states: readonly string[]): number {
  return Object.entries(counts).reduce((sum, [state, n]) => (states.includes(state.toLowerCase()) ? sum + n : sum), 0);
}
