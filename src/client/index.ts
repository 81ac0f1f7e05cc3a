/**
 * `temporal-dms/client`: {@link ReplicationClient}, for client code. It starts workflows by name and imports no workflow code.
 *
 * @module
 */
import { WorkflowNotFoundError, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import { findDmsFailure } from '../operations/failures.js';
import type { ResumeFleetInput, StopFleetInput } from '../operations/fleet.js';
import { historyPage, type HistoryPage, type HistoryQuery } from '../operations/history.js';
import type { ResumeReplicationInput, StopReplicationInput } from '../operations/inputs.js';
import { emptyLedger } from '../operations/ledger.js';
import type { DecisionRequest } from '../operations/ledger-messages.js';
import { DMS_TASK_QUEUE, ledgerWorkflowId, messageNames, operationWorkflowId } from '../operations/names.js';
import type { Ledger } from '../operations/records.js';
import { ledgerClosed, nothingRecorded, readArn, replicationDeleted } from '../operations/refusals.js';
import type { ResumeReplicationResult, StopReplicationResult } from '../operations/results.js';
import { startFleet, type FleetHandle } from './fleets.js';
import { Operations, type OperationHandle } from './operations.js';
import {
  createPauseSchedule,
  deletePauseSchedule,
  type PauseSchedule,
  type PauseScheduleInput,
} from './pause-schedules.js';
import { rebuildLedger, type RebuildRequest, type RebuiltLedger } from './rebuild.js';

export type { FleetHandle } from './fleets.js';
export type { RebuildRequest, RebuiltLedger } from './rebuild.js';
export type { OperationHandle } from './operations.js';
export type { PauseSchedule, PauseScheduleInput } from './pause-schedules.js';
export type { OperationProgress } from '../operations/progress.js';

export interface ReplicationClientOptions {
  readonly client: Client;
  /** Where operations run. Default `temporal-dms`. */
  readonly taskQueue?: string | undefined;
}

/** Stops and resumes replications from client code. */
export class ReplicationClient {
  readonly #client: Client;
  readonly #taskQueue: string;
  readonly #operations: Operations;

  constructor({ client, taskQueue = DMS_TASK_QUEUE }: ReplicationClientOptions) {
    this.#client = client;
    this.#taskQueue = taskQueue;
    this.#operations = new Operations(client, taskQueue);
  }

  /** Stops a replication and returns where it stopped. Joins a stop that is under way. */
  stop(input: StopReplicationInput): Promise<StopReplicationResult> {
    return this.#operations.execute<StopReplicationResult>('stop', input);
  }

  /** Resumes a replication from its recorded stop. Joins a resume that is under way. */
  resume(input: ResumeReplicationInput): Promise<ResumeReplicationResult> {
    return this.#operations.execute<ResumeReplicationResult>('resume', input);
  }

  /** As {@link stop}, without waiting for the result. */
  startStop(input: StopReplicationInput): Promise<OperationHandle<StopReplicationResult>> {
    return this.#operations.start<StopReplicationResult>('stop', input);
  }

  /** As {@link resume}, without waiting for the result. */
  startResume(input: ResumeReplicationInput): Promise<OperationHandle<ResumeReplicationResult>> {
    return this.#operations.start<ResumeReplicationResult>('resume', input);
  }

  /** Stops up to 10,000 replications, so many at once. Joins the fleet of that name that is under way. */
  startStopFleet(input: StopFleetInput): Promise<FleetHandle> {
    return startFleet(this.#client, this.#taskQueue, 'stop', input);
  }

  /** Resumes up to 10,000 replications; those of a stop fleet in the order of their deadlines. */
  startResumeFleet(input: ResumeFleetInput): Promise<FleetHandle> {
    return startFleet(this.#client, this.#taskQueue, 'resume', input);
  }

  /**
   * Creates a pause schedule: a pair of Temporal Schedules that stop and resume a replication, such as by night and in the morning.
   * Throws `DmsInvalidInput`, and creates nothing, if one of the next ten stops is not followed by a resume within 42 hours.
   */
  createPauseSchedule(input: PauseScheduleInput): Promise<PauseSchedule> {
    return createPauseSchedule(this.#client, this.#taskQueue, input);
  }

  /** Deletes both schedules of a pair. A replication that is stopped then stays stopped. Returns false if there was none. */
  deletePauseSchedule(scheduleId: string): Promise<boolean> {
    return deletePauseSchedule(this.#client, scheduleId);
  }

  /** Everything recorded of a replication; empty lists when nothing ever was. Needs a worker that serves the ledger. */
  async ledger(replicationConfigArn: string): Promise<Ledger> {
    const arn = readArn({ replicationConfigArn });
    try {
      const handle = this.#client.workflow.getHandle(ledgerWorkflowId(arn));
      // A worker of an older version may know less.
      return { ...emptyLedger(arn), ...(await handle.query<Ledger>(messageNames.ledger)) };
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return emptyLedger(arn);
      throw err;
    }
  }

  /** What happened to a replication, newest first, page by page: operations and events. Needs a worker that serves the ledger. */
  async history(replicationConfigArn: string, query: HistoryQuery = {}): Promise<HistoryPage> {
    return historyPage(await this.ledger(replicationConfigArn), query);
  }

  /**
   * Says that something may have happened to a replication, as an EventBridge rule or a person knows: an operation that waits for it looks at once.
   * False when none is open. A wait whose attempt is not held by a worker just then looks by itself, with the next sweep.
   */
  async nudge(replicationConfigArn: string): Promise<boolean> {
    const arn = readArn({ replicationConfigArn });
    try {
      await this.#client.workflow.getHandle(operationWorkflowId(arn)).signal(messageNames.nudge);
      return true;
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return false;
      throw err;
    }
  }

  /** Lifts the seal of a final stop, so that the replication may be resumed. The ledger keeps who did it and why. */
  unseal(replicationConfigArn: string, request: DecisionRequest): Promise<void> {
    return this.#decide(messageNames.unseal, replicationConfigArn, request);
  }

  /** Ends somebody's reservation, whose workflow may be gone. The ledger keeps who did it and why. */
  breakReservation(replicationConfigArn: string, request: DecisionRequest): Promise<void> {
    return this.#decide(messageNames.breakReservation, replicationConfigArn, request);
  }

  /**
   * Brings the records of a ledger back whose workflow was lost, from an archive: terminated, or left behind in another namespace. The seal comes back
   * with the newest record, and so does the watch over its deadline. What is there stays as it is, so it may be called again.
   */
  rebuildLedger(replicationConfigArn: string, request: RebuildRequest): Promise<RebuiltLedger> {
    return rebuildLedger(this.#client, this.#taskQueue, replicationConfigArn, request);
  }

  /** What a person changes in the ledger, by name and reason. */
  async #decide(update: string, replicationConfigArn: string, request: DecisionRequest): Promise<void> {
    const arn = readArn({ replicationConfigArn });
    try {
      const handle = this.#client.workflow.getHandle(ledgerWorkflowId(arn));
      await handle.executeUpdate<string, [DecisionRequest]>(update, { args: [request] });
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) throw await this.#noLedger(arn);
      throw (err instanceof WorkflowUpdateFailedError ? findDmsFailure(err) : undefined) ?? err;
    }
  }

  async #noLedger(arn: string): Promise<unknown> {
    try {
      const { status } = await this.#client.workflow.getHandle(ledgerWorkflowId(arn)).describe();
      return status.name === 'COMPLETED' ? replicationDeleted(arn) : ledgerClosed(arn);
    } catch (err) {
      return err instanceof WorkflowNotFoundError ? nothingRecorded(arn) : err;
    }
  }
}
