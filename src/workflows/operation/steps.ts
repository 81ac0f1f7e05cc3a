/** Steps of a host workflow on one replication. */
import { sleep } from '@temporalio/workflow';
import type { ReplicationLag } from '../../dms/lag.js';
import type { Replication } from '../../dms/replication.js';
import { agreeOn, isBeyondStaleness, type Agreement } from '../../dms/staleness.js';
import { isDmsFailure } from '../../contract/failures.js';
import type { ResumeReplicationInput, StopReplicationInput } from '../../contract/inputs.js';
import { DMS_TASK_QUEUE } from '../../contract/names.js';
import type { DmsActivities, ReleaseReplication, ReserveReplication } from '../../contract/activity-protocol.js';
import type { ReadingPart, ReplicationReading } from '../../contract/reading-protocol.js';
import type { CheckpointRecord } from '../../contract/records.js';
import type { Reservation } from '../../contract/ledger-state.js';
import { checkpointChanged, readArn, stateBefore } from '../../contract/failure-messages.js';
import type { ResumeReplicationResult, StopReplicationResult, TableStatisticsSummary } from '../../contract/results.js';
import { judgeRecordedStop } from '../../rules/still-stopped.js';
import { soughtActivities, soughtWaits } from './activity-proxies.js';
import { unwrapFailure } from './failures.js';
import type { Sought } from './missing-worker.js';
import { runAsChild, type StepOptions } from './run-as-child.js';

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
 * An operation under way goes on, and is refused at its next call to DMS.
 */
export function reserveReplication(input: ReserveReplication, options: StepOptions = {}): Promise<Reservation> {
  readArn(input);
  return step('Reserve the replication', options, input.replicationConfigArn, (activities) =>
    activities['dms.reserveReplication'](input),
  );
}

/** Releases a reservation. Changes nothing if the owner has none. */
export function releaseReplication(input: ReleaseReplication, options: StepOptions = {}): Promise<void> {
  readArn(input);
  return step('Release the replication', options, input.replicationConfigArn, (activities) =>
    activities['dms.releaseReplication'](input),
  );
}

/** Options of a step, with what this package's own workflows add. */
type WatchedOptions = StepOptions & Pick<Sought, 'onMissing'>;

async function step<Result>(
  summary: string,
  { taskQueue = DMS_TASK_QUEUE, onMissing }: WatchedOptions,
  replicationConfigArn: string,
  run: (activities: DmsActivities) => Promise<Result>,
): Promise<Result> {
  try {
    return await run(soughtActivities(summary, { replicationConfigArn, taskQueue, onMissing }));
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
    const { taskQueue = DMS_TASK_QUEUE, onMissing }: WatchedOptions = options;
    const activities = soughtWaits('Look at the replication', { holdSeconds: 0, taskQueue }, arn, onMissing);
    return await activities['dms.describeReplication']({ replicationConfigArn: arn });
  } catch (err) {
    throw unwrapFailure(err);
  }
}

/** Time between two looks while one may be older than the recorded stop. */
const LOOK_AGAIN = '15 s';

/**
 * Returns the statistics of all tables of a replication, summed up. `total` is 0 before the first start and after
 * deprovisioning. `null`: the statistics can't be read.
 */
export async function readTableStatistics(
  replicationConfigArn: string,
  options: StepOptions = {},
): Promise<TableStatisticsSummary | null> {
  return (await readPart(replicationConfigArn, 'tables', options)).tables;
}

/**
 * Returns the lag of a replication. `null`: none is known, or the worker has no source of the lag.
 *
 * The newest values of the last 15 minutes count. DMS publishes them once a minute.
 */
export async function readLag(replicationConfigArn: string, options: StepOptions = {}): Promise<ReplicationLag | null> {
  return (await readPart(replicationConfigArn, 'lag', options)).lag;
}

async function readPart(
  replicationConfigArn: string,
  part: ReadingPart,
  options: StepOptions,
): Promise<Pick<ReplicationReading, 'lag' | 'tables'>> {
  const arn = readArn({ replicationConfigArn });
  const request = { replicationConfigArns: [arn], parts: [part] };
  const [reading = { lag: null, tables: null }] = await step(`Read the ${part}`, options, arn, (activities) =>
    activities['dms.readReplications'](request),
  );
  return reading;
}

/**
 * Looks at a replication. Throws `DmsStopReverted` or `DmsCheckpointChanged` if the recorded stop no longer holds.
 *
 * Looks again for about a minute while a look is missing or may be older than the stop.
 */
export async function assertStopped(record: CheckpointRecord, options: StepOptions = {}): Promise<void> {
  const { replicationConfigArn, operationId, stoppedAt } = record;
  const { taskQueue: operationTaskQueue } = options;
  const subject = { replicationConfigArn, operationId, checkpoint: record, operationTaskQueue };
  let agreement: Agreement | null = null;
  for (; ; await sleep(LOOK_AGAIN)) {
    const look = await describeReplication(replicationConfigArn, options).catch((err: unknown) => {
      agreement = agreeOn(agreement, 'missing', Date.now() / 1000);
      if (!isDmsFailure(err, 'DmsReplicationNotFound') || isBeyondStaleness(agreement, Date.now() / 1000)) throw err;
      return null;
    });
    if (look === null) continue;
    const judged = judgeRecordedStop(agreement, record, look, Date.now() / 1000);
    agreement = judged.agreement;
    if (judged.verdict === 'holds') return;
    if (judged.verdict === 'changed') throw checkpointChanged(subject, record, look);
    if (judged.verdict !== 'look-again') throw stateBefore(subject, look, `stopped at ${stoppedAt}`);
  }
}
