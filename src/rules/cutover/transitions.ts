/** Moves of a cutover's state, shared by its rules: enter a step, note something, go back. */
import type { CutoverCauseCode } from '../../contract/cutover.js';
import type { CutoverCheck, CutoverPhase } from '../../contract/cutover-hooks.js';
import type { CutoverAction, CutoverState, CutoverStep, CutoverWait, UndoStep } from '../../contract/cutover-state.js';

/** Maximum number of entries in the timeline. */
const TIMELINE_LENGTH = 200;
/** Maximum length of a sentence in the state. */
const SENTENCE_LENGTH = 2000;

/** Phase of each step. The phase of `measure` and `await-approval` depends on the newest measurement. */
const phases: Readonly<Record<Exclude<CutoverStep, 'measure' | 'await-approval' | 'end'>, CutoverPhase>> = {
  reserve: 'preflight',
  inspect: 'preflight',
  preflight: 'preflight',
  'await-lag': 'waiting-for-lag',
  'await-window': 'waiting-for-window',
  'measure-again': 'fencing',
  'prepare-reverse': 'fencing',
  fence: 'fencing',
  'mark-source': 'fencing',
  drain: 'draining',
  stop: 'stopping',
  'assert-stopped': 'judging',
  'sync-identities': 'syncing',
  'assert-still-stopped': 'switching',
  switch: 'switching',
  'ask-after-switch': 'switching',
  'decide-after-switch': 'switch-unknown',
  'start-reverse': 'verifying',
  verify: 'verifying',
  'await-verdict': 'verifying',
  'switch-back': 'returning',
  'ask-after-switch-back': 'returning',
  'decide-after-switch-back': 'switch-unknown',
  'ask-before-unfence': 'returning',
  unfence: 'returning',
  replicate: 'returning',
  'await-repair': 'return-failed',
  'find-reset': 'returning',
  release: 'returning',
};

const waits: ReadonlySet<CutoverStep> = new Set<CutoverWait>([
  'await-approval',
  'await-window',
  'decide-after-switch',
  'decide-after-switch-back',
  'await-verdict',
  'await-repair',
]);

/** Steps at which a person has to decide. A cancel, or the time for decisions, ends the cutover undecided. */
const decisions: ReadonlySet<CutoverStep> = new Set<CutoverWait>([
  'decide-after-switch',
  'decide-after-switch-back',
  'await-verdict',
  'await-repair',
]);

/** Steps up to the call of `fence`. Writes are not stopped yet. */
const beforeFence: ReadonlySet<CutoverStep> = new Set<CutoverStep>([
  'reserve',
  'inspect',
  'preflight',
  'await-lag',
  'measure',
  'await-approval',
  'await-window',
  'measure-again',
  'prepare-reverse',
]);

/** Steps from the call of `fence` until the switch begins. */
const fenced: ReadonlySet<CutoverStep> = new Set<CutoverAction>([
  'fence',
  'mark-source',
  'drain',
  'stop',
  'assert-stopped',
  'sync-identities',
  'assert-still-stopped',
]);

/** Steps on the target. Only the request `switchBack`, or `onVerifyFailed`, leads back from them. */
const onTarget: ReadonlySet<CutoverStep> = new Set<CutoverStep>(['start-reverse', 'verify', 'await-verdict']);

export function isWait(step: CutoverStep): step is CutoverWait {
  return waits.has(step);
}

export function isDecision(step: CutoverStep): boolean {
  return decisions.has(step);
}

export function isBeforeFence({ step }: Pick<CutoverState, 'step'>): boolean {
  return beforeFence.has(step);
}

/** True while writes are stopped and the switch has not begun. */
export function isFenced({ step }: Pick<CutoverState, 'step'>): boolean {
  return fenced.has(step);
}

export function isBeforeSwitch(state: Pick<CutoverState, 'step'>): boolean {
  return isBeforeFence(state) || isFenced(state);
}

export function isOnTarget({ step }: Pick<CutoverState, 'step'>): boolean {
  return onTarget.has(step);
}

/** True until the replications are reserved. A reservation may show that an earlier run has fenced the source. */
export function mustReserve({ step }: Pick<CutoverState, 'step'>): boolean {
  return step === 'reserve';
}

/** True if the step that runs has to be interrupted, because the cutover goes back or begins the step anew. */
export function isInterrupted(state: CutoverState): boolean {
  return isGoingBack(state) || state.isOutdated;
}

