/**
 * Executions that no worker ever picked up.
 *
 * Such an execution holds the id of a replication and does nothing. An operation on a served task queue may terminate it
 * and take its place.
 */

/** `PendingWorkflowTaskState` of Temporal's API. */
const SCHEDULED = 1;

/** Maximum number of events of an execution that no worker ever picked up: started, first task scheduled, cancel requested. */
const MAX_EVENTS = 3;

/** Part of an execution's description that tells whether a worker ever had it. */
export interface PickUpFacts {
  readonly taskQueue: string;
  readonly status: { readonly name: string };
  readonly historyLength: number;
  readonly raw: {
    readonly pendingWorkflowTask?: { readonly state?: unknown; readonly attempt?: number | null } | null;
  };
}

/**
 * True if no worker ever picked up an open execution. Such an execution has called nothing. A caller may replace it
 * once no worker polls its task queue.
 */
export function isNeverPickedUp({ status, historyLength, raw }: PickUpFacts): boolean {
  const { pendingWorkflowTask: task } = raw;
  if (status.name !== 'RUNNING' || historyLength > MAX_EVENTS || !task) return false;
  return Number(task.state) === SCHEDULED && (task.attempt ?? 1) <= 1;
}

/** `TaskQueueType` of Temporal's API. */
const WORKFLOW = 1;

/** Part of Temporal's client that describes task queues. */
interface TaskQueues {
  readonly options: { readonly namespace: string };
  readonly workflowService: {
    describeTaskQueue(request: {
      namespace: string;
      taskQueue: { name: string };
      taskQueueType: typeof WORKFLOW;
    }): Promise<{ readonly pollers?: readonly unknown[] | null }>;
  };
}

/**
 * True if a worker polled the queue for workflow tasks in the last five minutes. Also true if the server leaves that
 * open, or rejects the request.
 */
export async function isPolled(
  { workflowService, options: { namespace } }: TaskQueues,
  name: string,
): Promise<boolean> {
  try {
    const queue = { namespace, taskQueue: { name }, taskQueueType: WORKFLOW } as const;
    return (await workflowService.describeTaskQueue(queue)).pollers?.length !== 0;
  } catch {
    return true; // the caller may lack the permission
  }
}

/** Handle of one run of an execution. */
export interface ExecutionRun {
  describe(): Promise<PickUpFacts>;
  terminate(reason: string): Promise<unknown>;
}

/**
 * Terminates the execution that holds a replication's id if no worker ever picked it up and none will.
 *
 * None will if no worker polls the execution's task queue, while a worker polls the caller's, which is another queue.
 *
 * Returns the reason of the termination. `null`: the execution stays.
 */
export async function clearNeverPickedUp(
  found: PickUpFacts,
  run: ExecutionRun,
  taskQueue: string,
  isPolled: (taskQueue: string) => Promise<boolean>,
): Promise<string | null> {
  const isReplaceable = (now: PickUpFacts) => now.taskQueue !== taskQueue && isNeverPickedUp(now);
  if (!isReplaceable(found) || (await isPolled(found.taskQueue)) || !(await isPolled(taskQueue))) return null;
  // A worker may have picked it up in the meantime.
  if (!isReplaceable(await run.describe())) return null;
  const reason = `No worker polls the task queue "${found.taskQueue}", and none ever picked this up; an operation on the task queue "${taskQueue}" takes its place`;
  await run.terminate(reason);
  return reason;
}
