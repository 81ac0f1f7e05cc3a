/**
 * Small world for cutovers: an application, its source and target, and their replications. It carries out the steps of
 * a cutover in simulated time, and breaks them at random.
 */
import type { CutoverRequestName, CutoverResult } from '../../src/contract/cutover.js';
import type { CutoverTraffic } from '../../src/contract/cutover-hooks.js';
import type { CutoverHookName } from '../../src/contract/cutover-input.js';
import { readCutoverOptions } from '../../src/contract/cutover-schemas.js';
import type { CutoverAction, CutoverState, StepOutcome } from '../../src/contract/cutover-state.js';
import { beginCutover } from '../../src/rules/cutover/begin.js';
import { beginStep, isDue, onCancel, onTime, wakeTimes } from '../../src/rules/cutover/clock.js';
import { onOutcome } from '../../src/rules/cutover/outcomes.js';
import { resultOf } from '../../src/rules/cutover/report.js';
import { allowedRequests, onRequest, refusal, type CutoverRequests } from '../../src/rules/cutover/requests.js';
import { isDecision, isInterrupted } from '../../src/rules/cutover/transitions.js';
import { look } from '../support/look.js';
import { archivedRecord } from '../support/records.js';

const BEGIN = Date.parse('2026-01-01T00:00:00.000Z');
const WORKFLOW_ID = 'dms-cutover:orders';
const arnOf = (n: number) => `arn:aws:dms:eu-west-1:123456789012:replication-config:R${n}`;

const stay = { by: 'ada', reason: 'it uses the target', traffic: 'target' } as const;

/** Numbers from 0 to 999 that decide the course of a world, one after the other. Nothing goes wrong once they end. */
export class Tape {
  #at = 0;
  constructor(private readonly numbers: readonly number[]) {}

  /** Returns true in so many of a thousand cases. */
  happens(perMille: number): boolean {
    return this.next(0) > 1000 - perMille;
  }

  next(otherwise: number): number {
    return this.numbers[this.#at++] ?? otherwise;
  }
}

/** Effect of a step that its cutover has given up, and that comes later. */
interface LateEffect {
  readonly step: CutoverAction;
  readonly at: number;
  readonly token: number;
}

/** Tokens of the cutover, and of the one before it. */
const [OWN, EARLIER] = [2, 1];
/** Steps whose effects may come after the end of their cutover. */
const leftBehind = ['fence', 'unfence', 'switch', 'switch-back'] as const;

/** Choices of one cutover. */
export interface WorldOptions {
  readonly replications: number;
  readonly approvers: number;
  readonly writesStoppedSeconds: number;
  readonly onVerifyFailed: 'ask' | 'switch-back';
  readonly windowSeconds: number | null;
  readonly hooks: readonly CutoverHookName[];
  /** Chance of trouble in each step, out of a thousand. */
  readonly trouble: number;
  /** Chance that a person sends a request in a step, out of a thousand. */
  readonly people: number;
  /** Chance in each step that the workflow is reset to an earlier state, out of a thousand. */
  readonly resets: number;
  /** End of the cutover before this one. One that was terminated has fenced and stopped. Both leave calls behind. */
  readonly before: 'none' | 'returned' | 'terminated';
}

interface Replication {
  isRunning: boolean;
  isSealed: boolean;
}

/** World of one cutover. */
export class CutoverWorld {
  now = BEGIN;
  state: CutoverState;
  readonly violations: string[] = [];
  readonly #tape: Tape;
  readonly #replications: Replication[];
  #isFenced = false;
  #traffic: CutoverTraffic = 'source';
  #reservedAt: string | null = null;
  /** True if the cutover got no answer about a reservation. It does not release that one. */
  #isReservationUnknown = false;
  #wasDecisionCancelled = false;
  /** Newest token that a hook has seen, and whether `unfence` has closed it. */
  #token = 0;
  #isClosed = false;
  #late: readonly LateEffect[] = [];
  /** True if a late switch took effect, or one before a reset, since `whereIsTraffic` was last asked. */
  #wasSwitchedLate = false;
  readonly #earlier: CutoverState[] = [];
  #wasReset = false;

