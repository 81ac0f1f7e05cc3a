import { DmsApiError } from '../../dms/api.js';
import { lifecycleState, statusInFault } from '../../dms/lifecycle.js';
import { isDmsFailure } from '../../contract/failures.js';
import { replicationDeleting } from '../../contract/failure-messages.js';
import type { BeginReply } from '../../contract/ledger-protocol.js';
import type { CallNote, PendingCall } from '../../contract/ledger-state.js';
import { STALE_SECONDS } from '../../dms/staleness.js';
import { secondsBetweenLooks, takeTurn, type Look } from '../../watch/index.js';
import { NO_TURN_REASON, type Attempt } from './attempt.js';
import type { Change, Conclusion, Decision, Facts } from './change.js';
import { ChangeMemory, REPEAT_DOUBT } from './change-memory.js';
import { ownCall } from '../../ledger/calls.js';
import { askLedger, beginInTime, isKnownToLedger } from './ledger-access.js';

/** Time limit of a call that changes a replication. */
const CALL_SECONDS = 15;
/** Seconds of start-to-close that an attempt keeps for a note and a call. */
const RESERVE_SECONDS = 30;
/** Longest time an attempt waits for its place among the operations that begin. */
const BEGIN_SECONDS = 60;
/** Longest time an attempt waits for the turn of its call. */
const TURN_SECONDS = 60;

/**
 * Makes one attempt of look, decide, note, call. "Not yet" is a retryable failure: Temporal's retry is the loop.
 *
 * The note goes into the ledger right before the call, together with the beginning of the operation. A later attempt,
 * or the ledger itself, learns from the note that a call may have been sent.
 */
export function attemptChange<Outcome, Result>(
  attempt: Attempt,
  change: Change<Outcome, Result>,
): Promise<{ readonly outcome: Outcome } | { readonly repeated: Result }> {
  return attempt.withHeartbeat(() => new ChangeAttempt(attempt, change).run());
}

class ChangeAttempt<Outcome, Result> {
  readonly #memory: ChangeMemory;

  constructor(
    private readonly attempt: Attempt,
    private readonly change: Change<Outcome, Result>,
  ) {
    this.#memory = new ChangeMemory(attempt);
    attempt.hasEarlierAttemptCalled = () => this.#hasNotedCall();
  }

  async run(): Promise<{ readonly outcome: Outcome } | { readonly repeated: Result }> {
    try {
      return await this.#run();
    } catch (err) {
      this.#memory.leaveToNextAttempt();
      throw err;
    }
  }

  async #run(): Promise<{ readonly outcome: Outcome } | { readonly repeated: Result }> {
    const { attempt, change } = this;
    const look = await attempt.look().catch((err: unknown) => this.#failNotFound(err));
    let facts = this.#facts(look, change.needsLedger(look.replication) ? await this.#begin(look, null) : null);
    if (facts.begun?.repeatOf) return this.#returnRepeat(facts.begun.repeatOf, look);
    const decision = await this.#requireAgreed(await change.decide(facts));
    if (decision.do === 'call') return this.#noteAndCall(decision.note, facts);
    const isKnown = decision.do === 'wait' && this.#memory.isBegun;
    if (facts.begun === null && !isKnown) facts = this.#facts(look, await this.#begin(look, null));
    if (facts.begun?.repeatOf) return this.#returnRepeat(facts.begun.repeatOf, look);
    if (decision.do === 'wait') throw this.#waitOrTimeOut(decision.why);
    return { outcome: this.#attributeToOwnCall(decision.outcome, facts.begun?.ownCall ?? null, facts) };
  }

  async #hasNotedCall(): Promise<boolean> {
    const { operation } = this.change;
    if (operation === undefined || !this.attempt.mayHaveBegun) return false;
    return ownCall(await askLedger(this.attempt, (ledger) => ledger.read()), operation) !== null;
  }

