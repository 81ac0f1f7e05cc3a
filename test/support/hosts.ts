/** Workflows of the tests' workers: the package's own, and hosts. */
import {
  ApplicationFailure,
  condition,
  continueAsNew,
  defineSignal,
  executeChild,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  CheckpointRecord,
  ResumeReplicationInput,
  StopReplicationInput,
  StopReplicationResult,
} from '../../src/index.js';
import {
  assertStopped,
  cutOver,
  readLag,
  readTableStatistics,
  releaseReplication,
  reserveReplication,
  resumeReplication,
  stopReplication,
  type CutoverFunctions,
  type CutoverOptions,
  type CutoverResult,
  type StepOptions,
} from '../../src/workflows/steps.js';

export * from '../../src/workflows/index.js';

/** Returns step options for the host's own task queue, because a test's worker serves everything on one queue. */
const here = (): StepOptions => ({ taskQueue: workflowInfo().taskQueue });

const goOnSignal = defineSignal('goOn');

export function hostStop(input: StopReplicationInput, options: StepOptions = here()): Promise<StopReplicationResult> {
  return stopReplication(input, options);
}

/** Returns what the reading steps of a host return. */
export async function hostThatReads(replicationConfigArn: string) {
  const [tables, lag] = await Promise.all([
    readTableStatistics(replicationConfigArn, here()),
    readLag(replicationConfigArn, here()),
  ]);
  return { tables, lag };
}

/** Returns the failure of a step as the host catches it. */
export async function hostThatCatches(
  input: StopReplicationInput,
  kind: 'stop' | 'resume',
): Promise<{ name: string; type: string; nonRetryable: boolean; details: unknown[] }> {
  try {
    await (kind === 'stop' ? stopReplication(input, here()) : resumeReplication(input, here()));
  } catch (err) {
    if (!(err instanceof ApplicationFailure)) throw err;
    return {
      name: err.name,
      type: err.type ?? '',
      nonRetryable: err.nonRetryable === true,
      details: err.details ?? [],
    };
  }
  throw ApplicationFailure.nonRetryable('The step succeeded, and should not have');
}

export async function hostStopResumeStop(input: StopReplicationInput & ResumeReplicationInput): Promise<number[]> {
  const { replicationConfigArn } = input;
  const first = await stopReplication({ replicationConfigArn, settleSeconds: 0 }, here());
  await resumeReplication({ replicationConfigArn, verifyProgressSeconds: 0 }, here());
  const second = await stopReplication({ replicationConfigArn, settleSeconds: 0 }, here());
  return [first.checkpoint.sequence, second.checkpoint.sequence];
}

/** Stops a replication. Then fails in the first attempt of the workflow. */
export async function hostThatFailsOnce(input: StopReplicationInput): Promise<string> {
  const { outcome } = await stopReplication(input, here());
  if (workflowInfo().attempt === 1) throw ApplicationFailure.create({ message: 'The first try fails' });
  return outcome;
}

export function hostAssertStopped(record: CheckpointRecord): Promise<void> {
  return assertStopped(record, here());
}

/** Reserves the replication across several steps and a continue-as-new. Resumes it after the signal `goOn`. */
export async function hostThatReserves(replicationConfigArn: string, begun = false): Promise<string[]> {
  if (!begun) {
    await reserveReplication({ replicationConfigArn, reason: 'cutover tonight' }, here());
    await continueAsNew<typeof hostThatReserves>(replicationConfigArn, true);
  }
  let goesOn = false;
  setHandler(goOnSignal, () => void (goesOn = true));
  const stopped = await stopReplication({ replicationConfigArn, settleSeconds: 0 }, here());
  await condition(() => goesOn);
  const resumed = await resumeReplication({ replicationConfigArn, verifyProgressSeconds: 0 }, here());
  await releaseReplication({ replicationConfigArn }, here());
  return [stopped.outcome, resumed.outcome];
}

/** Reserves a replication, and stops it with a child workflow by name. The id of the child is not the lock. */
export async function hostThatStopsByName(replicationConfigArn: string): Promise<string> {
  await reserveReplication({ replicationConfigArn, reason: 'cutover' }, here());
  const { taskQueue, workflowId } = workflowInfo();
  const stop = { workflowId: `${workflowId}-stop`, taskQueue, args: [{ replicationConfigArn, settleSeconds: 0 }] };
  const { outcome } = (await executeChild('dmsStopReplication', stop)) as StopReplicationResult;
  await releaseReplication({ replicationConfigArn }, here());
  return outcome;
}

/** Releases a replication without a reservation. */
export async function hostThatOnlyReleases(replicationConfigArn: string): Promise<void> {
  await releaseReplication({ replicationConfigArn }, here());
}

/** Reserves a replication, and ends without releasing it. */
export async function hostThatOnlyReserves(replicationConfigArn: string): Promise<void> {
  await reserveReplication({ replicationConfigArn }, here());
}

/** Cuts over as a step. Its hooks call the activities of the application. */
export function hostThatCutsOver(options: CutoverOptions): Promise<CutoverResult> {
  const hooks = proxyActivities<CutoverFunctions & object>({ startToCloseTimeout: 30_000 });
  const { fence, unfence, isDrained, switchToTarget, whereIsTraffic } = hooks;
  return cutOver(options, { fence, unfence, isDrained, switchToTarget, whereIsTraffic }, here());
}

/** Reserves by itself, for more than the cutover that follows. */
export async function hostThatReservesAndCutsOver(options: CutoverOptions): Promise<CutoverResult> {
  for (const replicationConfigArn of options.replicationConfigArns)
    await reserveReplication({ replicationConfigArn, reason: 'more than a cutover' }, here());
  return hostThatCutsOver(options);
}

/** Calls an activity that has nothing to do with DMS. */
export function hostHello(): Promise<string> {
  return proxyActivities<{ hello(): Promise<string> }>({ startToCloseTimeout: 60_000 }).hello();
}

/** Looks whether a recorded stop still holds. */
export async function hostThatOnlyAsserts(record: CheckpointRecord): Promise<void> {
  await assertStopped(record, here());
}
