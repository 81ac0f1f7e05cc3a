import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { messageNames, operationWorkflowId } from '../contract/names.js';
import { askServer } from './reach.js';

/** Makes an operation that waits look at once. Returns false if no operation is open on the replication. */
export async function nudgeOperation(client: Client, arn: string): Promise<boolean> {
  try {
    const handle = client.workflow.getHandle(operationWorkflowId(arn));
    await askServer(client, () => handle.signal(messageNames.nudge));
    return true;
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return false;
    throw err;
  }
}
