import type { AwaitStopped, StoppedReplication } from '../operations/protocol.js';
import { replicationDeleting, replicationFailed, stopReverted } from '../operations/refusals.js';
import { beginStopWait, judgeStop, type StopWaitMemory } from '../operations/stop-wait.js';
import type { Environment } from './environment.js';
import { holdAttempt } from './hold.js';

/** Waits until a stop that was asked for is over and described. */
export async function awaitStopped(environment: Environment, request: AwaitStopped): Promise<StoppedReplication> {
  const deadline = {
    seconds: request.stopTimeoutSeconds ?? 3600,
    failure: 'DmsStopTimedOut',
    what: 'after it was to stop',
    hint: 'DMS may still stop it: run the stop again to follow it, with a longer stopTimeoutSeconds.',
  } as const;
  const attempt = environment.attempt(request, 'dms.awaitStopped', { ...request, phase: 'stopping', deadline });
  const rules = {
    settleSeconds: request.settleSeconds ?? 10,
    selfRestartGraceSeconds: request.selfRestartGraceSeconds ?? 1800,
    before: request.before ?? null,
  };

  return holdAttempt<StopWaitMemory, StoppedReplication>(
    attempt,
    beginStopWait(request.sawStop ?? false),
    (remembered, look) => {
      const { replication } = look;
      const { memory, verdict } = judgeStop(remembered, { ...look, elapsedSeconds: attempt.elapsedSeconds }, rules);
      const subject = { ...attempt.subject, replication };
      switch (verdict.type) {
        case 'wait':
          // Once it is stopped only the settle grace counts, which ends by itself.
          return { ...verdict, memory, underDeadline: verdict.phase === 'stopping' };
        case 'settled':
          return { done: { end: 'settled', settled: verdict.settled, replication } };
        case 'self-restarted':
          return { done: { end: 'self-restarted', replication } };
        case 'failed':
          throw replicationFailed(subject, 'while it was being stopped');
        case 'deleting':
          throw replicationDeleting(subject);
        case 'reverted':
          throw stopReverted(subject, replication, 'stopping or stopped');
      }
    },
  );
}
