import { ChildWorkflowCancellationType, executeChild, ParentClosePolicy, uuid4 } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { OperationInput, OperationKind, StopReplicationInput } from '../../contract/inputs.js';
import { wantedOperation } from '../../rules/joining.js';
import { DMS_TASK_QUEUE, memoKeys, operationWorkflowId, workflowTypes } from '../../contract/names.js';
import { staticDetailsFor, dmsCommand } from '../../contract/commands.js';
import { readArn } from '../../contract/failure-messages.js';
import { soughtWaits } from './activity-proxies.js';
import { unwrapFailure } from './failures.js';

/** Longest time one attempt follows another operation. */
const JOIN_HOLD_SECONDS = 30;

/** Options of a step. */
export interface StepOptions {
  /** Task queue of a worker that serves this package's workflows and activities. Default `temporal-dms`. */
  readonly taskQueue?: string | undefined;
}

/**
 * Runs an operation as a child whose workflow id is the replication's lock.
 *
 * If the id is taken, the caller joins the operation that runs there, or is refused with a failure that names it. The
 * child outlives its host, because an accepted stop must still be recorded.
 */
export async function runAsChild<Result>(
  kind: OperationKind,
  input: OperationInput & Pick<StopReplicationInput, 'preempt'>,
  options: StepOptions & {
    /**
     * True if an earlier run of the caller began the operation. The caller then takes the result, even of an operation
     * that has ended.
     */
    readonly isBegun?: boolean;
    /** True if the child reports its progress to the caller. */
    readonly reports?: boolean;
  },
): Promise<Result> {
  const replicationConfigArn = readArn(input);
  const operationId = input.operationId ?? uuid4();
  const wanted = wantedOperation(kind, input);
  const { taskQueue = DMS_TASK_QUEUE, isBegun = false, reports = false } = options;
  try {
    for (let isOurs = isBegun; ; isOurs = false) {
      try {
        if (!isOurs)
          return (await executeChild(workflowTypes[kind], {
            workflowId: operationWorkflowId(replicationConfigArn),
            args: [{ ...input, operationId }],
            parentClosePolicy: ParentClosePolicy.ABANDON,
            cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
            memo: {
              [memoKeys.kind]: kind,
              [memoKeys.operationId]: operationId,
              [memoKeys.requestKey]: wanted.asks,
              ...(reports ? { [memoKeys.reports]: true } : {}),
            },
            staticSummary: `DMS ${kind}`,
            staticDetails: staticDetailsFor(dmsCommand('status', replicationConfigArn), taskQueue),
            taskQueue,
          })) as Result;
      } catch (err) {
        if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
      }
      const wait = { holdSeconds: JOIN_HOLD_SECONDS, taskQueue };
      const follow = soughtWaits('Follow the operation that is under way', wait, replicationConfigArn);
      const followed = await follow['dms.awaitOperation']({
        replicationConfigArn,
        wanted,
        ...(isOurs ? { ours: isOurs } : {}),
        ...(input.preempt === true ? { preempting: input } : {}),
      });
      if (followed.end === 'done') return followed.result as Result;
    }
  } catch (err) {
    throw unwrapFailure(err);
  }
}
