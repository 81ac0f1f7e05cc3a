import { CancellationScope, log, workflowInfo } from '@temporalio/workflow';
import { missing } from '../../ledger/closing.js';
import { findDmsFailure } from '../../contract/failures.js';
import { advanced, endedBy, endGuard, warningEvent, warningOf } from '../../ledger/deadline.js';
import { withEvent } from '../../ledger/entries.js';
import type { Guard } from '../../contract/ledger-state.js';
import { waitingActivities } from '../operation/activity-proxies.js';
import { isCancelled } from '../operation/failures.js';
import type { LedgerRun } from './ledger-run.js';
import { callHook, hookProblem } from '../operation/hooks.js';
import { runAsChild } from '../operation/run-as-child.js';

/** How long a warning is tried. */
const WARN_SECONDS = 600;

/** The time of a guard has come: unless somebody has acted meanwhile, it resumes the replication, or warns. */
export async function guardDeadline(ledgerRun: LedgerRun, guard: Guard): Promise<void> {
  const isOver = Date.parse(guard.endsAt) <= Date.now();
  const found = await look(ledgerRun, guard);
  if (ledgerRun.ledger.guard !== guard) return;
  if (found.end !== null) {
    ledgerRun.ledger = endGuard(ledgerRun.ledger, 'guard-ended', now(), found.end);
    return;
  }
  // From here on it is told how it went, whatever else comes into the ledger, such as the resume itself.
  await CancellationScope.nonCancellable(async () => {
    // The resume looks for itself: a look that found nothing does not cost the window.
    const problem = guard.plan.policy === 'resume' && !isOver ? await resume(ledgerRun, guard) : found.problem;
    // A resume that succeeded has ended the guard with its own record.
    if (ledgerRun.ledger.guard !== guard) return;
    const closed = `It could be resumed until ${guard.resumeBy}, and ${problem ?? 'nobody did'}`;
    ledgerRun.ledger = isOver
      ? endGuard(ledgerRun.ledger, 'window-closed', now(), closed)
      : advanced(ledgerRun.ledger, guard, now());
    const untold = await warn(ledgerRun, guard, problem);
    if (isOver && untold === null) return;
    const said = [`Can be resumed until ${guard.resumeBy}`, problem, untold].filter((each) => each !== null);
    ledgerRun.ledger = withEvent(ledgerRun.ledger, warningEvent(now(), said.join('; ')));
  });
}

/** Whether somebody has acted; if that can't be seen, why. */
async function look(
  ledgerRun: LedgerRun,
  guard: Guard,
): Promise<{ readonly end: string | null; readonly problem: string | null }> {
  const { replicationConfigArn } = ledgerRun.ledger;
  const where = { holdSeconds: 0, timeoutSeconds: 0, taskQueue: guard.taskQueue ?? undefined };
  try {
    const looking = waitingActivities('See whether anybody has resumed it', where)['dms.describeReplication'];
    const shown = await looking({ replicationConfigArn });
    return { end: endedBy(ledgerRun.ledger, guard, shown, now()), problem: null };
  } catch (err) {
    if (isCancelled(err)) throw err;
    const failure = findDmsFailure(err);
    // One look proves nothing: the guard goes on, and the ledger looks once a day whether it was deleted.
    if (failure?.type === 'DmsReplicationNotFound') ledgerRun.ledger = missing(ledgerRun.ledger, now());
    const problem = `it could not be looked at: ${failure?.message ?? String(err)}`;
    return { end: endedBy(ledgerRun.ledger, guard, null, now()), problem };
  }
}

/** Resumes it as anybody would, who may be refused: sealed, reserved, in somebody's hands. `null`: it runs. */
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

/** Calls the activity that the user named. `null`: told, or nobody is to be told. */
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
    log.warn('Nobody could be warned of the resume deadline', { activityType, reason });
    return `${activityType} could not be told: ${reason}`;
  }
}

function now(): string {
  return new Date().toISOString();
}