/** True if the way back begins with the outcome of the step that runs. */
export function isGoingBack(state: CutoverState): boolean {
  return state.cause !== null && (isBeforeSwitch(state) || isOnTarget(state)) && !isWait(state.step);
}

/** Enters a step. A new phase is noted in the timeline. No problem from before explains why a release takes long. */
export function enter(state: CutoverState, step: CutoverStep, now: string): CutoverState {
  const problem = step === 'release' ? null : state.problem;
  const entered = { ...state, step, stepSince: now, nextAt: null, problem };
  const phase = phaseOf(entered);
  if (phase === state.phase) return entered;
  return note({ ...entered, phase, since: now }, now, `Entered ${phase}`);
}

function phaseOf(state: CutoverState): CutoverPhase {
  const { step, isReady, cause, plan } = state;
  if (step === 'end') {
    if (plan.dryRun) return 'planned';
    return state.isUndecided ? state.phase : cause === null ? 'done' : 'returned';
  }
  if (step === 'measure' || step === 'await-approval') return isReady ? 'waiting-for-approval' : 'validating';
  if (step === 'release' && cause === null) return state.phase;
  return phases[step];
}

/** Adds an entry to the timeline. */
export function note(state: CutoverState, now: string, what: string, by: string | null = null): CutoverState {
  const entry = { at: now, phase: state.phase, what: cut(what), by };
  return { ...state, timeline: [...state.timeline, entry].slice(-TIMELINE_LENGTH) };
}

/** Registers a step of the way back, before the step that it undoes. */
export function withUndo(state: CutoverState, ...steps: readonly UndoStep[]): CutoverState {
  return { ...state, undo: [...state.undo, ...steps] };
}

/** Sets the cause for which the cutover goes back. The first cause stays. The step that runs stays the current one. */
export function withCause(
  state: CutoverState,
  code: CutoverCauseCode,
  detail: string,
  now: string,
  by: string | null = null,
): CutoverState {
  if (state.cause !== null) return state;
  const cause = { code, phase: state.phase, detail: cut(detail) };
  return note({ ...state, cause, isReady: false, isOutdated: false }, now, `Goes back: ${detail}`, by);
}

/**
 * Begins the way back, or goes on with it: enters the last step that is registered.
 *
 * A run that has stopped nothing finds out whether the workflow was reset. The run before may have fenced and stopped.
 */
export function goOnBack(state: CutoverState, now: string): CutoverState {
  const next = state.undo.at(-1);
  if (next === undefined) {
    if (state.isResetKnown || state.plan.dryRun) return enter(state, 'release', now);
    return state.wasBegunBefore ? onEarlierRun(state, true, now) : enter(state, 'find-reset', now);
  }
  return enter({ ...state, problem: null }, next === 'unfence' ? 'ask-before-unfence' : next, now);
}

/** Goes on back once it is known whether an earlier run may have fenced and stopped. */
export function onEarlierRun(state: CutoverState, hasRun: boolean, now: string): CutoverState {
  return goOnBack({ ...state, isResetKnown: true, undo: hasRun ? ['replicate', 'unfence'] : [] }, now);
}

/** Sets the cause, and begins the way back. */
export function goBack(state: CutoverState, code: CutoverCauseCode, detail: string, now: string): CutoverState {
  return goOnBack(withCause(state, code, detail, now), now);
}

/** Removes the last step of the way back, because it is done or not needed, and goes on. */
export function afterUndo(state: CutoverState, now: string): CutoverState {
  return goOnBack({ ...state, undo: state.undo.slice(0, -1) }, now);
}

/** Returns the checks with newer results in place of older ones of the same name. */
export function withChecks(checks: readonly CutoverCheck[], newer: readonly CutoverCheck[]): readonly CutoverCheck[] {
  const names = new Set(newer.map(({ name }) => name));
  return [...checks.filter(({ name }) => !names.has(name)), ...newer];
}

/** Records a failed step as a failed check. */
export function withProblem(state: CutoverState, name: string, detail: string): CutoverState {
  return { ...state, checks: withChecks(state.checks, [{ name, ok: false, detail: detail.slice(0, 1000) }]) };
}

export function hasHook({ hooks }: CutoverState, hook: CutoverState['hooks'][number]): boolean {
  return hooks.includes(hook);
}

export function cut(text: string, length = SENTENCE_LENGTH): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** Returns the time that many seconds after another. */
export function secondsAfter(at: string, seconds: number): string {
  return new Date(Date.parse(at) + seconds * 1000).toISOString();
}
