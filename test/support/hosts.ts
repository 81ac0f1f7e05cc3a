/** What the workers of the tests bundle: the package's workflows and some hosts. */
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
  releaseReplication,
  reserveReplication,
  resumeReplication,
  stopReplication,
  type StepOptions,
} from '../../src/workflows/steps.js';

export * from '../../src/workflows/index.js';

/** The workers of the tests serve everything on one queue of their own. */
const here = (): StepOptions => ({ taskQueue: workflowInfo().taskQueue });

const goOnSignal = defineSignal('goOn');

export function hostStop(input: StopReplicationInput, options: StepOptions = here()): Promise<StopReplicationResult> {
  return stopReplication(input, options);
}

/** What a host sees of a step that fails. */
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

/** Fails after its stop on the first try. */
export async function hostThatFailsOnce(input: StopReplicationInput): Promise<string> {
  const { outcome } = await stopReplication(input, here());
  if (workflowInfo().attempt === 1) throw ApplicationFailure.create({ message: 'The first try fails' });
  return outcome;
}

export function hostAssertStopped(record: CheckpointRecord): Promise<void> {
  return assertStopped(record, here());
}

/** Keeps the replication for itself over several steps and a continue-as-new, until it is told to go on. */
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

/** Stops what it has reserved by a workflow that it starts by name, under an id that is not the lock. */
export async function hostThatStopsByName(replicationConfigArn: string): Promise<string> {
  await reserveReplication({ replicationConfigArn, reason: 'cutover' }, here());
  const { taskQueue, workflowId } = workflowInfo();
  const stop = { workflowId: `${workflowId}-stop`, taskQueue, args: [{ replicationConfigArn, settleSeconds: 0 }] };
  const { outcome } = (await executeChild('dmsStopReplication', stop)) as StopReplicationResult;
  await releaseReplication({ replicationConfigArn }, here());
  return outcome;
}

/** Releases what it has not reserved. */
export async function hostThatOnlyReleases(replicationConfigArn: string): Promise<void> {
  await releaseReplication({ replicationConfigArn }, here());
}

/** Ends, and forgets to give it back. */
export async function hostThatOnlyReserves(replicationConfigArn: string): Promise<void> {
  await reserveReplication({ replicationConfigArn }, here());
}

/** Has nothing to do with DMS. */
export function hostHello(): Promise<string> {
  return proxyActivities<{ hello(): Promise<string> }>({ startToCloseTimeout: 60_000 }).hello();
}
