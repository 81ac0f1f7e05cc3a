import type { DeadlineWarning } from '../../src/index.js';
import type { StopReplicationInput } from '../../src/index.js';
import { startSkippingStage, type SkippingStage } from './time-skipping.js';

export const HOUR = 3_600_000;
export const onResumeDeadline = { activityType: 'warnOperators' };

/** Creates a worker whose hook collects the warnings of deadlines. Returns both. */
export async function startDeadlineWorker(stage: SkippingStage) {
  const warnings: DeadlineWarning[] = [];
  const warnOperators = async (warning: DeadlineWarning) => void warnings.push(warning);
  return { warnings, worker: await stage.work({}, { warnOperators }) };
}

/** Stage with a running replication, and the warnings of its deadline so far. */
export interface Guarded extends SkippingStage {
  readonly replicationConfigArn: string;
  /** Input of its stop. */
  readonly input: StopReplicationInput;
  readonly warnings: readonly DeadlineWarning[];
}

export async function withGuardedReplication(
  settings: Partial<StopReplicationInput>,
  act: (guarded: Guarded) => Promise<void>,
): Promise<void> {
  await using stage = await startSkippingStage();
  const { warnings, worker } = await startDeadlineWorker(stage);
  const replicationConfigArn = stage.simulator.createReplication();
  const input = { replicationConfigArn, settleSeconds: 0, selfRestartGraceSeconds: 0, onResumeDeadline, ...settings };
  await worker.runUntil(() => act({ ...stage, replicationConfigArn, input, warnings }));
}
