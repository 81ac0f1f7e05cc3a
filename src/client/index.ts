/**
 * `temporal-dms/client`: {@link ReplicationClient}, for client code. It starts workflows by name and imports no workflow code.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
} from '@temporalio/client';
import { CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { findDmsFailure, isDmsFailure } from '../operations/failures.js';
import {
  planFleet,
  type FleetProgress,
  type FleetResult,
  type ResumeFleetInput,
  type StopFleetInput,
} from '../operations/fleet.js';
import { historyPage, type HistoryPage, type HistoryQuery } from '../operations/history.js';
import type {
  OperationInput,
  OperationKind,
  ResumeReplicationInput,
  StopReplicationInput,
} from '../operations/inputs.js';
import { firstRunIdOf, mayJoin, mayPreempt, openOperation, type OpenOperation } from '../operations/join.js';
import { emptyLedger } from '../operations/ledger.js';
import type { BreakReservationRequest, UnsealRequest } from '../operations/ledger-messages.js';
import {
  DMS_TASK_QUEUE,
  fleetTypes,
  fleetWorkflowId,
  ledgerWorkflowId,
  memoKeys,
  messageNames,
  operationWorkflowId,
  workflowTypes,
} from '../operations/names.js';
import type { OperationProgress } from '../operations/progress.js';
import type { Ledger } from '../operations/records.js';
import { ledgerClosed, nothingRecorded, operationInProgress, readArn } from '../operations/refusals.js';
import { requireOwner } from '../operations/reservations.js';
import type { ResumeReplicationResult, StopReplicationResult } from '../operations/results.js';
import { readProgress } from './progress.js';

export type { OperationProgress } from '../operations/progress.js';

export interface ReplicationClientOptions {
  readonly client: Client;
  /** Where operations run. Default `temporal-dms`. */
  readonly taskQueue?: string | undefined;
}

/** A stop or resume that was started, or joined. */
export interface OperationHandle<Result> {
  readonly workflowId: string;
  readonly runId: string;
  /** It was under way already: somebody else started it. */
  readonly joined: boolean;
  /** Its result. Rejects with the `ApplicationFailure` itself for every failure that {@link isDmsFailure} knows. */
  result(): Promise<Result>;
  /** Where it is, with the status in the newest look. */
  progress(): Promise<OperationProgress>;
  /** Ends the waiting at once, for everyone who joined it; not a stop that DMS accepted. */
  cancel(): Promise<void>;
}

/** A fleet that was started, or is under way. */
export interface FleetHandle {
  readonly workflowId: string;
  readonly fleetId: string;
  /** A fleet of that name was under way already; its list is its own. */
  readonly joined: boolean;
  /** What became of each. Rejects with `DmsFleetHalted` itself, and with Temporal's own failures. */
  result(): Promise<FleetResult>;
  /** What has become of each so far, what is under way, and what is left. */
  progress(): Promise<FleetProgress>;
  /** Lets those that are under way finish, and starts no more. */
  cancel(): Promise<void>;
}

/** Stops and resumes replications from client code. */
export class ReplicationClient {
  readonly #client: Client;
  readonly #taskQueue: string;

  constructor({ client, taskQueue = DMS_TASK_QUEUE }: ReplicationClientOptions) {
    this.#client = client;
    this.#taskQueue = taskQueue;
  }

  /** Stops a replication and returns where it stopped. Joins a stop that is under way. */
  stop(input: StopReplicationInput): Promise<StopReplicationResult> {
    return this.#execute<StopReplicationResult>('stop', input);
  }

  /** Resumes a replication from its recorded stop. Joins a resume that is under way. */
  resume(input: ResumeReplicationInput): Promise<ResumeReplicationResult> {
    return this.#execute<ResumeReplicationResult>('resume', input);
  }

  /** As {@link stop}, without waiting for the result. */
  startStop(input: StopReplicationInput): Promise<OperationHandle<StopReplicationResult>> {
    return this.#start<StopReplicationResult>('stop', input);
  }

  /** As {@link resume}, without waiting for the result. */
  startResume(input: ResumeReplicationInput): Promise<OperationHandle<ResumeReplicationResult>> {
    return this.#start<ResumeReplicationResult>('resume', input);
  }

  /** Stops up to 10,000 replications, so many at once. Joins the fleet of that name that is under way. */
  startStopFleet(input: StopFleetInput): Promise<FleetHandle> {
    return this.#startFleet('stop', input);
  }

  /** Resumes up to 10,000 replications; those of a stop fleet in the order of their deadlines. */
  startResumeFleet(input: ResumeFleetInput): Promise<FleetHandle> {
    return this.#startFleet('resume', input);
  }

  async #startFleet(kind: OperationKind, input: StopFleetInput | ResumeFleetInput): Promise<FleetHandle> {
    const fleetId = input.fleetId ?? randomUUID();
    // A mistake is told at once, and to nobody else.
    planFleet(kind, { ...input, fleetId }, fleetId);
    const workflowId = fleetWorkflowId(`${kind}:${fleetId}`);
    const { workflow } = this.#client;
    let joined = false;
    try {
      await workflow.start(fleetTypes[kind], {
        workflowId,
        taskQueue: this.#taskQueue,
        args: [{ ...input, fleetId }],
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: `DMS ${kind} fleet`,
      });
    } catch (err) {
      if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
      joined = true;
    }
    const handle = workflow.getHandle(workflowId);
    return {
      workflowId,
      fleetId,
      joined,
      result: async () => {
        try {
          return (await handle.result()) as FleetResult;
        } catch (err) {
          throw findDmsFailure(err) ?? err;
        }
      },
      progress: () => handle.query<FleetProgress>(messageNames.fleet),
      cancel: async () => void (await handle.cancel()),
    };
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
  unseal(replicationConfigArn: string, request: UnsealRequest): Promise<void> {
    return this.#decide(messageNames.unseal, replicationConfigArn, request);
  }

