/**
 * `temporal-dms`: types, names of failures and ids, for anyone. What does something is in the other entry points.
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
  findDmsFailure,
  isDmsFailure,
  type AwsErrorDetails,
  type DmsFailure,
  type DmsFailureDetails,
  type OperationInTheWay,
} from './contract/failures.js';
export {
  flattenFleet,
  type FailureLimit,
  type FleetEntry,
  type FleetInput,
  type FleetProgress,
  type FleetProgressReport,
  type FleetReport,
  type FleetResult,
  type ResumeFleetInput,
  type StopFleetInput,
} from './contract/fleets.js';
export type { HistoryEntry, HistoryPage, HistoryQuery } from './contract/history.js';
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
export { DMS_TASK_QUEUE, fleetWorkflowId, ledgerWorkflowId, operationWorkflowId } from './contract/names.js';
export type { OperationPhase, OperationProgress } from './contract/progress.js';
export type { CheckpointRecord, EndpointFingerprint, Settled } from './contract/records.js';
export type {
  ArchivedRecord,
  Archiving,
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
  Unarchived,
} from './contract/ledger-state.js';
export type { Scheduled, ScheduledInput } from './contract/pause-schedule.js';
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
