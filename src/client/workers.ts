/** Finds out whether a worker takes the tasks of an execution. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { workerCommand } from '../contract/commands.js';
import { toIso } from './times.js';

/** Values of `PendingWorkflowTaskState`, `PendingActivityState` and `TaskQueueType` in Temporal's API. */
const [SCHEDULED, WORKFLOW, ACTIVITY] = [1, 1, 2] as const;
const WARN_AFTER_SECONDS = 10;
/** Seconds between two checks of an operation that a worker serves. */
const CHECK_SECONDS = 60;

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
}

/**
 * Returns a task of the execution that waits while no worker polls for it. `null`: none. All times are the server's
 * own.
 */
export async function findWaitingTask(
  client: Client,
  { taskQueue, raw }: Pick<WorkflowExecutionDescription, 'taskQueue' | 'raw'>,
): Promise<WaitingTask | null> {
  const { pendingWorkflowTask: task } = raw;
  if (Number(task?.state) === SCHEDULED) {
    const scheduled = toIso(task?.scheduledTime);
    const polls = await lastPolls(client, taskQueue, WORKFLOW);
    // A worker that polled after the task was scheduled would have got it, unless others wait before it.
    if (scheduled === null || polls === null || polls.some((at) => at > scheduled)) return null;
    return { taskQueue, since: scheduled, isCertain: polls.length === 0 };
  }
  const activity = raw.pendingActivities?.find(({ state }) => Number(state) === SCHEDULED);
  const since = toIso(activity?.scheduledTime);
  if (since === null || (await lastPolls(client, taskQueue, ACTIVITY))?.length !== 0) return null;
  return { taskQueue, since, isCertain: true };
}

/** Returns the time of each worker's last poll, as far as the server remembers. `null`: the server does not tell. */
export async function lastPolls(
  { workflowService, options: { namespace } }: Client,
  name: string,
  taskQueueType: typeof WORKFLOW | typeof ACTIVITY = WORKFLOW,
): Promise<readonly string[] | null> {
  try {
    const { pollers } = await workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType });
    return (pollers ?? []).map(({ lastAccessTime }) => toIso(lastAccessTime) ?? '');
  } catch {
    return null; // the caller may not be allowed to ask
  }
}

/** Returns the warning for an operator. */
export function describeNoWorker({ taskQueue, since }: NoWorker): string {
  return `No worker polls the task queue "${taskQueue}": nothing has moved since ${since}. Start one: ${workerCommand(taskQueue)}`;
}

/** Warns, once for each task queue, when no worker takes the tasks of an operation for ten seconds. */
export class WorkerWatch {
  readonly #warned = new Set<string>();

  constructor(private readonly client: Client) {}

  /** Returns the result, and watches the workers until it is there. */
  async during<T>(handle: () => Promise<WorkflowHandle>, result: Promise<T>): Promise<T> {
    const over = new AbortController();
    // A failed check must not end the wait for the result.
    this.#watch(handle, over.signal).catch(() => {});
    try {
      return await result;
    } finally {
      over.abort();
    }
  }

  async #watch(handle: () => Promise<WorkflowHandle>, signal: AbortSignal): Promise<void> {
    const wait = (seconds: number) => sleep(seconds * 1000, undefined, { signal, ref: false });
    await wait(WARN_AFTER_SECONDS / 2);
    for (let before: NoWorker | null = null, isFirst = true; ; isFirst = false) {
      const task = await findWaitingTask(this.client, await (await handle()).describe());
      if (task !== null && task.since === before?.since) return this.#warn(task);
      before = task;
      await wait(isFirst ? WARN_AFTER_SECONDS / 2 : task === null ? CHECK_SECONDS : WARN_AFTER_SECONDS);
    }
  }

  #warn(task: NoWorker): void {
    if (this.#warned.has(task.taskQueue)) return;
    this.#warned.add(task.taskQueue);
    process.emitWarning(describeNoWorker(task), { code: 'TEMPORAL_DMS_NO_WORKER', type: 'TemporalDmsWarning' });
  }
}
