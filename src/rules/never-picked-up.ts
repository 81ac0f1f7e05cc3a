/** `PendingWorkflowTaskState` of Temporal's API. */
const SCHEDULED = 1;

/** Events of an execution that no worker ever picked up: it started, its first task was scheduled, and perhaps a cancel was requested. */
const MOST_EVENTS = 3;

/** The part of an execution's description that tells whether a worker ever had it. */
export interface PickUpFacts {
  readonly taskQueue: string;
  readonly status: { readonly name: string };
  readonly historyLength: number;
  readonly raw: {
    readonly pendingWorkflowTask?: { readonly state?: unknown; readonly attempt?: number | null } | null;
  };
}

/**
 * Whether no worker ever picked up an open execution. Such an execution has called nothing, so it can be terminated and replaced, once it is known
 * that no worker polls its task queue.
 */
export function isNeverPickedUp({ status, historyLength, raw }: PickUpFacts): boolean {
  const { pendingWorkflowTask: task } = raw;
  if (status.name !== 'RUNNING' || historyLength > MOST_EVENTS || !task) return false;
  return Number(task.state) === SCHEDULED && (task.attempt ?? 1) <= 1;
}

/** `TaskQueueType` of Temporal's API. */
const WORKFLOW = 1;

/** Temporal's client, as far as it is asked about task queues. */
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

/** Whether a worker polled a task queue for workflow tasks in the last five minutes. A server that does not tell counts as polled. */
export async function isPolled(
  { workflowService, options: { namespace } }: TaskQueues,
  name: string,
): Promise<boolean> {
  try {
    const queue = { namespace, taskQueue: { name }, taskQueueType: WORKFLOW } as const;
    return (await workflowService.describeTaskQueue(queue)).pollers?.length !== 0;
  } catch {
    return true; // the caller may not be allowed to ask
  }
}

/** One run of an execution, as Temporal's client reaches it. */
export interface ExecutionRun {
  describe(): Promise<PickUpFacts>;
  terminate(reason: string): Promise<unknown>;
}

/**
 * Terminates the execution that holds a replication's id when no worker ever picked it up, no worker polls its task queue, and one polls the
 * caller's, which is another. Returns the reason that its starter reads; `null`: it stays.
 */
export async function clearNeverPickedUp(
  found: PickUpFacts,
  run: ExecutionRun,
  taskQueue: string,
  isPolled: (taskQueue: string) => Promise<boolean>,
): Promise<string | null> {
  const isIdle = (now: PickUpFacts) => now.taskQueue !== taskQueue && isNeverPickedUp(now);
  if (!isIdle(found) || (await isPolled(found.taskQueue)) || !(await isPolled(taskQueue))) return null;
  // A worker may have picked it up in the meantime.
  if (!isIdle(await run.describe())) return null;
  const reason = `No worker polls the task queue "${found.taskQueue}", and none ever picked this up; an operation on the task queue "${taskQueue}" takes its place`;
  await run.terminate(reason);
  return reason;
}
