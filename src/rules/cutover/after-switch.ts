/** Steps of a cutover after the switch, or after the application was sent back. They depend on the answer of `whereIsTraffic`. */
import type { CutoverTraffic } from '../../contract/cutover-hooks.js';
import type { CutoverState, UndoStep } from '../../contract/cutover-state.js';
import { sideName } from './gates.js';
import { afterUndo, enter, goBack, goOnBack, hasHook, note, secondsAfter } from './transitions.js';

/** Seconds between two calls of `verify`: at first, and at most. */
const [VERIFY_SECONDS, LONGEST_VERIFY_SECONDS] = [5, 60];
/** Seconds between two tries to release, and for which the cutover tries. */
const [RELEASE_SECONDS, LONGEST_RELEASE_SECONDS] = [60, 3600];

/** Enters the step that fits the side that the application uses after the switch. */
export function onTraffic(state: CutoverState, traffic: CutoverTraffic, now: string): CutoverState {
  const seen = { ...state, traffic };
  if (traffic === 'target') {
    const writesResumedAt = state.writesResumedAt ?? now;
    const switched = note({ ...seen, problem: null, writesResumedAt }, now, 'The application uses the target');
    return hasHook(state, 'startReverse') ? enter(switched, 'start-reverse', now) : beginVerify(switched, now);
  }
  if (traffic === 'source') {
    const why = state.problem === null ? 'the switch reported success without effect' : state.problem;
    return goBack(without(seen, 'switch-back'), 'not-switched', `The application uses the source: ${why}`, now);
  }
  return enter({ ...seen, problem: `the application uses ${sideName(traffic)}` }, 'decide-after-switch', now);
}

/** Ends the way back if the application uses the target, as a person wants it. Goes on back if it uses the source. */
export function onKept(state: CutoverState, traffic: CutoverTraffic, now: string): CutoverState {
  const seen: CutoverState = { ...state, traffic, isKept: false };
  if (traffic === 'source') return goOnBack(seen, now);
  if (traffic !== 'target') return awaitRepair(seen, `the application uses ${sideName(traffic)}`, now);
  const writesResumedAt = state.writesResumedAt ?? now;
  const kept: CutoverState = { ...seen, cause: null, problem: null, undo: [], writesResumedAt };
  return enter(note(kept, now, 'The application stays on the target'), 'release', now);
}

/** Enters the step that fits the side that the application uses after it was sent back. */
export function onTrafficAfterSwitchBack(state: CutoverState, traffic: CutoverTraffic, now: string): CutoverState {
  const seen = { ...state, traffic };
  if (traffic === 'source') return afterUndo(note(seen, now, 'The application uses the source'), now);
  if (traffic === 'target') return awaitRepair(seen, `the application still uses the target${because(state)}`, now);
  return enter({ ...seen, problem: `the application uses ${sideName(traffic)}` }, 'decide-after-switch-back', now);
}

function because({ problem }: CutoverState): string {
  return problem === null ? '' : `: ${problem}`;
}

export function beginVerify(state: CutoverState, now: string): CutoverState {
  return enter(state, hasHook(state, 'verify') ? 'verify' : 'release', now);
}

export function onVerified(state: CutoverState, problem: string | null, now: string): CutoverState {
  if (problem === null) return enter(note({ ...state, problem: null }, now, 'Verified on the target'), 'release', now);
  const { verifySeconds, onVerifyFailed } = state.plan;
  const elapsed = (Date.parse(now) - Date.parse(state.since)) / 1000;
  const nextAt = secondsAfter(now, Math.min(LONGEST_VERIFY_SECONDS, Math.max(VERIFY_SECONDS, elapsed / 10)));
  const isLate = Date.parse(nextAt) > Date.parse(secondsAfter(state.since, verifySeconds));
  if (state.step === 'verify' && !isLate) return { ...state, problem, nextAt };
  if (onVerifyFailed === 'switch-back') return goBack(state, 'switched-back', problem, now);
  return enter(note({ ...state, problem }, now, `Not in order on the target: ${problem}`), 'await-verdict', now);
}

/** Waits for a person, because a step of the way back failed. */
export function awaitRepair(state: CutoverState, problem: string, now: string): CutoverState {
  return enter(note({ ...state, problem }, now, `The way back is stuck: ${problem}`), 'await-repair', now);
}

/** Tries again to release. The switch, or the way back, is done, so the end of the cutover may wait. */
export function onReleaseFailed(state: CutoverState, problem: string, now: string): CutoverState {
  const isLate = Date.parse(now) >= Date.parse(secondsAfter(state.stepSince, LONGEST_RELEASE_SECONDS));
  const what = `${isLate ? 'Gave up the release' : 'The reservation could not be released'}: ${problem}`;
  // The texts may differ each time. The timeline keeps what happened before.
  const noted = isLate || state.problem === null ? note(state, now, what) : state;
  if (isLate) return enter({ ...noted, problem }, 'end', now);
  return { ...noted, problem, nextAt: secondsAfter(now, RELEASE_SECONDS) };
}

function without(state: CutoverState, step: UndoStep): CutoverState {
  return { ...state, undo: state.undo.filter((each) => each !== step) };
}
