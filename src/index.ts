/**
 * `temporal-dms`: types, failure names and ids, for any code. The other entry points hold the workflows, activities and
 * clients.
 *
 * @module
 */
export { parseReplicationConfigArn, type ReplicationConfigArn } from './dms/arn.js';
export type {
  PremigrationAssessment,
  ProvisionData,
  Replication,
  ReplicationStats,
  TableStatistics,
} from './dms/replication.js';
export { stopReasons, type StopReasonCode } from './dms/stop-reasons.js';
export {
  DmsFailureType,
  isDmsFailure,
  type AwsErrorDetails,
  type DmsFailure,
  type DmsFailureDetails,
  type OperationInTheWay,
} from './contract/failures.js';
export type {
  ApproveCutover,
  ChangeCutover,
  CutoverApprovalRecord,
  CutoverCause,
  CutoverCauseCode,
  CutoverLag,
  CutoverPlannedStep,
  CutoverRequestName,
  CutoverResult,
  CutoverStatus,
  CutoverTimelineEntry,
  DecideCutover,
} from './contract/cutover.js';
export type {
  CutoverCheck,
  CutoverContext,
  CutoverDrain,
  CutoverPhase,
  CutoverReplication,
  CutoverTraffic,
} from './contract/cutover-hooks.js';
export type {
  CutoverApproval,
  CutoverGates,
  CutoverHook,
  CutoverHooks,
  CutoverInput,
  CutoverLagGate,
  CutoverOptions,
  CutoverWindow,
  OptionalCutoverHook,
  RequiredCutoverHook,
} from './contract/cutover-input.js';
export { flattenFleet, type FleetEntry, type FleetReport, type FleetResult } from './contract/fleets.js';
export type { EndpointAddress } from './dms/api.js';
export type { ReplicationLag } from './dms/lag.js';
export type { ProbeRequest, DeadlineWarning } from './contract/hook-requests.js';
export type {
  DeadlineActivity,
  DeadlinePolicy,
  OperationInput,
  OperationKind,
  ProgressProbe,
  ResumeReplicationInput,
  StartReplicationType,
  StopIntent,
  StopReplicationInput,
} from './contract/inputs.js';
export {
  cutoverWorkflowId,
  DMS_TASK_QUEUE,
  fleetWorkflowId,
  ledgerWorkflowId,
  operationWorkflowId,
} from './contract/names.js';
export type { OperationPhase, OperationProgress } from './contract/progress.js';
export type { CheckpointRecord, EndpointFingerprint, Settled } from './contract/records.js';
export type {
  ArchivedRecord,
  DeadlinePlan,
  Guard,
  Ledger,
  LedgerEvent,
  OperationRecord,
  OperationRef,
  PendingCall,
  UnansweredCall,
  Reservation,
  Seal,
} from './contract/ledger-state.js';
export type {
  Progress,
  ResumeOutcome,
  ResumeReplicationResult,
  StopOutcome,
  StopReplicationResult,
  TableRowSums,
  TableStatisticsSummary,
  Warning,
  WarningCode,
} from './contract/results.js';
