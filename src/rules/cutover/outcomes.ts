/**
 * The outcome of each step of a cutover, as pure functions: `(state, outcome, now) -> state`.
 *
 * The steps form one line forward, and one line back:
 *
 * - forward: reserve, inspect, preflight, await-lag, measure, (await-approval), (await-window), measure-again,
 *   prepare-reverse, fence, mark-source, drain, stop, assert-stopped, (sync-identities, assert-still-stopped), switch,
 *   ask-after-switch, start-reverse, verify, release.
 * - back: the steps in `undo`, the last one first, then release.
 *
 * Invariants:
 * - A step of the way back is registered before the step that it undoes.
 * - `unfence` runs only right after `whereIsTraffic` has answered `source`. A person's decision does not replace that
 *   answer.
 * - After a switch, only an answer of `whereIsTraffic` or a decision of a person says which side the application uses.
 */
import type { CutoverAction, CutoverState, StepOutcome } from '../../contract/cutover-state.js';
import { beginSwitch, onDrain, onStopped, withStops } from './after-fence.js';
import { onReserved, withReserved } from './begin.js';
import {
  awaitRepair,
  beginVerify,
  onKept,
  onReleaseFailed,
  onTraffic,
  onTrafficAfterSwitchBack,
  onVerified,
} from './after-switch.js';
import {
  afterPreflight,
  beginGates,
  measureFromTheBeginning,
  onInspected,
  onMeasured,
  onMeasuredAgain,
  onMeasuredWith,
} from './before-fence.js';
import { onTime } from './clock.js';
import { blockingProblem, sideName } from './gates.js';
import {
  afterUndo,
  enter,
  goBack,
  goOnBack,
  hasHook,
  isGoingBack,
  note,
  onEarlierRun,
  withChecks,
  withProblem,
} from './transitions.js';

type Succeeded = Exclude<StepOutcome, { readonly problem: string }>;

/** Applies the outcome of the step that was carried out. An outcome after a time limit comes too late. */
export function onOutcome(before: CutoverState, outcome: StepOutcome, now: string, workflowId: string): CutoverState {
  if (outcome.step !== before.step) throw new Error(`The outcome of ${outcome.step} came in the step ${before.step}`);
  const state = onTime(before, now, true);
  if (isGoingBack(state)) {
    return goOnBack(withKnown(state, outcome, now), now);
  }
  if (state.isOutdated) return beginGates({ ...state, isOutdated: false }, now);
  return 'problem' in outcome
    ? onProblem(state, outcome.step, outcome.problem, now)
    : onSuccess(state, outcome, now, workflowId);
}

function onSuccess(state: CutoverState, outcome: Succeeded, now: string, workflowId: string): CutoverState {
  switch (outcome.step) {
    case 'reserve':
      return onReserved(withReserved(state, outcome.value, now), outcome.value, now);
    case 'inspect':
      return onInspected(state, outcome.value, now, workflowId);
    case 'preflight':
      return afterPreflight({ ...state, checks: withChecks(state.checks, outcome.value) }, now);
    case 'await-lag':
      return enter({ ...state, lag: outcome.value }, 'measure', now);
    case 'measure':
      return onMeasured(state, outcome.value, now);
    case 'measure-again':
      return onMeasuredAgain(state, outcome.value, now);
    case 'prepare-reverse':
      // The preparation may have taken long.
      return enter({ ...state, isReversePrepared: true }, 'measure-again', now);
    case 'fence':
      return hasHook(state, 'markSource') ? enter(state, 'mark-source', now) : enter(state, 'drain', now);
    case 'mark-source':
      return enter({ ...state, marker: outcome.value }, 'drain', now);
    case 'drain':
      return onDrain(state, outcome.value, now);
    case 'stop':
      return onStopped(withStops(state, outcome.value.stops), outcome.value, now);
    case 'assert-stopped':
      return hasHook(state, 'syncIdentities') ? enter(state, 'sync-identities', now) : beginSwitch(state, now);
    case 'sync-identities':
      return enter(state, 'assert-still-stopped', now);
    case 'assert-still-stopped':
      return beginSwitch(state, now);
    case 'switch':
      return enter(state, 'ask-after-switch', now);
    case 'ask-after-switch':
      return onTraffic(state, outcome.value, now);
    case 'start-reverse':
      return beginVerify(state, now);
    case 'verify':
      return onVerified(
        { ...state, checks: withChecks(state.checks, outcome.value) },
        blockingProblem(outcome.value),
        now,
      );
    case 'switch-back':
      return enter(state, 'ask-after-switch-back', now);
    case 'ask-after-switch-back':
      return onTrafficAfterSwitchBack(state, outcome.value, now);
    case 'ask-before-unfence':
      if (state.isKept) return onKept(state, outcome.value, now);
      if (outcome.value === 'source') {
        const onSource: CutoverState = { ...state, traffic: 'source' };
        return state.isUnfenced ? afterUnfence(onSource, now) : enter(onSource, 'unfence', now);
      }
      return awaitRepair(
        { ...state, traffic: outcome.value, isUnfenced: false },
        `the application uses ${sideName(outcome.value)}, so the source stays fenced`,
        now,
      );
    case 'unfence':
      return afterUnfence(state, now);
    case 'replicate':
      return afterUndo(note(state, now, 'All replications run again'), now);
    case 'find-reset':
      return onEarlierRun(state, outcome.value, now);
    case 'release':
      return enter(state, 'end', now);
  }
}

