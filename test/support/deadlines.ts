import type { DeadlineWarning } from '../../src/index.js';
import type { StopReplicationInput } from '../../src/index.js';
import { setSkipping, type SkippingStage } from './time-skipping.js';

export const HOUR = 3_600_000;
export const onResumeDeadline = { activityType: 'warnOperators' };

/** A worker that is told of deadlines, and what it was told. */
export async function toldOf(stage: SkippingStage) {
  const warnings: DeadlineWarning[] = [];
  const warnOperators = async (warning: DeadlineWarning) => void warnings.push(warning);
  return { warnings, worker: await stage.work({}, { warnOperators }) };
}

/** A replication that is to be stopped, with what its operators are told of its deadline. */
export interface Guarded extends SkippingStage {
  readonly replicationConfigArn: string;
  /** For its stop. */
  readonly input: StopReplicationInput;
  readonly warnings: readonly DeadlineWarning[];
}

export async function guarded(
  settings: Partial<StopReplicationInput>,
  act: (guarded: Guarded) => Promise<void>,
): Promise<void> {
  await using stage = await setSkipping();
  const { warnings, worker } = await toldOf(stage);
  const replicationConfigArn = stage.simulator.createReplication();
  const input = { replicationConfigArn, settleSeconds: 0, selfRestartGraceSeconds: 0, onResumeDeadline, ...settings };
  await worker.runUntil(() => act({ ...stage, replicationConfigArn, input, warnings }));
}
