import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import { findDmsFailure } from '../contract/failures.js';
import type { DecisionRequest, MoveRequest } from '../contract/ledger-protocol.js';
import { ledgerWorkflowId, messageNames } from '../contract/names.js';
import type { Ledger } from '../contract/ledger-state.js';
import {
  ledgerClosed,
  ledgerNotFound,
  ledgerUnavailable,
  nobodyToMoveTo,
  readArn,
  replicationDeleted,
} from '../contract/failure-messages.js';
import { readDecision, readMove } from '../contract/ledger-input-schemas.js';
import {
  askServer,
  isExplainedByServer,
  isUnanswered,
  isUnavailable,
  requireServer,
  serverMessageOf,
  unreachable,
} from './reach.js';
import { lastPolls } from './workers.js';

/** Time limit for the ledger's answer. */
const LEDGER_SECONDS = 8;

/** Reads and changes ledgers for people. Throws DmsLedgerNotFound and DmsLedgerUnavailable; changes also DmsLedgerClosed. */
export class Ledgers {
  constructor(private readonly client: Client) {}

  async read(replicationConfigArn: string): Promise<Ledger> {
    const arn = readArn({ replicationConfigArn });
    return this.#ask(arn, (handle) => handle.query<Ledger>(messageNames.ledger));
  }

  /** Applies a person's decision, with its name and reason. */
  async decide(update: string, replicationConfigArn: string, request: DecisionRequest): Promise<void> {
    const arn = readArn({ replicationConfigArn });
    const args: [DecisionRequest] = [readDecision(arn, `${update} request`, request)];
    await this.#ask(arn, (handle) => handle.executeUpdate<string, [DecisionRequest]>(update, { args }));
  }

  /** Moves a ledger to a task queue that a worker polls. */
  async move(replicationConfigArn: string, request: MoveRequest): Promise<void> {
    const arn = readArn({ replicationConfigArn });
    const read = readMove(arn, request);
    await requireServer(this.client);
    const polls = await lastPolls(this.client, read.taskQueue);
    if (polls?.length === 0) throw nobodyToMoveTo(arn, read.taskQueue);
    await this.#ask(arn, (handle) => handle.executeUpdate<string, [MoveRequest]>(messageNames.move, { args: [read] }));
  }

  async #ask<T>(arn: string, ask: (handle: WorkflowHandle) => Promise<T>): Promise<T> {
    const handle = this.client.workflow.getHandle(ledgerWorkflowId(arn));
    await requireServer(this.client);
    try {
      return await this.client.withDeadline(Date.now() + LEDGER_SECONDS * 1000, () => ask(handle));
    } catch (err) {
      if (err instanceof WorkflowUpdateFailedError) throw findDmsFailure(err) ?? err;
      if (isUnavailable(err)) throw unreachable(this.client, err);
      const { status, taskQueue } = await this.#describe(arn, handle);
      if (err instanceof WorkflowNotFoundError) {
        // The ledger was started between the two requests.
        if (status.name === 'RUNNING') return this.#ask(arn, ask);
        throw status.name === 'COMPLETED' ? replicationDeleted(arn) : ledgerClosed(arn);
      }
      if (isExplainedByServer(err)) throw ledgerUnavailable(arn, taskQueue, serverMessageOf(err));
      const isSilent = isUnanswered(err) || err instanceof WorkflowUpdateRPCTimeoutOrCancelledError;
      throw isSilent ? ledgerUnavailable(arn, taskQueue, await this.#explainSilence(taskQueue)) : err;
    }
  }

  async #describe(arn: string, handle: WorkflowHandle): Promise<WorkflowExecutionDescription> {
    try {
      return await askServer(this.client, () => handle.describe());
    } catch (err) {
      throw err instanceof WorkflowNotFoundError ? ledgerNotFound(arn) : err;
    }
  }

  async #explainSilence(taskQueue: string): Promise<string> {
    const polls = await lastPolls(this.client, taskQueue);
    if (polls?.length === 0) return 'no worker polls that task queue';
    const newest = polls?.toSorted().at(-1);
    const since = newest === undefined ? '' : `; a worker polled that task queue last at ${newest}`;
    return `it gave no answer for ${LEDGER_SECONDS} seconds${since}`;
  }
}
