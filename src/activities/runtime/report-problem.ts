import { log } from '@temporalio/activity';
import { cutoverWorkflowId, messageNames, operationWorkflowId } from '../../contract/names.js';
import type { Attempt } from './attempt.js';

const SIGNAL_SECONDS = 5;

/**
 * Shows a problem in the details of the operation or the cutover. The workflow itself can't see failures of attempts.
 * `null`: the problem is over. Costs one signal, and only where something is wrong.
 */
export async function reportProblem(
  { worker, arn, workflowExecution }: Attempt,
  problem: string | null,
): Promise<void> {
  const { workflowId, runId } = workflowExecution ?? {};
  // A workflow of any other id is a host, whose details are its own.
  if (workflowId !== operationWorkflowId(arn.arn) && !workflowId?.startsWith(cutoverWorkflowId(''))) return;
  const client = worker.client();
  const handle = client.workflow.getHandle(workflowId, runId);
  try {
    await client.withDeadline(Date.now() + SIGNAL_SECONDS * 1000, () => handle.signal(messageNames.problem, problem));
  } catch (err) {
    log.debug('The problem could not be shown in the workflow', { error: String(err), problem });
  }
}
