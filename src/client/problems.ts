/** Finds what keeps an execution from moving, as far as the server knows. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { shellWord } from '../contract/commands.js';
import { decodeFailure } from './payloads.js';
import { describeNoWorker, findWaitingTask, type WaitingTask } from './workers.js';

/** Problem of an execution that is waited for. */
export interface Problem {
  readonly text: string;
  /** Task that no worker takes. `null`: another problem. */
  readonly noWorker: WaitingTask | null;
  /** True if the execution reports the problem itself. The second check then comes soon. */
  readonly isReported?: true;
}

type Description = Pick<WorkflowExecutionDescription, 'workflowId' | 'runId' | 'type' | 'taskQueue' | 'status' | 'raw'>;

/**
 * Finds what keeps an execution from moving: no worker takes its task, its workers can't complete its workflow
 * task, or a person has paused it. `null`: nothing.
 */
export async function findProblem(client: Client, description: Description): Promise<Problem | null> {
  const isRunning = description.status.name === 'RUNNING';
  const task = isRunning ? await findWaitingTask(client, description) : null;
  if (task !== null) return { text: describeNoWorker(task), noWorker: task };
  const text = describePause(description) ?? (isRunning ? await describeStuckTask(client, description) : null);
  return text === null ? null : { text, noWorker: null };
}

/** Says that a person has paused the execution, or one of its activities. `null`: nobody has. */
export function describePause({ workflowId, status, raw }: Description): string | null {
  if (status.name === 'PAUSED')
    return `A person has paused ${workflowId} in Temporal. Go on: temporal workflow unpause --workflow-id ${shellWord(workflowId)}`;
  const paused = raw.pendingActivities?.find((each) => each.paused === true);
  if (paused === undefined) return null;
  return `A person has paused the activity ${paused.activityType?.name} of ${workflowId} in Temporal`;
}

/** Attempt from which a workflow task counts as stuck even if no worker has said why. The second may only be slow. */
const STUCK_ATTEMPT = 3;

/**
 * Says that the workers of an execution take its workflow task, and can't complete it. `null`: they may be able to.
 *
 * A worker says so once, in its answer to the first attempt: its bundle lacks the workflow, or the workflow's code has
 * changed. Later attempts end by their timeout of ten seconds.
 */
export async function describeStuckTask(client: Client, description: Description): Promise<string | null> {
  const { workflowId, type, taskQueue, raw } = description;
  const attempt = raw.pendingWorkflowTask?.attempt ?? 1;
  if (attempt < 2) return null;
  const check = `Check their log, and that their bundle has the workflow ${type}`;
  const failure = await findTaskFailure(client, description);
  if (failure !== null)
    return `The workers of the task queue "${taskQueue}" fail the workflow task of ${workflowId}: ${failure.message.replace(/\.?$/, '.')} ${check}`;
  if (attempt < STUCK_ATTEMPT) return null;
  return `The workers of the task queue "${taskQueue}" do not complete the workflow task of ${workflowId}. ${check}`;
}

/** Values of `EventType` in Temporal's API: ends of a workflow task. */
const [COMPLETED, TIMED_OUT, FAILED] = [7, 8, 9] as const;
/** Number of newest events to look at. Signals may follow the end of a workflow task. */
const NEWEST_EVENTS = 20;

/** Returns the failure with which a worker has ended the newest workflow task. `null`: it ended otherwise. */
async function findTaskFailure(client: Client, { workflowId, runId }: Description): Promise<Error | null> {
  const newest = await newestEvents(client, { workflowId, runId });
  const end = newest.find(({ eventType }) => [COMPLETED, TIMED_OUT, FAILED].includes(Number(eventType) as never));
  const failure = end?.workflowTaskFailedEventAttributes?.failure;
  // A reset ends a workflow task with a failure, too.
  if (failure == null || failure.resetWorkflowFailureInfo != null) return null;
  return decodeFailure(client, failure);
}

async function newestEvents(
  { workflowService, options: { namespace } }: Client,
  execution: { readonly workflowId: string; readonly runId: string },
) {
  try {
    const maximumPageSize = NEWEST_EVENTS;
    const request = { namespace, execution, maximumPageSize };
    const { history } = await workflowService.getWorkflowExecutionHistoryReverse(request);
    return history?.events ?? [];
  } catch {
    return []; // the caller may not be allowed to ask
  }
}
