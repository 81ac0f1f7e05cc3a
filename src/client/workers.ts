/** Finds out whether a worker takes the tasks of an execution. */
import { setTimeout as sleep } from 'node:timers/promises';
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
    return { taskQueue, since: scheduled, isCertain: polls.length === 0, isActivity: false };
  }
  const activity = raw.pendingActivities?.find(({ state }) => Number(state) === SCHEDULED);
  const since = toIso(activity?.scheduledTime);
  if (since === null || Date.parse(since) > Date.now()) return null; // it waits for its next attempt
  const polls = await lastPolls(client, taskQueue, ACTIVITY);
  if (polls === null || polls.some((at) => at > since)) return null;
  return { taskQueue, since, isCertain: polls.length === 0, isActivity: true };
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
export function describeNoWorker({ taskQueue, since, isCertain, isActivity }: WaitingTask): string {
  const what = isCertain
    ? `No worker polls the task queue "${taskQueue}"${isActivity ? ' for activities' : ''}: nothing has moved since ${since}`
    : `No worker has taken a task of the task queue "${taskQueue}" since ${since}. Its workers may have ended, or be full`;
  return `${what}. Start one: ${workerCommand(taskQueue)}`;
}

/** Problem of an execution that is waited for. */
export interface Problem {
  /** Equal for problems of which one warning is enough. */
  readonly key: string;
  readonly text: string;
}

/** Number of attempts of a workflow task from which on its worker fails it, and is not only slow. */
const FAILING_ATTEMPT = 3;

/**
 * Finds what keeps an open execution from moving, as far as the server knows: no worker takes its task, or the worker
 * fails its workflow task. `null`: nothing.
 */
export async function findProblem(
  client: Client,
  { workflowId, type, ...description }: Pick<WorkflowExecutionDescription, 'workflowId' | 'type' | 'taskQueue' | 'raw'>,
): Promise<Problem | null> {
  const task = await findSlowTask(client, description);
  if (task !== null) return { key: task.taskQueue, text: describeNoWorker(task) };
  const { taskQueue, raw } = description;
  if ((raw.pendingWorkflowTask?.attempt ?? 1) < FAILING_ATTEMPT) return null;
  const text = `The workers of the task queue "${taskQueue}" fail the workflow task of ${workflowId}. Check their log, and that their bundle has the workflow ${type}`;
  return { key: text, text };
}

/** Seconds a task may wait for a worker that polled lately. Such a worker may only be slow. */
const SLOW_SECONDS = 8;

/** Returns a task that no worker takes, and that has waited for longer than a busy worker may need. `null`: none. */
export async function findSlowTask(
  client: Client,
  description: Pick<WorkflowExecutionDescription, 'taskQueue' | 'raw'>,
): Promise<WaitingTask | null> {
  const found = await findWaitingTask(client, description);
  const isLong = found !== null && Date.now() - Date.parse(found.since) > SLOW_SECONDS * 1000;
  return found?.isCertain === true || isLong ? found : null;
}

/** Seconds between two checks of one execution, if few are waited for. */
const CHECK_SECONDS = 5;
/** Maximum number of checks in a second, for all executions that a client waits for. */
const MAX_CHECKS = 10;

/** Warns, once for each problem, when something keeps an execution that a client waits for from moving. */
export class WorkerWatch {
  readonly #warned = new Set<string>();
  #watched = 0;

  /** Returns the result, and looks for problems until it is there. */
  async during<T>(findProblem: () => Promise<Problem | null>, result: Promise<T>): Promise<T> {
    const over = new AbortController();
    this.#watched++;
    // A failed check must not end the wait for the result.
    this.#watch(findProblem, over.signal).catch(() => {});
    try {
      return await result;
    } finally {
      this.#watched--;
      over.abort();
    }
  }

  /** Warns of a problem that two checks in a row have found, so at most ten seconds after it began. */
  async #watch(findProblem: () => Promise<Problem | null>, signal: AbortSignal): Promise<void> {
    for (let before: Problem | null = null; ;) {
      const seconds = Math.max(CHECK_SECONDS, this.#watched / MAX_CHECKS);
      await sleep(seconds * 1000, undefined, { signal, ref: false });
      const found = await findProblem().catch(() => null);
      if (found !== null && found.key === before?.key) this.#warn(found);
      before = found;
    }
  }

  #warn({ key, text }: Problem): void {
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    process.emitWarning(text, { code: 'TEMPORAL_DMS_NO_WORKER', type: 'TemporalDmsWarning' });
  }
}
