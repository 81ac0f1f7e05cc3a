/**
 * What the ready-made worker bundles when it is versioned. Operations are short and stay on the version that began them; a ledger lives as long as
 * its replication, and moves on with the deployment. A worker without a version refuses workflows that say so, which is why this is a file of its own.
 *
 * @module
 */
import { setWorkflowOptions } from '@temporalio/workflow';
import { dmsReplicationLedger } from './ledger.js';

setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, dmsReplicationLedger);

export { dmsReplicationLedger };
export { dmsResumeFleet, dmsStopFleet } from './fleet.js';
export { dmsResumeReplication } from './resume.js';
export { dmsScheduledResume, dmsScheduledStop } from './scheduled.js';
export { dmsStopReplication } from './stop.js';
