import {
  WorkflowFailedError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { findDmsFailure } from '../contract/failures.js';
import { messageNames } from '../contract/names.js';
import { isPlain } from '../contract/schema-parts.js';
import type { AttemptProgress, HeldProgress, OperationPhase, OperationProgress } from '../contract/progress.js';
import type { StopReplicationResult } from '../contract/results.js';
import { decodeFailure, decodePayload } from './payloads.js';
import { askServer, isExplainedByServer, isUnanswered, isUnavailable, serverMessageOf, unreachable } from './reach.js';
import type { OperationRequest } from './requests.js';
import { toIso } from './times.js';
import { findWaitingTask, describeNoWorker, type NoWorker } from './workers.js';

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
/** Seconds a task may wait for a worker that polled lately. Such a worker may only be slow. */
const SLOW_SECONDS = 10;

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
  const noWorker = await findNoWorker(client, description);
  const known =
    (await pendingProgress(client, description, request)) ??
    (await reportedProgress(client, handle, description, noWorker !== null));
  const isElsewhere = description.taskQueue !== taskQueue;
  const remarks = [
    ...(isElsewhere
      ? [`It runs on the task queue "${description.taskQueue}", not on this client's "${taskQueue}"`]
      : []),
    ...(noWorker === null ? [] : [describeNoWorker(noWorker)]),
  ];
  return { ...known, detail: [known.detail, ...remarks].join('. '), taskQueue: description.taskQueue, noWorker };
}

async function findNoWorker(client: Client, description: WorkflowExecutionDescription): Promise<NoWorker | null> {
  if (description.status.name !== 'RUNNING') return null;
  const found = await findWaitingTask(client, description);
  if (found === null) return null;
  const { isCertain, ...noWorker } = found;
  return isCertain || Date.now() - Date.parse(noWorker.since) > SLOW_SECONDS * 1000 ? noWorker : null;
}

/** Reads the progress from the end of the execution, because that needs no worker. Otherwise asks the workflow. */
async function reportedProgress(
  client: Client,
  handle: WorkflowHandle,
  description: WorkflowExecutionDescription,
  hasNoWorker: boolean,
): Promise<OperationProgress> {
  const { status, startTime, closeTime } = description;
  const isOpen = status.name === 'RUNNING' || status.name === 'PAUSED';
  if (!isOpen) return finalProgress(handle, (closeTime ?? startTime).toISOString());
  const unknown = { phase: 'beginning', lastStatus: null, since: startTime.toISOString(), until: null } as const;
  if (hasNoWorker) return { ...unknown, detail: 'It waits for a worker' };
  try {
    const deadline = Date.now() + QUERY_SECONDS * 1000;
    return await client.withDeadline(deadline, () => handle.query<OperationProgress>(messageNames.progress));
  } catch (err) {
    if (isUnavailable(err)) throw unreachable(client, err);
    if (isExplainedByServer(err)) return { ...unknown, detail: `Temporal says: ${serverMessageOf(err)}` };
    if (!isUnanswered(err)) throw err;
    return { ...unknown, detail: `No worker answered for ${QUERY_SECONDS} seconds` };
  }
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
  const since = toIso(pending.scheduledTime ?? pending.lastStartedTime) ?? startTime.toISOString();
  const seen = await attemptProgress(client, pending);
  const phase = seen.phase ?? phaseOfPending;
  const seconds = phase === phaseOfPending ? (await request(description))?.limits[phase] : undefined;
  // The limit of a start counts from the beginning of the resume.
  const from = phase === 'starting' ? startTime.getTime() : Date.parse(since);
  const until = seconds === undefined ? null : new Date(from + seconds * 1000).toISOString();
  return {
    phase,
    lastStatus: seen.lastStatus,
    since,
    until,
    detail: seen.detail ?? `${phase}: "${seen.lastStatus ?? 'not seen'}"; a worker watches`,
  };
}

/** Reads what the newest attempt has seen, from its failure or from its heartbeat. */
async function attemptProgress(
  client: Client,
  pending: PendingActivity,
): Promise<HeldProgress & { readonly detail: string | null }> {
  if (pending.lastFailure == null) {
    const held = await heldProgress(client, pending);
    return held === null
      ? { phase: null, lastStatus: null, detail: 'its first look is under way' }
      : { phase: held.phase ?? null, lastStatus: held.lastStatus ?? null, detail: null };
  }
  const failure = await decodeFailure(client, pending.lastFailure);
  const details =
    failure instanceof ApplicationFailure ? (failure.details?.[0] as Partial<AttemptProgress> | undefined) : undefined;
  return { phase: details?.phase ?? null, lastStatus: details?.status ?? null, detail: failure.message };
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
    return { phase: 'done', lastStatus: replication?.status ?? null, since, until: null, detail: 'Recorded' };
  } catch (err) {
    if (!(err instanceof WorkflowFailedError)) throw err;
    const failure = findDmsFailure(err);
    const detail = (failure ?? err.cause ?? err).message;
    return { phase: 'failed', lastStatus: failure?.details[0].status ?? null, since, until: null, detail };
  }
}
