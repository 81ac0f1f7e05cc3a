import { setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';
import { statusFacts, lifecycleState } from '../dms/lifecycle.js';
import { scheduledStopNotRecorded } from '../contract/failure-messages.js';
import { findDmsFailure, type DmsFailureType } from '../contract/failures.js';
import { requireScheduled } from '../contract/input-schemas.js';
import type { ResumeReplicationInput, StopReplicationInput } from '../contract/inputs.js';
import { MAX_STOP_DELAY_SECONDS } from '../rules/pause-schedule.js';
import type { Scheduled, ScheduledInput } from '../contract/pause-schedule.js';
import type { Ledger } from '../contract/ledger-state.js';
import type { ResumeReplicationResult, StopReplicationResult } from '../contract/results.js';
import { soughtWaits } from './operation/activity-proxies.js';
import { unwrapFailure } from './operation/failures.js';
import { runAsChild } from './operation/run-as-child.js';

/** Failures that mean somebody else operates on the replication. The schedule then skips and does not fail. */
const skippedFailures: readonly DmsFailureType[] = [
  'DmsOperationInProgress',
  'DmsOperationSuperseded',
  'DmsReplicationReserved',
  'DmsReplicationSealed',
  'DmsReplicationDeleting',
  'DmsCheckpointChanged',
];

/** Time limit for the look before a stop. */
const LOOK_SECONDS = 600;
/**
 * Longest time a scheduled resume waits until no operation is open. The wait for the record of the schedule's own stop
 * has the same limit.
 */
const MAX_WAIT_HOURS = 12;
/** Seconds between two readings of the ledger. Each reading adds the whole ledger to the workflow's history. */
const REREAD_SECONDS = 600;

/** Stops a running replication, unless somebody else operates on it. Started by a pause schedule. */
export async function dmsScheduledStop(
  scheduled: ScheduledInput<StopReplicationInput>,
): Promise<Scheduled<StopReplicationResult>> {
  requireScheduled('stop', scheduled);
  const { replicationConfigArn } = scheduled.input;
  return skipIfOthersOperate(async () => {
    const wait = { holdSeconds: 0, timeoutSeconds: LOOK_SECONDS };
    const activities = soughtWaits('See whether it runs', wait, replicationConfigArn, showProblem);
    const replication = await activities['dms.describeReplication']({ replicationConfigArn });
    const lateSeconds = Math.round((Date.now() - workflowInfo().startTime.getTime()) / 1000);
    if (lateSeconds > MAX_STOP_DELAY_SECONDS) return skip(`the stop is ${lateSeconds} seconds late: no worker ran`);
    const { phase, stop } = statusFacts(lifecycleState(replication).status);
    const isStopped = phase === 'rest' || stop === 'already-stopping';
    if (isStopped) return skip(`the replication is already "${replication.status}"`);
    const input = { ...scheduled.input, operationId: operationIds(scheduled).own };
    return {
      skipped: null,
      result: await runAsChild<StopReplicationResult>('stop', input, { taskQueue: workflowInfo().taskQueue }),
    };
  });
}

/**
 * Resumes a replication that the same pause schedule stopped, unless somebody else operates on it. Started by a pause
 * schedule.
 */
export async function dmsScheduledResume(
  scheduled: ScheduledInput<ResumeReplicationInput>,
): Promise<Scheduled<ResumeReplicationResult>> {
  requireScheduled('resume', scheduled);
  const { own, prefix } = operationIds(scheduled);
  return skipIfOthersOperate(async () => {
    const { checkpoints, operations } = await readSettledLedger(scheduled.input.replicationConfigArn, prefix);
    const last = checkpoints[0];
    const by = operations.find(({ kind, operationId }) => kind === 'stop' && operationId === last?.operationId);
    if (last === undefined || by?.outcome !== 'stopped' || !by.operationId.startsWith(prefix)) {
      return skip(`the last recorded stop is not by this schedule (${last?.operationId ?? 'none'})`);
    }
    const input = { ...scheduled.input, operationId: own, checkpoint: { sequence: last.sequence } };
    return {
      skipped: null,
      result: await runAsChild<ResumeReplicationResult>('resume', input, { taskQueue: workflowInfo().taskQueue }),
    };
  });
}

/**
 * Waits until no operation is open and the ledger holds no note of a stop of this schedule. Then returns the ledger.
 */
async function readSettledLedger(replicationConfigArn: string, prefix: string): Promise<Ledger> {
  const wait = { holdSeconds: 0, timeoutSeconds: MAX_WAIT_HOURS * 3600 };
  const activities = soughtWaits('Wait until no operation is open', wait, replicationConfigArn, showProblem);
  for (let waitedSeconds = 0; ; waitedSeconds += REREAD_SECONDS) {
    await activities['dms.awaitIdle']({ replicationConfigArn });
    const ledger = await activities['dms.readLedger']({ replicationConfigArn });
    const note = ledger.pendingCall;
    if (note?.kind !== 'stop' || !note.operationId.startsWith(prefix)) return ledger;
    if (waitedSeconds >= MAX_WAIT_HOURS * 3600) {
      const { operationId } = note;
      const subject = { replicationConfigArn, operationId, operationTaskQueue: workflowInfo().taskQueue };
      throw scheduledStopNotRecorded(subject, MAX_WAIT_HOURS);
    }
    await sleep(REREAD_SECONDS * 1000);
  }
}

/** Shows in the current details that workers lack an activity. */
function showProblem(problem: string | null): void {
  setCurrentDetails(problem ?? '');
}

/** Returns the operation id of this run, and the prefix of all operation ids of the schedule. */
function operationIds({ scheduleId }: ScheduledInput) {
  const prefix = `pause-schedule:${scheduleId}:`;
  return { own: `${prefix}${workflowInfo().firstExecutionRunId}`, prefix };
}

async function skipIfOthersOperate<Result>(operate: () => Promise<Scheduled<Result>>): Promise<Scheduled<Result>> {
  try {
    return await operate();
  } catch (err) {
    const failure = findDmsFailure(err);
    if (failure !== undefined && skippedFailures.includes(failure.type)) return skip(failure.message);
    throw unwrapFailure(err);
  }
}

function skip(skipped: string) {
  return { skipped, result: null } as const;
}
