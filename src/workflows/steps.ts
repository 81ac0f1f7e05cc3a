/**
 * `temporal-dms/steps`: steps for any workflow. For workflow code only.
 *
 * Steps run on the task queue `temporal-dms`, which the ready-made worker serves. The option `taskQueue` names another
 * one. The bundle of the host needs only this module.
 *
 * @module
 */
export { cutOver } from './cutover.js';
export {
  assertStopped,
  describeReplication,
  readLag,
  readTableStatistics,
  releaseReplication,
  reserveReplication,
  resumeReplication,
  stopReplication,
} from './operation/steps.js';
export type { CutoverResult } from '../contract/cutover.js';
export type { CutoverFunctions } from '../contract/cutover-hooks.js';
export type { CutoverOptions } from '../contract/cutover-input.js';
export type { ReleaseReplication, ReserveReplication } from '../contract/activity-protocol.js';
export type { StepOptions } from './operation/run-as-child.js';
