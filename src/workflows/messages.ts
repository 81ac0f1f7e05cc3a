import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  BeginReply,
  BeginRequest,
  DecisionRequest,
  RecordReply,
  RecordRequest,
  ReleaseRequest,
  ReserveReply,
  ReserveRequest,
  RestoreReply,
  RestoreRequest,
} from '../contract/ledger-protocol.js';
import type { HistoryPage, HistoryQuery } from '../contract/history.js';
import type { FleetProgressReport } from '../contract/fleets.js';
import { messageNames } from '../contract/names.js';
import type { OperationProgress } from '../contract/progress.js';
import type { Ledger } from '../contract/ledger-state.js';

/** Progress of an operation. Every workflow that stops or resumes a replication answers this query. */
export const progressQuery = defineQuery<OperationProgress>(messageNames.progress);
/** Progress of the child that does the work of a workflow started under another id. */
export const childProgressSignal = defineSignal<[OperationProgress]>(messageNames.childProgress);
/** Nudge: something may have happened to the replication. An operation that waits looks at once. */
export const nudgeSignal = defineSignal(messageNames.nudge);
/** Progress of a fleet, with the outcome of each replication so far. */
export const fleetQuery = defineQuery<FleetProgressReport>(messageNames.fleet);
/** Full state of the ledger. */
export const ledgerQuery = defineQuery<Ledger>(messageNames.ledger);
/** History of the ledger, page by page. */
export const historyQuery = defineQuery<HistoryPage, [HistoryQuery]>(messageNames.history);
/** Lifts a seal, by name and reason. For people. */
export const unsealUpdate = defineUpdate<string, [DecisionRequest]>(messageNames.unseal);
/** Ends a reservation, by name and reason. For people. */
export const breakReservationUpdate = defineUpdate<string, [DecisionRequest]>(messageNames.breakReservation);
/** Brings records back from an archive. For people. */
export const restoreUpdate = defineUpdate<RestoreReply, [RestoreRequest]>(messageNames.restore);
/** Reserves the replication for an owner. For the activities. */
export const reserveUpdate = defineUpdate<ReserveReply, [ReserveRequest]>(messageNames.reserve);
/** Releases a reservation. For the activities. */
export const releaseUpdate = defineUpdate<null, [ReleaseRequest]>(messageNames.release);
/** Begins or continues an operation, and notes a call. For the activities. */
export const beginUpdate = defineUpdate<BeginReply, [BeginRequest]>(messageNames.begin);
/** Reports that DMS no longer knows the replication. */
export const goneUpdate = defineUpdate<null, [null | undefined]>(messageNames.gone);
/** Records the end of an operation, or takes back the note of a call. For the activities. */
export const recordUpdate = defineUpdate<RecordReply, [RecordRequest]>(messageNames.record);
