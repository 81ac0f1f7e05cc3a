import { ActivityFailure, ApplicationFailure, TimeoutFailure, TimeoutType } from '@temporalio/common';
import { sleep, workflowInfo } from '@temporalio/workflow';
import { activityMissing } from '../contract/failure-messages.js';
import type { OperationPlan, PlanOperation } from '../contract/operation-plan.js';
import { retryableTypes } from '../contract/progress.js';
import { readResumeInput, readStopInput } from '../contract/input-schemas.js';
import { quickActivities } from './operation/activity-proxies.js';
import { unwrapFailure } from './operation/failures.js';
import { isNotRegistered } from './operation/missing-worker.js';

/** Time after which a plan takes the last problem for an answer, and the time between two tries. */
const [PATIENCE_SECONDS, PAUSE_SECONDS] = [20, 2];
/** Failures after which an operation would wait. */
const retryable: readonly string[] = retryableTypes;

/**
 * Finds out what a stop or resume would do now, and does nothing. Takes no lock, so it can run beside an operation.
 *
 * If DMS or the ledger gives no answer for 20 s, the plan is to wait, as the operation would. Throws `DmsInvalidInput`
 * for an invalid input, and `DmsWorkerMissing` if no worker takes the activity.
 */
export async function dmsPlanOperation(request: PlanOperation): Promise<OperationPlan> {
  const { kind, input } = request;
  const { plan } = kind === 'stop' ? readStopInput(input) : readResumeInput(input);
  const { replicationConfigArn } = plan;
  const begunAt = Date.now();
  for (;;) {
    try {
      // One attempt: Temporal returns the last failure only when attempts run out, not on a timeout.
      const summary = `Find out what a ${kind} of ${replicationConfigArn} would do`;
      return await quickActivities(summary, undefined, 1)['dms.planOperation'](request);
    } catch (err) {
      const cause = err instanceof ActivityFailure ? err.cause : err;
      const { taskQueue } = workflowInfo();
      if (isNotRegistered(err) || (cause instanceof TimeoutFailure && cause.timeoutType !== TimeoutType.START_TO_CLOSE))
        throw activityMissing(
          replicationConfigArn,
          taskQueue,
          `No worker of the task queue "${taskQueue}" takes the activity dms.planOperation`,
        );
      if (!(cause instanceof ApplicationFailure) || !retryable.includes(cause.type ?? '')) throw unwrapFailure(err);
      if (Date.now() - begunAt < PATIENCE_SECONDS * 1000) await sleep(PAUSE_SECONDS * 1000);
      else return planToWait(request, replicationConfigArn, cause.message);
    }
  }
}

function planToWait({ kind }: PlanOperation, replicationConfigArn: string, problem: string): OperationPlan {
  return {
    kind,
    replicationConfigArn,
    action: 'wait',
    detail: `It would wait first: ${problem}`,
    startReplicationType: null,
    refusal: null,
    replication: null,
    permissions: null,
    warnings: [],
  };
}
