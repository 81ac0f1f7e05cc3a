import { CancellationScope } from '@temporalio/workflow';
import type { Replication } from '../dms/replication.js';
import type { StopPlan, StopReplicationInput } from '../operations/inputs.js';
import type { BegunOperation, RequestedStop } from '../operations/protocol.js';
import type { Settled } from '../operations/records.js';
import type { StopOutcome, StopReplicationResult } from '../operations/results.js';
import { changingActivities } from './activity-proxies.js';
import { runOperation, type Trail } from './operation.js';
import type { Tracker } from './tracker.js';
import { untilStopped } from './waits.js';

/**
 * Stops a replication, waits until it really is stopped, and records where. Started by name with JSON from any language; the id under which it
 * does its work is `dms:<arn>`.
 */
export function dmsStopReplication(input: StopReplicationInput): Promise<StopReplicationResult> {
  return runOperation('stop', input, stop);
}

async function stop(begun: BegunOperation, tracker: Tracker, trail: Trail): Promise<StopReplicationResult> {
  const { replicationConfigArn, intent, stoppableTimeoutSeconds } = begun.plan as StopPlan;
  const { operation } = begun;

  const asking = 'Asking DMS to stop it, once it can be stopped';
  tracker.enter('waiting-until-stoppable', asking, begun.status, stoppableTimeoutSeconds);
  const requested = await requestStop(begun, trail);
  const { outcome, settled, replication } =
    requested.outcome === 'never-started'
      ? { ...requested, settled: 'agreed' as const }
      : await untilSettled(begun, requested, tracker, trail);

  tracker.showCheckpoint(replication, settled);
  tracker.enter('recording', 'Writing the checkpoint into the ledger', replication.status);
  const { awsRequestIds } = trail;
  const { lagAtStop } = trail.stop ?? {};
  const end = { end: 'stopped', intent, outcome, settled, replication, lagAtStop, awsRequestIds } as const;
  const recorded = await CancellationScope.nonCancellable(() =>
    changingActivities('Record the checkpoint, then the table statistics')['dms.recordOperation']({
      replicationConfigArn,
      operation,
      ...end,
    }),
  );
  return recorded.result as StopReplicationResult;
}

/** Follows the stop until it is described. One that DMS undoes by itself is asked for again. */
async function untilSettled(
  begun: BegunOperation,
  requested: RequestedStop,
  tracker: Tracker,
  trail: Trail,
): Promise<{ readonly outcome: StopOutcome; readonly settled: Settled; readonly replication: Replication }> {
  const { operationId } = begun.operation;
  const { replicationConfigArn, stopTimeoutSeconds, settleSeconds, selfRestartGraceSeconds } = begun.plan as StopPlan;
  const rules = { replicationConfigArn, operationId, stopTimeoutSeconds, settleSeconds, selfRestartGraceSeconds };
  for (let stop = requested; ; stop = await requestStop(begun, trail)) {
    const { before, sawStop, accepted } = stop;
    const { status: lastStatus } = stop.replication;
    const waiting = 'Waiting until it is stopped and its checkpoint has settled';
    tracker.enter('stopping', waiting, lastStatus, stopTimeoutSeconds);
    const stopped = await untilStopped(begun, { ...rules, before, sawStop, accepted, lastStatus });
    if (stopped.end === 'settled') return { ...stopped, outcome: trail.stop?.outcome ?? stop.outcome };
    const again = 'DMS started it again by itself; asking it to stop again';
    tracker.enter('waiting-until-stoppable', again, stopped.replication.status);
  }
}

/** From here on a cancel has to look whether the stop is over, and leaves the note of an accepted call in the ledger. */
async function requestStop(begun: BegunOperation, trail: Trail): Promise<RequestedStop> {
  const { intent, stoppableTimeoutSeconds, replicationConfigArn, settleSeconds } = begun.plan as StopPlan;
  const { operation, ownCall } = begun;
  const wasAccepted = trail.stop?.outcome === 'stopped';
  trail.clearsCall = false;
  const requested = await changingActivities('Ask DMS to stop it, once')['dms.requestStop']({
    replicationConfigArn,
    stoppableTimeoutSeconds,
    operation,
    intent,
    ownCall,
    accepted: wasAccepted,
  });
  const { awsRequestIds } = requested;
  // The call that a dead operation left behind tells which stop was there before: DMS may still show that one.
  const { unfinishedStop } = begun;
  const before = requested.before ?? unfinishedStop?.before ?? null;
  const sawStop = requested.sawStop || unfinishedStop !== null;
  const accepted = requested.accepted || wasAccepted;
  const outcome = accepted ? 'stopped' : (trail.stop?.outcome ?? requested.outcome);
  const isStop = requested.outcome !== 'never-started';
  const lagAtStop = requested.lagAtStop ?? trail.stop?.lagAtStop;
  trail.stop = isStop ? { intent, outcome, before, lagAtStop, settleSeconds, seen: null } : null;
  trail.clearsCall = !accepted;
  trail.awsRequestIds = [...trail.awsRequestIds, ...awsRequestIds];
  return { ...requested, accepted, before, sawStop };
}
