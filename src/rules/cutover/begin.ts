/** The beginning of a cutover: its first state, and its reservations. */
import type { CutoverHookName } from '../../contract/cutover-input.js';
import type { CutoverPlan } from '../../contract/cutover-schemas.js';
import type { CutoverState, StepValues } from '../../contract/cutover-state.js';
import { enter, goBack, note } from './transitions.js';

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
    isKept: false,
    isOutdated: false,
    isReady: false,
    isReversePrepared: false,
    replications,
    reserved: [],
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

/** Returns the token with the time of the reservation. The lock orders cutovers, so their tokens have the same order. */
function tokenAt({ token }: CutoverState, now: string): string {
  return `${now}-${token.replace(/^\S{24}-/, '')}`;
}

/** Takes up the reservations. One that is older than this run was left by an earlier one, which may have fenced. */
export function withReserved(
  state: CutoverState,
  { reserved, since }: StepValues['reserve'],
  now: string,
): CutoverState {
  const [begun] = state.timeline;
  const isOld = since !== null && begun !== undefined && Date.parse(since) < Date.parse(begun.at);
  return { ...state, token: tokenAt(state, now), reserved, wasBegunBefore: state.wasBegunBefore || isOld };
}

/** Goes back at once if an earlier run of this cutover has left its reservation. It may have left a fence, too. */
export function onReserved(state: CutoverState, { since, problem }: StepValues['reserve'], now: string): CutoverState {
  if (state.wasBegunBefore) {
    const detail = `An earlier run of this cutover has reserved the replications since ${since}. Start it again after this return`;
    return goBack(state, 'preflight', detail, now);
  }
  return problem === null ? enter(state, 'inspect', now) : goBack(state, 'preflight', problem, now);
}
