/** Rules between the fence and the switch: the drain, and the final stops. */
import type { CutoverState, CutoverStop, StepValues } from '../../contract/cutover-state.js';
import { stopCheck } from './gates.js';
import { enter, goBack, secondsAfter, withChecks, withUndo } from './transitions.js';

/** Seconds between two calls of `isDrained`: at first, and at most. */
const [DRAIN_SECONDS, LONGEST_DRAIN_SECONDS] = [1.25, 10];

/** Applies what `isDrained` has answered. Asks again after a third of the time that the drain has taken. */
export function onDrain(
  state: CutoverState,
  { drained, behind = null }: StepValues['drain'],
  now: string,
): CutoverState {
  const seen = { ...state, behind: behind === null ? null : String(behind) };
  if (drained) return beginStop(seen, now);
  const elapsed = (Date.parse(now) - Date.parse(state.stepSince)) / 1000;
  const inSeconds = Math.min(LONGEST_DRAIN_SECONDS, Math.max(DRAIN_SECONDS, elapsed / 3));
  return { ...seen, nextAt: secondsAfter(now, inSeconds) };
}

/** Stops the replications. On the way back they start last, because a start takes minutes and writes wait. */
function beginStop(state: CutoverState, now: string): CutoverState {
  return enter({ ...state, isResetKnown: true, undo: ['replicate', ...state.undo] }, 'stop', now);
}

/** Adds the checkpoints and warnings of stops to the state. */
export function withStops(state: CutoverState, stops: readonly CutoverStop[]): CutoverState {
  const replications = state.replications.map((each) => {
    const stop = stops.find(({ checkpoint }) => checkpoint.replicationConfigArn === each.replicationConfigArn);
    return stop === undefined ? each : { ...each, checkpoint: stop.checkpoint };
  });
  return { ...state, replications, warnings: stops.flatMap(({ warnings }) => warnings) };
}

/** Applies the end of the final stops. */
export function onStopped(state: CutoverState, { stops, problem }: StepValues['stop'], now: string): CutoverState {
  if (problem !== null) return goBack(state, 'stop-failed', problem, now);
  const judging = enter(state, 'assert-stopped', now);
  const check = stopCheck(state.plan, stops);
  const judged = { ...judging, checks: withChecks(state.checks, [check]) };
  return check.ok ? judged : goBack(judged, 'stop-warns', check.detail, now);
}

/** Begins the switch. The replications have just been seen to be stopped. */
export function beginSwitch(state: CutoverState, now: string): CutoverState {
  return enter(withUndo(state, 'switch-back'), 'switch', now);
}
