import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  BeginReply,
  BeginRequest,
  DecisionRequest,
  MoveRequest,
  RecordReply,
  RecordRequest,
  ReleaseRequest,
  ReserveReply,
  ReserveRequest,
  RestoreReply,
  RestoreRequest,
} from '../contract/ledger-protocol.js';
import type { ApproveCutover, ChangeCutover, CutoverStatus, DecideCutover } from '../contract/cutover.js';
import type { HistoryPage, HistoryQuery } from '../contract/history.js';
import type { FleetProgressReport } from '../contract/fleets.js';
import { messageNames } from '../contract/names.js';
import type { OperationProgress } from '../contract/progress.js';
import type { Ledger } from '../contract/ledger-state.js';

/** Progress of an operation. Every workflow that stops or resumes a replication answers this query. */
export const progressQuery = defineQuery<OperationProgress>(messageNames.progress);
/** Progress of the child that does the work of a workflow started under another id. */
export const childProgressSignal = defineSignal<[OperationProgress]>(messageNames.childProgress);
/** Problem that an attempt of an activity has met. `null`: it is over. For the activities. */
export const problemSignal = defineSignal<[string | null]>(messageNames.problem);
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
/** Moves the ledger to another task queue. For people. */
export const moveUpdate = defineUpdate<string, [MoveRequest]>(messageNames.move);
/** Brings records back from an archive. For people. */
export const restoreUpdate = defineUpdate<RestoreReply, [RestoreRequest]>(messageNames.restore);
/** Reserves the replication for an owner. For the activities. */
export const reserveUpdate = defineUpdate<ReserveReply, [ReserveRequest]>(messageNames.reserve);
/** Releases a reservation. For the activities. */
export const releaseUpdate = defineUpdate<null, [ReleaseRequest]>(messageNames.release);
/** Begins or continues an operation, and notes a call. For the activities. */
export const beginUpdate = defineUpdate<BeginReply, [BeginRequest]>(messageNames.begin);
/** Reports that an operation did not find the replication. For the activities. */
export const reportMissingUpdate = defineUpdate<null, [null | undefined]>(messageNames.markGone);
/** Records the end of an operation, or takes back the note of a call. For the activities. */
export const recordUpdate = defineUpdate<RecordReply, [RecordRequest]>(messageNames.record);
/** Status of a cutover. */
export const cutoverQuery = defineQuery<CutoverStatus>(messageNames.cutover);
/** Approves a cutover. For people, like the updates below. Each replies with a line. */
export const approveUpdate = defineUpdate<string, [ApproveCutover]>(messageNames.approve);
/** Takes an approval of a cutover back. */
export const revokeApprovalUpdate = defineUpdate<string, [DecisionRequest]>(messageNames.revokeApproval);
/** Sends a cutover back before the switch. */
export const abortUpdate = defineUpdate<string, [DecisionRequest]>(messageNames.abort);
/** Changes gates, window, approval or the time without writes of a cutover. */
export const changeUpdate = defineUpdate<string, [ChangeCutover]>(messageNames.change);
/** Sends the application back to the source while a cutover verifies it. */
export const switchBackUpdate = defineUpdate<string, [DecisionRequest]>(messageNames.switchBack);
/** Decides what a cutover can't find out. */
export const decideUpdate = defineUpdate<string, [DecideCutover]>(messageNames.decide);
