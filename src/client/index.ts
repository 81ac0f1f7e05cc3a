/**
 * `temporal-dms/client`: {@link ReplicationClient}, for client code. Starts workflows by name, and imports none of
 * their code.
 *
 * @module
 */
import type { Client } from '@temporalio/client';
import type { CutoverInput } from '../contract/cutover-input.js';
import type { ResumeFleetInput, StopFleetInput } from '../contract/fleets.js';
import { historyPage } from '../ledger/history.js';
import type { HistoryPage, HistoryQuery } from '../contract/history.js';
import type { OperationKind, ResumeReplicationInput, StopReplicationInput } from '../contract/inputs.js';
import type { DecisionRequest, MoveRequest } from '../contract/ledger-protocol.js';
import { DMS_TASK_QUEUE, messageNames } from '../contract/names.js';
import type { Ledger } from '../contract/ledger-state.js';
import type { OperationPlan } from '../contract/operation-plan.js';
import { readArn } from '../contract/failure-messages.js';
import type { ResumeReplicationResult, StopReplicationResult } from '../contract/results.js';
import { handleOf, startCutover, type CutoverHandle, type StartedCutover } from './cutovers.js';
import { fleetHandle, startFleet, type FleetHandle } from './fleets.js';
import { Ledgers } from './ledgers.js';
import { listReplications, readSummary, type ReplicationSummary } from './listing.js';
import { nudgeOperation } from './nudge.js';
import type { OpenOperation, OperationHandle } from './operation-handle.js';
import { Operations } from './operations.js';
import {
  createPauseSchedule,
  deletePauseSchedule,
  type PauseSchedule,
  type PauseScheduleInput,
} from './pause-schedules.js';
import { rebuildLedger, type RebuildRequest, type RebuiltLedger } from './rebuild.js';

export type { CutoverHandle, StartedCutover } from './cutovers.js';
export { renderCutover, type RenderedCutover } from './render-cutover.js';
export type { FleetHandle } from './fleets.js';
export type { RebuildRequest, RebuiltLedger } from './rebuild.js';
export type { OpenOperation, OperationHandle } from './operation-handle.js';
export type { ReplicationSummary } from './listing.js';
export type { PauseSchedule, PauseScheduleInput } from './pause-schedules.js';
export type { ClientProgress } from './progress.js';
export type { OperationPlan } from '../contract/operation-plan.js';
export type { OperationProgress } from '../contract/progress.js';
export type { DecisionRequest, MoveRequest } from '../contract/ledger-protocol.js';
export type { HistoryEntry, HistoryPage, HistoryQuery } from '../contract/history.js';
export type { Scheduled } from '../contract/pause-schedule.js';
export type { FailureLimit, FleetInput, FleetProgress, ResumeFleetInput, StopFleetInput } from '../contract/fleets.js';
export type { NoWorker } from './workers.js';

/** Options of a {@link ReplicationClient}. */
export interface ReplicationClientOptions {
  /** Temporal client. Its namespace holds the operations and the ledgers. */
  readonly client: Client;
  /** Task queue on which operations start. Default `temporal-dms`. */
  readonly taskQueue?: string | undefined;
}

/** Client that stops and resumes replications. */
export class ReplicationClient {
  readonly #client: Client;
  readonly #taskQueue: string;
  readonly #operations: Operations;
  readonly #ledgers: Ledgers;

  constructor({ client, taskQueue = DMS_TASK_QUEUE }: ReplicationClientOptions) {
    this.#client = client;
    this.#taskQueue = taskQueue;
    this.#operations = new Operations(client, taskQueue);
    this.#ledgers = new Ledgers(client, taskQueue);
  }

  /**
   * Stops a replication and returns where it stopped. Joins a stop that is under way.
   *
   * Throws the `ApplicationFailure` itself for every failure that `isDmsFailure` knows.
   */
  stop(input: StopReplicationInput): Promise<StopReplicationResult> {
    return this.#operations.execute<StopReplicationResult>('stop', input);
  }

  /** Resumes a replication from its recorded stop. Joins a resume that is under way. Throws as {@link stop} does. */
  resume(input: ResumeReplicationInput): Promise<ResumeReplicationResult> {
    return this.#operations.execute<ResumeReplicationResult>('resume', input);
  }

  /**
   * Starts what {@link stop} does, without waiting for the result.
   *
   * A final stop first waits for the end of a pause under way. `preempt` first waits for the end of the resume.
   */
  startStop(input: StopReplicationInput): Promise<OperationHandle<StopReplicationResult>> {
    return this.#operations.start<StopReplicationResult>('stop', input);
  }

  /** Starts what {@link resume} does, without waiting for the result. */
  startResume(input: ResumeReplicationInput): Promise<OperationHandle<ResumeReplicationResult>> {
    return this.#operations.start<ResumeReplicationResult>('resume', input);
  }

  /**
   * Finds out what {@link stop} would do now: call, wait, join, or be refused. Changes nothing, and takes no lock.
   *
   * The worker answers, with its own permissions. Throws within 45 seconds if no worker does.
   */
  planStop(input: StopReplicationInput): Promise<OperationPlan> {
    return this.#operations.plan('stop', input);
  }

  /** Finds out what {@link resume} would do now, as {@link planStop} does. */
  planResume(input: ResumeReplicationInput): Promise<OperationPlan> {
    return this.#operations.plan('resume', input);
  }

  /** Finds the operation that is under way on a replication, whoever started it. Needs no worker. `null`: none. */
  async openOperation(replicationConfigArn: string): Promise<OpenOperation | null> {
    return this.#operations.findOpen(readArn({ replicationConfigArn }));
  }

