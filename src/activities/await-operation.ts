import { Context } from '@temporalio/activity';
import { isGrpcCancelledError, WorkflowFailedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { isDmsFailure } from '../operations/failures.js';
import { mayJoin, mayPreempt, type OpenOperation } from '../operations/join.js';
import { operationWorkflowId } from '../operations/names.js';
import type { AwaitedOperation, AwaitOperation } from '../operations/protocol.js';
import { operationInProgress } from '../operations/refusals.js';
import { requireOwner } from '../operations/reservations.js';
import { secondsBetweenLooks } from '../watch/index.js';
import { isShutdown, type Attempt } from './attempt.js';
import { findOpenOperation } from './await-idle.js';
import type { Environment } from './environment.js';
import { readStopInput } from './schemas.js';

/** What an attempt leaves of start-to-close. */
const RESERVE_SECONDS = 5;

/**
 * Follows the operation that is open on a replication, if it is one that the caller's can join: the same kind, and no other operation id. Each
 * attempt is held on its result.
 */
export async function awaitOperation(environment: Environment, request: AwaitOperation): Promise<AwaitedOperation> {
  const about = { operationId: request.operationId ?? undefined, phase: 'joined' } as const;
  const attempt = environment.attempt(request, 'dms.awaitOperation', about);
  const client = environment.client();
  const open = await findOpenOperation(client, operationWorkflowId(attempt.arn.arn));
  if (open === null) return { end: 'gone' };
  const { preempting } = request;
  if (preempting !== undefined && mayPreempt(open, request.kind)) return preempt(client, open, preempting, attempt);
  if (!mayJoin(open, request)) throw operationInProgress(attempt.arn.arn, open);
  const place = environment.takeHold();
  try {
    const held = Math.min(environment.holdSeconds, attempt.secondsLeft - RESERVE_SECONDS);
    const ended = await resultWithin(client, open, place === null ? 1 : held, attempt);
    if (ended !== null) return ended;
  } finally {
    place?.release();
  }
  const delay = place === null ? secondsBetweenLooks(attempt.elapsedSeconds) : 0.1;
  throw attempt.stillWaiting(`following ${open.workflowId} (${open.kind} "${open.operationId ?? ''}")`, delay);
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
  seconds: number,
  { signal }: Attempt,
): Promise<AwaitedOperation | null> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(Math.round(seconds * 1000))]);
  try {
    const handle = client.workflow.getHandle(open.workflowId, open.runId);
    return { end: 'done', result: await client.withAbortSignal(patience, () => handle.result()) };
  } catch (err) {
    if (patience.aborted || isGrpcCancelledError(err)) {
      if (signal.aborted && !isShutdown(signal.reason)) throw signal.reason;
      return null;
    }
    if (err instanceof WorkflowNotFoundError) return { end: 'gone' };
    if (!(err instanceof WorkflowFailedError)) throw err;
    // What it was refused for may be the caller's own reservation.
    if (isDmsFailure(err.cause, 'DmsReplicationReserved')) return { end: 'gone' };
    if (!isCutShort(err.cause)) throw err.cause ?? err;
    // A reset closes its run, too, but the execution goes on in another.
    const next = await findOpenOperation(client, open.workflowId);
    return next?.firstExecutionRunId === open.firstExecutionRunId ? null : { end: 'gone' };
  }
}

function isCutShort(cause: unknown): boolean {
  return cause instanceof CancelledFailure || cause instanceof TerminatedFailure || cause instanceof TimeoutFailure;
}
