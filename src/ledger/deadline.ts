/**
 * The deadline guard: the ledger's clock over the resume window of a paused replication.
 *
 * A **guard** belongs to the record of a pause. It becomes due `leadSeconds` before the resume window ends. It then
 * warns, or resumes the replication, until someone acts or the window ends.
 *
 * Invariant: a guard belongs to the newest record, and that record is a pause.
 */
import type { Replication } from '../dms/replication.js';
import { statusFacts, lifecycleState } from '../dms/lifecycle.js';
import { STALE_SECONDS } from '../dms/staleness.js';
import { isNewerStop } from '../dms/checkpoint.js';
import type { DeadlineWarning } from '../contract/hook-requests.js';
import { findCheckpoint, secondsBetween, withEvent } from './entries.js';
import type { CheckpointRecord } from '../contract/records.js';
import type { DeadlinePlan, Guard, Ledger, LedgerEvent } from '../contract/ledger-state.js';

/**
 * Longest and shortest time between two warnings. Within these bounds, the time is a quarter of the time left. The last
 * warning comes when the resume window ends, even if that is sooner.
 */
const MAX_REPEAT_SECONDS = 3600;
const MIN_REPEAT_SECONDS = 300;

/** Returns the guard of a stop that was just recorded. `null`: nothing to guard. The guard counts by the ledger's clock. */
export function guardOf(
  { sequence, resumeBy, intent, status, recordedAt }: CheckpointRecord,
  plan: DeadlinePlan | null | undefined,
  { resumeWithinSeconds, taskQueue }: { resumeWithinSeconds: number | null; taskQueue: string | null },
): Guard | null {
  if (!plan || plan.policy === 'none' || intent !== 'pause' || status !== 'stopped') return null;
  // The stop's own result warns of a resume window that ended before the stop was recorded.
  if (resumeBy === null || resumeWithinSeconds === null || resumeWithinSeconds <= 0) return null;
  const endsAt = addSeconds(recordedAt, resumeWithinSeconds);
  const nextAt = addSeconds(endsAt, -plan.leadSeconds);
  return { sequence, resumeBy, endsAt, plan, taskQueue, nextAt, warnings: 0 };
}

/**
 * Returns the reason the guard ends. `null`: nothing shows that anyone has acted.
 *
 * A look counts only once the record is older than any look may be. An active status or a newer stop then shows that
 * someone has acted. A replication in transition, a missing replication and an older stop prove nothing.
 */
export function reasonToEnd(ledger: Ledger, guard: Guard, look: Replication | null, now: string): string | null {
  if (ledger.sealed !== null) return 'it was sealed';
  const record = findCheckpoint(ledger, guard.sequence);
  if (look === null || record === undefined || secondsBetween(record.recordedAt, now) <= STALE_SECONDS) return null;
  const { phase } = statusFacts(lifecycleState(look).status);
  if (phase === 'active') return `DMS shows "${look.status}"`;
  const { stoppedAt: lastStopTime, replicationCreateTime, freshStartDate } = record;
  const isNewer = isNewerStop(look, { lastStopTime, replicationCreateTime, freshStartDate });
  return phase === 'rest' && lastStopTime !== null && isNewer ? 'it ran again and was stopped by somebody else' : null;
}

/** Returns the warning for the hook. `problem`: failure of the guard's own look or resume. `null`: none. */
export function warningOf(ledger: Ledger, guard: Guard, now: string, problem: string | null): DeadlineWarning {
  const { resumeBy, sequence, plan } = guard;
  const secondsLeft = Math.max(0, Math.round(secondsBetween(now, guard.endsAt)));
  const checkpoint = findCheckpoint(ledger, sequence) ?? null;
  const { replicationConfigArn } = ledger;
  return { replicationConfigArn, resumeBy, secondsLeft, checkpoint, policy: plan.policy, problem };
}

/** Counts a warning, and sets the time of the next one. */
export function countWarning(ledger: Ledger, guard: Guard, now: string): Ledger {
  const left = secondsBetween(now, guard.endsAt);
  const repeat = Math.min(left, MAX_REPEAT_SECONDS, Math.max(MIN_REPEAT_SECONDS, left / 4));
  return { ...ledger, guard: { ...guard, nextAt: addSeconds(now, repeat), warnings: guard.warnings + 1 } };
}

export function warningEvent(now: string, detail: string): LedgerEvent {
  return eventOf('deadline-warning', now, detail);
}

export function endGuard(ledger: Ledger, type: 'guard-ended' | 'window-closed', now: string, detail: string): Ledger {
  return withEvent({ ...ledger, guard: null }, eventOf(type, now, detail));
}

function eventOf(type: LedgerEvent['type'], at: string, detail: string): LedgerEvent {
  return { type, at, by: null, reason: null, workflowId: null, detail };
}

function addSeconds(at: string, seconds: number): string {
  return new Date(Date.parse(at) + seconds * 1000).toISOString();
}
