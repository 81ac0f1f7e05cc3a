import { log } from '@temporalio/activity';
import { stopMark } from '../dms/checkpoint.js';
import type { ReplicationLag } from '../dms/lag.js';
import { factsOf, lifecycleState } from '../dms/lifecycle.js';
import type { RequestedStop, RequestStop } from '../operations/protocol.js';
import { replicationDeleting, replicationFailed, replicationReadOnly } from '../operations/refusals.js';
import type { StopOutcome } from '../operations/results.js';
import type { Attempt } from './attempt.js';
import { attemptChange, type Decision } from './change.js';
import type { Environment } from './environment.js';
import { inTime } from './in-time.js';

const LAG_SECONDS = 5;

/** Asks DMS to stop the replication, once it can be stopped and unless it is stopping or stopped already. */
export async function requestStop(environment: Environment, request: RequestStop): Promise<RequestedStop> {
  const { operation, ownCall = null, intent = null, accepted } = request;
  const deadline = {
    seconds: request.stoppableTimeoutSeconds ?? 5400,
    failure: 'DmsNotStoppable',
    what: "after it was to be asked to stop, and DMS can't stop it in that state",
    hint: 'Stop it again once it is running, or with a longer stoppableTimeoutSeconds.',
  } as const;
  const about = { operationId: operation?.operationId, phase: 'waiting-until-stoppable', accepted, deadline } as const;
  const attempt = environment.attempt(request, 'dms.requestStop', about);

  let lag: Promise<ReplicationLag | null> = Promise.resolve(null);
  const requested = await attemptChange<RequestedStop>(attempt, {
    operation,
    ownCall,

    decide(replication, subject): Decision<RequestedStop> {
      if (replication.isReadOnly === true) throw replicationReadOnly(subject);
      const end = (outcome: StopOutcome, sawStop: boolean): Decision<RequestedStop> => ({
        do: 'end',
        outcome: { outcome, before: null, sawStop, accepted: false, replication, awsRequestIds: [] },
      });
      switch (factsOf(lifecycleState(replication).status).stop) {
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

    send(_, signal) {
      lag = readLag(attempt);
      return environment.dms.stopReplication(attempt.arn, { signal });
    },

    accepted: ({ before }, look, { replication, requestId }) => ({
      outcome: 'stopped',
      before,
      sawStop: false,
      accepted: true,
      replication: replication ?? look,
      awsRequestIds: requestId === null ? [] : [requestId],
    }),

    // The note was made when it could be stopped, so whatever stopped it came after.
    attributed: (found, own) =>
      found.outcome === 'already-stopping' || found.outcome === 'already-stopped'
        ? { ...found, outcome: 'stopped', before: own.before, sawStop: true, accepted: true }
        : found,
  });
  return { ...requested, lagAtStop: await lag };
}

/** Beside the call, so that it is never in its way; what can't be had within seconds is left out. */
async function readLag({ environment: { lag }, arn }: Attempt): Promise<ReplicationLag | null> {
  if (lag === null) return null;
  try {
    return await inTime(LAG_SECONDS, (signal) => lag.read(arn, signal));
  } catch (err) {
    log.warn('It can not be read how far the replication is behind', { arn: arn.arn, error: String(err) });
    return null;
  }
}
