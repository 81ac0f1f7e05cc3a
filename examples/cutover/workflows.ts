/** What the worker bundles: the cutover, and the package's workflows that its steps run. */
import { CancellationScope, log, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { CheckpointRecord } from 'temporal-dms';
import {
  assertStopped,
  releaseReplication,
  reserveReplication,
  resumeReplication,
  stopReplication,
} from 'temporal-dms/steps';
import type { CutoverActivities } from './activities.js';

export { dmsReplicationLedger, dmsResumeReplication, dmsStopReplication } from 'temporal-dms/workflows';

/** This worker serves the package itself, so the steps run on its own task queue and not on `temporal-dms`. */
const here = () => ({ taskQueue: workflowInfo().taskQueue });

export interface CutoverInput {
  readonly replicationConfigArn: string;
  readonly requestedBy: string;
  readonly reason: string;
}

const { fenceSource, unfenceSource, waitUntilDrained, switchToTarget, unseal } = proxyActivities<CutoverActivities>({
  startToCloseTimeout: '10 minutes',
  // Of your own design: after how many tries is a step given up, and the cutover undone?
  retry: { maximumAttempts: 3, initialInterval: '1 second' },
});

/**
 * Moves an application from the source of a replication to its target: no more writes to the source, everything applied, the replication stopped for
 * good, and over. When anything fails before the switch, replication goes on and the source takes writes again. Nobody else operates on it meanwhile.
 */
export async function cutover(input: CutoverInput): Promise<CheckpointRecord> {
  const { replicationConfigArn, reason } = input;
  try {
    await reserveReplication({ replicationConfigArn, reason }, here());
    return await cutOver(input);
  } finally {
    await CancellationScope.nonCancellable(() => releaseReplication({ replicationConfigArn }, here()));
  }
}

async function cutOver(input: CutoverInput): Promise<CheckpointRecord> {
  const { replicationConfigArn, requestedBy, reason } = input;
  const undo: (() => Promise<unknown>)[] = [];
  try {
    undo.unshift(() => unfenceSource());
    await fenceSource();
    await waitUntilDrained();

    undo.unshift(() => goOnReplicating(input));
    const { checkpoint } = await stopReplication(
      { replicationConfigArn, intent: 'final', requestedBy, reason },
      here(),
    );

    await assertStopped(checkpoint, here());
    // Make this all or nothing: when it fails, what is undone below must be what is wanted.
    await switchToTarget();
    return checkpoint;
  } catch (err) {
    await CancellationScope.nonCancellable(async () => {
      for (const step of undo) {
        await step().catch((problem: unknown) => log.error('A step of the way back failed', { problem }));
      }
    });
    throw err;
  }
}

/** Lifts the seal of the final stop and resumes. The ledger first finishes a stop that was under way when the cutover was cancelled. */
async function goOnReplicating({ replicationConfigArn, requestedBy }: CutoverInput): Promise<void> {
  const reason = 'the cutover was called off';
  await unseal(replicationConfigArn, { by: requestedBy, reason });
  await resumeReplication({ replicationConfigArn, requestedBy, reason, verifyProgressSeconds: 10 }, here());
}
