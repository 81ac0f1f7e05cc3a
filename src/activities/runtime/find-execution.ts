import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { openOperation, type OpenOperation } from '../../rules/joining.js';

/** Returns the newest execution under an id, as `show` reads it. `null`: there is none, or `show` returns null. */
export async function findExecution(
  client: Client,
  workflowId: string,
  toOperation: typeof openOperation = openOperation,
): Promise<OpenOperation | null> {
  const description = await describeExecution(client, workflowId);
  return description === null ? null : toOperation(description);
}

/** Describes the newest execution under an id. `null`: there is none. */
export async function describeExecution(
  client: Client,
  workflowId: string,
): Promise<WorkflowExecutionDescription | null> {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return null;
    throw err;
  }
}
