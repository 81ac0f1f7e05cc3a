import { randomUUID } from 'node:crypto';
import {
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { readClosedState } from '../../ledger/closing.js';
import { findDmsFailure } from '../../contract/failures.js';
import { ledgerMemo } from '../../ledger/details.js';
import { emptyLedger } from '../../ledger/entries.js';
import { readRequest, schemas } from '../../contract/ledger-schemas.js';
import {
  type BeginReply,
  type BeginRequest,
  type DecisionRequest,
  type RecordReply,
  type RecordRequest,
  type ReleaseRequest,
  type ReserveReply,
  type ReserveRequest,
} from '../../contract/ledger-protocol.js';
import { ledgerWorkflowId, messageNames, workflowTypes } from '../../contract/names.js';
import type { Ledger } from '../../contract/ledger-state.js';
import type { CheckpointArchive } from '../../contract/archive.js';
import { ledgerClosed } from '../../contract/failure-messages.js';
import { restore, restoreRequest, validateRestore } from '../../ledger/restore.js';
import { inTime } from '../../watch/index.js';
import { OperationUnknown, LedgerUnreachable, unreachableReason, toLedgerError } from './ledger-errors.js';

/** Time limit of an update. The server needs 20 s to say that no worker has the ledger's workflow type. */
const UPDATE_SECONDS = 24;
const ARCHIVE_SECONDS = 10;
/** Time limit of a query. An attempt that only reads the ledger has a start-to-close timeout of 20 s. */
const QUERY_SECONDS = 15;
const DESCRIBE_SECONDS = 3;
const ARCHIVE_HINT =
  "A missing ledger starts only once its archive has been read. Check the archive and the worker's access to it.";
const RESTORER = {
  by: 'temporal-dms',
  reason: 'The ledger was gone from Temporal, and its records are in the archive',
};

/** Client of one replication's ledger. Throws its refusals, and {@link LedgerUnreachable} if it gives no answer. */
export class LedgerClient {
  constructor(
    private readonly client: Client,
    private readonly replicationConfigArn: string,
    private readonly taskQueue: string,
    /** Archive to read before a ledger is created. Temporal may no longer have an earlier ledger. `null`: none. */
    private readonly archive: CheckpointArchive | null = null,
    /** Time by the server's clock, in ms. */
    private readonly now = Date.now(),
  ) {}

  /** Begins or continues an operation. Creates the ledger if it never existed. */
  begin(request: BeginRequest): Promise<BeginReply> {
    return this.#update(messageNames.begin, request);
  }

  /**
   * Records the end of an operation. Throws {@link OperationUnknown} if a stop or resume has no ledger.
   *
   * Creates no ledger: without one, an operation that changed nothing has nothing to record. A cancelled operation is
   * the exception, because its beginning may still be on its way. The ledger that its end creates rejects that
   * beginning as late.
   */
  async record(request: RecordRequest): Promise<RecordReply> {
    const wasCancelled = request.type === 'ended' && request.failureType === 'CancelledFailure';
    if (wasCancelled) return this.#update(messageNames.record, request);
    const reply = await this.#updateExisting<RecordReply>(messageNames.record, request);
    if (reply !== null) return reply;
    const mustBeKept = request.type === 'stopped' || request.type === 'resumed';
    if (mustBeKept)
      throw new OperationUnknown(`${ledgerWorkflowId(this.replicationConfigArn)} does not exist any more`);
    return { checkpoint: null };
  }

  /** Reserves the replication. Creates the ledger if it never existed. */
  reserve(request: ReserveRequest): Promise<ReserveReply> {
    return this.#update(messageNames.reserve, request);
  }

  async release(request: ReleaseRequest): Promise<void> {
    await this.#updateExisting(messageNames.release, request);
  }

  /** Lifts the seal. */
  async unseal(request: DecisionRequest): Promise<void> {
    await this.#updateExisting(messageNames.unseal, request);
  }

  /** Reports that an operation did not find the replication. */
  async reportMissing(): Promise<void> {
    await this.#updateExisting(messageNames.markGone, null);
  }

  /** Returns the state of the ledger, open or closed. Empty if it never existed. */
  read(withinSeconds = QUERY_SECONDS): Promise<Ledger> {
    const empty = emptyLedger(this.replicationConfigArn);
    return this.#ask(async () => {
      try {
        return { ...empty, ...(await this.#handle().query<Ledger>(messageNames.ledger)) };
      } catch (err) {
        if (err instanceof WorkflowNotFoundError) return empty;
        throw err;
      }
    }, withinSeconds);
  }

  /** Describes the ledger and its task queue to an operator. A ledger that does not exist yet starts on `taskQueue`. */
  async describe(): Promise<string> {
    const { taskQueue: known } = this;
    const described = inTime(DESCRIBE_SECONDS, () => this.#handle().describe());
    const { taskQueue } = await described.catch(() => ({ taskQueue: known }));
    return `${ledgerWorkflowId(this.replicationConfigArn)} (task queue ${taskQueue})`;
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
        return await this.#create<Reply>(name, options, await this.#readArchivedState(), 'REJECT_DUPLICATE');
      } catch (err) {
        if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
      }
      // The ledger exists after all: someone else created it just now, or it has closed.
      try {
        return await this.#handle().executeUpdate<Reply, [unknown]>(name, options);
      } catch (err) {
        if (!(err instanceof WorkflowNotFoundError)) throw err;
        const state = await readClosedState(this.client.workflow, ledgerWorkflowId(this.replicationConfigArn));
        if (state === null) throw err;
        return this.#create<Reply>(name, options, state, 'ALLOW_DUPLICATE');
      }
    });
  }

  /**
   * Returns the archived state of a replication that has no ledger. `undefined`: none archived, or a ledger exists.
   *
   * A ledger is started with this state. A restore after the start might be refused or lost, and leave an empty ledger
   * without the seal.
   */
  async #readArchivedState(): Promise<Ledger | undefined> {
    if (this.archive === null || (await this.#exists())) return undefined;
    try {
      return await this.#readArchive(this.archive);
    } catch (err) {
      // Another worker may be able to read it, such as one of a newer version.
      const message = err instanceof Error ? err.message : String(err);
      throw new LedgerUnreachable(`its archive can't be read: ${message}`, ARCHIVE_HINT);
    }
  }

  async #readArchive(archive: CheckpointArchive): Promise<Ledger | undefined> {
    const { replicationConfigArn: arn, now } = this;
    const [newest, ...older] = await inTime(ARCHIVE_SECONDS, () => archive.list(arn));
    if (newest === undefined) return undefined;
    const archived = restoreRequest([newest, ...older], RESTORER, now);
    const request = readRequest(arn, 'record in the archive', schemas.restore, archived);
    const empty = emptyLedger(arn);
    validateRestore(empty, request);
    return restore(empty, request, new Date(now).toISOString()).ledger;
  }

  async #exists(): Promise<boolean> {
    try {
      await this.#handle().describe();
      return true;
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return false;
      throw err;
    }
  }

  /** Updates the ledger, and never creates one. `null`: none ever existed, or it closed by itself. */
  async #updateExisting<Reply>(name: string, request: unknown): Promise<Reply | null> {
    const options = { args: [request] as [unknown], updateId: randomUUID() };
    return this.#ask(async () => {
      try {
        return await this.#handle().executeUpdate<Reply, [unknown]>(name, options);
      } catch (err) {
        if (!(err instanceof WorkflowNotFoundError) || (await this.#wasTerminated())) throw err;
        return null;
      }
    });
  }

  async #wasTerminated(): Promise<boolean> {
    try {
      return (await this.#handle().describe()).status.name !== 'COMPLETED';
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return false;
      throw err;
    }
  }

  /** Creates the ledger with its first update. `REJECT_DUPLICATE` never replaces a terminated ledger silently. */
  #create<Reply>(
    name: string,
    options: { args: [unknown]; updateId: string },
    state: Ledger | undefined,
    workflowIdReusePolicy: 'REJECT_DUPLICATE' | 'ALLOW_DUPLICATE',
  ): Promise<Reply> {
    const startWorkflowOperation = new WithStartWorkflowOperation(workflowTypes.ledger, {
      workflowId: ledgerWorkflowId(this.replicationConfigArn),
      taskQueue: this.taskQueue,
      args: [{ replicationConfigArn: this.replicationConfigArn, ...(state === undefined ? {} : { state }) }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy,
      staticSummary: 'DMS ledger: what was stopped and resumed',
      memo: { ...ledgerMemo(state ?? emptyLedger(this.replicationConfigArn)) },
    });
    return this.client.workflow.executeUpdateWithStart<Workflow, Reply, [unknown]>(name, {
      ...options,
      startWorkflowOperation,
    });
  }

  #handle() {
    return this.client.workflow.getHandle(ledgerWorkflowId(this.replicationConfigArn));
  }

  async #ask<T>(request: () => Promise<T>, seconds = UPDATE_SECONDS): Promise<T> {
    try {
      return await this.client.withDeadline(Date.now() + seconds * 1000, request);
    } catch (err) {
      throw this.#toFailure(err);
    }
  }

  #toFailure(err: unknown): unknown {
    if (err instanceof LedgerUnreachable) return err;
    const refusal =
      err instanceof WorkflowUpdateFailedError ? (findDmsFailure(err) ?? toLedgerError(err.cause)) : undefined;
    if (refusal !== undefined) return refusal;
    if (err instanceof WorkflowNotFoundError) return ledgerClosed(this.replicationConfigArn);
    return new LedgerUnreachable(unreachableReason(err));
  }
}
