/**
 * `temporal-dms/workflows`: what a worker bundles, by re-exporting it from its own workflows file or by naming it as `workflowsPath`. It exports
 * workflows and message definitions only, because every exported function becomes a workflow type. What other workflows call is in `temporal-dms/steps`.
 *
 * @module
 */
export { dmsResumeFleet, dmsStopFleet } from './fleet.js';
export { dmsReplicationLedger } from './ledger.js';
export {
  breakReservationUpdate,
  fleetQuery,
  historyQuery,
  ledgerQuery,
  nudgeSignal,
  progressQuery,
  unsealUpdate,
} from './messages.js';
export { dmsResumeReplication } from './resume.js';
export { dmsScheduledResume, dmsScheduledStop } from './scheduled.js';
export { dmsStopReplication } from './stop.js';
