import { dmsFailure, type FailureSubject } from '../operations/failures.js';
import type { AwaitStopped, StoppedReplication } from '../operations/protocol.js';
import { beginStopWait, judgeStop, type StopVerdict, type StopWaitMemory } from '../operations/stop-wait.js';
import { awsErrorDetails } from './api-failures.js';
import type { Environment } from './environment.js';
import { holdAttempt } from './hold.js';
import { replicationFailed, replicationDeleting } from './terminal.js';

/** Waits until a stop that was asked for is over and described. */
export async function awaitStopped(environment: Environment, request: AwaitStopped): Promise<StoppedReplication> {
  const arn = environment.target(request, 'dms.awaitStopped');
  const { operationId, before = null, sawStop = false, accepted = false } = request;
  const deadlineSeconds = request.stopTimeoutSeconds ?? 3600;
  const rules = {
    settleSeconds: request.settleSeconds ?? 10,
    selfRestartGraceSeconds: request.selfRestartGraceSeconds ?? 1800,
    before,
  };
  const about = (more: Partial<FailureSubject>): FailureSubject => ({
    replicationConfigArn: arn.arn,
    operationId,
    ...more,
  });

  return holdAttempt<StopWaitMemory, StoppedReplication>(environment, {
    arn,
    operationId,
    deadlineSeconds,
    accepted,
    phase: 'stopping',
    begin: beginStopWait(sawStop, request.lastStatus),
    lastStatus: (memory) => memory.lastStatus,
    judge(remembered, { replication, wallClock }, elapsedSeconds) {
      const { memory, verdict } = judgeStop(remembered, { replication, elapsedSeconds, wallClock }, rules);
      const subject = about({ replication, elapsedSeconds });
      switch (verdict.type) {
        case 'wait':
          return { memory, ...waitFor(verdict) };
        case 'settled':
          return { done: { end: 'settled', settled: verdict.settled, replication } };
        case 'self-restarted':
          return { done: { end: 'self-restarted', replication } };
        case 'failed':
          throw replicationFailed(subject, 'while it was being stopped');
        case 'deleting':
          throw replicationDeleting(subject);
        case 'reverted':
          throw dmsFailure(
            'DmsStopReverted',
            subject,
            `${arn.arn} was stopping or stopped, and is "${replication.status}" again: someone started it`,
            'Find out who, then stop it again.',
          );
      }
    },
    timedOut: ({ elapsedSeconds, status, replication, error }) =>
      dmsFailure(
        'DmsStopTimedOut',
        about({
          replication: replication ?? undefined,
          status: status ?? undefined,
          elapsedSeconds,
          awsError: error === null ? undefined : awsErrorDetails(error),
        }),
        `${arn.arn} in ${arn.region} was still "${status ?? 'not seen'}" ${Math.round(elapsedSeconds)} s after it was to stop${error === null ? '' : ` (last look: ${error.awsName}: ${error.message})`}`,
        'DMS may still stop it: run the stop again to follow it, with a longer stopTimeoutSeconds.',
      ),
  });
}

function waitFor({ phase, why, lookInSeconds }: Extract<StopVerdict, { type: 'wait' }>) {
  // Once it is stopped only the settle grace counts, which ends by itself.
  return { phase, why, lookInSeconds, underDeadline: phase === 'stopping' };
}
