/** The clock of a cutover: which time limit runs, and what happens when it ends. */
import type { CutoverCauseCode } from '../../contract/cutover.js';
import type { CutoverState } from '../../contract/cutover-state.js';
import {
  enter,
  goBack,
  isBeforeFence,
  isDecision,
  isFenced,
  isInterrupted,
  isWait,
  mustReserve,
  note,
  secondsAfter,
  withCause,
} from './transitions.js';

/** Time limit, and the cause of the return when it ends. */
interface Deadline {
  readonly at: string;
  /** `null`: a person has not decided in time. */
  readonly code: CutoverCauseCode | null;
  readonly detail: string;
}

/** Returns the time at which the cutover goes back unless the switch has begun. `null`: it does not. */
export function returnAt(state: CutoverState): string | null {
  const { writesStoppedAt, plan } = state;
  if (writesStoppedAt === null || !isFenced(state) || state.cause !== null) return null;
  return secondsAfter(writesStoppedAt, plan.writesStoppedSeconds);
}

/** Returns the times at which {@link onTime} has to be called, even if nothing else happens. */
export function wakeTimes(state: CutoverState): readonly string[] {
  return [deadlineOf(state)?.at, state.nextAt].flatMap((at) => at ?? []);
}

/** True if the step is to be carried out now. */
export function isDue({ step, nextAt }: CutoverState, now: string): boolean {
  return step !== 'end' && !isWait(step) && (nextAt === null || Date.parse(nextAt) <= Date.parse(now));
}

/** Returns the state in which the step is carried out. The time before which it was not carried out is over. */
export function beginStep(state: CutoverState): CutoverState {
  return { ...state, nextAt: null };
}

/** Applies the time. `isRunning`: a step is being carried out, and the way back begins only with its outcome. */
export function onTime(state: CutoverState, now: string, isRunning: boolean): CutoverState {
  const deadline = deadlineOf(state);
  if (deadline !== null && Date.parse(deadline.at) <= Date.parse(now)) {
    const { code, detail } = deadline;
    if (code === null) return undecided(state, detail, now);
    return isRunning ? withCause(state, code, detail, now) : goBack(state, code, detail, now);
  }
  if (state.nextAt === null || Date.parse(state.nextAt) > Date.parse(now)) return state;
  if (state.step === 'await-approval') return enter(state, 'measure', now);
  if (state.step === 'await-window') return enter(state, 'measure-again', now);
  return state;
}

/**
 * Applies a cancel of the workflow. Before the switch the cutover goes back. A cutover that waits for a decision ends
 * undecided.
 *
 * A decision that comes up later still waits for a person.
 */
export function onCancel(state: CutoverState, now: string, isRunning: boolean): CutoverState {
  const cancelled = { ...state, isCancelled: true };
  const detail = 'The workflow was cancelled';
  if (isDecision(state.step)) return undecided(cancelled, detail, now);
  if (state.cause !== null || !(isBeforeFence(state) || isFenced(state))) return cancelled;
  return isRunning || mustReserve(state)
    ? withCause(cancelled, 'cancelled', detail, now)
    : goBack(cancelled, 'cancelled', detail, now);
}

/** Ends a cutover that waits for a decision. Nothing more is changed. */
function undecided(state: CutoverState, why: string, now: string): CutoverState {
  return enter({ ...note(state, now, `Ends undecided: ${why}`), isUndecided: true }, 'end', now);
}

function deadlineOf(state: CutoverState): Deadline | null {
  // What to go back from is known only once the replications are reserved.
  if (isInterrupted(state) || mustReserve(state)) return null;
  const { step, stepSince, validatingSince, isReady, plan, problem } = state;
  const { window, gates, approval, decisionTimeoutSeconds } = plan;
  const limits: Deadline[] = [];
  const limit = (at: string, code: CutoverCauseCode | null, detail: string) => void limits.push({ at, code, detail });
  if (isBeforeFence(state) && window.notAfter !== null && !plan.dryRun)
    limit(window.notAfter, 'window-closed', `The window closed at ${window.notAfter}`);
  if (step === 'await-lag' && gates.lag !== 'ignore')
    limit(
      secondsAfter(stepSince, gates.lag.timeoutSeconds),
      'lag-timeout',
      `The lag was not in order within ${gates.lag.timeoutSeconds} s`,
    );
  if ((step === 'measure' || step === 'await-approval') && validatingSince !== null) {
    const at = secondsAfter(validatingSince, approval.timeoutSeconds);
    const within = `within ${approval.timeoutSeconds} s`;
    if (isReady) limit(at, 'approval-timeout', `The approval did not come ${within}`);
    else limit(at, 'validation-timeout', `The checks were not in order ${within}: ${problem ?? 'not measured'}`);
  }
  const at = returnAt(state);
  if (at !== null)
    limit(
      at,
      'writes-stopped-too-long',
      `Writes were stopped for ${plan.writesStoppedSeconds} s in the phase ${state.phase}`,
    );
  if (isDecision(step) && decisionTimeoutSeconds !== null)
    limit(secondsAfter(stepSince, decisionTimeoutSeconds), null, `nobody decided within ${decisionTimeoutSeconds} s`);
  return limits.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at))[0] ?? null;
}
