/** Everything of the package that the exploration uses. Other files of this folder import nothing from `src`. */
export { createDmsActivities } from '../../src/activities/index.js';
export { ReplicationClient } from '../../src/client/index.js';
export { DmsApiError, type Accepted, type DmsApi } from '../../src/dms/api.js';
export type { Replication } from '../../src/dms/replication.js';
export type { TableStatistics } from '../../src/dms/replication.js';
export type { CutoverRequestName, CutoverResult, CutoverStatus } from '../../src/contract/cutover.js';
export type { CutoverContext, CutoverPhase, CutoverTraffic } from '../../src/contract/cutover-hooks.js';
export type { CutoverHookName, CutoverInput } from '../../src/contract/cutover-input.js';
export { cutoverHookNames } from '../../src/contract/cutover-schemas.js';
export { findDmsFailure, isDmsFailure } from '../../src/contract/failures.js';
export type {
  OperationKind,
  ResumeReplicationInput,
  StopIntent,
  StopReplicationInput,
} from '../../src/contract/inputs.js';
export {
  cutoverWorkflowId,
  ledgerWorkflowId,
  memoKeys,
  messageNames,
  operationWorkflowId,
  workflowTypes,
} from '../../src/contract/names.js';
export type { Ledger } from '../../src/contract/ledger-state.js';
export type { ResumeReplicationResult, StopReplicationResult } from '../../src/contract/results.js';
export {
  dmsCutover,
  dmsReplicationLedger,
  dmsResumeReplication,
  dmsStopReplication,
} from '../../src/workflows/index.js';
export {
  releaseReplication,
  reserveReplication,
  resumeReplication,
  stopReplication,
} from '../../src/workflows/steps.js';
