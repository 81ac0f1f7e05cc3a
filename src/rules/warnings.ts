import { isDeprovisioned, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { maySelfRestart, stopReasonFacts } from '../dms/stop-reasons.js';
import type { CheckpointDraft } from '../contract/records.js';
import type { Warning } from '../contract/results.js';

/** Hours left to resume below which a stop gets a warning. */
const SHORT_WINDOW_HOURS = 12;

/** Returns the warnings about a stop that succeeded. `now`: time by DMS's clock, in ms. */
export function stopWarnings(checkpoint: CheckpointDraft, replication: Replication, now: number): readonly Warning[] {
  const state = lifecycleState(replication);
  if (state.status === 'created') return [];
  const { stopReason, resumeBy, replicationType, recoveryCheckpoint, settled } = checkpoint;

  const warnings = [...stopReasonWarnings(stopReason)];
  if (settled === 'grace-expired') {
    const message = 'stop reason, stop time and checkpoint did not settle in time, so the record holds the last look';
    warnings.push({ code: 'unsettled', message });
  }
  if (recoveryCheckpoint === null && replicationType !== 'full-load') {
    warnings.push({ code: 'no-checkpoint', message: 'DMS reports no RecoveryCheckpoint for this stop' });
  }
  // DMS loses the statistics of a replication when it deprovisions it.
  const loaded = isDeprovisioned(state) ? 100 : (replication.replicationStats?.fullLoadProgressPercent ?? 100);
  if (replicationType !== 'cdc' && loaded < 100) {
    const message = `the full load was at ${loaded} %: tables that were not complete start again from zero`;
    warnings.push({ code: 'full-load-interrupted', message });
  }
  if (checkpoint.stopReasonCode === 'STOPPED_AFTER_FULL_LOAD') {
    const message = 'changes cached during the full load are not applied yet; resume to apply them';
    warnings.push({ code: 'cached-changes-not-applied', message });
  }
  const window = shortWindowMessage(resumeBy, isDeprovisioned(state), now);
  if (window !== null) warnings.push({ code: 'short-window', message: window });
  if (state.provisionState === 'provisioned') {
    const message = `its capacity stays provisioned and is billed until ${resumeBy ?? 'DMS deprovisions it'}`;
    warnings.push({ code: 'capacity-still-billed', message });
  }
  return warnings;
}

function shortWindowMessage(resumeBy: string | null, hasDeprovisioned: boolean, now: number): string | null {
  if (hasDeprovisioned) return 'the time to resume it has ended: DMS has deprovisioned it';
  if (resumeBy === null) return null;
  const hoursLeft = (Date.parse(resumeBy) - now) / 3_600_000;
  if (hoursLeft >= SHORT_WINDOW_HOURS) return null;
  if (hoursLeft <= 0) return `the time to resume it ended at ${resumeBy}`;
  return `it can be resumed for another ${hoursLeft.toFixed(1)} hours only, until ${resumeBy}`;
}

/**
 * Returns the warning that the endpoints' addresses are unknown, or nothing without a problem. `so`: the consequence,
 * as a clause for the message.
 */
export function endpointsUnknown(problem: string | null, consequence: string): readonly Warning[] {
  if (problem === null) return [];
  return [
    {
      code: 'endpoints-unknown',
      message: `The addresses of its endpoints are unknown (${problem}), so ${consequence}`,
    },
  ];
}

/** Returns the warnings about a stop reason that the requester of a stop does not expect. */
export function stopReasonWarnings(stopReason: string | null): readonly Warning[] {
  const facts = stopReasonFacts(stopReason);
  const warnings: Warning[] = [];
  if (stopReason !== null && facts?.ordinary !== true) {
    const meaning = facts === null ? ', which is not a known stop reason' : `: ${facts.meaning}. Next: ${facts.next}`;
    warnings.push({ code: 'not-normal-stop', message: `DMS gives "${stopReason}"${meaning}` });
  }
  if (maySelfRestart(stopReason)) {
    const message = 'DMS may start it again by itself after this kind of stop; look again before relying on it';
    warnings.push({ code: 'may-restart', message });
  }
  return warnings;
}
