import { readActivityRequest } from '../contract/input-schemas.js';
import { log } from '@temporalio/activity';
import { callMark } from '../dms/checkpoint.js';
import type { ReplicationLag } from '../dms/lag.js';
import type { Repeated, RequestedStop, RequestStop } from '../contract/activity-protocol.js';
import { repeatedStop } from '../rules/repeats.js';
import { judgeStopRequest } from '../rules/stop-judgement.js';
import type { StopReplicationResult } from '../contract/results.js';
import type { Attempt } from './runtime/attempt.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import { decisionOf, isNewOrMissing, type Facts } from './runtime/change.js';
import { attemptChange } from './runtime/change-attempt.js';
import { laterMark } from '../ledger/calls.js';
import type { WorkerContext } from './runtime/worker-context.js';
import { inTime } from '../watch/index.js';

/** Time limit for reading the lag. */
const LAG_SECONDS = 5;

/**
 * Begins a stop, and asks DMS to stop the replication once it can be stopped. Sends no request if the replication is
 * stopping, stopped, or never ran.
 */
export async function requestStop(
  worker: WorkerContext,
  request: RequestStop,
): Promise<RequestedStop | Repeated<StopReplicationResult>> {
  const { operation, isAnswered = false } = request;
  const { intent, stoppableTimeoutSeconds } = readActivityRequest('dms.requestStop', request);
  const deadline = {
    seconds: stoppableTimeoutSeconds,
    failure: 'DmsNotStoppable',
    what: "after the stop began. DMS can't stop it in that state",
    hint: 'Stop it again. The new stop waits until DMS can stop it',
    again: { kind: 'stop', intent },
  } as const;
  const phase = 'waiting-until-stoppable';
  const about = { operationId: operation?.operationId, phase, mayHaveCalled: isAnswered, deadline } as const;
  const attempt = beginAttempt(worker, request, 'dms.requestStop', about);
  attempt.mayHaveBegun ||= request.mayHaveBegun === true;

  let lag: Promise<ReplicationLag | null> = Promise.resolve(null);
  const requested = await attemptChange<Omit<RequestedStop, 'lagAtStop' | 'holdSeconds'>, StopReplicationResult>(
    attempt,
    {
      operation,
      intent,
      sequence: null,
      needsLedger: isNewOrMissing,
      isAnswered,

      decide({ look: { replication: look }, begun, subject }) {
        const { ownCall = null, hasRun = false } = begun ?? {};
        return decisionOf(judgeStopRequest({ look, ownCall, isAnswered, hasRun, subject }), (judged) => {
          switch (judged.do) {
            case 'wait':
              return judged;
            case 'call':
              return { do: 'call', note: { before: callMark(look), intent, startReplicationType: null } };
            case 'send-nothing': {
              const { outcome, hasSeenStop } = judged;
              const nothing = { before: null, mayHaveCalled: isAnswered, isAnswered, awsRequestIds: [] };
              return { do: 'send-nothing', outcome: { outcome, hasSeenStop, replication: look, hasRun, ...nothing } };
            }
          }
        });
      },

      send(_, signal) {
        lag = readLag(attempt);
        return worker.dms.stopReplication(attempt.arn, { signal });
      },

      outcomeOfCall: ({ before }, { look, begun }: Facts, { replication, requestId }) => ({
        outcome: 'stopped',
        before: begun?.ownCall ? laterMark(begun.ownCall.before, before) : before,
        hasSeenStop: false,
        hasRun: true,
        mayHaveCalled: true,
        isAnswered: true,
        replication: replication ?? look.replication,
        awsRequestIds: requestId === null ? [] : [requestId],
      }),

      // The call was noted while the replication could be stopped, so any stop came after that.
      outcomeOfEarlierCall: (found, own) => ({
        ...found,
        outcome: found.outcome === 'never-started' ? found.outcome : 'stopped',
        before: own.before,
        mayHaveCalled: true,
        isAnswered: own.isAnswered,
        hasRun: true,
      }),

      resultOfRepeat: (repeat, { replication, dmsTime }) => repeatedStop(repeat, replication, attempt.subject, dmsTime),
    },
  );
  if ('repeated' in requested) return requested;
  return { ...requested.outcome, lagAtStop: await lag, holdSeconds: worker.holdSeconds };
}

/** Reads the lag while the call is sent, so reading never delays the call. */
async function readLag({ worker: { lag }, arn }: Attempt): Promise<ReplicationLag | null> {
  if (lag === null) return null;
  try {
    return await inTime(LAG_SECONDS, (signal) => lag.read(arn, signal));
  } catch (err) {
    log.warn("Can't read the lag of the replication", { arn: arn.arn, error: String(err) });
    return null;
  }
}
