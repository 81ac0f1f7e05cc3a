import { CancellationScope } from '@temporalio/workflow';
import type { ResumePlan, ResumeReplicationInput } from '../operations/inputs.js';
import type { AwaitRunning, BegunOperation, RunningReplication } from '../operations/protocol.js';
import type { CheckpointRecord, PendingCall } from '../operations/records.js';
import type { ResumeReplicationResult } from '../operations/results.js';
import { changingActivities, waitingActivities } from './activity-proxies.js';
import { finishStop } from './finish-stop.js';
import { withLastLook } from './last-look.js';
import { runOperation, type Tracker, type Trail } from './operation.js';

/**
 * Resumes a replication from its recorded stop, waits until it runs, and looks for movement and for an early death. Started by name with JSON from
 * any language; the id under which it does its work is `dms:<arn>`.
 */
export function dmsResumeReplication(input: ResumeReplicationInput): Promise<ResumeReplicationResult> {
  return runOperation('resume', input, resume);
}

async function resume(begun: BegunOperation, tracker: Tracker, trail: Trail): Promise<ResumeReplicationResult> {
  const plan = begun.plan as ResumePlan;
  const { replicationConfigArn } = plan;
  const { operation, ownCall } = begun;

  const adopted = begun.unfinishedStop === null ? null : await adoptStop(begun, begun.unfinishedStop, tracker);
  const checkpoint = plan.checkpoint === 'latest' ? (adopted ?? begun.checkpoint) : begun.checkpoint;

  tracker.enter('checking', 'Comparing the recorded stop with what DMS shows, and asking it to start', begun.status);
  trail.cancelled = { ...trail.cancelled, clearsCall: false };
  const requested = await changingActivities('Check the recorded stop, ask DMS to start it, once')['dms.requestStart']({
    ...plan,
    checkpoint,
    operation,
    ownCall,
  });
  const { outcome, startReplicationType, before, accepted, awsRequestIds } = requested;
  trail.cancelled = { stop: null, clearsCall: !accepted, awsRequestIds };

  tracker.enter('starting', 'Waiting until it runs, then looking for movement', requested.replication.status);
  const running = await untilRunning(begun, {
    replicationConfigArn,
    startTimeoutSeconds: plan.startTimeoutSeconds,
    verifyProgressSeconds: plan.verifyProgressSeconds,
    before,
    accepted,
    lastStatus: requested.replication.status,
    operationId: operation.operationId,
  });

  tracker.enter('recording', 'Writing the resume into the ledger', running.replication.status);
  const recorded = await CancellationScope.nonCancellable(() =>
    changingActivities('Record the resume')['dms.recordOperation']({
      end: 'resumed',
      replicationConfigArn,
      operation,
      outcome,
      resumedFrom: checkpoint,
      startReplicationType,
      progress: running.progress,
      replication: running.replication,
      warnings: [...requested.warnings, ...running.warnings],
      awsRequestIds,
    }),
  );
  return recorded.result as ResumeReplicationResult;
}

/** Waits until it runs. */
function untilRunning(begun: BegunOperation, start: AwaitRunning): Promise<RunningReplication> {
  const { startTimeoutSeconds = 0, verifyProgressSeconds = 0 } = start;
  const wait = (seconds: number) =>
    waitingActivities('Wait until it runs, then look for movement and an early death', {
      holdSeconds: begun.holdSeconds,
      timeoutSeconds: seconds + verifyProgressSeconds,
    })['dms.awaitRunning']({ ...start, startTimeoutSeconds: seconds });
  return withLastLook(
    'DmsStartTimedOut',
    start,
    () => wait(startTimeoutSeconds),
    () => wait(0),
  );
}

/** A stop that DMS accepted and whose operation died is finished and recorded first, in that operation's name. */
async function adoptStop(begun: BegunOperation, call: PendingCall, tracker: Tracker): Promise<CheckpointRecord | null> {
  const { replicationConfigArn } = begun.plan;
  const { before, intent, at: _at, startReplicationType: _type, ...operation } = call;
  tracker.enter(
    'settling',
    `Finishing the stop "${call.operationId}", which was accepted and never recorded`,
    begun.status,
  );
  const stopped = await finishStop(begun, {
    replicationConfigArn,
    operationId: call.operationId,
    before,
    sawStop: true,
    accepted: true,
    lastStatus: begun.status,
    stopTimeoutSeconds: 3600,
    settleSeconds: 10,
    selfRestartGraceSeconds: 0,
  });
  if (stopped.end !== 'settled') return null;
  const { checkpoint } = await changingActivities('Record the stop that was never recorded')['dms.recordOperation']({
    end: 'stopped',
    replicationConfigArn,
    operation,
    intent: intent ?? 'pause',
    outcome: 'stopped',
    settled: stopped.settled,
    replication: stopped.replication,
    awsRequestIds: [],
  });
  return checkpoint;
}
