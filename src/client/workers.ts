/** Finds out whether a worker takes the tasks of an execution. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { workerCommand } from '../contract/commands.js';
import { toIso } from './times.js';

/** Values of `PendingWorkflowTaskState`, `PendingActivityState` and `TaskQueueType` in Temporal's API. */
const [SCHEDULED, WORKFLOW, ACTIVITY] = [1, 1, 2] as const;

/** Task that waits for a worker, while no worker polls its task queue. */
export interface NoWorker {
  /** Task queue on which the task waits. */
  readonly taskQueue: string;
  /** Time since which the task waits, ISO 8601, by Temporal's clock. */
  readonly since: string;
}

/** Task that waits for a worker, and whether it is certain that no worker polls. */
export interface WaitingTask extends NoWorker {
  /** True if no worker polled for five minutes. False: one polled within that time, and may have ended since. */
  readonly isCertain: boolean;
  readonly isActivity: boolean;
}

type Description = Pick<WorkflowExecutionDescription, 'taskQueue' | 'raw'>;

/**
 * Returns a task of the execution that waits while no worker polls for it. `null`: none. All times are the server's
 * own.
 */
export async function findWaitingTask(client: Client, description: Description): Promise<WaitingTask | null> {
  const task = await findWaitingWorkflowTask(client, description);
  if (task !== null) return task;
  for (const { state, scheduledTime, nextAttemptScheduleTime, activityOptions } of description.raw.pendingActivities ??
    []) {
    const since = toIso(scheduledTime);
    // An activity that has a time of its next attempt waits for that time.
    if (Number(state) !== SCHEDULED || since === null || nextAttemptScheduleTime != null) continue;
    const taskQueue = activityOptions?.taskQueue?.name || description.taskQueue;
    const polls = await lastPolls(client, taskQueue, ACTIVITY);
    if (polls === null || polls.some((at) => at > since)) continue;
    return { taskQueue, since, isCertain: polls.length === 0, isActivity: true };
  }
  return null;
}

/** Returns the workflow task of the execution, as {@link findWaitingTask} does. */
export async function findWaitingWorkflowTask(
  client: Client,
  { taskQueue, raw: { pendingWorkflowTask: task } }: Description,
): Promise<WaitingTask | null> {
  const since = toIso(task?.scheduledTime);
  if (Number(task?.state) !== SCHEDULED || since === null) return null;
  const polls = await lastPolls(client, taskQueue, WORKFLOW);
  // A worker that polled after the task was scheduled would have got it, unless others wait before it.
  if (polls === null || polls.some((at) => at > since)) return null;
  return { taskQueue, since, isCertain: polls.length === 0, isActivity: false };
}

/** Time limit for the newest polls. */
const POLLS_SECONDS = 3;

/** Returns the time of each worker's last poll, as far as the server remembers. `null`: the server does not tell. */
export async function lastPolls(
  client: Client,
  name: string,
  taskQueueType: typeof WORKFLOW | typeof ACTIVITY = WORKFLOW,
): Promise<readonly string[] | null> {
  const request = { namespace: client.options.namespace, taskQueue: { name }, taskQueueType };
  try {
    const { pollers } = await client.withDeadline(Date.now() + POLLS_SECONDS * 1000, () =>
      client.workflowService.describeTaskQueue(request),
    );
    return (pollers ?? []).map(({ lastAccessTime }) => toIso(lastAccessTime) ?? '');
  } catch {
    return null; // the caller may not be allowed to ask
  }
}

/** Returns the warning for an operator. */
export function describeNoWorker({ taskQueue, since, isCertain, isActivity }: WaitingTask): string {
  const what = isCertain
    ? `No worker polls the task queue "${taskQueue}"${isActivity ? ' for activities' : ''}: nothing has moved since ${since}`
    : `No worker has taken a task of the task queue "${taskQueue}" since ${since}. Its workers may have ended, or be full`;
  return `${what}. Start one: ${workerCommand(taskQueue)}`;
}

/** Seconds a task may wait for a worker that polled lately. Such a worker may only be slow. */
const SLOW_SECONDS = 8;

/**
 * Returns a waiting task if the server knows no worker of its task queue, or if the task has waited for longer than
 * `SLOW_SECONDS`. `null`: none.
 */
export async function findUnservedTask(client: Client, description: Description): Promise<WaitingTask | null> {
  const found = await findWaitingTask(client, description);
  const isLong = found !== null && Date.now() - Date.parse(found.since) > SLOW_SECONDS * 1000;
  return found?.isCertain === true || isLong ? found : null;
}