/** Applies the failure of a step. */
function onProblem(state: CutoverState, step: CutoverAction, problem: string, now: string): CutoverState {
  switch (step) {
    case 'reserve':
      return goBack(state, 'preflight', problem, now);
    case 'inspect':
      if (state.plan.dryRun) return enter(withProblem(state, 'preflight', problem), 'end', now);
      return goBack(state, 'preflight', problem, now);
    case 'preflight':
      return afterPreflight(withProblem(state, 'preflight', problem), now);
    case 'await-lag':
      return goBack(state, 'lag-timeout', problem, now);
    case 'measure':
      return onMeasuredWith(withProblem(state, 'measurement', problem), problem, now);
    case 'measure-again':
      return measureFromTheBeginning(withProblem(state, 'measurement', problem), problem, now);
    case 'stop':
      return goBack(state, 'stop-failed', problem, now);
    case 'assert-stopped':
    case 'assert-still-stopped':
      return goBack(state, 'stop-reverted', problem, now);
    case 'switch':
      return enter(note({ ...state, problem }, now, `The switch failed: ${problem}`), 'ask-after-switch', now);
    case 'ask-after-switch':
      return enter({ ...state, problem: `whereIsTraffic gives no answer: ${problem}` }, 'decide-after-switch', now);
    case 'start-reverse':
      return onVerified(withProblem(state, 'startReverse', problem), `startReverse: ${problem}`, now);
    case 'verify':
      return onVerified(withProblem(state, 'verify', problem), problem, now);
    case 'switch-back':
      return enter(note({ ...state, problem }, now, `The way back failed: ${problem}`), 'ask-after-switch-back', now);
    case 'ask-after-switch-back':
      return enter(
        { ...state, problem: `whereIsTraffic gives no answer: ${problem}` },
        'decide-after-switch-back',
        now,
      );
    case 'ask-before-unfence':
      return awaitRepair(
        { ...state, isUnfenced: false, isKept: false },
        `the source stays fenced, because its traffic or its owner is not known: ${problem}. Repair that, then decide { undo: 'retry' }`,
        now,
      );
    case 'unfence':
      // The hook may have failed because a late switch came first.
      return awaitRepair({ ...state, traffic: null }, problem, now);
    case 'replicate':
      return awaitRepair(state, problem, now);
    case 'find-reset':
      return awaitRepair(
        state,
        `the cutover can't find out whether it was reset: ${problem}. If no earlier run has fenced the source or stopped a replication, decide { undo: 'done' }`,
        now,
      );
    case 'release':
      return onReleaseFailed(state, problem, now);
    default:
      return goBack(state, 'hook-failed', problem, now);
  }
}

function afterUnfence(state: CutoverState, now: string): CutoverState {
  const { writesResumedAt } = state;
  return afterUndo(
    note({ ...state, writesResumedAt: writesResumedAt ?? now }, now, 'The source takes writes again'),
    now,
  );
}

/** Takes up what the outcome of an interrupted step shows. */
function withKnown(state: CutoverState, outcome: StepOutcome, now: string): CutoverState {
  if ('problem' in outcome) return state;
  if (outcome.step === 'stop') return withStops(state, outcome.value.stops);
  return outcome.step === 'reserve' ? withReserved(state, outcome.value, now) : state;
}
