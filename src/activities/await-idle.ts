import { operationWorkflowId } from '../contract/names.js';
import type { AwaitIdle } from '../contract/activity-protocol.js';
import { findExecution } from './runtime/find-execution.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import type { WorkerContext } from './runtime/worker-context.js';

/**
 * Shortest and longest delay until the next attempt. An operation that reported its end closes soon. Any other may
 * stay open for long.
 */
const MIN_DELAY_SECONDS = 1;
const MAX_DELAY_SECONDS = 600;

/** Waits until no operation is open on the replication, or until the given execution has closed. */
export async function awaitIdle(worker: WorkerContext, request: AwaitIdle): Promise<void> {
  const attempt = beginAttempt(worker, request, 'dms.awaitIdle', { phase: 'settling' });
  const open = await findExecution(worker.client(), operationWorkflowId(attempt.arn.arn));
  const { firstRunId = open?.firstRunId } = request;
  if (open === null || open.firstRunId !== firstRunId) return;
  const what = `${open.workflowId} (${open.kind} "${open.operationId ?? ''}") is open`;
  throw attempt.stillWaiting(
    what,
    Math.min(MAX_DELAY_SECONDS, Math.max(MIN_DELAY_SECONDS, attempt.elapsedSeconds / 4)),
  );
}