  /**
   * Lists the replications that have a ledger in this namespace, newest ledger first. Needs no worker: it reads
   * Temporal's visibility store, which may be some seconds behind.
   */
  list(): AsyncIterable<ReplicationSummary> {
    return listReplications(this.#client);
  }

  /** Reads the summary of one replication. Needs no worker. `null`: it has no ledger in this namespace. */
  async summary(replicationConfigArn: string): Promise<ReplicationSummary | null> {
    return readSummary(this.#client, readArn({ replicationConfigArn }));
  }

  /** Stops up to 10,000 replications, `concurrency` at once. Joins the stop fleet of that name that is under way. */
  startStopFleet(input: StopFleetInput): Promise<FleetHandle> {
    return startFleet(this.#client, this.#taskQueue, 'stop', input);
  }

  /**
   * Resumes up to 10,000 replications, `concurrency` at once. With `stopped`, the nearest deadline comes first. Joins
   * the resume fleet of that name that is under way.
   */
  startResumeFleet(input: ResumeFleetInput): Promise<FleetHandle> {
    return startFleet(this.#client, this.#taskQueue, 'resume', input);
  }

  /** Returns the handle of a fleet, to see its progress, to wait for it, or to cancel it. */
  fleet(kind: OperationKind, fleetId: string): FleetHandle {
    return fleetHandle(this.#client, kind, fleetId);
  }

  /**
   * Starts a cutover: moves an application from the source of replications to their target. Joins the same cutover if
   * it is under way or has switched.
   *
   * Throws `DmsOperationInProgress` or `DmsOperationSuperseded` if another cutover has that id.
   */
  startCutover(input: CutoverInput): Promise<StartedCutover> {
    return startCutover(this.#client, this.#taskQueue, input);
  }

  /** Returns the handle of a cutover, to see its status, and to approve, abort or decide. */
  cutover(cutoverId: string): CutoverHandle {
    return handleOf(this.#client, cutoverId);
  }

  /**
   * Creates a pause schedule: a pair of Temporal Schedules that stop and resume a replication, such as at night and in
   * the morning.
   *
   * Throws `DmsInvalidInput`, and creates nothing, if one of the next ten stops has no resume within 42 hours.
   */
  createPauseSchedule(input: PauseScheduleInput): Promise<PauseSchedule> {
    return createPauseSchedule(this.#client, this.#taskQueue, input);
  }

  /** Deletes both schedules of a pair. A stopped replication stays stopped. Returns false if there is no such pair. */
  deletePauseSchedule(scheduleId: string): Promise<boolean> {
    return deletePauseSchedule(this.#client, scheduleId);
  }

  /**
   * Reads everything recorded of a replication. Needs a worker that serves the ledger.
   *
   * Throws `DmsLedgerNotFound` if nothing was recorded. Throws `DmsLedgerUnavailable` within ten seconds if no worker
   * answers. A ledger that a person terminated can be read, and {@link summary} shows it as `lost`.
   */
  ledger(replicationConfigArn: string): Promise<Ledger> {
    return this.#ledgers.read(replicationConfigArn);
  }

  /**
   * Reads the history of a replication, newest first, page by page: operations and events. Throws as {@link ledger}
   * does, and `DmsInvalidInput` for an invalid query.
   */
  async history(replicationConfigArn: string, query: HistoryQuery = {}): Promise<HistoryPage> {
    return historyPage(await this.ledger(replicationConfigArn), query);
  }

  /**
   * Makes an operation that waits for a replication look at once. Call it when an EventBridge rule or a person reports
   * that something happened.
   *
   * If no worker holds the wait at that moment, the next sweep looks. Returns false if no operation is open.
   */
  async nudge(replicationConfigArn: string): Promise<boolean> {
    return nudgeOperation(this.#client, readArn({ replicationConfigArn }));
  }

  /**
   * Lifts the seal of a final stop, so that the replication may be resumed. The ledger keeps the name and the reason.
   * Throws as {@link ledger} does, and `DmsLedgerClosed` if a person terminated the ledger.
   */
  unseal(replicationConfigArn: string, request: DecisionRequest): Promise<void> {
    return this.#ledgers.decide(messageNames.unseal, replicationConfigArn, request);
  }

  /**
   * Ends the reservation of an owner, also of one that is gone. The ledger keeps the name and the reason. Throws as
   * {@link unseal} does.
   */
  breakReservation(replicationConfigArn: string, request: DecisionRequest): Promise<void> {
    return this.#ledgers.decide(messageNames.breakReservation, replicationConfigArn, request);
  }

  /**
   * Moves the ledger to another task queue. The ledger stays on the task queue of the first operation, whatever a later
   * operation or worker names.
   *
   * Both task queues need a worker with the workflows and the activities of this package. Resolves once the ledger has
   * moved. The worker of the old task queue may end then. The ledger keeps the name and the reason.
   *
   * Throws as {@link unseal} does, and `DmsInvalidInput` for the name of a task queue that Temporal refuses. Throws
   * `DmsLedgerUnavailable` if nobody polls the new task queue, or if the ledger has not moved within 20 seconds.
   */
  moveLedger(replicationConfigArn: string, request: MoveRequest): Promise<void> {
    return this.#ledgers.move(replicationConfigArn, request);
  }

  /**
   * Brings the records of a lost ledger back from an archive. A ledger is lost if it was terminated, or left behind in
   * another namespace.
   *
   * The seal and the deadline guard come back with the newest record. The guard then only warns. Records that the
   * ledger has stay as they are, so a repeated call is safe.
   */
  rebuildLedger(replicationConfigArn: string, request: RebuildRequest): Promise<RebuiltLedger> {
    return rebuildLedger(this.#client, this.#taskQueue, replicationConfigArn, request);
  }
}
