/** Workflows that operations serve, such as fleets and cutovers: their problems, and their silence. */
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { findOperationProblem } from './progress.js';
import { askServer, isExplainedByServer, isUnanswered, serverMessageOf } from './reach.js';
import { findProblem, findWorkerProblem, type Problem } from './problems.js';

/** Finds what keeps a described workflow from going on: itself, or the first operation that it waits for. */
export async function findHostProblem(
  client: Client,
  description: WorkflowExecutionDescription,
): Promise<Problem | null | undefined> {
  const own = await findProblem(client, description);
  const [child] = description.raw.pendingChildren ?? [];
  if (own !== null || !child?.workflowId) return own;
  return findOperationProblem(client, client.workflow.getHandle(child.workflowId));
}

/**
 * Says why a workflow gave no answer within `seconds`. `hint`: way out if a worker polls. Throws the error again if it
 * means something else.
 */
export async function describeSilence(
  client: Client,
  handle: WorkflowHandle,
  err: unknown,
  seconds: number,
  hint: (taskQueue: string) => string = () => '',
): Promise<string> {
  if (!isUnanswered(err) && !isExplainedByServer(err)) throw err;
  const description = await askServer(client, () => handle.describe());
  const problem = await findWorkerProblem(client, description);
  if (problem !== null) return problem.text;
  if (isExplainedByServer(err)) return serverMessageOf(err);
  const { taskQueue } = description;
  return `no worker of the task queue "${taskQueue}" answered within ${seconds} s${hint(taskQueue)}`;
}
