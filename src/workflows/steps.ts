/**
 * `temporal-dms/steps`: steps for any workflow. For workflow code only.
 *
 * Steps run on the task queue `temporal-dms`, which the ready-made worker serves. The option `taskQueue` names another
 * one. The bundle of the host needs only this module.
 *
 * @module
 */
import { sleep } from '@temporalio/workflow';
import type { Replication } from '../dms/replication.js';
import { agreeOn, isBeyondStaleness, type Agreement } from '../dms/staleness.js';
import { isDmsFailure } from '../contract/failures.js';
import type { ResumeReplicationInput, StopReplicationInput } from '../contract/inputs.js';
import { DMS_TASK_QUEUE } from '../contract/names.js';
import type { ReleaseReplication, ReserveReplication } from '../contract/activity-protocol.js';
import type { CheckpointRecord } from '../contract/records.js';
import type { Reservation } from '../contract/ledger-state.js';
import { checkpointChanged, readArn, stopReverted } from '../contract/failure-messages.js';
import type { ResumeReplicationResult, StopReplicationResult } from '../contract/results.js';
import { judgeStanding } from '../rules/still-stopped.js';
import { changingActivities, waitingActivities } from './operation/activity-proxies.js';
import { unwrapFailure } from './operation/failures.js';
import { runAsChild, type StepOptions } from './operation/run-as-child.js';

export type { ReleaseReplication, ReserveReplication } from '../contract/activity-protocol.js';
export type { StepOptions } from './operation/run-as-child.js';

/**
 * Stops a replication and returns the recorded checkpoint.
 *
 * Cancelling the host ends the wait. DMS still carries out a stop that it has accepted.
 */
export function stopReplication(
  input: StopReplicationInput,
  options: StepOptions = {},
): Promise<StopReplicationResult> {
  return runAsChild<StopReplicationResult>('stop', input, options);
}

/** Resumes a replication from its recorded stop. */
export function resumeReplication(
  input: ResumeReplicationInput,
  options: StepOptions = {},
): Promise<ResumeReplicationResult> {
  return runAsChild<ResumeReplicationResult>('resume', input, options);
}

/**
 * Reserves a replication for this workflow across several steps. Operations of anyone else are refused with
 * `DmsReplicationReserved`.
 *
 * The reservation outlives a continue-as-new of the workflow, and its end. Release it, or break it by name and reason.
 * An operation under way goes on until it next wants to call DMS.
 */
export function reserveReplication(input: ReserveReplication, options: StepOptions = {}): Promise<Reservation> {
  readArn(input);
  return step('Reserve the replication', options, (activities) => activities['dms.reserveReplication'](input));
}

/** Releases a reservation. Changes nothing if the owner has none. */
export function releaseReplication(input: ReleaseReplication, options: StepOptions = {}): Promise<void> {
  readArn(input);
  return step('Release the replication', options, (activities) => activities['dms.releaseReplication'](input));
}

async function step<Result>(
  summary: string,
  { taskQueue = DMS_TASK_QUEUE }: StepOptions,
  run: (activities: ReturnType<typeof changingActivities>) => Promise<Result>,
): Promise<Result> {
  try {
    return await run(changingActivities(summary, taskQueue));
  } catch (err) {
    throw unwrapFailure(err);
  }
}

/** Returns one look at a replication. */
export async function describeReplication(
  replicationConfigArn: string,
  options: StepOptions = {},
): Promise<Replication> {
  const arn = readArn({ replicationConfigArn });
  try {
    const { taskQueue = DMS_TASK_QUEUE } = options;
    const look = waitingActivities('Look at the replication', { holdSeconds: 0, taskQueue })['dms.describeReplication'];
    return await look({ replicationConfigArn: arn });
  } catch (err) {
    throw unwrapFailure(err);
  }
}

/** Time between two looks while one may be older than the recorded stop. */
const LOOK_AGAIN = '15 s';

/**
 * Looks at a replication. Throws `DmsStopReverted` or `DmsCheckpointChanged` if the recorded stop no longer holds.
 *
 * Looks again for about a minute while a look is missing or may be older than the stop.
 */
export async function assertStopped(record: CheckpointRecord, options: StepOptions = {}): Promise<void> {
  const { replicationConfigArn, operationId, stoppedAt } = record;
  const subject = { replicationConfigArn, operationId, checkpoint: record };
  let agreement: Agreement | null = null;
  for (; ; await sleep(LOOK_AGAIN)) {
    const look = await describeReplication(replicationConfigArn, options).catch((err: unknown) => {
      agreement = agreeOn(agreement, 'missing', Date.now() / 1000);
      if (!isDmsFailure(err, 'DmsReplicationNotFound') || isBeyondStaleness(agreement, Date.now() / 1000)) throw err;
      return null;
    });
    if (look === null) continue;
    const judged = judgeStanding(agreement, record, look, Date.now() / 1000);
    agreement = judged.agreement;
    if (judged.verdict === 'holds') return;
    if (judged.verdict === 'changed') throw checkpointChanged(subject, record, look);
    if (judged.verdict !== 'look-again') throw stopReverted(subject, look, `stopped at ${stoppedAt}`);
  }
}
