/**
 * `temporal-dms/workflows`: workflows for the bundle of a worker.
 *
 * Re-export them from your own workflows file, or name this module as `workflowsPath`. Every exported function becomes
 * a workflow type, so the module exports workflows and message definitions only. Other workflows call
 * `temporal-dms/steps`.
 *
 * @module
 */
export { dmsCutover } from './cutover.js';
export { dmsResumeFleet, dmsStopFleet } from './fleet.js';
export { dmsReplicationLedger } from './ledger.js';
export {
  abortUpdate,
  approveUpdate,
  breakReservationUpdate,
  changeUpdate,
  cutoverQuery,
  decideUpdate,
  fleetQuery,
  historyQuery,
  ledgerQuery,
  nudgeSignal,
  progressQuery,
  revokeApprovalUpdate,
  switchBackUpdate,
  unsealUpdate,
} from './messages.js';
export { dmsPlanOperation } from './plan.js';
export { dmsResumeReplication } from './resume.js';
export { dmsRolloutGate, type RolloutGateInput } from './rollout-gate.js';
export { dmsScheduledResume, dmsScheduledStop } from './scheduled.js';
export { dmsStopReplication } from './stop.js';
