import { CancellationScope } from '@temporalio/workflow';
import type { ResumePlan, ResumeReplicationInput } from '../operations/inputs.js';
import type { BegunOperation } from '../operations/protocol.js';
import type { CheckpointRecord, PendingCall } from '../operations/records.js';
import type { ResumeReplicationResult } from '../operations/results.js';
import { changingActivities } from './activity-proxies.js';
import { runOperation, type Trail } from './operation.js';
import type { Tracker } from './tracker.js';
import { finishStop } from './unfinished-stop.js';
import { probed } from './progress-probe.js';
import { untilRunning } from './waits.js';

/**
 * Resumes a replication from its recorded stop, waits until it runs, and looks for movement and for an early death. Started by name with JSON from
 * any language; the id under which it does its work is `dms:<arn>`.
 */
export function dmsResumeReplication(input: ResumeReplicationInput): Promise<ResumeReplicationResult> {
  return runOperation('resume', input, resume);
}

async function resume(begun: BegunOperation, tracker: Tracker, trail: Trail): Promise<ResumeReplicationResult> {
  const plan = begun.plan as ResumePlan;
  const { replicationConfigArn, startTimeoutSeconds, verifyProgressSeconds } = plan;
  const { operation, ownCall } = begun;
  const { operationId } = operation;

  const adopted = begun.unfinishedStop === null ? null : await adoptStop(begun, begun.unfinishedStop, tracker);
  const isNamed = plan.checkpoint !== 'latest';
  const checkpoint = isNamed ? begun.checkpoint : (adopted ?? begun.checkpoint);

  tracker.enter('checking', 'Comparing the recorded stop with what DMS shows, and asking it to start', begun.status);
  trail.clearsCall = false;
  const askedAt = Date.now();
  const { progressProbe, ...asked } = plan;
  const { continued } = begun;
  if (continued != null) trail.continued = { ...recordOf(continued), isStarted: null };
  const requested = await changingActivities('Check the recorded stop, ask DMS to start it, once')['dms.requestStart']({
    ...asked,
    ...(continued == null ? {} : { continued }),
    checkpoint,
    isNamed,
    operation,
    ownCall,
  });
  const { outcome, startReplicationType, resumedFrom, before, accepted, awsRequestIds } = requested;
  const { status: lastStatus } = requested.replication;
  trail.clearsCall = !accepted;
  trail.awsRequestIds = awsRequestIds;
  if (continued != null) trail.continued = { ...recordOf(continued), isStarted: accepted };

  const secondsLeft = Math.max(0, startTimeoutSeconds - (Date.now() - askedAt) / 1000);
  tracker.enter('starting', 'Waiting until it runs, then looking for movement', lastStatus, secondsLeft);
  const wait = { replicationConfigArn, operationId, startTimeoutSeconds: secondsLeft, verifyProgressSeconds };
  const running = await untilRunning(begun, { ...wait, before, accepted, lastStatus });
  const isInDoubt = progressProbe != null && running.progress !== 'moving' && running.replication.status === 'running';
  if (isInDoubt) tracker.enter('verifying', 'Asking whether it moves', running.replication.status);
  const probe = isInDoubt ? await probed(progressProbe, { replicationConfigArn, operationId, resumedFrom }) : null;

  tracker.enter('recording', 'Writing the resume into the ledger', running.replication.status);
  const warnings = [...requested.warnings, ...running.warnings, ...(probe?.warnings ?? [])];
  const progress = probe?.progress ?? running.progress;
  const result = { outcome, operationId, resumedFrom, startReplicationType, ...running, progress, warnings };
  const recorded = await CancellationScope.nonCancellable(() =>
    changingActivities('Record the resume')['dms.recordOperation']({
      end: 'resumed',
      replicationConfigArn,
      operation,
      result,
      awsRequestIds,
      continued: trail.continued,
    }),
  );
  return recorded.result as ResumeReplicationResult;
}

function recordOf({ replicationConfigArn, sequence }: CheckpointRecord) {
  return { replicationConfigArn, sequence };
}

/** A stop that DMS accepted and whose operation died is finished and recorded first, in that operation's name. */
function adoptStop(begun: BegunOperation, call: PendingCall, tracker: Tracker): Promise<CheckpointRecord | null> {
  const what = `Finishing the stop "${call.operationId}", which was accepted and never recorded`;
  tracker.enter('settling', what, begun.status);
  return finishStop(call, {
    replicationConfigArn: begun.plan.replicationConfigArn,
    finishedBy: begun.operation.operationId,
    holdSeconds: begun.holdSeconds,
    lastStatus: begun.status,
    sawStop: true,
    stopTimeoutSeconds: 3600,
  });
}
