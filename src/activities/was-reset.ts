import { Context } from '@temporalio/activity';
import type { WorkerContext } from './runtime/worker-context.js';

/** Returns true if the workflow run that called the activity came from a reset. */
export async function wasReset(worker: WorkerContext): Promise<boolean> {
  const { workflowId, runId } = Context.current().info.workflowExecution ?? {};
  if (workflowId === undefined) return false;
  const { raw } = await worker.client().workflow.getHandle(workflowId, runId).describe();
  return raw.workflowExtendedInfo?.lastResetTime != null;
}
