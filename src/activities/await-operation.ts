import { Context } from '@temporalio/activity';
import {
  isGrpcCancelledError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { isDmsFailure } from '../contract/failures.js';
import {
  firstRunIdOf,
  mayPreempt,
  openOperation,
  operationOfExecution,
  relationTo,
  type OpenOperation,
} from '../rules/joining.js';
import { operationWorkflowId } from '../contract/names.js';
import type { AwaitedOperation, AwaitOperation, WantedOperation } from '../contract/joining-protocol.js';
import { operationInProgress } from '../contract/failure-messages.js';
import { requireOwner } from '../ledger/reservation.js';
import { secondsBetweenLooks } from '../watch/index.js';
import { isShutdown } from './runtime/api-failures.js';
import type { Attempt } from './runtime/attempt.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import { clearNeverPickedUp, isNeverPickedUp, isPolled } from '../rules/never-picked-up.js';
import { describeExecution, findExecution } from './runtime/find-execution.js';
import { askLedger } from './runtime/ledger-access.js';
import type { WorkerContext } from './runtime/worker-context.js';
import { readStopInput } from '../contract/input-schemas.js';

/** Seconds of start-to-close that an attempt leaves unused. */
const RESERVE_SECONDS = 5;

/**
 * Follows the open operation of a replication, to join it or to run after it. Throws `DmsOperationInProgress` if
 * neither is allowed. Holds each attempt until the operation ends, at most `holdSeconds`.
 */
export async function awaitOperation(worker: WorkerContext, request: AwaitOperation): Promise<AwaitedOperation> {
  const { wanted } = request;
  const about = { operationId: wanted.operationId ?? undefined, phase: 'joined' } as const;
  const attempt = beginAttempt(worker, request, 'dms.awaitOperation', about);
  const client = worker.client();
  const { preempting, ours = false } = request;
  const found = await describeExecution(client, operationWorkflowId(attempt.arn.arn));
  const open = found === null ? null : ours ? ownOperation(found, wanted) : openOperation(found);
  if (found === null || open === null) return { end: 'gone' };
  if (!ours && (await clearIfNeverPickedUp(client, found, attempt.taskQueue))) return { end: 'gone' };
  if (preempting !== undefined && mayPreempt(open, wanted.kind)) return preempt(client, open, preempting, attempt);
  const relation = ours ? 'join' : relationTo(open, wanted);
  const where = await describeTaskQueue(client, found, attempt.taskQueue);
  if (relation === 'refuse') throw operationInProgress(attempt.arn.arn, open, where);
  const slot = worker.takeHoldSlot();
  try {
    const held = Math.min(worker.holdSeconds, attempt.secondsLeft - RESERVE_SECONDS);
    const ended = await endWithin(
      client,
      open,
      { ours, joins: relation === 'join' },
      slot === null ? 1 : held,
      attempt,
    );
    if (ended !== null) return ended;
  } finally {
    slot?.release();
  }
  const delay = slot === null ? secondsBetweenLooks(attempt.elapsedSeconds) : 0.1;
  throw attempt.stillWaiting(`following ${open.workflowId} (${open.kind} "${open.operationId ?? ''}")${where}`, delay);
}

/** Returns the caller's own operation, open or closed. `null`: the execution runs another operation. */
function ownOperation(found: WorkflowExecutionDescription, wanted: WantedOperation): OpenOperation | null {
  const newest = operationOfExecution(found);
  const host = Context.current().info.workflowExecution?.workflowId;
  return newest.hostWorkflowId === host && newest.operationId === wanted.operationId ? newest : null;
}

/** Terminates an execution that no worker ever picked up, if no worker polls its queue. Returns true if it closed. */
async function clearIfNeverPickedUp(
  client: Client,
  found: WorkflowExecutionDescription,
  taskQueue: string,
): Promise<boolean> {
  const { workflowId, runId } = found;
  const run = client.workflow.getHandle(workflowId, runId, { firstExecutionRunId: firstRunIdOf(found) });
  try {
    // A worker polls the caller's task queue, because this attempt runs on it.
    const isServed = (queue: string) => (queue === taskQueue ? Promise.resolve(true) : isPolled(client, queue));
    return (await clearNeverPickedUp(found, run, taskQueue, isServed)) !== null;
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return true; // already closed
    throw err;
  }
}

/** Describes an execution's task queue to an operator, as part of a sentence. Empty for the caller's own queue. */
async function describeTaskQueue(
  client: Client,
  found: WorkflowExecutionDescription,
  taskQueue: string,
): Promise<string> {
  if (found.taskQueue === taskQueue) return '';
  const isLost = isNeverPickedUp(found) && !(await isPolled(client, found.taskQueue));
  return `, on the task queue "${found.taskQueue}"${isLost ? ', which no worker polls' : ''}`;
}

/** Cancels the open resume, and fails retryably. A later attempt goes on once the resume has ended. */
async function preempt(client: Client, open: OpenOperation, input: unknown, attempt: Attempt): Promise<never> {
  const { owner } = readStopInput(input).requester;
  const { workflowExecution } = Context.current().info;
  const caller = { owner, parentWorkflowId: workflowExecution?.workflowId ?? null };
  requireOwner(await askLedger(attempt, (ledger) => ledger.read()), caller);
  const { workflowId, firstRunId: firstExecutionRunId } = open;
  try {
    await client.workflow.getHandle(workflowId, undefined, { firstExecutionRunId }).cancel();
  } catch (err) {
    if (!(err instanceof WorkflowNotFoundError)) throw err; // otherwise already closed
  }
  throw attempt.stillWaiting(`cancelled the resume "${open.operationId ?? ''}" to stop the replication instead`, 1);
}

/** Returns how the open execution ended. `null`: it is still open. */
async function endWithin(
  client: Client,
  open: OpenOperation,
  { ours, joins }: { readonly ours: boolean; readonly joins: boolean },
  seconds: number,
  { signal }: Attempt,
): Promise<AwaitedOperation | null> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, Math.round(seconds * 1000)))]);
  try {
    const handle = client.workflow.getHandle(open.workflowId, open.runId);
    const result = await client.withAbortSignal(patience, () => handle.result());
    return joins ? { end: 'done', result } : { end: 'gone' };
  } catch (err) {
    if (patience.aborted || isGrpcCancelledError(err)) {
      if (signal.aborted && !isShutdown(signal.reason)) throw signal.reason;
      return null;
    }
    if (err instanceof WorkflowNotFoundError) return { end: 'gone' };
    if (!(err instanceof WorkflowFailedError)) throw err;
    if (!joins) return { end: 'gone' };
    // The ledger may have refused the open operation because of the caller's own reservation.
    if (isDmsFailure(err.cause, 'DmsReplicationReserved') && !ours) return { end: 'gone' };
    if (!isCutShort(err.cause)) throw err.cause ?? err;
    // A reset terminates the run, and the execution goes on in another run.
    const next = await findExecution(client, open.workflowId, operationOfExecution);
    if (next?.firstRunId === open.firstRunId && next.runId !== open.runId) return null;
    if (!ours) return { end: 'gone' };
    const { name, message } = err.cause;
    throw ApplicationFailure.nonRetryable(`${open.workflowId}: ${message}`, name);
  }
}

function isCutShort(cause: unknown): cause is CancelledFailure | TerminatedFailure | TimeoutFailure {
  return cause instanceof CancelledFailure || cause instanceof TerminatedFailure || cause instanceof TimeoutFailure;
}
