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

/** Finds a task that no worker takes. `null`: none. */
type FindTask = (client: Client, description: Description) => Promise<WaitingTask | null>;

/** Finds what keeps an execution from moving. `null`: nothing. `findTask`: finds the tasks that count. */
export async function findProblem(
  client: Client,
  description: Description,
  findTask?: FindTask,
): Promise<Problem | null> {
  const found = await findWorkerProblem(client, description, findTask);
  const text = found === null ? describePause(description) : null;
  return text === null ? found : { text, noWorker: null };
}

/** Finds a problem of the workers: none takes a task of the execution, or none completes its workflow task. */
export async function findWorkerProblem(
  client: Client,
  description: Description,
  findTask: FindTask = findWaitingTask,
): Promise<Problem | null> {
  if (description.status.name !== 'RUNNING') return null;
  const task = await findTask(client, description);
  if (task !== null) return { text: describeNoWorker(task), noWorker: task };
  const text = await describeStuckTask(client, description);
  return text === null ? null : { text, noWorker: null };
}

/** Says that a person has paused the execution, or one of its activities. `null`: nobody has. */
export function describePause({ workflowId, status, raw }: Description): string | null {
  if (status.name === 'PAUSED')
    return `A person has paused ${workflowId} in Temporal. Go on: temporal workflow unpause --workflow-id ${shellWord(workflowId)}`;
  const paused = raw.pendingActivities?.find((each) => each.paused === true);
  if (paused === undefined) return null;
  const ids = `--workflow-id ${shellWord(workflowId)} --activity-id ${shellWord(paused.activityId ?? '')}`;
  return `A person has paused the activity ${paused.activityType?.name} of ${workflowId} in Temporal. Go on: temporal activity unpause ${ids}`;
}

/** A workflow task without a reported failure counts as stuck from this attempt on. At the second, a worker may be slow. */
const STUCK_ATTEMPT = 3;

/**
 * Returns why workers take the workflow task but do not complete it. `null`: no sign of that.
 *
 * Workers report only the first failed attempt. Later attempts end by the timeout of a workflow task, ten seconds.
 */
export async function describeStuckTask(client: Client, description: Description): Promise<string | null> {
  const { workflowId, type, taskQueue, raw } = description;
  const attempt = raw.pendingWorkflowTask?.attempt ?? 1;
  if (attempt < 2) return null;
  const [task, workers] = [`the workflow task of ${workflowId}`, `The workers of the task queue "${taskQueue}"`];
  const failure = await findTaskFailure(client, description);
  if (failure === null && attempt < STUCK_ATTEMPT) return null;
  if (failure === null)
    return `${workers} do not complete ${task}. Check their log. Check that their bundle has the workflow ${type}`;
  const said = failure.message === '' ? '' : `: ${failure.message}`;
  if (failure.cause === UNHANDLED_FAILURE)
    return `${workers} fail ${task}${said}. Check their log. Check that their bundle has the workflow ${type}`;
  if (failure.cause === NON_DETERMINISTIC)
    return `${workers} fail ${task}${said}. Their code does not match its history. Start a worker with the code that wrote the history`;
  return `Temporal rejects ${task} from the workers of the task queue "${taskQueue}"${said}. Check their log`;
}

/** Values of `EventType` in Temporal's API: ends of a workflow task. */
const TASK_END_EVENTS: readonly number[] = [7, 8, 9]; // COMPLETED, TIMED_OUT, FAILED
/** Values of `WorkflowTaskFailedCause` in Temporal's API. */
const [UNHANDLED_FAILURE, NON_DETERMINISTIC] = [14, 24] as const;
/** Number of newest events to look at. Signals may follow the end of a workflow task. */
const NEWEST_EVENTS = 20;
/** Time limit for the newest events. */
const HISTORY_SECONDS = 2;
/** Maximum length of a failure's message. */
const MAX_MESSAGE = 300;

interface TaskFailure {
  /** First line of the message, without a period at its end. */
  readonly message: string;
  /** Value of `WorkflowTaskFailedCause`. */
  readonly cause: number;
}

/** Returns the failure that ended the newest workflow task. `null`: it ended otherwise. */
async function findTaskFailure(client: Client, { workflowId, runId }: Description): Promise<TaskFailure | null> {
  const newest = await newestEvents(client, { workflowId, runId });
  const failed = newest.find(({ eventType }) =>
    TASK_END_EVENTS.includes(Number(eventType)),
  )?.workflowTaskFailedEventAttributes;
  const raw = failed?.failure;
  // A reset ends a workflow task with a failure, too.
  if (raw == null || raw.resetWorkflowFailureInfo != null) return null;
  // Without the right codec, the message says only that it is encoded.
  const { message } = await decodeFailure(client, raw).catch(() => ({ message: raw.message ?? '' }));
  const [line = ''] = message.split('\n');
  return { message: line.slice(0, MAX_MESSAGE).trim().replace(/\.$/, ''), cause: Number(failed?.cause) };
}

async function newestEvents(client: Client, execution: { readonly workflowId: string; readonly runId: string }) {
  const { namespace } = client.options;
  const request = { namespace, execution, maximumPageSize: NEWEST_EVENTS };
  try {
    const { history } = await client.withDeadline(Date.now() + HISTORY_SECONDS * 1000, () =>
      client.workflowService.getWorkflowExecutionHistoryReverse(request),
    );
    return history?.events ?? [];
  } catch {
    return []; // the caller may not be allowed to ask
  }
}
