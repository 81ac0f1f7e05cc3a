import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';
import { activityMissing } from '../contract/failure-messages.js';
import type { OperationPlan, PlanOperation } from '../contract/operation-plan.js';
import { readResumeInput, readStopInput } from '../contract/input-schemas.js';
import { quickActivities } from './operation/activity-proxies.js';
import { unwrapFailure } from './operation/failures.js';
import { isNotRegistered } from './operation/missing-worker.js';

/** Attempts of the plan. Temporal reports the last failure only if the attempts run out, not if the time does. */
const MAX_ATTEMPTS = 2;

/**
 * Finds out what a stop or resume would do now, and does nothing. Takes no lock, so it can run beside an operation.
 *
 * If DMS or the ledger gives no answer for 30 s, the plan is to wait, as the operation would. Throws `DmsInvalidInput`
 * for an invalid input, and `DmsWorkerMissing` if the worker lacks the activity.
 */
export async function dmsPlanOperation(request: PlanOperation): Promise<OperationPlan> {
  const { kind, input } = request;
  const { plan } = kind === 'stop' ? readStopInput(input) : readResumeInput(input);
  const { replicationConfigArn } = plan;
  try {
    const summary = `Find out what a ${kind} of ${replicationConfigArn} would do`;
    const activities = quickActivities(summary, undefined, MAX_ATTEMPTS);
    return await activities['dms.planOperation'](request);
  } catch (err) {
    if (isNotRegistered(err)) throw planMissing(replicationConfigArn);
    const problem = retryableProblem(err);
    if (problem === null) throw unwrapFailure(err);
    const nothing = { startReplicationType: null, refusal: null, replication: null, permissions: null, warnings: [] };
    return { kind, replicationConfigArn, action: 'wait', detail: `It would wait first: ${problem}`, ...nothing };
  }
}

function planMissing(replicationConfigArn: string) {
  const { taskQueue } = workflowInfo();
  const what = `A worker of the task queue "${taskQueue}" lacks the activity dms.planOperation`;
  return activityMissing(replicationConfigArn, taskQueue, what);
}

/** Returns what an operation would retry: the failure of the last attempt. `null`: nothing, because it is final. */
function retryableProblem(err: unknown): string | null {
  if (!(err instanceof ActivityFailure)) return null;
  const chain: Error[] = [];
  for (let at: unknown = err.cause; at instanceof Error; at = at.cause) chain.push(at);
  const last = chain.find((each) => each instanceof ApplicationFailure);
  return last?.nonRetryable === true ? null : (last ?? chain[0] ?? err).message;
}
