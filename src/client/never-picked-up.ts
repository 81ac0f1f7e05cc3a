import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { isNeverPickedUp } from '../operations/never-picked-up.js';
import { firstRunIdOf } from '../operations/join.js';
import { isPolled } from './workers.js';

/**
 * Clears the way when the execution that holds a replication's id waits on another task queue, where no worker ever picked it up. It has called
 * nothing. Says so in a warning and in the reason that its starter reads. False: it stays.
 */
export async function clearNeverPickedUp(
  client: Client,
  description: WorkflowExecutionDescription,
  taskQueue: string,
): Promise<boolean> {
  const isIdle = (now: WorkflowExecutionDescription) => now.taskQueue !== taskQueue && isNeverPickedUp(now);
  if (!isIdle(description) || (await isPolled(client, description.taskQueue))) return false;
  const { workflowId, runId } = description;
  const firstExecutionRunId = firstRunIdOf(description);
  const handle = client.workflow.getHandle(workflowId, runId, { firstExecutionRunId });
  try {
    // A worker may have picked it up in the meantime.
    if (!isIdle(await handle.describe())) return false;
    await handle.terminate(
      `No worker polls the task queue "${description.taskQueue}", so that it was never picked up; an operation on the task queue "${taskQueue}" took its place`,
    );
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return true; // it has just ended
    throw err;
  }
  process.emitWarning(
    `${workflowId}, which was started at ${description.startTime.toISOString()}, waited on the task queue "${description.taskQueue}", which no worker polls. It had called nothing; an operation on the task queue "${taskQueue}" took its place`,
    { code: 'TEMPORAL_DMS_REPLACED', type: 'TemporalDmsWarning' },
  );
  return true;
}
