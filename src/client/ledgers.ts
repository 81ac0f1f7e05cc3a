import { setTimeout as sleep } from 'node:timers/promises';
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
  notMovedYet,
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
import { describeStuckTask } from './problems.js';
import { lastPolls } from './workers.js';

/** Values of `TaskQueueType` in Temporal's API. */
const polled = [
  [1, 'workflows'],
  [2, 'activities'],
] as const;
/** Longest time until a ledger that accepted a move has moved, and the time between two looks. */
const [MOVE_SECONDS, MOVE_LOOK_MS] = [20, 250];
/** Time limit for the ledger's answer. */
const LEDGER_SECONDS = 8;

/** Reads and changes ledgers for people. Throws DmsLedgerNotFound and DmsLedgerUnavailable; changes also DmsLedgerClosed. */
export class Ledgers {
  /** `taskQueue`: where the workers of new operations poll. */
  constructor(
    private readonly client: Client,
    private readonly taskQueue: string,
  ) {}

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

  /** Moves a ledger to a task queue that workers poll, and waits until it is there. */
  async move(replicationConfigArn: string, request: MoveRequest): Promise<void> {
    const arn = readArn({ replicationConfigArn });
    const read = readMove(arn, request);
    await requireServer(this.client);
    for (const [type, what] of polled)
      if ((await lastPolls(this.client, read.taskQueue, type))?.length === 0)
        throw nobodyToMoveTo(arn, read.taskQueue, what);
    await this.#ask(arn, (handle) => handle.executeUpdate<string, [MoveRequest]>(messageNames.move, { args: [read] }));
    for (const deadline = performance.now() + MOVE_SECONDS * 1000; ; await sleep(MOVE_LOOK_MS)) {
      const description = await this.#describe(arn, this.client.workflow.getHandle(ledgerWorkflowId(arn)));
      if (description.taskQueue === read.taskQueue) return;
      if (performance.now() > deadline) throw notMovedYet(arn, description.taskQueue, read.taskQueue);
    }
  }

  async #ask<T>(arn: string, ask: (handle: WorkflowHandle) => Promise<T>): Promise<T> {
    const handle = this.client.workflow.getHandle(ledgerWorkflowId(arn));
    await requireServer(this.client);
    try {
      return await this.client.withDeadline(Date.now() + LEDGER_SECONDS * 1000, () => ask(handle));
    } catch (err) {
      if (err instanceof WorkflowUpdateFailedError) throw findDmsFailure(err) ?? err;
      if (isUnavailable(err)) throw unreachable(this.client, err);
      const description = await this.#describe(arn, handle);
      const { status, taskQueue } = description;
      if (err instanceof WorkflowNotFoundError) {
        // The ledger was started between the two requests.
        if (status.name === 'RUNNING') return this.#ask(arn, ask);
        throw status.name === 'COMPLETED' ? replicationDeleted(arn) : ledgerClosed(arn);
      }
      const isSilent = isUnanswered(err) || err instanceof WorkflowUpdateRPCTimeoutOrCancelledError;
      if (!isSilent && !isExplainedByServer(err)) throw err;
      const why =
        (await describeStuckTask(this.client, description)) ??
        (isSilent ? await this.#explainSilence(taskQueue) : serverMessageOf(err));
      throw ledgerUnavailable(arn, taskQueue, why, this.taskQueue);
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
