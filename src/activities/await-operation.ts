import { Context } from '@temporalio/activity';
import { isGrpcCancelledError, WorkflowFailedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { isDmsFailure } from '../operations/failures.js';
import { mayPreempt, operationIn, relationTo, type OpenOperation } from '../operations/join.js';
import { operationWorkflowId } from '../operations/names.js';
import type { AwaitedOperation, AwaitOperation } from '../operations/protocol.js';
import { operationInProgress } from '../operations/refusals.js';
import { requireOwner } from '../operations/reservations.js';
import { secondsBetweenLooks } from '../watch/index.js';
import { isShutdown, type Attempt } from './attempt.js';
import { findExecution } from './await-idle.js';
import type { Environment } from './environment.js';
import { readStopInput } from '../operations/input-schemas.js';

/** What an attempt leaves of start-to-close. */
const RESERVE_SECONDS = 5;

/**
 * Follows the operation that is open on a replication, if the caller's asks for the same thing or runs after it. Each attempt is held on its result.
 */
export async function awaitOperation(environment: Environment, request: AwaitOperation): Promise<AwaitedOperation> {
  const { wanted } = request;
  const about = { operationId: wanted.operationId ?? undefined, phase: 'joined' } as const;
  const attempt = environment.attempt(request, 'dms.awaitOperation', about);
  const client = environment.client();
  const open = await findFollowed(client, operationWorkflowId(attempt.arn.arn), request);
  if (open === null) return { end: 'gone' };
  const { preempting, ours = false } = request;
  if (preempting !== undefined && mayPreempt(open, wanted.kind)) return preempt(client, open, preempting, attempt);
  const relation = ours ? 'join' : relationTo(open, wanted);
  if (relation === 'refuse') throw operationInProgress(attempt.arn.arn, open);
  const place = environment.takeHold();
  try {
    const held = Math.min(environment.holdSeconds, attempt.secondsLeft - RESERVE_SECONDS);
    const ended = await resultWithin(
      client,
      open,
      { ours, joins: relation === 'join' },
      place === null ? 1 : held,
      attempt,
    );
    if (ended !== null) return ended;
  } finally {
    place?.release();
  }
  const delay = place === null ? secondsBetweenLooks(attempt.elapsedSeconds) : 0.1;
  throw attempt.stillWaiting(`following ${open.workflowId} (${open.kind} "${open.operationId ?? ''}")`, delay);
}

/** What is open; or the caller's own, although it is closed. */
async function findFollowed(client: Client, workflowId: string, { ours = false, wanted }: AwaitOperation) {
  if (!ours) return findExecution(client, workflowId);
  const newest = await findExecution(client, workflowId, operationIn);
  const host = Context.current().info.workflowExecution?.workflowId;
  return newest?.hostWorkflowId === host && newest?.operationId === wanted.operationId ? newest : null;
}

/** Ends the resume that is under way. How it ends is for it to say; once it has, the next attempt finds the way free. */
async function preempt(client: Client, open: OpenOperation, input: unknown, attempt: Attempt): Promise<never> {
  const { owner } = readStopInput(input).asked;
  const { workflowExecution } = Context.current().info;
  const caller = { owner, parentWorkflowId: workflowExecution?.workflowId ?? null };
  requireOwner(await attempt.askLedger((ledger) => ledger.read()), caller);
  const { workflowId, firstExecutionRunId } = open;
  try {
    await client.workflow.getHandle(workflowId, undefined, { firstExecutionRunId }).cancel();
  } catch (err) {
    if (!(err instanceof WorkflowNotFoundError)) throw err; // else it has just ended
  }
  throw attempt.stillWaiting(`cancelled the resume "${open.operationId ?? ''}" to stop the replication instead`, 1);
}

/** How the open execution ended; `null`: not yet. */
async function resultWithin(
  client: Client,
  open: OpenOperation,
  { ours, joins }: { readonly ours: boolean; readonly joins: boolean },
  seconds: number,
  { signal }: Attempt,
): Promise<AwaitedOperation | null> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(Math.round(seconds * 1000))]);
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
    // What it was refused for may be the caller's own reservation.
    if (isDmsFailure(err.cause, 'DmsReplicationReserved') && !ours) return { end: 'gone' };
    if (!isCutShort(err.cause)) throw err.cause ?? err;
    // A reset closes its run, too, but the execution goes on in another.
    const next = await findExecution(client, open.workflowId, operationIn);
    if (next?.firstExecutionRunId === open.firstExecutionRunId && next.runId !== open.runId) return null;
    if (!ours) return { end: 'gone' };
    const { name, message } = err.cause;
    throw ApplicationFailure.nonRetryable(`${open.workflowId}: ${message}`, name);
  }
}

function isCutShort(cause: unknown): cause is CancelledFailure | TerminatedFailure | TimeoutFailure {
  return cause instanceof CancelledFailure || cause instanceof TerminatedFailure || cause instanceof TimeoutFailure;
}
