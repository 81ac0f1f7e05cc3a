import {
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { findDmsFailure } from '../contract/failures.js';
import { ledgerWorkflowId, messageNames, operationWorkflowId } from '../contract/names.js';
import { isPlain } from '../contract/schema-parts.js';
import type { AttemptProgress, HeldProgress, OperationPhase, OperationProgress } from '../contract/progress.js';
import type { StopReplicationResult } from '../contract/results.js';
import { decodeFailure, decodePayload } from './payloads.js';
import { describePause, findProblem, findWorkerProblem, type Problem } from './problems.js';
import { askServer, isExplainedByServer, isUnanswered, isUnavailable, serverMessageOf, unreachable } from './reach.js';
import type { OperationRequest } from './requests.js';
import { toIso } from './times.js';
import { findUnservedTask, findWaitingWorkflowTask, type NoWorker } from './workers.js';

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

const phaseOfActivity: Readonly<Record<string, OperationPhase>> = {
  'dms.requestStop': 'waiting-until-stoppable',
  'dms.awaitStopped': 'stopping',
  'dms.requestStart': 'checking',
  'dms.awaitRunning': 'starting',
  'dms.recordOperation': 'recording',
  'dms.awaitOperation': 'joined',
};

/** Progress of an operation, as a client sees it. */
export interface ClientProgress extends OperationProgress {
  /** Task queue of the operation. Differs from the client's own if an operation of another client was joined. */
  readonly taskQueue: string;
  /** Task that no worker takes; `detail` names it, too. `null`: a worker takes the operation's tasks. */
  readonly noWorker: NoWorker | null;
}

/** Time limit of the progress query. Without a worker, nothing answers it. */
const QUERY_SECONDS = 8;

/** Reads the request of a described operation. `null`: its input is invalid. */
export type ReadRequest = (description: WorkflowExecutionDescription) => Promise<OperationRequest | null>;

/** Reads the progress of an operation. `taskQueue` is the client's own. */
export async function readProgress(
  client: Client,
  handle: WorkflowHandle,
  taskQueue: string,
  request: ReadRequest,
): Promise<ClientProgress> {
  const description = await askServer(client, () => handle.describe());
  const unserved = await findWorkerProblem(client, description, findUnservedTask);
  const waiting = unserved?.noWorker ?? null;
  const noWorker = waiting === null ? null : { taskQueue: waiting.taskQueue, since: waiting.since };
  const known =
    (await pendingProgress(client, description, request)) ??
    (await reportedProgress(client, handle, description, unserved !== null));
  const isElsewhere = description.taskQueue !== taskQueue;
  const stuck = unserved?.text ?? describePause(description);
  const remarks = [
    ...(isElsewhere
      ? [`It runs on the task queue "${description.taskQueue}", not on this client's "${taskQueue}"`]
      : []),
    ...(stuck === null ? [] : [stuck]),
  ];
  const detail = [known.detail, ...remarks].join('. ');
  return { ...known, detail, problem: stuck ?? known.problem ?? null, taskQueue: description.taskQueue, noWorker };
}

/**
 * Finds what keeps an operation from going on, for a caller that looks again before it says so. Asks the workflow only if
 * nothing is pending. A worker that lacks an activity leaves it so. `undefined`: it can't tell now.
 */
export async function findOperationProblem(
  client: Client,
  handle: WorkflowHandle,
): Promise<Problem | null | undefined> {
  const description = await askServer(client, () => handle.describe());
  const found = await findProblem(client, description);
  if (found !== null || description.status.name !== 'RUNNING') return found;
  const { pendingActivities, pendingChildren, pendingWorkflowTask } = description.raw;
  const pending = await pendingProgress(client, description, async () => null);
  const isIdle = !pendingActivities?.length && !pendingChildren?.length && pendingWorkflowTask == null;
  if (pending === null && !isIdle) return undefined;
  const { problem } = pending ?? (await reportedProgress(client, handle, description, false));
  return problem == null ? null : { text: problem, noWorker: null };
}

/** Reads the progress from the end of the execution, because that needs no worker. Otherwise asks the workflow. */
async function reportedProgress(
  client: Client,
  handle: WorkflowHandle,
  description: WorkflowExecutionDescription,
  isUnserved: boolean,
): Promise<OperationProgress> {
  const { status, startTime, closeTime } = description;
  const isOpen = status.name === 'RUNNING' || status.name === 'PAUSED';
  if (!isOpen) return finalProgress(handle, (closeTime ?? startTime).toISOString());
  const since = startTime.toISOString();
  const unknown = { phase: 'beginning', lastStatus: null, since, until: null, problem: null } as const;
  if (isUnserved) return { ...unknown, detail: 'No worker completes its task' };
  try {
    const deadline = Date.now() + QUERY_SECONDS * 1000;
    return await client.withDeadline(deadline, () => handle.query<OperationProgress>(messageNames.progress));
  } catch (err) {
    if (isUnavailable(err)) throw unreachable(client, err);
    if (!isExplainedByServer(err) && !isUnanswered(err)) throw err;
    const problem = isExplainedByServer(err)
      ? `Temporal says: ${serverMessageOf(err)}. ${bundleHint(description)}`
      : `No worker answered for ${QUERY_SECONDS} seconds`;
    return { ...unknown, detail: problem, problem };
  }
}

/** Says what a worker that fails the operation's workflow task may lack. */
function bundleHint({ taskQueue, type }: WorkflowExecutionDescription): string {
  return `Check that the workers of the task queue "${taskQueue}" have the workflow ${type} in their bundle`;
}

/** Reads the progress from a pending activity. Needs no worker. `null`: no activity of a phase is pending. */
async function pendingProgress(
  client: Client,
  description: WorkflowExecutionDescription,
  request: ReadRequest,
): Promise<OperationProgress | null> {
  const { status, raw, startTime } = description;
  const phaseOf = (each: PendingActivity | undefined) => phaseOfActivity[each?.activityType?.name ?? ''];
  // A nudge may be pending beside the activity of the phase.
  const pending = raw.pendingActivities?.find(phaseOf);
  const phaseOfPending = phaseOf(pending);
  if (status.name !== 'RUNNING' || !pending || !phaseOfPending) return null;
  const seen = await attemptProgress(client, pending);
  // Without a failure or a heartbeat this is the first attempt, so both times are equal.
  const since = seen.since ?? toIso(pending.scheduledTime ?? pending.lastStartedTime) ?? startTime.toISOString();
  const phase = seen.phase ?? phaseOfPending;
  const seconds = phase === phaseOfPending ? (await request(description))?.limits[phase] : undefined;
  // The limit of a start counts from the beginning of the resume.
  const from = phase === 'starting' ? startTime.getTime() : Date.parse(since);
  const until = seconds === undefined ? null : new Date(from + seconds * 1000).toISOString();
  const problem = seen.problem ?? (seen.since === null ? await ledgerProblem(client, description, pending) : null);
  const detail = problem ?? seen.detail ?? `${phase}: "${seen.lastStatus ?? 'not seen'}"; a worker watches`;
  return { phase, lastStatus: seen.lastStatus, since, until, detail, problem };
}

/** Activities whose attempts ask the ledger. */
const activitiesThatAskLedger: readonly string[] = ['dms.requestStop', 'dms.requestStart', 'dms.recordOperation'];

/** Finds out whether the ledger keeps an attempt waiting. An attempt fails for that reason only after half a minute. */
async function ledgerProblem(
  client: Client,
  { workflowId }: WorkflowExecutionDescription,
  { activityType }: PendingActivity,
): Promise<string | null> {
  if (!activitiesThatAskLedger.includes(activityType?.name ?? '')) return null;
  const arn = workflowId.slice(operationWorkflowId('').length);
  try {
    const ledger = await askServer(client, () => client.workflow.getHandle(ledgerWorkflowId(arn)).describe());
    if (ledger.status.name !== 'RUNNING') return null; // the attempt itself says what that means
    // An operation does not wait for the activities of its ledger.
    const problem = await findProblem(client, ledger, findWaitingWorkflowTask);
    return problem === null ? null : `It waits for its ledger. ${problem.text}`;
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return null; // no ledger yet
    throw err;
  }
}

interface SeenByAttempt {
  readonly phase: OperationPhase | null;
  readonly lastStatus: string | null;
  readonly since: string | null;
  readonly detail: string | null;
  readonly problem: string | null;
}

/** Failure types of an attempt that only waits. */
const harmless: readonly string[] = ['DmsStillWaiting', 'DmsThrottled'];

/** Reads what the newest attempts have seen, from the last failure or from the heartbeat, whichever is newer. */
async function attemptProgress(client: Client, pending: PendingActivity): Promise<SeenByAttempt> {
  const held = await heldProgress(client, pending);
  const { lastHeartbeatTime, lastStartedTime, lastFailure } = pending;
  const startedAt = toIso(lastStartedTime);
  // An attempt that has not started has the heartbeat of the one before.
  const isHeld = held !== null && startedAt !== null && (toIso(lastHeartbeatTime) ?? '') > startedAt;
  if (lastFailure == null || isHeld) {
    const { phase = null, lastStatus = null, since = null } = held ?? {};
    const detail = held === null ? 'its first look is under way' : null;
    return { phase, lastStatus, since, detail, problem: null };
  }
  const failure = await decodeFailure(client, lastFailure);
  const isOurs = failure instanceof ApplicationFailure;
  const details = isOurs ? (failure.details?.[0] as Partial<AttemptProgress> | undefined) : undefined;
  const { phase = held?.phase ?? null, status = held?.lastStatus ?? null, since = held?.since ?? null } = details ?? {};
  // The next attempt goes on after a timeout, such as that of a worker that was killed.
  const problem = isOurs && !harmless.includes(failure.type ?? '') ? failure.message : null;
  return { phase, lastStatus: status, since, detail: failure.message, problem };
}

/**
 * Reads the progress from the heartbeat of a held attempt. `null`: none. Heartbeats of other activities hold other
 * details.
 */
async function heldProgress(client: Client, { heartbeatDetails }: PendingActivity): Promise<HeldProgress | null> {
  const [payload] = heartbeatDetails?.payloads ?? [];
  if (payload == null) return null;
  const details = await decodePayload(client, payload);
  return isPlain(details) && 'lastStatus' in details ? (details as unknown as HeldProgress) : null;
}

/** Reads the end of a closed execution, without a worker. */
async function finalProgress(handle: WorkflowHandle, since: string): Promise<OperationProgress> {
  try {
    const { replication } = (await handle.result()) as Partial<StopReplicationResult>;
    return {
      phase: 'done',
      lastStatus: replication?.status ?? null,
      since,
      until: null,
      detail: 'Recorded',
      problem: null,
    };
  } catch (err) {
    if (!(err instanceof WorkflowFailedError)) throw err;
    const failure = findDmsFailure(err);
    const detail = (failure ?? err.cause ?? err).message;
    return {
      phase: 'failed',
      lastStatus: failure?.details[0].status ?? null,
      since,
      until: null,
      detail,
      problem: null,
    };
  }
}