  constructor(
    private readonly options: WorldOptions,
    tape: readonly number[],
  ) {
    this.#tape = new Tape(tape);
    const { replications, approvers, writesStoppedSeconds, onVerifyFailed, windowSeconds, hooks } = options;
    this.#replications = Array.from({ length: replications }, () => ({ isRunning: true, isSealed: false }));
    const plan = readCutoverOptions(
      {
        cutoverId: 'orders',
        replicationConfigArns: this.#replications.map((_, n) => arnOf(n)),
        requestedBy: 'ada',
        reason: 'move to Aurora',
        writesStoppedSeconds,
        onVerifyFailed,
        approval: approvers === 0 ? { required: false } : { approvers, timeoutSeconds: 7200 },
        ...(windowSeconds === null
          ? {}
          : { window: { notAfter: new Date(BEGIN + windowSeconds * 1000).toISOString() } }),
      },
      hooks.includes('switchToSource'),
    );
    this.state = beginCutover(plan, hooks, 'token', this.iso);
    this.#earlier.push(this.state);
    if (options.before !== 'none') this.#leaveBehind(options.before === 'terminated');
  }

  /** Prepares what the cutover before this one has left. */
  #leaveBehind(isFenced: boolean): void {
    [this.#token, this.#isClosed, this.#isFenced] = [EARLIER, !isFenced, isFenced];
    if (isFenced) this.#reservedAt = new Date(BEGIN - 600_000).toISOString();
    for (const each of isFenced ? this.#replications : []) [each.isRunning, each.isSealed] = [false, true];
    this.#late = leftBehind.flatMap((step) =>
      this.#tape.happens(500) ? [{ step, at: BEGIN + this.#tape.next(0) * 1000, token: EARLIER }] : [],
    );
  }

  get iso(): string {
    return new Date(this.now).toISOString();
  }

