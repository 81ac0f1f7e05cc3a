import { randomUUID } from 'node:crypto';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { staticDetailsFor, dmsCommand } from '../contract/commands.js';
import { findDmsFailure, isDmsFailure } from '../contract/failures.js';
import type { OperationInput, OperationKind, StopReplicationInput } from '../contract/inputs.js';
import {
  firstRunIdOf,
  mayPreempt,
  openOperation,
  relationTo,
  wantedOperation,
  type OpenOperation as FoundOperation,
} from '../rules/joining.js';
import { ledgerWorkflowId, memoKeys, operationWorkflowId, workflowTypes } from '../contract/names.js';
import type { OperationPlan } from '../contract/operation-plan.js';
import { operationInProgress } from '../contract/failure-messages.js';
import type { ResumeReplicationResult, StopReplicationResult } from '../contract/results.js';
import { readResumeInput, readStopInput } from '../contract/input-schemas.js';
import { reservedByOtherFailure } from '../ledger/reservation.js';
import type { OpenOperation, OperationHandle } from './operation-handle.js';
import { terminateNeverPickedUp } from './never-picked-up.js';
import { planOperation } from './plans.js';
import { findOperationProblem, readProgress } from './progress.js';
import { askServer, requestWithoutLimit } from './reach.js';
import { readRequest, type OperationRequest } from './requests.js';
import { ProblemWatch } from './problem-watch.js';
import { findWaitingTask } from './workers.js';

interface FollowedRun {
  readonly workflowId: string;
  readonly runId: string;
  /** Id of the execution's first run. A reset does not change it. */
  readonly firstRunId: string;
  readonly joined: boolean;
}

/** Starts stops and resumes, and follows those that are under way. */
export class Operations {
  readonly #workers: ProblemWatch;

  constructor(
    private readonly client: Client,
    private readonly taskQueue: string,
  ) {
    this.#workers = new ProblemWatch();
  }

  /** Starts an operation, or joins the one that is under way, and waits for the result. */
  async execute<Result>(kind: OperationKind, input: OperationInput): Promise<Result> {
    for (;;) {
      const handle = await this.start<Result>(kind, input);
      try {
        return await handle.result();
      } catch (err) {
        // The caller's request stands if the joined operation was cut short or refused by a reservation. The caller may
        // own that reservation.
        const isForeign = wasCutShort(err) || isDmsFailure(err, 'DmsReplicationReserved');
        if (!handle.joined || !isForeign) throw err;
      }
    }
  }

  async start<Result>(
    kind: OperationKind,
    input: OperationInput & Pick<StopReplicationInput, 'preempt'>,
  ): Promise<OperationHandle<Result>> {
    const arn = requireValidInput(kind, input);
    const operationId = input.operationId ?? randomUUID();
    const wanted = wantedOperation(kind, input);
    const workflowId = operationWorkflowId(arn);
    for (;;) {
      try {
        const options = {
          workflowId,
          taskQueue: this.taskQueue,
          args: [{ ...input, operationId }],
          workflowIdConflictPolicy: 'FAIL',
          memo: { [memoKeys.kind]: kind, [memoKeys.operationId]: operationId, [memoKeys.requestKey]: wanted.asks },
          staticSummary: `DMS ${kind}`,
          staticDetails: staticDetailsFor(dmsCommand('status', arn), this.taskQueue),
        } as const;
        const start = () => this.client.workflow.start(workflowTypes[kind], options);
        const { firstExecutionRunId } = await askServer(this.client, start);
        const run = { workflowId, runId: firstExecutionRunId, firstRunId: firstExecutionRunId, joined: false };
        return this.#follow<Result>(run);
      } catch (err) {
        if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
      }
      const description = await this.#describe(workflowId);
      const open = openOperation(description);
      if (open === null || (await terminateNeverPickedUp(this.client, description, this.taskQueue))) continue;
      if (input.preempt === true && mayPreempt(open, kind)) {
        await this.#preempt(arn, open, input.owner ?? null);
        continue;
      }
      const relation = relationTo(open, wanted);
      if (relation === 'refuse') throw operationInProgress(arn, open, await this.#describePlace(description));
      const { runId, firstRunId } = open;
      const handle = this.#follow<Result>({ workflowId, runId, firstRunId, joined: true });
      if (relation === 'join') return handle;
      await handle.result().catch(() => null); // runs after the open operation, however that one ends
    }
  }

  /** Finds out what an operation would do. Takes no lock, and changes nothing. */
  async plan(kind: OperationKind, input: OperationInput): Promise<OperationPlan> {
    requireValidInput(kind, input);
    return planOperation(this.client, this.taskQueue, this.#workers, kind, input);
  }

  /** Finds the operation that is open on a replication. Needs no worker. `null`: none. */
  async findOpen(arn: string): Promise<OpenOperation | null> {
    const description = await this.#describe(operationWorkflowId(arn)).catch(nullIfMissing);
    const open = description === null ? null : openOperation(description);
    if (description === null || open === null) return null;
    const request = await readRequest(this.client, description);
    const { kind, operationId, hostWorkflowId, workflowId, runId, firstRunId } = open;
    return {
      ...this.#follow<StopReplicationResult | ResumeReplicationResult>({ workflowId, runId, firstRunId, joined: true }),
      kind,
      operationId,
      hostWorkflowId,
      startedAt: description.startTime.toISOString(),
      requestedBy: request?.requestedBy ?? null,
      reason: request?.reason ?? null,
    };
  }

  /** Cancels the open resume, and waits for its end. */
  async #preempt(arn: string, open: FoundOperation, owner: string | null): Promise<void> {
    const reservedBy = await this.#reservedBy(arn);
    if (reservedBy !== null && reservedBy !== owner) throw reservedByOtherFailure(arn, reservedBy);
    const { workflowId, runId, firstRunId } = open;
    const handle = this.#follow<unknown>({ workflowId, runId, firstRunId, joined: true });
    try {
      await handle.cancel();
    } catch (err) {
      if (!(err instanceof WorkflowNotFoundError)) throw err; // else it has just ended
    }
    await handle.result().catch(() => null);
  }

  async #reservedBy(arn: string): Promise<string | null> {
    try {
      const { memo } = await this.#describe(ledgerWorkflowId(arn));
      return typeof memo?.['reservedBy'] === 'string' ? memo['reservedBy'] : null;
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return null;
      throw err;
    }
  }

