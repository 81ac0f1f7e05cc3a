import { randomUUID } from 'node:crypto';
import { ServiceError, WorkflowFailedError, type Client } from '@temporalio/client';
import { TimeoutFailure } from '@temporalio/common';
import { bothForms, shellWord } from '../contract/commands.js';
import { findDmsFailure } from '../contract/failures.js';
import type { OperationInput, OperationKind } from '../contract/inputs.js';
import { planType } from '../contract/names.js';
import type { OperationPlan } from '../contract/operation-plan.js';
import { askServer, requestWithoutLimit } from './reach.js';
import { findProblem, type Problem } from './problems.js';
import type { ProblemWatch } from './problem-watch.js';

/** Time limit of a plan. */
const PLAN_SECONDS = 45;

/** Finds out what an operation would do, in a workflow that only reads. `watch`: takes the warnings. */
export async function planOperation(
  client: Client,
  taskQueue: string,
  watch: ProblemWatch,
  kind: OperationKind,
  input: OperationInput,
): Promise<OperationPlan> {
  const workflowId = `dms-plan:${randomUUID()}`;
  const handle = await askServer(client, () =>
    client.workflow.start(planType, {
      workflowId,
      taskQueue,
      args: [{ kind, input }],
      workflowExecutionTimeout: PLAN_SECONDS * 1000,
      staticSummary: `What would a DMS ${kind} do?`,
    }),
  );
  let hasGivenUp = false;
  let reject: (reason: Error) => void = () => {};
  const end = new Promise<never>((_, rejectEnd) => (reject = rejectEnd));
  const result = requestWithoutLimit(client, () => handle.result());
  const report = (problem: Problem) => {
    // A worker that polled lately may only be slow.
    if (problem.noWorker?.isCertain === false) return watch.warn(problem);
    hasGivenUp = true;
    reject(new ServiceError(`The ${kind} can't be planned. ${problem.text}`));
  };
  try {
    const findPlanProblem = async () => findProblem(client, await handle.describe());
    return (await watch.during(findPlanProblem, Promise.race([result, end]), report)) as OperationPlan;
  } catch (err) {
    // A worker that starts later must not run a plan that nobody waits for. This also ends the request for its result.
    if (hasGivenUp) await askServer(client, () => handle.terminate('Nobody waits for it')).catch(() => {});
    if (!(err instanceof WorkflowFailedError) || !(err.cause instanceof TimeoutFailure))
      throw findDmsFailure(err) ?? err;
    const queue = `--task-queue ${shellWord(taskQueue)}`;
    throw new ServiceError(
      `No worker of the task queue "${taskQueue}" answered within ${PLAN_SECONDS} s. Check that it has the workflow ${planType}: ${bothForms(`temporal dms doctor ${queue}`, `temporal task-queue describe ${queue}`)}`,
      { cause: err },
    );
  }
}
