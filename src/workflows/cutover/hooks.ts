import { ActivityCancellationType, ApplicationFailure } from '@temporalio/workflow';
import type { CutoverContext, CutoverFunctions } from '../../contract/cutover-hooks.js';
import type { CutoverHookName } from '../../contract/cutover-input.js';
import type { CutoverHookPlan, CutoverHookPlans } from '../../contract/cutover-schemas.js';
import { callHook, hookProblem } from '../operation/hooks.js';

/** Default number of attempts: of a hook, and of one of `backHooks`. */
const [ATTEMPTS, BACK_ATTEMPTS] = [3, 5];

const backHooks: ReadonlySet<CutoverHookName> = new Set(['whereIsTraffic', 'unfence', 'switchToSource']);
/** Hooks that change nothing. A cancel waits for the end of every other hook, so that no two of them overlap. */
const readers: ReadonlySet<CutoverHookName> = new Set([
  'preflight',
  'validate',
  'isDrained',
  'whereIsTraffic',
  'verify',
  'notify',
]);
/**
 * Longest time until a worker picks a hook up: of any hook, and of one of `backHooks` once the preflight is over. A
 * queue without a worker must not keep writes stopped, and the way back outlasts a restart of that worker.
 */
const [START_SECONDS, BACK_START_SECONDS] = [60, 600];
/** Longest time of all attempts of `notify`. The end of a cutover waits for it. */
const NOTIFY_SECONDS = 30;

/** Returns the hooks as functions that call the user's activities. */
export function hookFunctions(plans: CutoverHookPlans): CutoverFunctions {
  const entries = Object.entries(plans).flatMap(([name, plan]) =>
    plan === null ? [] : [[name, functionOf(name as CutoverHookName, plan)] as const],
  );
  return Object.fromEntries(entries) as unknown as CutoverFunctions;
}

function functionOf(name: CutoverHookName, plan: CutoverHookPlan) {
  return async (context: CutoverContext): Promise<unknown> => {
    const { timeoutSeconds, heartbeatSeconds, attempts } = plan;
    try {
      return await callHook(plan, context, {
        summary: name,
        attemptSeconds: timeoutSeconds,
        attempts: attempts ?? (backHooks.has(name) ? BACK_ATTEMPTS : ATTEMPTS),
        startSeconds: backHooks.has(name) && context.phase !== 'preflight' ? BACK_START_SECONDS : START_SECONDS,
        cancellationType: readers.has(name)
          ? ActivityCancellationType.TRY_CANCEL
          : ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        ...(name === 'notify' ? { totalSeconds: NOTIFY_SECONDS } : {}),
        ...(heartbeatSeconds === null ? {} : { heartbeatSeconds }),
      });
    } catch (err) {
      throw ApplicationFailure.nonRetryable(hookProblem(plan, err), 'HookFailed');
    }
  };
}