  #describe(workflowId: string): Promise<WorkflowExecutionDescription> {
    return askServer(this.client, () => this.client.workflow.getHandle(workflowId).describe());
  }

  /** Returns the part of a message that names an open operation's other task queue, and a missing worker there. */
  async #describePlace(description: WorkflowExecutionDescription): Promise<string> {
    const { taskQueue } = description;
    const elsewhere = taskQueue === this.taskQueue ? '' : `, on the task queue "${taskQueue}"`;
    const task = await findWaitingTask(this.client, description);
    return task?.isCertain === true ? `${elsewhere}, where no worker has taken it since ${task.since}` : elsewhere;
  }

  #follow<Result>({ workflowId, runId, firstRunId, joined }: FollowedRun): OperationHandle<Result> {
    const { workflow } = this.client;
    /** Returns the newest run of the execution. A reset goes on in another run. */
    const newestRunId = async (): Promise<string> => {
      const description = await this.#describe(workflowId);
      return firstRunIdOf(description) === firstRunId ? description.runId : runId;
    };
    const result = async (): Promise<Result> => {
      for (let followed = runId; ;) {
        try {
          const handle = workflow.getHandle(workflowId, followed);
          return (await requestWithoutLimit(this.client, () => handle.result())) as Result;
        } catch (err) {
          const newest = wasCutShort(err) ? await newestRunId() : followed;
          if (newest === followed) throw findDmsFailure(err) ?? err;
          followed = newest;
        }
      }
    };
    const newestHandle = async () => workflow.getHandle(workflowId, await newestRunId());
    /** Request of the operation, once it was read. A reset does not change it. */
    let known: OperationRequest | null = null;
    const request = async (description: WorkflowExecutionDescription) =>
      (known ??= await readRequest(this.client, description));
    return {
      workflowId,
      runId,
      joined,
      result: () => this.#workers.during(async () => findOperationProblem(this.client, await newestHandle()), result()),
      progress: async () => readProgress(this.client, await newestHandle(), this.taskQueue, request),
      cancel: async () => {
        const handle = workflow.getHandle(workflowId, undefined, { firstExecutionRunId: firstRunId });
        await askServer(this.client, () => handle.cancel());
      },
    };
  }
}

function nullIfMissing(err: unknown): null {
  if (err instanceof WorkflowNotFoundError) return null;
  throw err;
}

/** Returns the ARN of a valid input. Throws `DmsInvalidInput` before anything is started. */
function requireValidInput(kind: OperationKind, input: OperationInput): string {
  const { plan } = kind === 'stop' ? readStopInput(input) : readResumeInput(input);
  return plan.replicationConfigArn;
}

function wasCutShort(err: unknown): boolean {
  if (!(err instanceof WorkflowFailedError)) return false;
  const { cause } = err;
  return cause instanceof CancelledFailure || cause instanceof TerminatedFailure || cause instanceof TimeoutFailure;
}
