import { RetryState, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { asPayload, inExecution, type Execution } from './execution.js';
import type { SmallTemporal } from './small-temporal.js';

/** Returns a Temporal client for activities and people, as far as the package uses one. */
export function clientOf(temporal: SmallTemporal) {
  const findExecution = (workflowId: string) => {
    const found = temporal.latest(workflowId);
    if (found === undefined) throw new WorkflowNotFoundError('Unknown', workflowId, undefined);
    return found;
  };
  const getHandle = (workflowId: string, runId?: string, { firstExecutionRunId }: FollowOptions = {}) => ({
    cancel: () =>
      temporal.sendRequest(`cancel ${workflowId}`, () => {
        const open = temporal.latest(workflowId);
        const isMeant = firstExecutionRunId === undefined || open?.firstRunId === firstExecutionRunId;
        if (!open?.isOpen || !isMeant) throw new WorkflowNotFoundError('Closed', workflowId, runId);
        open.cancel();
      }),
    executeUpdate: (name: string, { args: [input] }: { args: [unknown] }) =>
      temporal.sendRequest(`${name} to ${workflowId}`, () => temporal.sendUpdate(workflowId, name, input)),
    query: (name: string) =>
      temporal.sendRequest(`${name} of ${workflowId}`, async () => {
        const known = findExecution(workflowId);
        return asPayload(inExecution.run(known, () => known.handlers.get(name)?.handle(undefined)));
      }),
    describe: () =>
      temporal.sendRequest(`describe ${workflowId}`, async () => describeExecution(findExecution(workflowId))),
    result: () => resultOf(temporal, workflowId, runId),
  });
  return {
    workflow: {
      getHandle,
      start: (type: string, { workflowId, args, memo = {} }: StartOptions) =>
        temporal.sendRequest(`start ${workflowId}`, () => {
          const { firstRunId } = temporal.start(type, workflowId, args, { memo });
          return { firstExecutionRunId: firstRunId };
        }),
      executeUpdateWithStart: (name: string, request: UpdateWithStart) => {
        const {
          args: [input],
          startWorkflowOperation: { options, workflowTypeOrFunc: type },
        } = request;
        const { workflowId, args } = options;
        return temporal.sendRequest(`${name} with start to ${workflowId}`, async () => {
          const known = temporal.latest(workflowId);
          if (known !== undefined && !known.isOpen)
            throw new WorkflowExecutionAlreadyStartedError('Closed', workflowId, type);
          if (known === undefined) temporal.start(type, workflowId, args);
          return temporal.sendUpdate(workflowId, name, input);
        });
      },
    },
    withDeadline: <T>(_: unknown, work: () => Promise<T>) => work(),
    withAbortSignal: <T>(signal: AbortSignal, work: () => Promise<T>) =>
      Promise.race([
        work(),
        new Promise<never>((_, reject) => {
          const stop = () => reject(new Error('Aborted'));
          if (signal.aborted) stop();
          else signal.addEventListener('abort', stop, { once: true });
        }),
      ]),
  };
}

async function resultOf(temporal: SmallTemporal, workflowId: string, runId?: string): Promise<unknown> {
  const isMeant = (each: Execution) =>
    each.workflowId === workflowId && (!runId || each.runId === runId) && !each.isForgotten;
  const found = temporal.executions.findLast(isMeant);
  if (found === undefined) throw new WorkflowNotFoundError('Unknown', workflowId, runId);
  try {
    return await found.result;
  } catch (err) {
    throw new WorkflowFailedError('Failed', err as Error, RetryState.NON_RETRYABLE_FAILURE);
  }
}

interface FollowOptions {
  readonly firstExecutionRunId?: string;
}

interface StartOptions {
  readonly workflowId: string;
  readonly args: readonly unknown[];
  readonly memo?: Record<string, unknown>;
}

interface UpdateWithStart {
  readonly args: [unknown];
  readonly startWorkflowOperation: {
    readonly workflowTypeOrFunc: string;
    readonly options: { readonly workflowId: string; readonly args: readonly unknown[] };
  };
}

function describeExecution({ type, workflowId, runId, firstRunId, status, memo, parent }: Execution) {
  return {
    type,
    workflowId,
    runId,
    status: { name: status },
    memo,
    parentExecution: parent === null ? undefined : { workflowId: parent.workflowId },
    raw: { workflowExecutionInfo: { firstRunId } },
  };
}
