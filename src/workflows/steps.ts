/**
 * `temporal-dms/steps`: steps for any workflow. For workflow code only. Steps run on the task queue `temporal-dms`, as the ready-made worker serves it,
 * unless the option `taskQueue` names another one. The host's own bundle needs only this.
 *
 * @module
 */
import { isRecordedStop } from '../dms/checkpoint.js';
import { factsOf, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import type { ResumeReplicationInput, StopReplicationInput } from '../operations/inputs.js';
import { DMS_TASK_QUEUE } from '../operations/names.js';
import type { ReleaseReplication, ReserveReplication } from '../operations/protocol.js';
import type { CheckpointRecord, Reservation } from '../operations/records.js';
import { checkpointChanged, readArn, stopReverted } from '../operations/refusals.js';
import type { ResumeReplicationResult, StopReplicationResult } from '../operations/results.js';
import { changingActivities, waitingActivities } from './activity-proxies.js';
import { unwrapped } from './failures.js';
import { runAsChild, type StepOptions } from './run-as-child.js';

export type { StepOptions } from './run-as-child.js';

/** Stops a replication and returns the recorded checkpoint. A cancel of the host ends the waiting, not a stop that DMS accepted. */
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
 * Keeps a replication for this workflow over several steps: until it is released, operations of anyone else are refused with `DmsReplicationReserved`.
 * It outlives a continue-as-new of the workflow, and its end: release it, or break it by name and reason. An operation that is under way goes on until
 * it next wants to call DMS.
 */
export function reserveReplication(input: ReserveReplication, options: StepOptions = {}): Promise<Reservation> {
  readArn(input);
  return step('Reserve the replication', options, (activities) => activities['dms.reserveReplication'](input));
}

/** Gives a reservation back. Whoever has none, or not any more, has nothing to release. */
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
    throw unwrapped(err);
  }
}

/** One look. */
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
    throw unwrapped(err);
  }
}

/** Looks, and fails with `DmsStopReverted` or `DmsCheckpointChanged` when the recorded stop no longer holds. */
export async function assertStopped(record: CheckpointRecord, options: StepOptions = {}): Promise<void> {
  const { replicationConfigArn, operationId, stoppedAt } = record;
  const replication = await describeReplication(replicationConfigArn, options);
  const subject = { replicationConfigArn, operationId, checkpoint: record };
  if (factsOf(lifecycleState(replication).status).phase !== 'rest') {
    throw stopReverted(subject, replication, `stopped at ${stoppedAt}`);
  }
  if (!isRecordedStop(record, replication)) throw checkpointChanged(subject, record, replication);
}
