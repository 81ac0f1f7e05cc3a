/** The 48-hour clock of a paused replication: who is warned before it can no longer be resumed, and when. */
import type { Replication } from '../dms/replication.js';
import { factsOf, lifecycleState } from '../dms/lifecycle.js';
import { STALE_SECONDS } from '../dms/staleness.js';
import { isNewerStop } from '../dms/checkpoint.js';
import type { DeadlineWarning } from '../contract/hook-requests.js';
import { findCheckpoint, secondsBetween, withEvent } from './entries.js';
import type { CheckpointRecord } from '../contract/records.js';
import type { DeadlinePlan, Guard, Ledger, LedgerEvent } from '../contract/ledger-state.js';

/** How often somebody is warned until they act: every hour, and more often near the end, but not more often than this. */
const REPEAT_SECONDS = 3600;
const LEAST_REPEAT_SECONDS = 300;

/** The guard of a stop that was just recorded; `null`: there is nothing to guard. Two clocks are never compared here. */
export function guardOf(
  { sequence, resumeBy, intent, status, recordedAt }: CheckpointRecord,
  plan: DeadlinePlan | null | undefined,
  { resumeWithinSeconds, taskQueue }: { resumeWithinSeconds: number | null; taskQueue: string | null },
): Guard | null {
  if (!plan || plan.policy === 'none' || intent !== 'pause' || status !== 'stopped') return null;
  // A window that was closed when it was recorded is told by the stop itself.
  if (resumeBy === null || resumeWithinSeconds === null || resumeWithinSeconds <= 0) return null;
  const endsAt = after(recordedAt, resumeWithinSeconds);
  const nextAt = after(endsAt, -plan.leadSeconds);
  return { sequence, resumeBy, endsAt, plan, taskQueue, nextAt, warnings: 0 };
}

/**
 * Why the guard ends. `null`: nothing shows that anyone has acted.
 *
 * The record is at least as old as a look may be, so an active status or a newer stop came after it. A replication that is being modified, that is
 * missing, or whose stop looks older, proves nothing.
 */
export function endedBy(ledger: Ledger, guard: Guard, look: Replication | null, now: string): string | null {
  if (ledger.sealed !== null) return 'it was sealed';
  const record = findCheckpoint(ledger, guard.sequence);
  if (look === null || record === undefined || secondsBetween(record.recordedAt, now) <= STALE_SECONDS) return null;
  const { phase } = factsOf(lifecycleState(look).status);
  if (phase === 'active') return `DMS shows "${look.status}"`;
  const { stoppedAt: lastStopTime, replicationCreateTime, freshStartDate } = record;
  const isNewer = isNewerStop(look, { lastStopTime, replicationCreateTime, freshStartDate });
  return phase === 'rest' && lastStopTime !== null && isNewer ? 'it ran again and was stopped by somebody else' : null;
}

export function warningOf(ledger: Ledger, guard: Guard, now: string, problem: string | null): DeadlineWarning {
  const { resumeBy, sequence, plan } = guard;
  const secondsLeft = Math.max(0, Math.round(secondsBetween(now, guard.endsAt)));
  const checkpoint = findCheckpoint(ledger, sequence) ?? null;
  const { replicationConfigArn } = ledger;
  return { replicationConfigArn, resumeBy, secondsLeft, checkpoint, policy: plan.policy, problem };
}

/** Until somebody acts it comes again: every hour, and more often near the end. */
export function advanced(ledger: Ledger, guard: Guard, now: string): Ledger {
  const left = secondsBetween(now, guard.endsAt);
  const repeat = Math.min(left, REPEAT_SECONDS, Math.max(LEAST_REPEAT_SECONDS, left / 4));
  return { ...ledger, guard: { ...guard, nextAt: after(now, repeat), warnings: guard.warnings + 1 } };
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

function after(at: string, seconds: number): string {
  return new Date(Date.parse(at) + seconds * 1000).toISOString();
}
