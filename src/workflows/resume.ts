import { CancellationScope } from '@temporalio/workflow';
import { readResumeInput } from '../contract/input-schemas.js';
import type { ResumePlan, ResumeReplicationInput } from '../contract/inputs.js';
import type { RequestedStart, RunningReplication } from '../contract/activity-protocol.js';
import type { ResumeReplicationResult } from '../contract/results.js';
import { soughtActivities } from './operation/activity-proxies.js';
import { runOperation, type RunningOperation } from './operation/operation.js';
import { probeProgress } from './operation/progress-probe.js';
import { untilRunning } from './operation/waits.js';

/**
 * Resumes a replication from its recorded stop, waits until it runs, and watches for movement and an early failure.
 *
 * Any language can start this workflow by name with JSON. The work runs under the workflow id `dms:<arn>`.
 */
export function dmsResumeReplication(input: ResumeReplicationInput): Promise<ResumeReplicationResult> {
  return runOperation('resume', input, readResumeInput, resume);
}

async function resume(run: RunningOperation<ResumePlan>): Promise<ResumeReplicationResult> {
  const { operation, plan, tracker, state } = run;
  const { replicationConfigArn, verifyProgressSeconds: _verify, progressProbe: _probe, ...startRequest } = plan;
  const { operationId } = operation;

  tracker.enter('checking', 'Comparing the recorded stop with what DMS shows, and asking it to start');
  const askedAt = Date.now();
  state.mayHaveBegun = true;
  const activities = soughtActivities('Check the recorded stop, ask DMS to start it, once', {
    replicationConfigArn,
    onMissing: (problem) => tracker.showProblem(problem),
  });
  const requested = await activities['dms.requestStart']({
    replicationConfigArn,
    ...startRequest,
    operation,
  });
  if ('repeated' in requested) return requested.repeated;
  const { outcome, startReplicationType, resumedFrom } = requested;
  state.isAnswered = requested.isAnswered;
  state.awsRequestIds = requested.awsRequestIds;

  const running = await untilVerified(run, requested, (Date.now() - askedAt) / 1000);
  tracker.enter('recording', 'Writing the resume into the ledger', running.replication.status);
  const warnings = [...requested.warnings, ...running.warnings];
  const result = { outcome, operationId, resumedFrom, startReplicationType, ...running, warnings };
  const { awsRequestIds, isAnswered } = state;
  const recording = soughtActivities('Record the resume', {
    replicationConfigArn,
    onMissing: (problem) => tracker.showProblem(problem),
  });
  const recorded = await CancellationScope.nonCancellable(() =>
    recording['dms.recordOperation']({
      end: 'resumed',
      finishedBy: null,
      replicationConfigArn,
      operation,
      result,
      awsRequestIds,
      isAnswered,
    }),
  );
  return recorded.result as ResumeReplicationResult;
}

/** Waits until the replication runs, then watches for movement. Skips both if the replication was running already. */
async function untilVerified(
  { operation, plan, tracker }: RunningOperation<ResumePlan>,
  { outcome, before, mayHaveCalled, replication, holdSeconds, resumedFrom }: RequestedStart,
  spentSeconds: number,
): Promise<RunningReplication> {
  if (outcome === 'already-running') return { replication, progress: 'not-checked', warnings: [] };
  const { replicationConfigArn, startTimeoutSeconds, verifyProgressSeconds, progressProbe } = plan;
  const { operationId } = operation;
  const { status: lastStatus } = replication;
  const secondsLeft = Math.max(0, startTimeoutSeconds - spentSeconds);
  tracker.enter('starting', 'Waiting until it runs, then looking for movement', lastStatus, secondsLeft);
  const wait = { replicationConfigArn, operationId, startTimeoutSeconds: secondsLeft, verifyProgressSeconds };
  const place = { holdSeconds, onMissing: (problem: string | null) => tracker.showProblem(problem) };
  const running = await untilRunning(place, { ...wait, before, mayHaveCalled, lastStatus });
  if (progressProbe === null || running.progress === 'moving' || running.replication.status !== 'running')
    return running;
  tracker.enter('verifying', 'Asking whether it moves', running.replication.status);
  const probe = await probeProgress(progressProbe, { replicationConfigArn, operationId, resumedFrom });
  return { ...running, progress: probe.progress, warnings: [...running.warnings, ...probe.warnings] };
}