  /** Runs the cutover to its end. Returns its result, or `undecided`. */
  run(): CutoverResult | 'undecided' {
    for (let turns = 0; turns < 3000; turns++) {
      this.#set(onTime(this.state, this.iso, false));
      const { step } = this.state;
      if (step === 'end') return this.#atEnd();
      if (this.#tape.happens(this.options.resets)) this.#reset();
      else if (isDue(this.state, this.iso)) this.#carryOut(step as CutoverAction);
      else this.#idle();
    }
    this.violations.push(`the cutover does not end: ${this.state.step}`);
    return 'undecided';
  }

  #atEnd(): CutoverResult | 'undecided' {
    const { state } = this;
    if (state.isUndecided) {
      // Only a cancel of a decision that waits may leave the fence up.
      if (!this.#wasDecisionCancelled) this.violations.push('undecided without a cancel of the decision');
      return 'undecided';
    }
    const result = resultOf(state);
    const stopped = this.#replications.filter(({ isRunning }) => !isRunning).length;
    const sealed = this.#replications.filter(({ isSealed }) => isSealed).length;
    const isWrong = (what: string) => void this.violations.push(`${result.outcome}, and ${what}`);
    if (this.#isReservationUnknown) return result; // A person finds the reservation, and what is behind it.
    if (this.#reservedAt !== null) isWrong('the replications are still reserved');
    if (result.outcome === 'switched') {
      if (this.#traffic !== 'target') isWrong(`the application uses ${this.#traffic}`);
      if (sealed !== this.#replications.length) isWrong(`only ${sealed} replications are sealed`);
    } else {
      if (this.#traffic !== 'source') isWrong(`the application uses ${this.#traffic}`);
      if (this.#isFenced) isWrong('the source is still fenced');
      if (stopped > 0 || sealed > 0) isWrong(`${stopped} replications are stopped, and ${sealed} sealed`);
      if (result.cause === null) isWrong('without a cause');
    }
    return result;
  }

  #wakeAt(): number {
    return Math.min(...wakeTimes(this.state).map(Date.parse));
  }

  /** Lets time pass until something is to be done. People act meanwhile. */
  #idle(): void {
    const wake = this.#wakeAt();
    const patience = 300_000;
    this.#pass(Math.min(Math.max(this.now + 1, wake), this.now + patience));
    this.#peopleAct(false);
  }

  /** Carries out a step. Its effect may come without its answer, and its answer without its effect. */
  #carryOut(step: CutoverAction): void {
    this.state = beginStep(this.state);
    const isTroubled = this.#tape.happens(this.options.trouble);
    const kind = isTroubled ? this.#tape.next(0) % 5 : 0;
    const seconds = isTroubled ? this.#tape.next(0) : 1;
    const end = this.now + seconds * 1000;
    let isInterruptedNow = false;
    while (this.now < end && !isInterruptedNow) {
      const wake = this.#wakeAt();
      const next = Math.min(end, Math.max(this.now + 1, wake));
      this.#pass(Math.min(end, next, this.now + 20_000));
      this.#set(onTime(this.state, this.iso, true));
      if (this.#wakeAt() <= this.now) this.violations.push(`the clock rings for nothing in ${step}`);
      this.#peopleAct(true);
      isInterruptedNow = isInterrupted(this.state);
    }
    // A step that is interrupted, or that fails, may have taken effect, or may do so later.
    const takesEffect = kind === 0 || kind === 1;
    if (kind === 4) this.#late = [...this.#late, { step, at: this.now + (this.#tape.next(0) % 60) * 1000, token: OWN }];
    const answers = kind === 0 || kind === 3;
    const value = this.#effect(step, takesEffect);
    // Nothing interrupts a reservation.
    const isHeard = answers && value !== undefined && (step === 'reserve' || !isInterruptedNow);
    if (step === 'reserve') this.#isReservationUnknown = !isHeard || kind !== 0;
    const outcome = (isHeard ? { step, value } : { step, problem: 'no answer' }) as StepOutcome;
    this.#requireOneWriter(step);
    this.#set(onOutcome(this.state, outcome, this.iso, WORKFLOW_ID));
  }

  /** Plays the effect of a step, and returns its answer. `undefined`: it fails. */
  #effect(step: CutoverAction, takesEffect: boolean): unknown {
    switch (step) {
      case 'reserve':
        return this.#reserve(takesEffect);
      case 'release':
        if (takesEffect && this.state.reserved.length > 0) this.#reservedAt = null;
        return takesEffect ? null : undefined;
      case 'inspect':
        return takesEffect ? { readings: this.#readings(), traffic: this.#traffic } : undefined;
      case 'preflight':
      case 'verify':
        return [{ name: step, ok: takesEffect, detail: 'looked' }];
      case 'measure':
      case 'measure-again':
        return { readings: this.#readings(), checks: [{ name: 'validate', ok: takesEffect, detail: 'looked' }] };
      case 'await-lag':
        return [];
      case 'fence':
        if (!takesEffect || !this.#accepts(OWN)) return undefined;
        this.#isFenced = true;
        return null;
      case 'mark-source':
        return takesEffect ? { lsn: 1 } : undefined;
      case 'drain':
        // A person may switch by hand meanwhile.
        if (this.#isFenced && this.#tape.happens(this.options.trouble / 10)) this.#traffic = 'target';
        return { drained: takesEffect };
      case 'stop':
        return this.#stop(takesEffect);
      case 'assert-stopped':
      case 'assert-still-stopped':
        return this.#replications.every(({ isRunning }) => !isRunning) ? null : undefined;
      case 'switch':
        if (!this.#accepts(OWN)) return undefined;
        this.#requireMaySwitch();
        if (takesEffect) this.#traffic = 'target';
        else if (this.#tape.happens(200)) this.#traffic = this.#tape.happens(500) ? 'both' : 'neither';
        return takesEffect ? null : undefined;
      case 'switch-back':
        if (!takesEffect || !this.#accepts(OWN)) return undefined;
        this.#traffic = 'source';
        return null;
      case 'ask-after-switch':
      case 'ask-after-switch-back':
      case 'ask-before-unfence':
        if (takesEffect) this.#wasSwitchedLate = false;
        return takesEffect ? this.#traffic : undefined;
      case 'find-reset':
        return takesEffect ? this.#wasReset : undefined;
      case 'unfence':
        if (this.#traffic !== 'source' && !this.#wasSwitchedLate)
          this.violations.push(`unfenced while the application uses ${this.#traffic}`);
        return takesEffect && this.#unfence(OWN) ? null : undefined;
      case 'replicate':
        if (takesEffect) for (const each of this.#replications) [each.isRunning, each.isSealed] = [true, false];
        return takesEffect ? null : undefined;
      case 'prepare-reverse':
      case 'sync-identities':
      case 'start-reverse':
        return takesEffect ? null : undefined;
    }
  }

  /** Reserves all replications, or one of them, or none. An older reservation stays. */
  #reserve(isWhole: boolean): unknown {
    const reserved = this.state.plan.replicationConfigArns.slice(0, isWhole ? undefined : this.#tape.next(0) % 2);
    if (reserved.length > 0) this.#reservedAt ??= this.iso;
    const since = reserved.length === 0 ? null : this.#reservedAt;
    return { reserved, since, problem: reserved.length === this.#replications.length ? null : 'one is not reserved' };
  }

  /** Takes up a token in a hook. The hook refuses one that is older than the newest, or closed. */
  #accepts(token: number): boolean {
    if (token > this.#token) [this.#token, this.#isClosed] = [token, false];
    return token === this.#token && !this.#isClosed;
  }

  /** Fails if a switch came first. Otherwise closes the token, and then lets the source take writes. */
  #unfence(token: number): boolean {
    if (token < this.#token || this.#traffic !== 'source') return false;
    [this.#token, this.#isClosed, this.#isFenced] = [token, true, false];
    return true;
  }

  /** Moves the time, and applies what comes late, if the hooks let it. */
  #pass(until: number): void {
    this.now = until;
    const due = this.#late.filter(({ at }) => at <= until);
    this.#late = this.#late.filter(({ at }) => at > until);
    for (const { step, token } of due) {
      if (step === 'unfence') this.#unfence(token);
      else if (!this.#accepts(token)) continue;
      else if (step === 'fence') this.#isFenced = true;
      else if (step === 'switch') [this.#traffic, this.#wasSwitchedLate] = ['target', true];
      else if (step === 'switch-back') this.#traffic = 'source';
      this.#requireOneWriter(`a late ${step}`);
    }
  }

  /** Resets the newest run to a state that it was in. What it did since then stays done. */
  #reset(): void {
    const index = this.#tape.next(0) % Math.max(1, this.#earlier.length);
    const earlier = this.#earlier[index];
    // A reset to the verification needs an application that still uses the target.
    const isVerifying = earlier !== undefined && earlier.traffic === 'target' && earlier.cause === null;
    if (earlier === undefined || (isVerifying && this.#traffic !== 'target')) return;
    [this.#wasReset, this.#wasSwitchedLate] = [true, this.#traffic !== 'source'];
    this.#earlier.length = index + 1;
    this.state = earlier;
  }

  /** Stops all, or some of them. */
  #stop(isWhole: boolean): unknown {
    const stopped = this.#replications.filter(() => isWhole || this.#tape.happens(500));
    for (const each of stopped) [each.isRunning, each.isSealed] = [false, true];
    const stops = this.#replications.flatMap((each, n) =>
      each.isRunning ? [] : [{ checkpoint: { ...archivedRecord(1), replicationConfigArn: arnOf(n) }, warnings: [] }],
    );
    const isAll = stops.length === this.#replications.length;
    // A replication may be started again behind the cutover's back.
    const [first] = this.#replications;
    if (first !== undefined && this.#tape.happens(this.options.trouble / 4)) first.isRunning = true;
    return { stops, problem: isAll ? null : 'one failed' };
  }

  #readings() {
    return this.#replications.map((each, n) => ({
      replicationConfigArn: arnOf(n),
      replication: look({ status: each.isRunning ? 'running' : 'stopped' }),
      ledger: { sealedBy: each.isSealed ? 'ada' : null, reservedBy: this.#reservedAt === null ? null : WORKFLOW_ID },
      endpoints: null,
      permissions: null,
      lag: { sourceSeconds: 1, targetSeconds: 1, at: this.iso },
      tables: { ...emptyTables, readAt: this.iso },
      problem: null,
    }));
  }

  /** A person sends a request at random, also one that comes at the wrong time. */
  #peopleAct(isRunning: boolean): void {
    const decides = isDecision(this.state.step);
    if (decides && this.#tape.next(999) < 300) return;
    const { people } = this.options;
    const isAsked = decides || this.state.step === 'await-approval';
    if (!isAsked && !this.#tape.happens(people)) return;
    if (this.#tape.happens(people / 2)) {
      this.#wasDecisionCancelled ||= isDecision(this.state.step);
      this.#set(onCancel(this.state, this.iso, isRunning));
      return;
    }
    if (this.#isStuckOnTarget && !this.#wasReset) {
      this.#traffic = 'source'; // by hand
    } else if (this.#isStuckOnTarget) {
      this.#wasDecisionCancelled = true;
      this.#set(onCancel(this.state, this.iso, isRunning));
      return;
    }
    const allowed = allowedRequests(this.state);
    const asked = this.#request(allowed);
    if (asked === null) return;
    const { name, request } = asked;
    const before = this.state;
    if (refusal(this.state, name, request) !== null) return;
    this.#set(onRequest(this.state, name, request, this.iso, isRunning));
    const isHeard = this.state.timeline.length > before.timeline.length || this.state.step !== before.step;
    if (!isHeard) this.violations.push(`dms.${name} was accepted and dropped`);
  }

  /** True if the cutover goes back, although the application uses the target, and can not stay there. */
  get #isStuckOnTarget(): boolean {
    const { step } = this.state;
    return step === 'await-repair' && this.#isOnTarget && refusal(this.state, 'decide', stay) !== null;
  }

  #request(allowed: readonly CutoverRequestName[]) {
    const who = { by: `person ${(this.#tape.next(0) + this.state.approvals.length) % 3}`, reason: 'because' };
    const { step } = this.state;
    // The gates of a cutover that was reset after its stops are never met.
    if (step === 'await-approval' && this.#wasReset && !this.state.isReady) return requestOf('abort', who);
    if (step === 'await-approval' && !this.#tape.happens(100))
      return requestOf('approve', { ...who, confirm: this.#tape.happens(50) ? 'another' : 'orders' });
    // The person makes the application use one side.
    if (isDecision(step)) this.#traffic = this.#isOnTarget ? 'target' : 'source';
    // A person tells a cutover that can't find out about a reset the truth.
    const isLeft = this.#isFenced || this.#replications.some(({ isRunning, isSealed }) => !isRunning || isSealed);
    const mayRepair = this.state.undo.length > 0 || !isLeft;
    if (step === 'await-repair' && !this.#isOnTarget && mayRepair && this.#tape.happens(300)) {
      this.#repair();
      return requestOf('decide', { ...who, undo: 'done' });
    }
    if (step === 'await-repair')
      return requestOf('decide', this.#traffic === 'target' ? stay : { ...who, undo: 'retry' });
    if (step === 'await-verdict')
      return allowed.includes('switchBack') && this.#tape.happens(500)
        ? requestOf('switchBack', who)
        : requestOf('decide', { ...who, traffic: 'target' });
    if (isDecision(step)) return requestOf('decide', { ...who, traffic: this.#isOnTarget ? 'target' : 'source' });
    const name = allowed[this.#tape.next(0) % Math.max(1, allowed.length)];
    if (name === undefined || name === 'decide' || name === 'approve') return null;
    if (name === 'change') return requestOf('change', { ...who, writesStoppedSeconds: 1 + this.#tape.next(100) });
    return requestOf(name, who);
  }

  /** A person does the failed step by hand. */
  #repair(): void {
    const failed = this.state.undo.at(-1);
    if (failed === 'switch-back') this.#traffic = 'source';
    if (failed === 'unfence') this.#unfence(OWN);
    if (failed === 'replicate') for (const each of this.#replications) [each.isRunning, each.isSealed] = [true, false];
  }

  get #isOnTarget(): boolean {
    return this.#traffic === 'target' || this.#traffic === 'both';
  }

  #requireMaySwitch(): void {
    const { writesStoppedAt, plan, approvals } = this.state;
    if (!this.#isFenced) this.violations.push('switched while the source was not fenced');
    if (this.#replications.some(({ isRunning }) => isRunning)) this.violations.push('switched while one replicated');
    const { required, approvers } = plan.approval;
    if (required && approvals.length < approvers) this.violations.push('switched without the approvals');
    const limit = Date.parse(writesStoppedAt ?? '') + plan.writesStoppedSeconds * 1000;
    if (Date.parse(this.state.stepSince) > limit)
      this.violations.push('switched after writes were stopped for too long');
  }

  #requireOneWriter(step: string): void {
    const isSource = !this.#isFenced;
    if (isSource && this.#isOnTarget) this.violations.push(`two writers after ${step}`);
  }

  #set(next: CutoverState): void {
    const isUndoRun = ['unfence', 'replicate', 'switch-back'].includes(next.step);
    if (isUndoRun && next.step !== this.state.step && !next.undo.includes(next.step as never))
      this.violations.push(`${next.step} runs without being registered`);
    const { step } = this.state;
    const mustAsk =
      step === 'switch' ? 'ask-after-switch' : step === 'switch-back' ? 'ask-after-switch-back' : next.step;
    if (next.step !== step && next.step !== mustAsk) this.violations.push(`${next.step} came right after ${step}`);
    if (next.step === 'fence' && !next.undo.includes('unfence')) this.violations.push('the fence has no way back');
    if (next.step !== this.state.step) this.#earlier.push(next);
    this.state = next;
  }
}

const emptyTables = {
  total: 1,
  byState: { 'Table completed': 1 },
  byValidationState: { Validated: 1 },
  rows: {
    inserts: 0,
    updates: 0,
    deletes: 0,
    ddls: 0,
    appliedInserts: 0,
    appliedUpdates: 0,
    appliedDeletes: 0,
    appliedDdls: 0,
    fullLoadRows: 0,
    fullLoadErrorRows: 0,
    validationPending: 0,
    validationFailed: 0,
    validationSuspended: 0,
  },
  flagged: [],
  truncated: false,
};

function requestOf<Name extends CutoverRequestName>(name: Name, request: CutoverRequests[Name]) {
  return { name, request };
}
