import { stopMark } from '../dms/checkpoint.js';
import { factsOf, lifecycleState } from '../dms/lifecycle.js';
import { dmsFailure } from '../operations/failures.js';
import type { RequestedStop, RequestStop } from '../operations/protocol.js';
import type { StopOutcome } from '../operations/results.js';
import { awsErrorDetails } from './api-failures.js';
import { attemptChange, type Decision } from './change.js';
import type { Environment } from './environment.js';
import { replicationDeleting, replicationFailed, replicationReadOnly } from './terminal.js';

/** Asks DMS to stop the replication, once it can be stopped and unless it is stopping or stopped already. */
export function requestStop(environment: Environment, request: RequestStop): Promise<RequestedStop> {
  const arn = environment.target(request, 'dms.requestStop');
  const { operation, ownCall = null, intent = null } = request;
  const deadlineSeconds = request.stoppableTimeoutSeconds ?? 5400;
  const about = { replicationConfigArn: arn.arn, operationId: operation?.operationId };

  return attemptChange<RequestedStop>(environment, {
    arn,
    phase: 'waiting-until-stoppable',
    deadlineSeconds,
    operation,
    ownCall,
    wasAccepted: request.accepted ?? false,

    decide(replication): Decision<RequestedStop> {
      const subject = { ...about, replication };
      if (replication.isReadOnly === true) throw replicationReadOnly(subject);
      const end = (outcome: StopOutcome, sawStop: boolean): Decision<RequestedStop> => ({
        do: 'end',
        outcome: { outcome, before: null, sawStop, accepted: false, replication, awsRequestIds: [] },
      });
      const { status } = lifecycleState(replication);
      switch (factsOf(status).stop) {
        case 'call':
          return { do: 'call', note: { before: stopMark(replication), intent, startReplicationType: null } };
        case 'wait':
          return { do: 'wait', why: 'DMS can stop it only once it is running' };
        case 'already-stopping':
          return end('already-stopping', true);
        case 'already-stopped':
          return end('already-stopped', false);
        case 'never-started':
          return end('never-started', false);
        case 'failed':
          throw replicationFailed(subject, 'before it was asked to stop');
        case 'deleting':
          throw replicationDeleting(subject);
      }
    },

    send: (_, signal) => environment.dms.stopReplication(arn, { signal }),

    accepted: ({ before }, look, { replication, requestId }) => ({
      outcome: 'stopped',
      before,
      sawStop: false,
      accepted: true,
      replication: replication ?? look,
      awsRequestIds: requestId === null ? [] : [requestId],
    }),

    // The note was made when it could be stopped, so whatever stopped it came after.
    attributed: (found, _, own) =>
      found.outcome === 'already-stopping' || found.outcome === 'already-stopped'
        ? { ...found, outcome: 'stopped', before: own.before, sawStop: true, accepted: true }
        : found,

    timedOut: (subject, status, error) =>
      dmsFailure(
        'DmsNotStoppable',
        { ...subject, awsError: error === null ? undefined : awsErrorDetails(error) },
        `${arn.arn} was still "${status}" after ${Math.round(subject.elapsedSeconds ?? 0)} s, and DMS can't stop it in that state${error === null ? '' : ` (${error.awsName}: ${error.message})`}`,
        'Stop it again once it is running, or with a longer stoppableTimeoutSeconds.',
      ),
  });
}
