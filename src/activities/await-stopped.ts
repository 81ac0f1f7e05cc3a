import { readActivityRequest } from '../contract/input-schemas.js';
import type { AwaitStopped, StoppedReplication } from '../contract/activity-protocol.js';
import { replicationDeleting, replicationFailed, stateBefore } from '../contract/failure-messages.js';
import { beginStopWait, judgeStop, type StopWaitMemory } from '../rules/stop-settling.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import type { WorkerContext } from './runtime/worker-context.js';
import { holdAttempt } from './runtime/held-attempt.js';

/**
 * Waits until a requested stop has settled.
 *
 * A look at an active replication ends the wait if `mayHaveCalled`, `before` and `hasSeenStop` are all unset. Nobody
 * has asked DMS to stop it then.
 */
export async function awaitStopped(worker: WorkerContext, request: AwaitStopped): Promise<StoppedReplication> {
  const { stopTimeoutSeconds, settleSeconds, selfRestartGraceSeconds } = readActivityRequest(
    'dms.awaitStopped',
    request,
  );
  const deadline = {
    seconds: stopTimeoutSeconds,
    failure: 'DmsStopTimedOut',
    what: 'after the wait for its stop began',
    hint: 'DMS may still stop it. To follow it, run the stop again',
    again: { kind: 'stop' },
  } as const;
  const attempt = beginAttempt(worker, request, 'dms.awaitStopped', { ...request, phase: 'stopping', deadline });
  const { before: mark = null } = request;
  const rules = {
    settleSeconds,
    selfRestartGraceSeconds,
    before: mark?.stop ?? null,
    startedAt: mark?.startedAt ?? null,
    mayHaveCalled: request.mayHaveCalled === true || mark !== null,
    hasRun: request.hasRun ?? false,
  };

  return holdAttempt<StopWaitMemory, StoppedReplication>(
    attempt,
    beginStopWait(request.hasSeenStop ?? false),
    (remembered, look) => {
      const { replication } = look;
      const { elapsedSeconds } = attempt;
      const { memory, verdict } = judgeStop(remembered, { replication, elapsedSeconds }, rules);
      const subject = { ...attempt.subject, replication };
      switch (verdict.type) {
        case 'wait':
          // The deadline counts only while the phase is `stopping`. Settling has time limits of its own.
          return { ...verdict, memory, isDeadlineActive: verdict.phase === 'stopping' };
        case 'settled':
          return { done: { end: 'settled', settled: verdict.settled, replication, dmsTime: look.dmsTime } };
        case 'running-again':
          return { done: { end: 'running-again', replication } };
        case 'never-started':
          return { done: { end: 'never-started', replication, dmsTime: look.dmsTime } };
        case 'failed':
          throw replicationFailed(subject, 'while it was being stopped');
        case 'deleting':
          throw replicationDeleting(subject);
        case 'reverted':
          throw stateBefore(subject, replication, 'stopping or stopped');
      }
    },
  );
}
