import { readActivityRequest } from '../contract/input-schemas.js';
import { log } from '@temporalio/activity';
import { callMark, isLaterRun, isNewerStop } from '../dms/checkpoint.js';
import type { ReplicationLag } from '../dms/lag.js';
import { factsOf, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { STALE_SECONDS } from '../dms/staleness.js';
import { maySelfRestart } from '../dms/stop-reasons.js';
import type { PendingCall } from '../contract/ledger-state.js';
import type { Repeated, RequestedStop, RequestStop } from '../contract/activity-protocol.js';
import {
  replicationDeleting,
  replicationFailed,
  replicationReadOnly,
  stopReverted,
} from '../contract/failure-messages.js';
import { repeatedStop } from '../rules/repeats.js';
import type { StopOutcome, StopReplicationResult } from '../contract/results.js';
import { beginAttempt, type Attempt } from './runtime/attempt.js';
import { isNewOrMissing, rowMissing, type Decision, type Facts } from './runtime/change.js';
import { attemptChange } from './runtime/change-attempt.js';
import { laterMark } from '../ledger/calls.js';
import type { WorkerContext } from './runtime/worker-context.js';
import { inTime } from '../watch/index.js';

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
    what: "after it was to be asked to stop, and DMS can't stop it in that state",
    hint: 'Stop it again once it is running, or with a longer stoppableTimeoutSeconds.',
  } as const;
  const phase = 'waiting-until-stoppable';
  const about = { operationId: operation?.operationId, phase, mayHaveCalled: isAnswered, deadline } as const;
  const attempt = beginAttempt(worker, request, 'dms.requestStop', about);

  let lag: Promise<ReplicationLag | null> = Promise.resolve(null);
  const requested = await attemptChange<Omit<RequestedStop, 'lagAtStop' | 'holdSeconds'>, StopReplicationResult>(
    attempt,
    {
      operation,
      intent,
      sequence: null,
      needsLedger: isNewOrMissing,
      isAnswered,

      decide({ look: { replication }, begun, subject }): Decision<Omit<RequestedStop, 'lagAtStop' | 'holdSeconds'>> {
        if (replication.isReadOnly === true) throw replicationReadOnly(subject);
        const end = (outcome: StopOutcome, hasSeenStop: boolean) => {
          const nothingSent = { before: null, mayHaveCalled: isAnswered, isAnswered, awsRequestIds: [] };
          return {
            do: 'end',
            outcome: { outcome, hasSeenStop, replication, hasRun: begun?.hasRun ?? false, ...nothingSent },
          } as const;
        };
        const { status } = lifecycleState(replication);
        switch (factsOf(status).stop) {
          case 'call': {
            const own = begun?.ownCall ?? null;
            if (own !== null && isUndone(replication, own, isAnswered)) {
              const { replicationLastStopTime: at } = replication;
              const seen = at === null ? 'stopped' : `stopped at ${at}`;
              throw stopReverted(subject, replication, `${seen}, after this stop had asked for it`);
            }
            const note = { before: callMark(replication), intent, startReplicationType: null };
            return { do: 'call', note };
          }
          case 'wait':
            return { do: 'wait', why: 'DMS can stop it only once it is running' };
          case 'already-stopping':
            return end('already-stopping', true);
          case 'already-stopped':
            return end('already-stopped', false);
          case 'never-started':
            return begun?.hasRun === true ? rowMissing(() => end('never-started', false)) : end('never-started', false);
          case 'failed':
            return {
              do: 'agree',
              on: 'it shows "failed"',
              forSeconds: STALE_SECONDS,
              conclude: () => {
                throw replicationFailed(subject, 'before it was asked to stop');
              },
            };
          case 'deleting':
            throw replicationDeleting(subject);
        }
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

      repeated: (repeat, { replication, dmsTime }) => repeatedStop(repeat, replication, attempt.subject, dmsTime),
    },
  );
  if ('repeated' in requested) return requested;
  return { ...requested.outcome, lagAtStop: await lag, holdSeconds: worker.holdSeconds };
}

/**
 * True if a noted call stopped the replication and somebody has started it since. One look proves both.
 *
 * A Temporal server restored from an older backup may find this long after the stop was recorded. False for a stop that
 * DMS may undo by itself: that stop is requested again.
 */
function isUndone(replication: Replication, { before }: PendingCall, isAnswered: boolean): boolean {
  if (isNewerStop(replication, before.stop)) return !maySelfRestart(replication.stopReason);
  // DMS may hide the stop after the next start. A later run proves it, unless DMS itself may have undone the stop.
  return !isAnswered && isLaterRun(replication, before.startedAt);
}

/** Reads the lag while the call is sent, so reading never delays the call. */
async function readLag({ worker: { lag }, arn }: Attempt): Promise<ReplicationLag | null> {
  if (lag === null) return null;
  try {
    return await inTime(LAG_SECONDS, (signal) => lag.read(arn, signal));
  } catch (err) {
    log.warn('The lag of the replication could not be read', { arn: arn.arn, error: String(err) });
    return null;
  }
}
