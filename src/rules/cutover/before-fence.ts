/** Steps of a cutover until writes are stopped: the preflight, the gates, the approval and the window. */
import type { CutoverState, Measurement, StepValues } from '../../contract/cutover-state.js';
import { blockingProblem, gateChecks, lagsOf, preflightChecks } from './gates.js';
import { enter, goBack, hasHook, note, secondsAfter, withChecks, withUndo } from './transitions.js';

/** Seconds between two measurements while a gate is not met. */
const MEASURE_SECONDS = 60;
/** Seconds between two measurements while only an approval is missing: at first, and after ten hours. */
const [READY_MEASURE_SECONDS, LONGEST_MEASURE_SECONDS] = [300, 3600];
export function onInspected(
  state: CutoverState,
  { readings, traffic }: StepValues['inspect'],
  now: string,
  workflowId: string,
): CutoverState {
  const addressed = state.replications.map((each) => {
    const { endpoints = null } = readings.find((one) => one.replicationConfigArn === each.replicationConfigArn) ?? {};
    return { ...each, source: endpoints?.source ?? null, target: endpoints?.target ?? null };
  });
  const checks = withChecks(state.checks, preflightChecks(readings, traffic, workflowId));
  const inspected = { ...state, replications: addressed, checks, traffic };
  return hasHook(state, 'preflight') ? enter(inspected, 'preflight', now) : afterPreflight(inspected, now);
}

export function afterPreflight(state: CutoverState, now: string): CutoverState {
  if (state.plan.dryRun) return enter(state, 'measure', now);
  const problem = blockingProblem(state.checks);
  if (problem !== null) return goBack(state, 'preflight', problem, now);
  return beginGates(state, now);
}

/** Waits for the lag first, if there is a lag gate. */
export function beginGates(state: CutoverState, now: string): CutoverState {
  return enter(state, state.plan.gates.lag === 'ignore' ? 'measure' : 'await-lag', now);
}

export function onMeasured(state: CutoverState, measured: Measurement, now: string): CutoverState {
  const { next, problem } = measuredWith(state, measured);
  return onMeasuredWith(next, problem, now);
}

function measuredWith(state: CutoverState, { readings, checks }: Measurement) {
  const newest = [...gateChecks(state.plan, readings), ...checks];
  const measured = newest.map(({ name }) => name);
  const other = state.checks.filter(({ name }) => name !== 'measurement' && !state.measured.includes(name));
  const next = { ...state, checks: withChecks(other, newest), measured, lag: lagsOf(readings) };
  return { next, problem: blockingProblem(newest) };
}

export function onMeasuredWith(state: CutoverState, problem: string | null, now: string): CutoverState {
  if (state.plan.dryRun) return enter(state, 'end', now);
  const isReady = problem === null;
  const measured = { ...state, isReady, problem, validatingSince: state.validatingSince ?? now };
  const isNews = isReady !== state.isReady || withoutNumbers(problem) !== withoutNumbers(state.problem);
  const noted = isNews && problem !== null ? note(measured, now, `Not ready: ${problem}`) : measured;
  return afterMeasurement(noted, now);
}

/** Returns a problem without its numbers. A lag that only changes its number is not noted again. */
function withoutNumbers(problem: string | null): string | undefined {
  return problem?.replaceAll(/[\d.]+/g, '');
}

/** Goes on once the gates are met and the approvals are there. Else measures again later. */
export function afterMeasurement(state: CutoverState, now: string): CutoverState {
  if (!state.isReady || !isApproved(state)) {
    const waited = (Date.parse(now) - Date.parse(state.validatingSince ?? now)) / 1000;
    const whenReady = Math.min(LONGEST_MEASURE_SECONDS, Math.max(READY_MEASURE_SECONDS, waited / 10));
    const nextAt = secondsAfter(now, state.isReady ? whenReady : MEASURE_SECONDS);
    return { ...enter(state, 'await-approval', now), nextAt };
  }
  const { notBefore } = state.plan.window;
  if (notBefore === null || Date.parse(notBefore) <= Date.parse(now)) return enter(state, 'measure-again', now);
  return { ...enter(state, 'await-window', now), nextAt: new Date(notBefore).toISOString() };
}

export function isApproved({ plan: { approval }, approvals }: CutoverState): boolean {
  return !approval.required || approvals.length >= approval.approvers;
}

export function onMeasuredAgain(state: CutoverState, measured: Measurement, now: string): CutoverState {
  const { next, problem } = measuredWith(state, measured);
  if (problem !== null) return measureFromTheBeginning(next, problem, now);
  // An approval may have been revoked, or the window moved, while the gates were measured.
  const ready = afterMeasurement(next, now);
  if (ready.step !== 'measure-again') return ready;
  // `unfence` also undoes what `prepareReverse` did.
  if (hasHook(state, 'prepareReverse') && !state.isReversePrepared)
    return enter(withUndo(ready, 'unfence'), 'prepare-reverse', now);
  return beginFence(ready, now);
}

/** Waits for the gates again, because a gate that was met is no longer met. Approvals stay. */
export function measureFromTheBeginning(state: CutoverState, problem: string, now: string): CutoverState {
  return beginGates(
    note({ ...state, isReady: false, validatingSince: null, problem }, now, `No longer ready: ${problem}`),
    now,
  );
}

/** Calls `fence`. Writes count as stopped from then on. */
function beginFence(state: CutoverState, now: string): CutoverState {
  const undoable = state.undo.includes('unfence') ? state : withUndo(state, 'unfence');
  return enter({ ...undoable, writesStoppedAt: now, problem: null }, 'fence', now);
}
