import { CancellationScope, log, workflowInfo } from '@temporalio/workflow';
import { markMissing } from '../../ledger/closing.js';
import { findDmsFailure } from '../../contract/failures.js';
import { countWarning, reasonToEnd, endGuard, warningEvent, warningOf } from '../../ledger/deadline.js';
import { withEvent } from '../../ledger/entries.js';
import type { Guard } from '../../contract/ledger-state.js';
import { soughtWaits } from '../operation/activity-proxies.js';
import { isCancelled } from '../operation/failures.js';
import { countDeadlineWarning } from '../metrics.js';
import type { LedgerRun } from './ledger-run.js';
import { callHook, hookProblem } from '../operation/hooks.js';
import { runAsChild } from '../operation/run-as-child.js';

/** Seconds for which a failed call of the warning hook is retried. */
const WARN_SECONDS = 600;

/** Acts on a guard that is due: resumes the replication, or warns. Ends the guard instead if somebody has acted. */
export async function guardDeadline(ledgerRun: LedgerRun, guard: Guard): Promise<void> {
  const isOver = Date.parse(guard.endsAt) <= Date.now();
  const found = await look(ledgerRun, guard);
  if (ledgerRun.ledger.guard !== guard) return;
  if (found.end !== null) {
    ledgerRun.ledger = endGuard(ledgerRun.ledger, 'guard-ended', now(), found.end);
    return;
  }
  // A change of the ledger must not cancel what follows, because the outcome must be reported. The record of the
  // guard's own resume is such a change.
  await CancellationScope.nonCancellable(async () => {
    // A look that failed does not prevent the resume, because the resume looks for itself.
    const problem = guard.plan.policy === 'resume' && !isOver ? await resume(ledgerRun, guard) : found.problem;
    // A resume that succeeded has ended the guard with its own record.
    if (ledgerRun.ledger.guard !== guard) return;
    const closed = `It could be resumed until ${guard.resumeBy}, and ${problem ?? 'nobody did'}`;
    ledgerRun.ledger = isOver
      ? endGuard(ledgerRun.ledger, 'window-closed', now(), closed)
      : countWarning(ledgerRun.ledger, guard, now());
    countDeadlineWarning(guard.resumeBy, Date.now());
    const undeliveredReason = await warn(ledgerRun, guard, problem);
    if (isOver && undeliveredReason === null) return;
    const about = isOver ? `The resume window ended at ${guard.resumeBy}` : `Can be resumed until ${guard.resumeBy}`;
    const said = [about, problem, undeliveredReason].filter((each) => each !== null);
    ledgerRun.ledger = withEvent(ledgerRun.ledger, warningEvent(now(), said.join('; ')));
  });
}

/** Looks whether somebody has acted. Returns the reason the guard ends, and the problem of a failed look. */
async function look(
  ledgerRun: LedgerRun,
  guard: Guard,
): Promise<{ readonly end: string | null; readonly problem: string | null }> {
  const { replicationConfigArn } = ledgerRun.ledger;
  const where = { holdSeconds: 0, timeoutSeconds: 0, taskQueue: guard.taskQueue ?? undefined };
  try {
    const show = (problem: string | null) => ledgerRun.showProblem('guard the resume window', problem);
    const looking = soughtWaits('See whether anybody has resumed it', where, replicationConfigArn, show);
    const shown = await looking['dms.describeReplication']({ replicationConfigArn });
    return { end: reasonToEnd(ledgerRun.ledger, guard, shown, now()), problem: null };
  } catch (err) {
    if (isCancelled(err)) throw err;
    const failure = findDmsFailure(err);
    // One look proves nothing. The guard goes on, and the ledger looks a day later whether the replication was deleted.
    if (failure?.type === 'DmsReplicationNotFound') ledgerRun.ledger = markMissing(ledgerRun.ledger, now());
    const problem = `it could not be looked at: ${failure?.message ?? String(err)}`;
    return { end: reasonToEnd(ledgerRun.ledger, guard, null, now()), problem };
  }
}

/**
 * Resumes the replication with an ordinary operation. A seal, a reservation or another operation may refuse it.
 *
 * Returns the problem. `null`: the replication runs.
 */
async function resume({ ledger }: LedgerRun, { sequence, resumeBy, taskQueue }: Guard): Promise<string | null> {
  const { replicationConfigArn } = ledger;
  const input = {
    replicationConfigArn,
    operationId: `deadline:${sequence}`,
    checkpoint: { sequence },
    requestedBy: 'deadline guard',
    reason: `It can be resumed only until ${resumeBy}`,
  };
  try {
    await runAsChild('resume', input, { taskQueue: taskQueue ?? workflowInfo().taskQueue });
    return null;
  } catch (err) {
    return `it could not be resumed: ${findDmsFailure(err)?.message ?? String(err)}`;
  }
}

/** Calls the hook that the user named, and returns the problem. `null`: the hook was called, or none is named. */
async function warn({ ledger }: LedgerRun, guard: Guard, problem: string | null): Promise<string | null> {
  const { onResumeDeadline } = guard.plan;
  if (onResumeDeadline === null) return null;
  const { activityType } = onResumeDeadline;
  const hook = { activityType, taskQueue: onResumeDeadline.taskQueue ?? guard.taskQueue };
  try {
    await callHook(hook, warningOf(ledger, guard, now(), problem), {
      summary: 'Warn that the replication has to be resumed',
      attemptSeconds: 60,
      totalSeconds: WARN_SECONDS,
    });
    return null;
  } catch (err) {
    const reason = hookProblem(hook, err);
    log.warn('The warning of the resume deadline could not be delivered', { activityType, reason });
    return `the warning could not be delivered: ${reason}`;
  }
}

function now(): string {
  return new Date().toISOString();
}