  /** Ends somebody's reservation, whose workflow may be gone. The ledger keeps who did it and why. */
  breakReservation(replicationConfigArn: string, request: BreakReservationRequest): Promise<void> {
    return this.#decide(messageNames.breakReservation, replicationConfigArn, request);
  }

  /** What a person changes in the ledger, by name and reason. */
  async #decide(update: string, replicationConfigArn: string, request: UnsealRequest): Promise<void> {
    const arn = readArn({ replicationConfigArn });
    try {
      const handle = this.#client.workflow.getHandle(ledgerWorkflowId(arn));
      await handle.executeUpdate<Ledger, [UnsealRequest]>(update, { args: [request] });
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) throw await this.#noLedger(arn);
      throw (err instanceof WorkflowUpdateFailedError ? findDmsFailure(err) : undefined) ?? err;
    }
  }

  async #noLedger(arn: string): Promise<unknown> {
    try {
      await this.#client.workflow.getHandle(ledgerWorkflowId(arn)).describe();
      return ledgerClosed(arn);
    } catch (err) {
      return err instanceof WorkflowNotFoundError ? nothingRecorded(arn) : err;
    }
  }

  async #execute<Result>(kind: OperationKind, input: OperationInput): Promise<Result> {
    for (;;) {
      const handle = await this.#start<Result>(kind, input);
      try {
        return await handle.result();
      } catch (err) {
        // Someone ended the operation this call had joined, or it was refused because somebody has reserved the replication, perhaps this caller; what this caller wants still stands.
        const isForeign = wasCutShort(err) || isDmsFailure(err, 'DmsReplicationReserved');
        if (!handle.joined || !isForeign) throw err;
      }
    }
  }

  async #start<Result>(
    kind: OperationKind,
    input: OperationInput & Pick<StopReplicationInput, 'preempt'>,
  ): Promise<OperationHandle<Result>> {
    const arn = readArn(input);
    const workflowId = operationWorkflowId(arn);
    const operationId = input.operationId ?? randomUUID();
    for (;;) {
      try {
        const { firstExecutionRunId } = await this.#client.workflow.start(workflowTypes[kind], {
          workflowId,
          taskQueue: this.#taskQueue,
          args: [{ ...input, operationId }],
          workflowIdConflictPolicy: 'FAIL',
          memo: { [memoKeys.kind]: kind, [memoKeys.operationId]: operationId },
          staticSummary: `DMS ${kind}`,
        });
        return this.#handle<Result>(workflowId, firstExecutionRunId, firstExecutionRunId, false);
      } catch (err) {
        if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
      }
      const open = openOperation(await this.#client.workflow.getHandle(workflowId).describe());
      if (open === null) continue; // it ended in between
      if (mayPreempt(open, { kind, ...input })) {
        await this.#preempt(arn, open, input);
        continue;
      }
      if (!mayJoin(open, { kind, operationId: input.operationId ?? null })) throw operationInProgress(arn, open);
      return this.#handle<Result>(workflowId, open.runId, open.firstExecutionRunId, true);
    }
  }

  /** Cancels the resume that is under way, and waits until it has ended. */
  async #preempt(arn: string, open: OpenOperation, { owner }: OperationInput): Promise<void> {
    requireOwner(await this.ledger(arn), { owner, parentWorkflowId: null });
    const { workflowId, runId, firstExecutionRunId } = open;
    const resume = this.#handle(workflowId, runId, firstExecutionRunId, true);
    try {
      await resume.cancel();
      await resume.result();
    } catch (err) {
      // It has ended by itself, or because of this; how is told to those who wait for it.
      const hasEnded = err instanceof WorkflowNotFoundError || err instanceof WorkflowFailedError;
      if (!hasEnded && findDmsFailure(err) === undefined) throw err;
    }
  }

  #handle<Result>(workflowId: string, runId: string, firstRunId: string, joined: boolean): OperationHandle<Result> {
    const { workflow } = this.#client;
    /** The run in which the execution goes on: another one when it was reset. */
    const newestRunId = async (): Promise<string> => {
      const description = await workflow.getHandle(workflowId).describe();
      return firstRunIdOf(description) === firstRunId ? description.runId : runId;
    };
    const result = async (): Promise<Result> => {
      for (let followed = runId; ;) {
        try {
          return (await workflow.getHandle(workflowId, followed).result()) as Result;
        } catch (err) {
          const newest = wasCutShort(err) ? await newestRunId() : followed;
          if (newest === followed) throw findDmsFailure(err) ?? err;
          followed = newest;
        }
      }
    };
    return {
      workflowId,
      runId,
      joined,
      result,
      progress: async () => readProgress(this.#client, workflow.getHandle(workflowId, await newestRunId())),
      cancel: async () => {
        await workflow.getHandle(workflowId, undefined, { firstExecutionRunId: firstRunId }).cancel();
      },
    };
  }
}

function wasCutShort(err: unknown): boolean {
  if (!(err instanceof WorkflowFailedError)) return false;
  return err.cause instanceof CancelledFailure || err.cause instanceof TerminatedFailure;
}
