/** Finds out whether a worker takes the tasks of an execution. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { shellWord, workerCommand } from '../contract/commands.js';
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
  readonly text: string;
  /** Task that no worker takes. `null`: another problem. */
  readonly noWorker: WaitingTask | null;
  /** True if the execution reports the problem itself. The second check then comes soon. */
  readonly isReported?: true;
}

/** Attempt from which a workflow task counts as stuck, not as slow. */
const STUCK_ATTEMPT = 3;

/**
 * Finds what keeps an open execution from moving, as far as the server knows: no worker takes its task, no worker
 * completes its workflow task, or a person has paused it. `null`: nothing.
 */
export async function findProblem(client: Client, description: WorkflowExecutionDescription): Promise<Problem | null> {
  const task = await findWaitingTask(client, description);
  return task === null ? stuckProblem(description) : { text: describeNoWorker(task), noWorker: task };
}

/** Finds a problem that the description of an execution shows by itself. */
export function stuckProblem({
  workflowId,
  type,
  taskQueue,
  status,
  raw,
}: WorkflowExecutionDescription): Problem | null {
  const problem = (text: string): Problem => ({ text, noWorker: null });
  if (status.name === 'PAUSED')
    return problem(
      `A person has paused ${workflowId} in Temporal. Go on: temporal workflow unpause --workflow-id ${shellWord(workflowId)}`,
    );
  const paused = raw.pendingActivities?.find((each) => each.paused === true);
  if (paused !== undefined)
    return problem(`A person has paused the activity ${paused.activityType?.name} of ${workflowId} in Temporal`);
  if ((raw.pendingWorkflowTask?.attempt ?? 1) < STUCK_ATTEMPT) return null;
  return problem(
    `The workers of the task queue "${taskQueue}" do not complete the workflow task of ${workflowId}. Check their log, and that their bundle has the workflow ${type}`,
  );
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

/** Looks for a problem. `undefined`: this check could not find out. */
export type FindProblem = () => Promise<Problem | null | undefined>;

/**
 * Minimum seconds between two checks of one execution, except before a second check. A warning takes two checks: ten
 * seconds at most for up to 30 executions. With more, the first check comes after a tenth of their number in seconds.
 */
const CHECK_SECONDS = 3;
/** Seconds until the second check of a task that no worker takes, and of a problem that the execution reports. */
const [SECOND_CHECK_SECONDS, SECOND_CHECK_OF_REPORT_SECONDS] = [4, 1.5];
/** Maximum number of checks in a second, for all executions that one watch waits for. */
const MAX_CHECKS = 10;

/**
 * Warns when something keeps an execution that a client waits for from moving. All operations of a client share a watch.
 * Each fleet and each cutover has its own.
 */
export class WorkerWatch {
  /** Task queues without a worker that a warning has named. */
  readonly #warned = new Set<string>();
  #watched = 0;

  /**
   * Waits for the result, and checks for problems meanwhile. `report` receives each confirmed problem. Default: a
   * warning.
   */
  async during<T>(
    findProblem: FindProblem,
    result: Promise<T>,
    report = (problem: Problem) => this.warn(problem),
  ): Promise<T> {
    const over = new AbortController();
    this.#watched++;
    // A failed check must not end the wait for the result.
    this.#watch(findProblem, over.signal, report).catch(() => {});
    try {
      return await result;
    } finally {
      this.#watched--;
      over.abort();
    }
  }

  /** Reports a problem once two checks have found it, with no clean check between them. Equal `since`: the same task. */
  async #watch(findProblem: FindProblem, signal: AbortSignal, report: (problem: Problem) => void): Promise<void> {
    /** Kind of the problem that was reported last. `null`: none since the last clean check. */
    let reported: 'no worker' | 'other' | null = null;
    let hasFailed = false;
    for (let before: Problem | null = null; ;) {
      // The second check comes soon, however many executions are waited for.
      const isUnsure = before !== null && reported === null && !hasFailed;
      const secondCheck = before?.isReported === true ? SECOND_CHECK_OF_REPORT_SECONDS : SECOND_CHECK_SECONDS;
      const seconds = isUnsure ? secondCheck : Math.max(CHECK_SECONDS, this.#watched / MAX_CHECKS);
      await sleep(seconds * 1000, undefined, { signal, ref: false });
      const found: Problem | null | undefined = await findProblem().catch(() => undefined);
      hasFailed = found === undefined;
      if (found === undefined) continue; // a check that failed proves nothing
      const isSame: boolean = before !== null && found?.noWorker?.since === before.noWorker?.since;
      if (found === null) {
        reported = null; // a problem that is over may come again
      } else if (isSame) {
        // Another task queue may be without workers later.
        if (found.noWorker !== null || reported !== 'other') report(found);
        reported = found.noWorker === null ? 'other' : 'no worker';
      }
      before = isSame ? null : found;
    }
  }

  /** Warns of a problem, of a task queue only once. */
  warn({ text, noWorker }: Problem): void {
    if (noWorker !== null && this.#warned.has(noWorker.taskQueue)) return;
    if (noWorker !== null) this.#warned.add(noWorker.taskQueue);
    const code = noWorker === null ? 'TEMPORAL_DMS_STUCK' : 'TEMPORAL_DMS_NO_WORKER';
    process.emitWarning(text, { code, type: 'TemporalDmsWarning' });
  }
}
