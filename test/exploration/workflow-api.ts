/** Replacements for the SDK's modules. The code under exploration imports those as usual. */
import { ApplicationFailure, ChildWorkflowFailure, noopMetricMeter, RetryState } from '@temporalio/common';
import { runActivity, type ActivityOptions } from './activity-attempts.js';
import {
  asPayload,
  ContinueAsNew,
  execution,
  inAttempt,
  inExecution,
  inScope,
  never,
  PublicScope,
  Scope,
  sleep,
} from './execution.js';

const log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {}, trace: () => {} };

/** Replaces `@temporalio/activity`. */
export const activityApi = {
  log,
  Context: { current: () => inAttempt.getStore()?.context },
};

/** Replaces the functions of `@temporalio/workflow`. Types and failures stay the SDK's own. */
export const workflowApi = {
  CancellationScope: PublicScope,
  proxyActivities: (options: ActivityOptions) =>
    new Proxy(
      {},
      {
        get: (_, type: string) => (input: unknown) => {
          const by = execution();
          const scope = Scope.current();
          return by.awaitOutcome(() => runActivity(by.world, by, type, asPayload(input), options, scope));
        },
      },
    ),
  condition: async (holds: () => boolean, timeout?: number): Promise<boolean | undefined> => {
    const by = execution();
    const scope = Scope.current();
    if (holds()) return true;
    const held = new Promise<true>((resolve) => by.conditions.add({ holds, go: () => resolve(true) }));
    const late = timeout === undefined ? never() : sleep(timeout).then(() => false);
    const ended = await Promise.race([held, late, scope.cancelRequested]);
    if (!by.isOpen) return never();
    return timeout === undefined ? undefined : ended;
  },
  sleep: async (ms: number) => {
    const by = execution();
    await Promise.race([sleep(ms), Scope.current().cancelRequested]);
    if (!by.isOpen) return never();
  },
  continueAsNew: async (...args: unknown[]) => {
    throw new ContinueAsNew(args);
  },
  makeContinueAsNewFunc:
    () =>
    async (...args: unknown[]) => {
      throw new ContinueAsNew(args);
    },
  allHandlersFinished: () => true,
  setHandler: (
    { name }: { name: string },
    handle: (input: any) => unknown,
    { validator = () => {} }: { validator?: (input: any) => void } = {},
  ) => void execution().handlers.set(name, { handle, validate: validator }),
  setCurrentDetails: () => {},
  upsertMemo: (memo: Record<string, unknown>) => void Object.assign(execution().memo, asPayload(memo)),
  workflowInfo: () => {
    const { workflowId, runId, firstRunId, memo, parent, isLong } = execution();
    return {
      workflowId,
      runId,
      firstExecutionRunId: firstRunId,
      taskQueue: 'dms',
      memo,
      typedSearchAttributes: { get: () => undefined },
      parent: parent === null ? undefined : { workflowId: parent.workflowId },
      continueAsNewSuggested: isLong,
      historyLength: 0,
      historySize: 0,
    };
  },
  metricMeter: noopMetricMeter,
  uuid4: () => execution().world.uuid(),
  log,
  /** Returns a handle whose signals reach the run that is open when they are delivered. */
  getExternalWorkflowHandle: (workflowId: string) => {
    const { world } = execution();
    return {
      signal: async ({ name }: { name: string }, ...args: unknown[]) => {
        await world.waitForTurn(`signal ${name} to ${workflowId}`);
        const open = world.latest(workflowId);
        if (!open?.isOpen) throw ApplicationFailure.nonRetryable('Not found', 'ExternalWorkflowExecutionNotFound');
        inExecution.run(open, () => inScope.run(open.root, () => open.handlers.get(name)?.handle(asPayload(args[0]))));
      },
    };
  },
  executeChild: (type: string, options: { workflowId: string; args: unknown[]; memo?: Record<string, unknown> }) => {
    const by = execution();
    const scope = Scope.current();
    return by.awaitOutcome(async () => {
      const { workflowId, args, memo = {} } = options;
      await by.world.waitForTurn(`start ${workflowId}`);
      const child = by.world.start(type, workflowId, args, { memo, parent: by });
      scope.cancelRequested.catch(() => child.cancel());
      if (scope.isCancelled) child.cancel();
      try {
        return await child.result;
      } catch (err) {
        throw new ChildWorkflowFailure(
          'default',
          { workflowId, runId: child.runId },
          type,
          RetryState.NON_RETRYABLE_FAILURE,
          err as Error,
        );
      }
    });
  },
};
