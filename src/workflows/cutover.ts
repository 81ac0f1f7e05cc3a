import { continueAsNew, log, uuid4, workflowInfo } from '@temporalio/workflow';
import type { CutoverResult } from '../contract/cutover.js';
import type { CutoverFunctions } from '../contract/cutover-hooks.js';
import type { CutoverHookName, CutoverInput, CutoverOptions } from '../contract/cutover-input.js';
import {
  cutoverHookNames,
  readCutoverInput,
  readCutoverOptions,
  type CutoverHookPlans,
} from '../contract/cutover-schemas.js';
import type { CutoverState } from '../contract/cutover-state.js';
import { DMS_TASK_QUEUE } from '../contract/names.js';
import { beginCutover, CUTOVER_VERSION } from '../rules/cutover/begin.js';
import { hookFunctions } from './cutover/hooks.js';
import { CutoverRun } from './cutover/run.js';
import { quickActivities } from './operation/activity-proxies.js';
import type { StepOptions } from './operation/run-as-child.js';

/** State that one run of a cutover hands to the next. */
interface ContinuedCutover {
  readonly state: CutoverState;
  readonly hooks: CutoverHookPlans;
}

/**
 * Moves an application from the source of replications to their target, with the user's activities as hooks.
 *
 * Any language can start this workflow by name with JSON. Its workflow id is `dms-cutover:<cutoverId>`.
 */
export async function dmsCutover(input: CutoverInput, continued?: ContinuedCutover): Promise<CutoverResult> {
  const { state, hooks } = continued ?? begin(input);
  // Fails the workflow task, not the workflow. A worker of the newer version can then go on.
  if (state.version !== CUTOVER_VERSION) throw new Error(`Version ${state.version} of a cutover is not known here`);
  const run = new CutoverRun(state, hookFunctions(hooks), workflowInfo().taskQueue);
  // The server knows of a reset only for the run that came from it. The next run could not ask any more.
  const ended = await run.run(findReset);
  if ('result' in ended) return ended.result;
  return continueAsNew<typeof dmsCutover>(input, { state: ended.state, hooks });
}

/** Finds out whether the workflow was reset. If nobody can tell, a way back undoes what an earlier run may have done. */
async function findReset(): Promise<boolean> {
  try {
    return await quickActivities('Look for a reset')['dms.wasReset']();
  } catch (err) {
    log.warn('It is not known whether the cutover was reset', { error: String(err) });
    return true;
  }
}

/** Returns a token that is greater, as text, than that of every cutover that began earlier. */
function newToken(): string {
  return `${now()}-${uuid4()}`;
}

function now(): string {
  return new Date().toISOString();
}

function begin(input: CutoverInput): ContinuedCutover {
  const { plan, hooks } = readCutoverInput(input);
  const names = Object.entries(hooks).flatMap(([name, hook]) => (hook === null ? [] : [name as CutoverHookName]));
  return { state: beginCutover(plan, names, newToken(), now()), hooks };
}

/**
 * Moves an application from the source of replications to their target, as a step of a host workflow. The hooks are
 * functions of the host.
 *
 * The host answers the query `dms.cutover` and takes the updates `dms.approve`, `dms.abort` and so on. A host that
 * waits long for an approval is better off with the workflow `dmsCutover`, which continues as new.
 */
export async function cutOver(
  input: CutoverOptions,
  hooks: CutoverFunctions,
  { taskQueue = DMS_TASK_QUEUE }: StepOptions = {},
): Promise<CutoverResult> {
  const plan = readCutoverOptions(input, hooks.switchToSource !== undefined);
  // The hooks may be methods of a class.
  const names = cutoverHookNames.filter((name) => hooks[name] != null);
  const run = new CutoverRun(beginCutover(plan, names, newToken(), now()), hooks, taskQueue);
  const ended = await run.run(null);
  if ('result' in ended) return ended.result;
  throw new Error('A step can not continue as new');
}
