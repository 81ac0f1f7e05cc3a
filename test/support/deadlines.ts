import type { DeadlineWarning } from '../../src/index.js';
import type { SkippingStage } from './time-skipping.js';

export const HOUR = 3_600_000;
export const onResumeDeadline = { activityType: 'warnOperators' };

/** A worker that is told of deadlines, and what it was told. */
export async function toldOf(stage: SkippingStage) {
  const warnings: DeadlineWarning[] = [];
  const warnOperators = async (warning: DeadlineWarning) => void warnings.push(warning);
  return { warnings, worker: await stage.work({}, { warnOperators }) };
}
