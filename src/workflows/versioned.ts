/**
 * Workflows that the ready-made worker bundles when it is versioned.
 *
 * Operations are short and stay on the version that began them. A ledger lives as long as its replication, so it moves
 * on with the deployment.
 *
 * An unversioned worker refuses workflows with a versioning behavior. These workflows therefore have their own file.
 *
 * @module
 */
import { setWorkflowOptions } from '@temporalio/workflow';
import { dmsReplicationLedger } from './ledger.js';

setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, dmsReplicationLedger);

export { dmsReplicationLedger };
export { dmsCutover } from './cutover.js';
export { dmsResumeFleet, dmsStopFleet } from './fleet.js';
export { dmsPlanOperation } from './plan.js';
export { dmsResumeReplication } from './resume.js';
export { dmsRolloutGate } from './rollout-gate.js';
export { dmsScheduledResume, dmsScheduledStop } from './scheduled.js';
export { dmsStopReplication } from './stop.js';
