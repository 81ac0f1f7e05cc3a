/** The beginning of a cutover, and the state that one run hands to the next. */
import type { CutoverHookName } from '../../contract/cutover-input.js';
import type { CutoverPlan } from '../../contract/cutover-schemas.js';
import type { CutoverState } from '../../contract/cutover-state.js';
import { note } from './transitions.js';

/** Version of the state's format. */
export const CUTOVER_VERSION = 1;

/** Returns the state in which a cutover begins. A dry run reserves nothing. */
export function beginCutover(
  plan: CutoverPlan,
  hooks: readonly CutoverHookName[],
  token: string,
  now: string,
): CutoverState {
  const replications = plan.replicationConfigArns.map((replicationConfigArn) => ({
    replicationConfigArn,
    source: null,
    target: null,
    checkpoint: null,
  }));
  const state: CutoverState = {
    version: CUTOVER_VERSION,
    plan,
    hooks,
    token,
    step: plan.dryRun ? 'inspect' : 'reserve',
    stepSince: now,
    phase: 'preflight',
    since: now,
    nextAt: null,
    validatingSince: null,
    wasBegunBefore: false,
    isResetKnown: false,
    isUnfenced: false,
    isOutdated: false,
    isReady: false,
    isReversePrepared: false,
    replications,
    lag: [],
    checks: [],
    measured: [],
    warnings: [],
    approvals: [],
    marker: null,
    behind: null,
    traffic: null,
    writesStoppedAt: null,
    writesResumedAt: null,
    undo: [],
    cause: null,
    problem: null,
    isCancelled: false,
    isUndecided: false,
    timeline: [],
  };
  return note(state, now, `Begun: ${plan.reason}`, plan.requestedBy);
}
