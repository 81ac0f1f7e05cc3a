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
} from './operations/failures.js';
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
} from './operations/fleet.js';
export type { HistoryEntry, HistoryPage, HistoryQuery } from './operations/history.js';
export type { EndpointAddress } from './dms/api.js';
export type { ReplicationLag } from './dms/lag.js';
export type { ProbeRequest } from './operations/probe.js';
export type { DeadlineWarning } from './operations/guard.js';
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
} from './operations/inputs.js';
export { DMS_TASK_QUEUE, fleetWorkflowId, ledgerWorkflowId, operationWorkflowId } from './operations/names.js';
export type { OperationPhase, OperationProgress } from './operations/progress.js';
export type {
  ArchivedRecord,
  Archiving,
  CheckpointRecord,
  DeadlinePlan,
  EndpointFingerprint,
  Guard,
  Ledger,
  LedgerEvent,
  OperationRecord,
  OperationRef,
  PendingCall,
  UnansweredCall,
  Reservation,
  Seal,
  Settled,
  Unarchived,
} from './operations/records.js';
export type { Scheduled, ScheduledInput } from './operations/pause-schedule.js';
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
} from './operations/results.js';
