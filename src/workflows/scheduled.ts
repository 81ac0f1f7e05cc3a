import { sleep, workflowInfo } from '@temporalio/workflow';
import { factsOf, lifecycleState } from '../dms/lifecycle.js';
import { dmsFailure, findDmsFailure, type DmsFailureType } from '../operations/failures.js';
import type { ResumeReplicationInput, StopReplicationInput } from '../operations/inputs.js';
import type { PendingCall } from '../operations/records.js';
import type { ResumeReplicationResult, StopReplicationResult } from '../operations/results.js';
import {
  windowOperationId,
  type Scheduled,
  type ScheduledInput,
  type ScheduledResume,
  type ScheduledStop,
} from '../operations/windows.js';
import { waitingActivities } from './activity-proxies.js';
import { unwrapped } from './failures.js';
import { runAsChild } from './run-as-child.js';

/** Somebody else operates: that is no failure of a schedule. */
const inTheWay: readonly DmsFailureType[] = [
  'DmsOperationInProgress',
  'DmsOperationSuperseded',
  'DmsReplicationReserved',
  'DmsReplicationSealed',
  'DmsReplicationDeleting',
];

/** How long a stop tries to see how things are. */
const LOOK_SECONDS = 600;
/** How long a resume waits for whatever is under way, such as the stop of its own window. */
const PATIENCE_SECONDS = 12 * 3600;
/** It reads the whole ledger each time, into a history that has its limits. */
const AGAIN_SECONDS = { first: 60, most: 1800 };

/** Stops a replication that runs, unless somebody else operates on it. Started by the schedule of a window. */
export async function dmsScheduledStop({
  windowId,
  input,
  lateSeconds = Infinity,
}: ScheduledInput<StopReplicationInput>): Promise<ScheduledStop> {
  const { replicationConfigArn } = input;
  const { status, phase, stop } = await look('See whether it runs', LOOK_SECONDS, async (activities) => {
    const replication = await activities['dms.describeReplication']({ replicationConfigArn });
    const state = lifecycleState(replication);
    return { status: replication.status, ...factsOf(state.status) };
  });
  const late = (Date.now() - workflowInfo().startTime.getTime()) / 1000;
  if (late > lateSeconds) return skip(`it is ${Math.round(late)} seconds late: no worker has taken it up before`);
  // What somebody else has stopped is not for this window to resume.
  if (phase === 'rest' || stop === 'already-stopping') return skip(`it is "${status}" already, not by this window`);
  const operationId = windowOperationId(windowId, workflowInfo().firstExecutionRunId);
  return unlessInTheWay(inTheWay, () =>
    runAsChild<StopReplicationResult>('stop', { ...input, operationId }, { taskQueue: workflowInfo().taskQueue }),
  );
}

/** Resumes a replication that its window has stopped, unless somebody else operates on it or has stopped it since. */
export async function dmsScheduledResume({
  windowId,
  input,
}: ScheduledInput<ResumeReplicationInput>): Promise<ScheduledResume> {
  const { replicationConfigArn } = input;
  const ours = windowOperationId(windowId, '');
  const settled = () =>
    look('Wait until nothing is under way', PATIENCE_SECONDS, async (activities) => {
      await activities['dms.awaitIdle']({ replicationConfigArn });
      return activities['dms.readLedger']({ replicationConfigArn });
    });
  let ledger = await settled();
  // Its own stop may have been left to the ledger, which has not recorded it yet.
  let again = AGAIN_SECONDS.first;
  let waited = 0;
  while (ledger.pendingCall?.kind === 'stop' && ledger.pendingCall.operationId.startsWith(ours)) {
    // Nobody guards a pause that is not recorded: somebody has to see this.
    if (waited >= PATIENCE_SECONDS) throw unrecorded(replicationConfigArn, ledger.pendingCall, waited);
    await sleep(again * 1000);
    waited += again;
    again = Math.min(again * 2, AGAIN_SECONDS.most);
    ledger = await settled();
  }
  const [newest] = ledger.checkpoints;
  const { operationId: by } = newest ?? {};
  const stopped = ledger.operations.find(({ kind, operationId }) => kind === 'stop' && operationId === by);
  const isOurs = by?.startsWith(ours) === true && stopped?.outcome === 'stopped';
  if (newest === undefined || !isOurs) return skip(`its last recorded stop is not this window's (${by ?? 'none'})`);
  const operationId = windowOperationId(windowId, workflowInfo().firstExecutionRunId);
  const resume: ResumeReplicationInput = { ...input, operationId, checkpoint: { sequence: newest.sequence } };
  // DMS may have described it only after it was recorded as it was: then nobody need have run it since.
  const reasons = newest.settled === 'agreed' ? ([...inTheWay, 'DmsCheckpointChanged'] as const) : inTheWay;
  return unlessInTheWay(reasons, () =>
    runAsChild<ResumeReplicationResult>('resume', resume, { taskQueue: workflowInfo().taskQueue }),
  );
}

function unrecorded(replicationConfigArn: string, { operationId, at }: PendingCall, seconds: number) {
  return dmsFailure(
    'DmsOperationInProgress',
    { replicationConfigArn, operationId, elapsedSeconds: seconds },
    `The stop "${operationId}" of this window was called at ${at}, and is not recorded ${Math.round(seconds / 3600)} hours after the time to resume`,
    'Look at what the ledger waits for, then resume it with client.resume: it is not resumed by this window any more.',
  );
}

async function look<Result>(
  summary: string,
  timeoutSeconds: number,
  ask: (activities: ReturnType<typeof waitingActivities>) => Promise<Result>,
): Promise<Result> {
  try {
    return await ask(waitingActivities(summary, { holdSeconds: 0, timeoutSeconds }));
  } catch (err) {
    throw unwrapped(err);
  }
}

async function unlessInTheWay<Result>(
  reasons: readonly DmsFailureType[],
  operate: () => Promise<Result>,
): Promise<Scheduled<Result>> {
  try {
    return { skipped: null, result: await operate() };
  } catch (err) {
    const failure = findDmsFailure(err);
    if (failure === undefined || !reasons.includes(failure.type)) throw err;
    return skip(failure.message);
  }
}

function skip(skipped: string) {
  return { skipped, result: null } as const;
}
