import { CancellationScope } from '@temporalio/workflow';
import { readStopInput } from '../contract/input-schemas.js';
import type { StopPlan, StopReplicationInput } from '../contract/inputs.js';
import type { Repeated, RequestedStop, StoppedReplication } from '../contract/activity-protocol.js';
import type { StopOutcome, StopReplicationResult } from '../contract/results.js';
import { soughtActivities } from './operation/activity-proxies.js';
import { measureStop } from './metrics.js';
import { runOperation, type RunningOperation } from './operation/operation.js';
import { untilStopped } from './operation/waits.js';

/**
 * Stops a replication, waits until it has really stopped, and records where.
 *
 * Any language can start this workflow by name with JSON. The work runs under the workflow id `dms:<arn>`.
 */
export function dmsStopReplication(input: StopReplicationInput): Promise<StopReplicationResult> {
  return runOperation('stop', input, readStopInput, stop);
}

async function stop(run: RunningOperation<StopPlan>): Promise<StopReplicationResult> {
  const { operation, plan, tracker, state } = run;
  const asking = 'Asking DMS to stop it, once it can be stopped';
  tracker.enter('waiting-until-stoppable', asking, null, plan.stoppableTimeoutSeconds);
  const requested = await requestStop(run);
  if ('repeated' in requested) return requested.repeated;
  const calledAt = Date.now();
  const stopped = await untilSettled(run, requested);
  if ('repeated' in stopped) return stopped.repeated;
  const { outcome, settled, replication, dmsTime } = stopped;

  tracker.showCheckpoint(replication, settled);
  tracker.enter('recording', 'Writing the checkpoint into the ledger', replication.status);
  const { replicationConfigArn, intent } = plan;
  const { awsRequestIds, isAnswered, lagAtStop } = state;
  const onMissing = (problem: string | null) => tracker.showProblem(problem);
  const recording = soughtActivities('Record the checkpoint, then the table statistics', {
    replicationConfigArn,
    onMissing,
  });
  const recorded = await CancellationScope.nonCancellable(() =>
    recording['dms.recordOperation']({
      end: 'stopped',
      finishedBy: null,
      replicationConfigArn,
      operation,
      intent,
      outcome,
      settled,
      replication,
      dmsTime,
      awsRequestIds,
      isAnswered,
      lagAtStop,
    }),
  );
  const stoppedAt = Date.parse(replication.replicationLastStopTime ?? '');
  if (outcome === 'stopped' && !Number.isNaN(stoppedAt)) {
    const detectionSeconds = (dmsTime - stoppedAt) / 1000 - plan.settleSeconds;
    measureStop({ calledAt, stoppedAt, detectionSeconds, recordedAt: Date.now() });
  }
  return recorded.result as StopReplicationResult;
}

type SettledStop = Omit<Extract<StoppedReplication, { end: 'settled' }>, 'end'> & { readonly outcome: StopOutcome };

/**
 * Waits until the stop has settled. Requests the stop again if the replication runs.
 *
 * DMS undoes some stops, and an old look may show an earlier stop.
 */
async function untilSettled(
  run: RunningOperation<StopPlan>,
  requested: RequestedStop,
): Promise<SettledStop | Repeated<StopReplicationResult>> {
  const { operation, plan, tracker } = run;
  const { replicationConfigArn, stopTimeoutSeconds, settleSeconds, selfRestartGraceSeconds } = plan;
  const rules = { replicationConfigArn, stopTimeoutSeconds, settleSeconds, selfRestartGraceSeconds };
  for (let stop = requested; ;) {
    const { before, hasSeenStop, mayHaveCalled, hasRun, holdSeconds } = stop;
    const { status: lastStatus } = stop.replication;
    const waiting = 'Waiting until it is stopped and its checkpoint has settled';
    tracker.enter('stopping', waiting, lastStatus, stopTimeoutSeconds);
    const stopped = await untilStopped(
      { holdSeconds, onMissing: (problem) => tracker.showProblem(problem) },
      {
        ...rules,
        operationId: operation.operationId,
        before,
        hasSeenStop,
        mayHaveCalled,
        hasRun,
        lastStatus,
      },
    );
    if (stopped.end === 'settled') return { ...stopped, outcome: stop.outcome };
    if (stopped.end === 'never-started') return { ...stopped, outcome: 'never-started', settled: 'agreed' };
    const again = 'It runs again; asking DMS to stop it again';
    tracker.enter('waiting-until-stoppable', again, stopped.replication.status);
    const next = await requestStop(run);
    // A reset run finds the result that the run before it recorded.
    if ('repeated' in next) return next;
    stop = next;
  }
}

async function requestStop({
  operation,
  plan,
  state,
  tracker,
}: RunningOperation<StopPlan>): Promise<RequestedStop | Repeated<StopReplicationResult>> {
  const { intent, stoppableTimeoutSeconds, replicationConfigArn } = plan;
  const { isAnswered, mayHaveBegun } = state;
  state.mayHaveBegun = true;
  const onMissing = (problem: string | null) => tracker.showProblem(problem);
  const activities = soughtActivities('Ask DMS to stop it', { replicationConfigArn, onMissing });
  const requested = await activities['dms.requestStop']({
    replicationConfigArn,
    stoppableTimeoutSeconds,
    operation,
    intent,
    isAnswered,
    mayHaveBegun,
  });
  if ('repeated' in requested) return requested;
  state.isAnswered = requested.isAnswered;
  state.before = requested.before?.stop ?? state.before;
  state.awsRequestIds = [...state.awsRequestIds, ...requested.awsRequestIds];
  state.lagAtStop = requested.lagAtStop ?? state.lagAtStop;
  return requested;
}
