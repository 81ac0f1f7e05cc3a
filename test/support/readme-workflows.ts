export { changeSchema } from '../../examples/readme/host.js';
export { dmsReplicationLedger, dmsResumeReplication, dmsStopReplication } from 'temporal-dms/workflows';
