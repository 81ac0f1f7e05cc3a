import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { firstRunIdOf } from '../rules/joining.js';
import { clearNeverPickedUp, isPolled } from '../rules/never-picked-up.js';

const CHECKS = 5;
const MS_BETWEEN_CHECKS = 500;

/**
 * Terminates an execution that no worker ever picked up, in favour of one on this task queue. Emits a warning.
 *
 * Returns false if the execution stays.
 */
export async function terminateNeverPickedUp(
  client: Client,
  found: WorkflowExecutionDescription,
  taskQueue: string,
): Promise<boolean> {
  const { workflowId, runId, startTime } = found;
  const firstExecutionRunId = firstRunIdOf(found);
  const run = client.workflow.getHandle(workflowId, runId, { firstExecutionRunId });
  try {
    const isServed = (queue: string) => (queue === taskQueue ? isPolledSoon(client, queue) : isPolled(client, queue));
    const reason = await clearNeverPickedUp(found, run, taskQueue, isServed);
    if (reason === null) return false;
    const what = `${workflowId}, which was started at ${startTime.toISOString()}, was terminated: ${reason}`;
    process.emitWarning(what, { code: 'TEMPORAL_DMS_REPLACED', type: 'TemporalDmsWarning' });
    return true;
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return true; // it has just ended
    throw err;
  }
}

/** Waits up to 2 s for a poll, because a worker that was started together with the client polls a moment later. */
async function isPolledSoon(client: Client, taskQueue: string): Promise<boolean> {
  for (let checks = 1; ; checks++) {
    if (await isPolled(client, taskQueue)) return true;
    if (checks === CHECKS) return false;
    await sleep(MS_BETWEEN_CHECKS);
  }
}
