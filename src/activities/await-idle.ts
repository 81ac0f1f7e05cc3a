import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { openOperation, type OpenOperation } from '../rules/joining.js';
import { operationWorkflowId } from '../contract/names.js';
import type { AwaitIdle } from '../contract/activity-protocol.js';
import type { Environment } from './environment.js';

/** An operation that has said how it ended closes in a moment; the death of one that says nothing may be noticed late. */
const SOON_SECONDS = 1;
const LATE_SECONDS = 600;

/** Waits until no operation is open on the replication, or until the given execution has closed. */
export async function awaitIdle(environment: Environment, request: AwaitIdle): Promise<void> {
  const attempt = environment.attempt(request, 'dms.awaitIdle', { phase: 'settling' });
  const open = await findExecution(environment.client(), operationWorkflowId(attempt.arn.arn));
  const { firstRunId = open?.firstExecutionRunId } = request;
  if (open === null || open.firstExecutionRunId !== firstRunId) return;
  const what = `${open.workflowId} (${open.kind} "${open.operationId ?? ''}") is open`;
  throw attempt.stillWaiting(what, Math.min(LATE_SECONDS, Math.max(SOON_SECONDS, attempt.elapsedSeconds / 4)));
}

/** The newest execution under that id, as `show` has it; `null` when there is none. */
export async function findExecution(
  client: Client,
  workflowId: string,
  show: typeof openOperation = openOperation,
): Promise<OpenOperation | null> {
  const description = await describeExecution(client, workflowId);
  return description === null ? null : show(description);
}

/** The newest execution under that id; `null` when there is none. */
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
