import type { ReplicationArgument } from '../contract/activity-protocol.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import type { WorkerContext } from './runtime/worker-context.js';

const ELSEWHERE_SECONDS = 0.1;

/** Makes the watcher look at once. Fails retryably if this worker holds no wait, so that another worker can try. */
export async function nudge(worker: WorkerContext, request: ReplicationArgument): Promise<void> {
  const attempt = beginAttempt(worker, request, 'dms.nudge', { phase: 'stopping' });
  const { watcher } = worker.accountRegion(attempt.arn);
  if (watcher.nudge(attempt.arn) === 0) throw attempt.stillWaiting('no wait is held in this worker', ELSEWHERE_SECONDS);
}
