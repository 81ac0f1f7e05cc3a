import { randomUUID } from 'node:crypto';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { findDmsFailure, isDmsFailure } from '../operations/failures.js';
import type { OperationInput, OperationKind, StopReplicationInput } from '../operations/inputs.js';
import { firstRunIdOf, mayJoin, mayPreempt, openOperation } from '../operations/join.js';
import { memoKeys, operationWorkflowId, preemptingWorkflowId, workflowTypes } from '../operations/names.js';
import { operationInProgress, readArn } from '../operations/refusals.js';
import { clearTheWay } from './never-picked-up.js';
import { readProgress, type ClientProgress } from './progress.js';
import { answered, connected } from './reach.js';
import { findWaitingTask, WorkerWatch } from './workers.js';

/** A stop or resume that was started, or joined. */
export interface OperationHandle<Result> {
  /** `dms:<arn>`, or of the workflow that makes way for it first, when it preempts a resume. */
  readonly workflowId: string;
  readonly runId: string;
  /** It was under way already: somebody else started it. */
  readonly joined: boolean;
  /** Its result. Rejects with the `ApplicationFailure` itself for every failure that {@link isDmsFailure} knows. */
  result(): Promise<Result>;
  /** Where it is, with the status in the newest look, and whether a worker takes its tasks. */
  progress(): Promise<ClientProgress>;
  /** Ends the waiting at once, for everyone who joined it; not a stop that DMS accepted. */
  cancel(): Promise<void>;
}

interface Followed {
  readonly workflowId: string;
  readonly runId: string;
  /** Stays the same when it is reset. */
  readonly firstRunId: string;
  readonly joined: boolean;
}

/** Starts stops and resumes, and follows those that are under way. */
export class Operations {
  readonly #workers: WorkerWatch;

  constructor(
    private readonly client: Client,
    private readonly taskQueue: string,
  ) {
    this.#workers = new WorkerWatch(client);
  }

  /** Starts it, or joins one that is under way, to its end. */
  async execute<Result>(kind: OperationKind, input: OperationInput): Promise<Result> {
    for (;;) {
      const handle = await this.start<Result>(kind, input);
      try {
        return await handle.result();
      } catch (err) {
        // Someone ended the operation this call had joined, or a reservation, perhaps this caller's own, did. What this caller wants still stands.
        const isForeign = wasCutShort(err) || isDmsFailure(err, 'DmsReplicationReserved');
        if (!handle.joined || !isForeign) throw err;
      }
    }
  }

  async start<Result>(
    kind: OperationKind,
    input: OperationInput & Pick<StopReplicationInput, 'preempt'>,
  ): Promise<OperationHandle<Result>> {
    const arn = readArn(input);
    const operationId = input.operationId ?? randomUUID();
    const lock = operationWorkflowId(arn);
    let workflowId = lock;
    for (;;) {
      try {
        const options = {
          workflowId,
          taskQueue: this.taskQueue,
          args: [{ ...input, operationId }],
          workflowIdConflictPolicy: 'FAIL',
          memo: { [memoKeys.kind]: kind, [memoKeys.operationId]: operationId },
          staticSummary: `DMS ${kind}`,
        } as const;
        const start = () => this.client.workflow.start(workflowTypes[kind], options);
        const { firstExecutionRunId } = await answered(this.client, start);
        const run = { workflowId, runId: firstExecutionRunId, firstRunId: firstExecutionRunId, joined: false };
        return this.#follow<Result>(run, workflowId === lock ? null : { lock, operationId });
      } catch (err) {
        if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
      }
      const description = await this.#describe(workflowId);
      const open = openOperation(description);
      if (open === null || (await clearTheWay(this.client, description, this.taskQueue))) continue;
      if (input.preempt === true && mayPreempt(open, kind)) {
        // Its workflow ends the resume, once the input is found to be valid.
        workflowId = preemptingWorkflowId(operationId);
        continue;
      }
      if (!mayJoin(open, { kind, operationId: input.operationId ?? null })) {
        throw operationInProgress(arn, open, await this.#where(description));
      }
      const { runId, firstExecutionRunId: firstRunId } = open;
      return this.#follow<Result>({ workflowId, runId, firstRunId, joined: true }, null);
    }
  }

  #describe(workflowId: string): Promise<WorkflowExecutionDescription> {
    return answered(this.client, () => this.client.workflow.getHandle(workflowId).describe());
  }

  /** What an operation in the way is waiting for, if it is a worker, and where it runs, if that is elsewhere. */
  async #where(description: WorkflowExecutionDescription): Promise<string> {
    const { taskQueue } = description;
    const elsewhere = taskQueue === this.taskQueue ? '' : `, on the task queue "${taskQueue}"`;
    const task = await findWaitingTask(this.client, description);
    return task?.isCertain === true ? `${elsewhere}, where no worker has taken it since ${task.since}` : elsewhere;
  }

  #follow<Result>(
    { workflowId, runId, firstRunId, joined }: Followed,
    preempting: { readonly lock: string; readonly operationId: string } | null,
  ): OperationHandle<Result> {
    const { workflow } = this.client;
    /** The run in which the execution goes on: another one when it was reset. */
    const newestRunId = async (): Promise<string> => {
      const description = await this.#describe(workflowId);
      return firstRunIdOf(description) === firstRunId ? description.runId : runId;
    };
    const result = async (): Promise<Result> => {
      for (let followed = runId; ;) {
        try {
          const handle = workflow.getHandle(workflowId, followed);
          return (await connected(this.client, () => handle.result())) as Result;
        } catch (err) {
          const newest = wasCutShort(err) ? await newestRunId() : followed;
          if (newest === followed) throw findDmsFailure(err) ?? err;
          followed = newest;
        }
      }
    };
    const newestHandle = async () => workflow.getHandle(workflowId, await newestRunId());
    return {
      workflowId,
      runId,
      joined,
      result: () => this.#workers.during(newestHandle, result()),
      progress: async () => {
        // What makes way for a stop knows little once that stop runs.
        const own = preempting === null ? null : openOperation(await this.#describe(preempting.lock));
        const isOwn = own !== null && own.operationId === preempting?.operationId;
        const handle = isOwn ? workflow.getHandle(own.workflowId, own.runId) : await newestHandle();
        return readProgress(this.client, handle, this.taskQueue);
      },
      cancel: async () => {
        const handle = workflow.getHandle(workflowId, undefined, { firstExecutionRunId: firstRunId });
        await answered(this.client, () => handle.cancel());
      },
    };
  }
}

function wasCutShort(err: unknown): boolean {
  if (!(err instanceof WorkflowFailedError)) return false;
  return err.cause instanceof CancelledFailure || err.cause instanceof TerminatedFailure;
}