  /** Decides again by a newer look. Returns the note of a call that is still due. */
  async #judgeAgain({ look, begun }: Facts): Promise<CallNote> {
    const decision = await this.change.decide(this.#facts(look, begun));
    if (decision.do === 'call') return decision.note;
    throw this.attempt.stillWaiting('the call is no longer due; looking again', 0.1);
  }

  /** Takes the new note back if the call is no longer due. An earlier call of the operation may have had its effect. */
  async #requireDue(facts: Facts): Promise<void> {
    try {
      await this.#judgeAgain(facts);
    } catch (err) {
      await this.#withdrawNote();
      throw err;
    }
  }

  /** Throws `DmsReplicationNotFound`: at once for a typo, else once looks agree for longer than staleness. */
  async #failNotFound(err: unknown): Promise<never> {
    if (!isDmsFailure(err, 'DmsReplicationNotFound')) throw err;
    const { attempt, change } = this;
    if (change.operation === undefined) throw err;
    if (!this.#memory.isBegun && !(await isKnownToLedger(attempt))) throw err;
    this.#memory.requireAgreement('DMS does not show it', STALE_SECONDS);
    await askLedger(attempt, (ledger) => ledger.reportMissing());
    throw err;
  }

  /** Returns a decision without doubt. Fails retryably until looks have agreed on a doubt for long enough. */
  async #requireAgreed(decision: Decision<Outcome>): Promise<Conclusion<Outcome>> {
    if (decision.do !== 'agree') {
      this.#memory.endDoubt();
      return decision;
    }
    this.#memory.requireAgreement(decision.on, decision.forSeconds);
    return decision.conclude();
  }

  /** Waits for the call's turn, then notes and sends the call. Decides again if a newer look came meanwhile. */
  async #noteAndCall(
    judged: CallNote,
    facts: Facts,
  ): Promise<{ readonly outcome: Outcome } | { readonly repeated: Result }> {
    const { attempt } = this;
    const accountRegion = attempt.worker.accountRegion(attempt.arn);
    const look = await attempt.waitAtMost(TURN_SECONDS, NO_TURN_REASON, (signal) =>
      takeTurn(accountRegion, attempt.arn, facts.look, signal),
    );
    let isSpent = false;
    try {
      if (attempt.secondsLeft < RESERVE_SECONDS) throw this.#waitOrTimeOut(NO_TURN_REASON);
      const note = look === facts.look ? judged : await this.#judgeAgain({ ...facts, look });
      const begun = await this.#begin(look, note);
      if (begun?.repeatOf) return this.#returnRepeat(begun.repeatOf, look);
      const noted = this.#facts(look, begun);
      if (begun?.ownCall) await this.#requireDue(noted);
      isSpent = true;
      return { outcome: await this.#call(note, noted) };
    } finally {
      if (!isSpent) accountRegion.budget.giveBack('change');
    }
  }

  #facts(look: Look, begun: BeginReply | null): Facts {
    const subject = { ...this.attempt.subject, replication: look.replication };
    return { look, begun, subject };
  }

  #returnRepeat(repeat: NonNullable<BeginReply['repeatOf']>, look: Look): { readonly repeated: Result } {
    this.change.requireSameRequest?.(repeat);
    try {
      return { repeated: this.change.resultOfRepeat(repeat, look) };
    } catch (err) {
      if (isDmsFailure(err, 'DmsOperationSuperseded')) this.#memory.requireAgreement(REPEAT_DOUBT, STALE_SECONDS);
      throw err;
    }
  }

  /** Begins or continues the operation in the ledger, and notes a call. `null`: there is no operation. */
  async #begin({ replication }: Look, call: CallNote | null): Promise<BeginReply | null> {
    const { attempt, change } = this;
    const { operation, intent, sequence } = change;
    if (operation === undefined) return null;
    const { token, taskQueue } = attempt;
    // A later attempt may follow an unanswered call: an answer would have ended this activity.
    const isAnswered = change.isAnswered && attempt.number === 1;
    const { status, replicationConfigIdentifier: identifier } = replication;
    const leave = await attempt.waitAtMost(BEGIN_SECONDS, 'many operations begin at once', (signal) =>
      attempt.worker.beginGate.enter(signal),
    );
    const hasSearchAttributes = await attempt.worker.searchAttributes.arePresent(attempt.worker.client());
    const known = { status, identifier, taskQueue, hasSearchAttributes };
    const request = { operation, token, call, isAnswered, intent, sequence, ...known };
    const reply = await askLedger(attempt, (ledger) => beginInTime(ledger, request)).finally(leave);
    if (reply.busy !== null) throw attempt.ledgerBusy(reply.busy.why, reply.busy.seconds);
    if (reply.ownCall !== null) attempt.mayHaveCalled = true;
    attempt.mayHaveBegun = true;
    if (!this.#memory.isBegun) this.#memory.remember({ isBegun: true });
    return reply;
  }

  async #call(note: CallNote, facts: Facts): Promise<Outcome> {
    try {
      const answer = await this.change.send(note, AbortSignal.timeout(CALL_SECONDS * 1000));
      return this.change.outcomeOfCall(note, facts, answer);
    } catch (err) {
      if (!(err instanceof DmsApiError)) throw err;
      throw await this.#failureOfCall(err, note, facts);
    }
  }

  /** Returns the failure of a call that DMS did not accept. Keeps the note unless the call surely had no effect. */
  async #failureOfCall(err: DmsApiError, note: CallNote, facts: Facts): Promise<unknown> {
    const { attempt, change } = this;
    const own = facts.begun?.ownCall ?? null;
    if (err.kind === 'throttled') attempt.worker.accountRegion(attempt.arn).budget.slowDown();
    if (err.wasCarriedOut === 'no') await this.#withdrawNote();
    attempt.mayHaveCalled =
      err.kind !== 'rejected' && (own !== null || change.isAnswered || err.wasCarriedOut !== 'no');
    if (err.kind === 'invalid-state') return this.#failureForStatus(err, facts);
    if (err.kind === 'not-found')
      return this.#waitOrTimeOut(`DMS does not find it, although a look shows it: ${err.message}`, err);
    if (err.kind === 'rejected' && change.failureOfRejection)
      return change.failureOfRejection(err, note, facts.subject);
    return attempt.failure(err);
  }

  /**
   * Returns the failure of a call that DMS refused because of the replication's status.
   *
   * The status that DMS names may be newer or older than the look before the call. The next looks decide, for up to a
   * minute past the deadline.
   */
  #failureForStatus(err: DmsApiError, { look: { replication }, subject }: Facts): unknown {
    const { arn, elapsedSeconds, deadline } = this.attempt;
    const status = statusInFault(err.message, arn, replication.replicationConfigIdentifier);
    if (status === 'deleting') return replicationDeleting({ ...subject, replication: { ...replication, status } });
    const because = status === null ? '' : `, because the replication is "${status}"`;
    const why = `DMS refuses the call${because}: ${err.message}`;
    const isInDoubt = status !== null && status !== lifecycleState(replication).status;
    if (isInDoubt && elapsedSeconds <= deadline.seconds + STALE_SECONDS)
      return this.attempt.stillWaiting(why, secondsBetweenLooks(elapsedSeconds));
    return this.#waitOrTimeOut(why, err);
  }

  #attributeToOwnCall(outcome: Outcome, own: PendingCall | null, facts: Facts): Outcome {
    return own === null ? outcome : this.change.outcomeOfEarlierCall(outcome, own, facts);
  }

  /** Takes back the note of this attempt's call. */
  async #withdrawNote(): Promise<void> {
    const { operation } = this.change;
    if (operation === undefined) return;
    const { token } = this.attempt;
    await askLedger(this.attempt, (ledger) => ledger.record({ type: 'refused', operation, token }));
  }

  #waitOrTimeOut(why: string, err: DmsApiError | null = null): unknown {
    const { attempt } = this;
    const left = attempt.deadline.seconds - attempt.elapsedSeconds;
    if (left <= 0) return attempt.timedOut(err);
    return attempt.stillWaiting(why, Math.min(secondsBetweenLooks(attempt.elapsedSeconds), left));
  }
}
