import { isGrpcCancelledError, WorkflowFailedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { operationInProgress, retryable } from '../operations/failures.js';
import { mayJoin, openOperation, type OpenOperation } from '../operations/join.js';
import { operationWorkflowId } from '../operations/names.js';
import type { AwaitedOperation, AwaitOperation } from '../operations/protocol.js';
import { secondsBetweenLooks } from '../watch/index.js';
import { currentAttempt, type Attempt } from './attempt.js';
import type { Environment } from './environment.js';

/** What an attempt leaves of start-to-close. */
const RESERVE_SECONDS = 5;

/**
 * Follows the operation that is open on a replication, if it is one that the caller's can join: the same kind, and no other operation id. Each
 * attempt is held on its result.
 */
export async function awaitOperation(environment: Environment, request: AwaitOperation): Promise<AwaitedOperation> {
  const { arn } = environment.target(request, 'dms.awaitOperation');
  const attempt = currentAttempt();
  const client = environment.client();
  const open = await findOpenOperation(client, operationWorkflowId(arn));
  if (open === null) return { end: 'gone' };
  if (!mayJoin(open, request)) throw operationInProgress(arn, open);
  const place = environment.takeHold();
  try {
    const held = Math.min(environment.holdSeconds, attempt.secondsLeft() - RESERVE_SECONDS);
    const ended = await resultWithin(client, open, place === null ? 1 : held, attempt);
    if (ended !== null) return ended;
  } finally {
    place?.release();
  }
  const delay = place === null ? secondsBetweenLooks(attempt.elapsedSeconds()) : 0.1;
  throw retryable(
    'DmsStillWaiting',
    `joined: following ${open.workflowId} (${open.kind} "${open.operationId ?? ''}")`,
    delay,
    {
      phase: 'joined',
      status: null,
      elapsedSeconds: attempt.elapsedSeconds(),
      retryInSeconds: delay,
    },
  );
}

/** How the open execution ended; `null`: not yet. */
async function resultWithin(
  client: Client,
  open: OpenOperation,
  seconds: number,
  attempt: Attempt,
): Promise<AwaitedOperation | null> {
  const patience = AbortSignal.any([attempt.signal, AbortSignal.timeout(seconds * 1000)]);
  try {
    const handle = client.workflow.getHandle(open.workflowId, open.runId);
    return { end: 'done', result: await client.withAbortSignal(patience, () => handle.result()) };
  } catch (err) {
    if (patience.aborted || isGrpcCancelledError(err)) {
      if (attempt.signal.aborted && !attempt.isShutdown(attempt.signal.reason)) throw attempt.signal.reason;
      return null;
    }
    if (err instanceof WorkflowNotFoundError) return { end: 'gone' };
    if (!(err instanceof WorkflowFailedError)) throw err;
    const { cause } = err;
    const isCutShort =
      cause instanceof CancelledFailure || cause instanceof TerminatedFailure || cause instanceof TimeoutFailure;
    if (!isCutShort) throw cause ?? err;
    // A reset closes its run, too, but the execution goes on in another.
    const next = await findOpenOperation(client, open.workflowId);
    return next?.firstExecutionRunId === open.firstExecutionRunId ? null : { end: 'gone' };
  }
}

async function findOpenOperation(client: Client, workflowId: string): Promise<OpenOperation | null> {
  try {
    return openOperation(await client.workflow.getHandle(workflowId).describe());
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return null;
    throw err;
  }
}
