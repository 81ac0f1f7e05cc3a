import { setWorkflowOptions } from '@temporalio/workflow';
import { dmsReplicationLedger } from 'temporal-dms/workflows';

export { dmsReplicationLedger, dmsResumeReplication, dmsStopReplication } from 'temporal-dms/workflows';
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, dmsReplicationLedger);
