import { CancellationScope } from '@temporalio/workflow';
import type { Replication } from '../dms/replication.js';
import type { StopPlan, StopReplicationInput } from '../operations/inputs.js';
import type { BegunOperation, RequestedStop } from '../operations/protocol.js';
import type { Settled } from '../operations/records.js';
import type { StopOutcome, StopReplicationResult } from '../operations/results.js';
import { changingActivities } from './activity-proxies.js';
import { finishStop } from './finish-stop.js';
import { runOperation, showCheckpoint, type Tracker, type Trail } from './operation.js';

/**
 * Stops a replication, waits until it really is stopped, and records where. Started by name with JSON from any language; the id under which it
 * does its work is `dms:<arn>`.
 */
export function dmsStopReplication(input: StopReplicationInput): Promise<StopReplicationResult> {
  return runOperation('stop', input, stop);
}

async function stop(begun: BegunOperation, tracker: Tracker, trail: Trail): Promise<StopReplicationResult> {
  const plan = begun.plan as StopPlan;
  const { replicationConfigArn, intent } = plan;
  const { operation } = begun;

  tracker.enter('waiting-until-stoppable', 'Asking DMS to stop it, once it can be stopped', begun.status);
  const requested = await requestStop(begun, trail);
  const { outcome, settled, replication } =
    requested.outcome === 'never-started'
      ? { ...requested, settled: 'agreed' as const }
      : await untilSettled(begun, requested, tracker, trail);

  showCheckpoint(tracker, replication, settled);
  tracker.enter('recording', 'Writing the checkpoint into the ledger', replication.status);
  const recorded = await CancellationScope.nonCancellable(() =>
    changingActivities('Record the checkpoint, then the table statistics')['dms.recordOperation']({
      end: 'stopped',
      replicationConfigArn,
      operation,
      intent,
      outcome,
      settled,
      replication,
      awsRequestIds: trail.cancelled.awsRequestIds,
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
  for (let stop = requested; ; stop = await requestStop(begun, trail)) {
    tracker.enter('stopping', 'Waiting until it is stopped and its checkpoint has settled', stop.replication.status);
    const { replicationConfigArn, stopTimeoutSeconds, settleSeconds, selfRestartGraceSeconds } = begun.plan as StopPlan;
    const { before, sawStop, accepted } = stop;
    const stopped = await finishStop(begun, {
      replicationConfigArn,
      operationId,
      stopTimeoutSeconds,
      settleSeconds,
      selfRestartGraceSeconds,
      before,
      sawStop,
      accepted,
      lastStatus: stop.replication.status,
    });
    const outcome = trail.cancelled.stop?.outcome ?? stop.outcome;
    if (stopped.end === 'settled') return { ...stopped, outcome };
    const { status } = stopped.replication;
    tracker.enter('waiting-until-stoppable', 'DMS started it again by itself; asking it to stop again', status);
  }
}

/** From here on a cancel has to look whether the stop is over, and leaves the note of an accepted call in the ledger. */
async function requestStop(begun: BegunOperation, trail: Trail): Promise<RequestedStop> {
  const { intent, stoppableTimeoutSeconds, replicationConfigArn, settleSeconds } = begun.plan as StopPlan;
  const { operation, ownCall } = begun;
  const earlier = trail.cancelled.stop;
  const wasAccepted = earlier?.outcome === 'stopped';
  trail.cancelled = { ...trail.cancelled, clearsCall: false };
  const requested = await changingActivities('Ask DMS to stop it, once')['dms.requestStop']({
    replicationConfigArn,
    stoppableTimeoutSeconds,
    operation,
    intent,
    ownCall,
    accepted: wasAccepted,
  });
  const { before, awsRequestIds } = requested;
  const accepted = requested.accepted || wasAccepted;
  const outcome = accepted ? 'stopped' : (earlier?.outcome ?? requested.outcome);
  trail.cancelled = {
    stop: requested.outcome === 'never-started' ? null : { intent, outcome, before, settleSeconds },
    clearsCall: !accepted,
    awsRequestIds: [...trail.cancelled.awsRequestIds, ...awsRequestIds],
  };
  return { ...requested, accepted };
}
