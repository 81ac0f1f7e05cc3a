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
  const silence = await findSilence(client, description, findTask);
  const text = silence === null ? describePause(description) : null;
  return text === null ? silence : { text, noWorker: null };
}

/** Finds out why an execution answers nothing: no worker takes its task, or none completes its workflow task. */
export async function findSilence(
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
  return `A person has paused the activity ${paused.activityType?.name} of ${workflowId} in Temporal`;
}

/** Attempt from which a workflow task counts as stuck even if no worker has said why. The second may only be slow. */
const STUCK_ATTEMPT = 3;

/**
 * Says that the workers of an execution take its workflow task, and can't complete it. `null`: they may be able to.
 *
 * A worker reports its error for the first attempt only. Later attempts time out after ten seconds.
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
  if (failure.cause === WORKER)
    return `${workers} fail ${task}${said}. Check their log. Check that their bundle has the workflow ${type}`;
  if (failure.cause === NON_DETERMINISTIC)
    return `${workers} fail ${task}, because their code differs from that of its beginning${said}. Start a worker of that version`;
  return `Temporal rejects ${task} from the workers of the task queue "${taskQueue}"${said}. Check their log`;
}

/** Values of `EventType` in Temporal's API: ends of a workflow task. */
const ENDS: readonly number[] = [7, 8, 9]; // COMPLETED, TIMED_OUT, FAILED
/** Values of `WorkflowTaskFailedCause` in Temporal's API. */
const [WORKER, NON_DETERMINISTIC] = [14, 24] as const;
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
  const failed = newest.find(({ eventType }) => ENDS.includes(Number(eventType)))?.workflowTaskFailedEventAttributes;
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
