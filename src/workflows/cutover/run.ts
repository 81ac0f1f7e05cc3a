import {
  CancellationScope,
  CancelledFailure,
  condition,
  defineUpdate,
  log,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { CutoverRequestName, CutoverResult } from '../../contract/cutover.js';
import type { CutoverFunctions } from '../../contract/cutover-hooks.js';
import type { CutoverAction, CutoverState, StepOutcome } from '../../contract/cutover-state.js';
import { beginStep, isDue, onCancel, onTime, returnAt, wakeTimes } from '../../rules/cutover/clock.js';
import { onOutcome } from '../../rules/cutover/outcomes.js';
import { cutoverMarkdown } from '../../rules/cutover/details.js';
import {
  contextOf,
  refusedRequest,
  resultOf,
  statusOf,
  undecidedFailure,
  waitingFor,
} from '../../rules/cutover/report.js';
import { cutoverRequests, onRequest, refusal, type CutoverRequests } from '../../rules/cutover/requests.js';
import { isDecision, isInterrupted } from '../../rules/cutover/transitions.js';
import { messageNames } from '../../contract/names.js';
import { countCutoverPhase, measureCutover, showWrites } from '../metrics.js';
import { cutoverQuery, problemSignal } from '../messages.js';
import { cutoverActions, messageOf, type CutoverActions } from './actions.js';
import { Alarm } from './alarm.js';

/** Length of history above which a run continues as new: before the fence, for a decision, or between two polls. */
const MAX_EVENTS = 400;

/** Longest time between two runs: for notifications, and for the look for a reset. */
const HAND_OVER_SECONDS = 120;

/** Longest time for which the end of a run waits for notifications. */
const NOTIFY_SECONDS = 60;

/** Descriptions of the updates, for the Web UI and the command line. */
const descriptions: Readonly<Record<CutoverRequestName, string>> = {
  approve: 'Approves the cutover. Input: { by, reason, confirm: <cutoverId> }.',
  revokeApproval: 'Takes an approval back, until writes are stopped. Input: { by, reason }.',
  abort: 'Goes back, until the switch begins. Input: { by, reason }.',
  change: 'Changes gates, window, approval or writesStoppedSeconds. Input: { by, reason, … }.',
  switchBack: 'Sends the application back to the source while it is verified. Input: { by, reason }.',
  decide: "Decides what the cutover can't find out. Input: { by, reason, traffic } or { by, reason, undo }.",
};

/** Run of a cutover: carries out the steps that its rules name. */
export class CutoverRun {
  readonly #actions: CutoverActions;
  readonly #notifying = new Set<Promise<void>>();
  #isRunning = false;
  /** Problem that keeps the running step waiting. `null`: none is known. */
  #problem: string | null = null;
  /** True once the state has changed, or the clock has rung, since the rules were last asked. */
  #isChanged = false;
  readonly #alarm = new Alarm(() => void (this.#isChanged = true));

  constructor(
    private state: CutoverState,
    private readonly hooks: CutoverFunctions,
    taskQueue: string,
  ) {
    const onMissing = (problem: string | null) => {
      this.#problem = problem;
      this.#show();
    };
    this.#actions = cutoverActions(hooks, { taskQueue, onMissing });
    setHandler(problemSignal, onMissing, {
      description: "Shows what keeps a step of the cutover waiting. Sent by this package's activities.",
    });
    setHandler(cutoverQuery, () => statusOf(this.state, this.#problem), {
      description: 'Shows the phase, what it waits for, and the updates that are allowed now.',
    });
    for (const name of cutoverRequests) this.#handle(name);
    this.#show();
  }

  /**
   * Runs the cutover to its end. Returns the state instead of a result if the history has grown long.
   *
   * `findReset` finds out whether the workflow was reset, before the run continues as new. `null`: it never does so.
   */
  async run(
    findReset: (() => Promise<boolean>) | null,
  ): Promise<{ readonly result: CutoverResult } | { readonly state: CutoverState }> {
    CancellationScope.current().cancelRequested.catch(() => this.#change(onCancel(this.state, now(), this.#isRunning)));
    while (await CancellationScope.nonCancellable(() => this.#loop(findReset !== null))) {
      const wasReset = await CancellationScope.nonCancellable(() => this.#prepareHandOver(findReset));
      // Nothing may come between here and the next run, because a request could change the state meanwhile.
      if (this.#mayContinue())
        return { state: { ...this.state, wasBegunBefore: this.state.wasBegunBefore || wasReset } };
    }
    this.#alarm.set([]);
    await CancellationScope.nonCancellable(() => this.#untilNotified());
    const result = resultOf(this.state);
    measureCutover(this.state.isUndecided ? 'undecided' : result.outcome, result.writesStoppedSeconds);
    if (this.state.isUndecided) throw undecidedFailure(this.state);
    if (this.state.cause?.code === 'cancelled')
      throw new CancelledFailure('The cutover was cancelled, and has gone back');
    return { result };
  }

  /** Returns true if the history has grown long. */
  async #loop(canContinue: boolean): Promise<boolean> {
    for (;;) {
      this.#change(onTime(this.state, now(), false));
      const { step } = this.state;
      if (step === 'end') return false;
      if (canContinue && this.#mayContinue() && hasLongHistory()) return true;
      if (isDue(this.state, now())) await this.#carryOut(step as CutoverAction);
      else {
        this.#alarm.set(wakeTimes(this.state));
        await this.#wait(() => false);
      }
    }
  }

  /** True if another run may go on from the present state. */
  #mayContinue(): boolean {
    const { step, writesStoppedAt, nextAt, cause } = this.state;
    // Only the run that was asked to cancel can end as cancelled.
    if (cause?.code === 'cancelled') return false;
    return (writesStoppedAt === null || isDecision(step) || nextAt !== null) && !this.#mustReturnSoon();
  }

  /** True if a time limit may end while one run hands over to the next. No clock runs meanwhile. */
  #mustReturnSoon(): boolean {
    const at = returnAt(this.state);
    return at !== null && Date.parse(at) - Date.now() < HAND_OVER_SECONDS * 1000;
  }

  /** Prepares the hand-over to the next run. Returns true if the workflow was reset. */
  async #prepareHandOver(findReset: (() => Promise<boolean>) | null): Promise<boolean> {
    this.#alarm.set([]);
    await this.#untilNotified();
    return findReset !== null && (await findReset());
  }

  async #carryOut(step: CutoverAction): Promise<void> {
    this.state = beginStep(this.state);
    this.#alarm.set(wakeTimes(this.state));
    const scope = new CancellationScope();
    this.#isRunning = true;
    const outcome = scope.run(() => this.#outcomeOf(step)).finally(() => (this.#isRunning = false));
    for (;;) {
      await this.#wait(() => !this.#isRunning);
      if (!this.#isRunning) break;
      this.#change(onTime(this.state, now(), true));
      this.#alarm.set(wakeTimes(this.state));
      if (isInterrupted(this.state)) scope.cancel();
    }
    this.#problem = null;
    this.#change(onOutcome(this.state, await outcome, now(), workflowInfo().workflowId));
  }

  async #outcomeOf(step: CutoverAction): Promise<StepOutcome> {
    try {
      return { step, value: await this.#actions[step](this.state) } as StepOutcome;
    } catch (err) {
      return { step, problem: messageOf(err) };
    }
  }

  /** Waits until the condition holds, the state changes, or the clock rings. */
  async #wait(isOver: () => boolean): Promise<void> {
    await condition(() => isOver() || this.#isChanged);
    this.#isChanged = false;
  }

  #change(next: CutoverState): void {
    if (next === this.state) return;
    const isNewPhase = next.phase !== this.state.phase;
    this.state = next;
    if (isNewPhase) countCutoverPhase(next.phase);
    this.#isChanged = true;
    this.#show();
    if (isNewPhase) this.#notify();
  }

  /** Tells the user's hook about the new phase. Only the end of the run waits for it. */
  #notify(): void {
    const context = contextOf(this.state);
    const notified = CancellationScope.nonCancellable(async () => void (await this.hooks.notify?.(context)))
      .catch((err: unknown) => log.warn('The hook notify failed', { error: messageOf(err) }))
      .finally(() => this.#notifying.delete(notified));
    this.#notifying.add(notified);
  }

  /** Waits until all notifications are over, for a bounded time. */
  async #untilNotified(): Promise<void> {
    if (this.#notifying.size > 0) await condition(() => this.#notifying.size === 0, NOTIFY_SECONDS * 1000);
  }

  #handle(name: CutoverRequestName): void {
    setHandler(
      defineUpdate<string, [CutoverRequests[typeof name]]>(messageNames[name]),
      (request) => {
        this.#change(onTime(this.state, now(), this.#isRunning));
        this.#change(onRequest(this.state, name, request, now(), this.#isRunning));
        return `${this.state.phase}: ${waitingFor(this.state)}`;
      },
      {
        description: descriptions[name],
        validator: (request) => {
          // A time limit that has ended counts, although its timer may come later.
          const state = onTime(this.state, now(), this.#isRunning);
          const why = refusal(state, name, request);
          if (why !== null) throw refusedRequest(state, name, why, workflowInfo().workflowId);
        },
      },
    );
  }

  /** Shows the state to people and metrics. A continued run may begin on a worker that has shown nothing yet. */
  #show(): void {
    const { plan, writesStoppedAt, writesResumedAt } = this.state;
    showWrites(plan.cutoverId, writesStoppedAt, writesResumedAt);
    setCurrentDetails(cutoverMarkdown(this.state, workflowInfo().workflowId, this.#problem));
  }
}

function hasLongHistory(): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return historyLength > MAX_EVENTS || continueAsNewSuggested;
}

function now(): string {
  return new Date().toISOString();
}
