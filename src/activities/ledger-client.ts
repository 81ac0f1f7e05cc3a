import { randomUUID } from 'node:crypto';
import {
  isGrpcDeadlineError,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { closedState } from '../operations/deletion.js';
import { findDmsFailure, isDmsFailure } from '../operations/failures.js';
import { emptyLedger } from '../operations/ledger.js';
import type {
  AboutToReply,
  AboutToRequest,
  BeginReply,
  BeginRequest,
  ContinuedRequest,
  RecordReply,
  RecordRequest,
  ReleaseRequest,
  ReserveReply,
  ReserveRequest,
} from '../operations/ledger-messages.js';
import { ledgerWorkflowId, messageNames, workflowTypes } from '../operations/names.js';
import type { Ledger } from '../operations/records.js';
import { ledgerClosed } from '../operations/refusals.js';

/** The server needs 20 s to say that no worker has the ledger's workflow type; an activity attempt has 30. */
const UPDATE_SECONDS = 24;

/** The ledger gave no answer in time. The request may still be carried out once a worker serves it. */
export class LedgerUnreachable extends Error {
  override readonly name = 'LedgerUnreachable';
}

/** The ledger of one replication, as the activities use it. Refusals are thrown as the failures they are; no answer as {@link LedgerUnreachable}. */
export class LedgerClient {
  constructor(
    private readonly client: Client,
    private readonly replicationConfigArn: string,
    private readonly taskQueue: string,
  ) {}

  /** Creates the ledger when it never existed. */
  begin(request: BeginRequest): Promise<BeginReply> {
    return this.#update(messageNames.begin, request);
  }

  aboutTo(request: AboutToRequest): Promise<AboutToReply> {
    return this.#update(messageNames.aboutTo, request);
  }

  record(request: RecordRequest): Promise<RecordReply> {
    return this.#update(messageNames.record, request);
  }

  /** Creates the ledger when it never existed. */
  reserve(request: ReserveRequest): Promise<ReserveReply> {
    return this.#update(messageNames.reserve, request);
  }

  async release(request: ReleaseRequest): Promise<void> {
    await this.#update(messageNames.release, request);
  }

  /** Another replication goes on from one of its records. */
  async continued(request: ContinuedRequest): Promise<void> {
    await this.#update(messageNames.continued, request);
  }

  /** DMS does not know the replication. Nothing where there is no ledger. */
  async gone(): Promise<void> {
    const options = { args: [null] as [null], updateId: randomUUID() };
    await this.#ask(() => this.#handle().executeUpdate<null, [null]>(messageNames.gone, options)).catch(
      (err: unknown) => {
        if (!isDmsFailure(err, 'DmsLedgerClosed')) throw err;
      },
    );
  }

  /** Empty when it never existed. A closed one can still be read. */
  read(): Promise<Ledger> {
    const empty = emptyLedger(this.replicationConfigArn);
    return this.#ask(async () => {
      try {
        return { ...empty, ...(await this.#handle().query<Ledger>(messageNames.ledger)) };
      } catch (err) {
        if (err instanceof WorkflowNotFoundError) return empty;
        throw err;
      }
    });
  }

  /** How to name this ledger to a person. */
  describe(): string {
    return `${ledgerWorkflowId(this.replicationConfigArn)} (task queue ${this.taskQueue})`;
  }

  async #update<Reply>(name: string, request: unknown): Promise<Reply> {
    const options = { args: [request] as [unknown], updateId: randomUUID() };
    return this.#ask(async () => {
      try {
        return await this.#handle().executeUpdate<Reply, [unknown]>(name, options);
      } catch (err) {
        if (!(err instanceof WorkflowNotFoundError)) throw err;
      }
      try {
        return await this.#create<Reply>(name, options);
      } catch (err) {
        if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
      }
      // It exists after all: created by someone else just now, or closed.
      try {
        return await this.#handle().executeUpdate<Reply, [unknown]>(name, options);
      } catch (err) {
        if (!(err instanceof WorkflowNotFoundError)) throw err;
        const state = await closedState(this.client.workflow, ledgerWorkflowId(this.replicationConfigArn));
        if (state === null) throw err;
        return this.#create<Reply>(name, options, state);
      }
    });
  }

  #create<Reply>(name: string, options: { args: [unknown]; updateId: string }, state?: Ledger): Promise<Reply> {
    const startWorkflowOperation = new WithStartWorkflowOperation(workflowTypes.ledger, {
      workflowId: ledgerWorkflowId(this.replicationConfigArn),
      taskQueue: this.taskQueue,
      args: [{ replicationConfigArn: this.replicationConfigArn, ...(state === undefined ? {} : { state }) }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      // A ledger that someone terminated must not be replaced by an empty one without a word.
      workflowIdReusePolicy: state === undefined ? 'REJECT_DUPLICATE' : 'ALLOW_DUPLICATE',
      staticSummary: 'DMS ledger: what was stopped and resumed',
    });
    return this.client.workflow.executeUpdateWithStart<Workflow, Reply, [unknown]>(name, {
      ...options,
      startWorkflowOperation,
    });
  }

  #handle() {
    return this.client.workflow.getHandle(ledgerWorkflowId(this.replicationConfigArn));
  }

  async #ask<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await this.client.withDeadline(Date.now() + UPDATE_SECONDS * 1000, request);
    } catch (err) {
      throw this.#understood(err);
    }
  }

  #understood(err: unknown): unknown {
    const refusal = err instanceof WorkflowUpdateFailedError ? findDmsFailure(err) : undefined;
    if (refusal !== undefined) return refusal;
    if (err instanceof WorkflowNotFoundError) return ledgerClosed(this.replicationConfigArn);
    return new LedgerUnreachable(problemOf(err));
  }
}

function problemOf(err: unknown): string {
  const cause = err instanceof Error && err.cause instanceof Error ? err.cause : err;
  const said = cause instanceof Error ? cause.message : String(cause);
  if (isGrpcDeadlineError(err) || err instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
    return `${said}: does a worker serve that task queue?`;
  if (/workflow task in failed state/i.test(said)) return `${said} Is ${workflowTypes.ledger} in its worker's bundle?`;
  return said;
}
