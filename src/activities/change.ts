import { DmsApiError, type Accepted } from '../dms/api.js';
import { lifecycleState, statusInFault } from '../dms/lifecycle.js';
import { isDmsFailure, type FailureSubject } from '../contract/failures.js';
import type { Replication } from '../dms/replication.js';
import type { StopIntent } from '../contract/inputs.js';
import type { BeginReply } from '../contract/ledger-protocol.js';
import type { CallNote, OperationRef, PendingCall } from '../contract/ledger-state.js';
import { replicationDeleting } from '../contract/failure-messages.js';
import { agreeOn, agreedSeconds, STALE_SECONDS, type Agreement } from '../dms/staleness.js';
import { secondsBetweenLooks, takeTurn, type Look } from '../watch/index.js';
import { BUSY, type Attempt } from './attempt.js';
import { LedgerUnreachable } from './ledger-client.js';

/** Time limit of a call that changes a replication. */
const CALL_SECONDS = 15;
/** Time limit of its note. A call with an older note is not sent, so that the note's age tells when it can land. */
const NOTE_SECONDS = 4;
/** Start-to-close that an attempt keeps for a note and a call. */
const RESERVE_SECONDS = 30;
/** How soon the next look comes while looks have to agree. */
const DOUBT_LOOK_SECONDS = 5;
/** How long an operation waits to be among those that begin before another attempt does. */
const BEGIN_SECONDS = 60;
/** Doubt whether what an equal operation brought about before still holds. */
const REPEAT_DOUBT = 'what it brought about no longer shows';
/** How long a call waits for its turn before another attempt does. */
const TURN_SECONDS = 60;

/** What the operation knows when it decides. */
export interface Facts {
  readonly look: Look;
  /** The ledger's reply to the beginning of the operation. `null`: it was not asked, or there is no operation. */
  readonly begun: BeginReply | null;
  readonly subject: FailureSubject;
}

/** What to do about a replication. Terminal failures are thrown. */
export type Decision<Outcome> =
  | { readonly do: 'wait'; readonly why: string }
  | { readonly do: 'call'; readonly note: CallNote }
  | { readonly do: 'end'; readonly outcome: Outcome }
  | Doubt<Outcome>;

/** A decision without a doubt. */
export type Conclusion<Outcome> = Exclude<Decision<Outcome>, Doubt<Outcome>>;

/** A conclusion that one look does not prove. */
export interface Doubt<Outcome> {
  readonly do: 'agree';
  /** Names the conclusion, in words for an operator. */
  readonly on: string;
  /** Seconds for which looks must agree on it. */
  readonly forSeconds: number;
  /** What follows once they do. May throw a terminal failure. */
  conclude(): Conclusion<Outcome> | Promise<Conclusion<Outcome>>;
}

/** A request that changes a replication, and how to tell from facts whether to send it. */
export interface Change<Outcome, Result> {
  readonly operation: OperationRef | undefined;
  /** Intent of a stop. `null` for a resume. */
  readonly intent: StopIntent | null;
  /** The record that the operation asks the ledger for. `null`: the newest. */
  readonly sequence: number | null;
  /** Whether the decision needs the ledger's facts. Where it does not, the operation begins as its call is noted. */
  needsLedger(look: Replication): boolean;
  /** DMS answered the calls that this operation sent before this activity. */
  readonly isAnswered: boolean;
  decide(facts: Facts): Decision<Outcome> | Promise<Decision<Outcome>>;
  send(note: CallNote, signal: AbortSignal): Promise<Accepted>;
  /** DMS took the request. */
  accepted(note: CallNote, facts: Facts, answer: Accepted): Outcome;
  /** Nothing had to be sent now; `own` is a call of this operation that may have brought it about. */
  attributed(outcome: Outcome, own: PendingCall, facts: Facts): Outcome;
  /** Throws when the operation of that id that succeeded before was another one. Default: it never was. */
  requireSame?(repeat: NonNullable<BeginReply['repeatOf']>): void;
  /** The result of an equal operation that succeeded before. */
  repeated(repeat: NonNullable<BeginReply['repeatOf']>, look: Look): Result;
  /** What to say when DMS refused the parameters. */
  rejected?(err: DmsApiError, note: CallNote, subject: FailureSubject): unknown;
}

/** Whether a look shows a new replication. DMS shows one without a row, by its config, in the same way. */
export function isNewOrMissing({ status }: Replication): boolean {
  return status === 'created';
}

/** A replication that has run does not become new again, unless its config was deleted and created anew. */
export function rowMissing<Outcome>(conclude: Doubt<Outcome>['conclude']): Doubt<Outcome> {
  return { do: 'agree', on: 'DMS shows no row of it', forSeconds: STALE_SECONDS, conclude };
}

/** Whether the ledger has ever seen the replication. One that it has not seen, and that is not found, is a typing error. */
export async function isKnownToLedger(attempt: Attempt): Promise<boolean> {
  const { operations, checkpoints } = await attempt.askLedger((ledger) => ledger.read());
  return operations.length > 0 || checkpoints.length > 0;
}

/** What an attempt tells the next one. */
interface Memory {
  /** The ledger has let the operation begin. */
  readonly isBegun?: boolean;
  /** A call was noted, so an outage of the ledger is waited for. */
  readonly mayHaveCalled?: boolean;
  /** The conclusion that all looks agree on since then, in seconds of the activity. */
  readonly doubt?: Agreement;
}

/**
 * One attempt of look, decide, note, call. "Not yet" is a retryable failure: Temporal's retry is the loop.
 *
 * The note goes into the ledger right before the call, together with the beginning of the operation. A later attempt, or the ledger itself, finds by
 * the note that a call may have been sent.
 */
export function attemptChange<Outcome, Result>(
  attempt: Attempt,
  change: Change<Outcome, Result>,
): Promise<{ readonly outcome: Outcome } | { readonly repeated: Result }> {
  return attempt.keptAlive(() => new ChangeAttempt(attempt, change).run());
}

class ChangeAttempt<Outcome, Result> {
  #memory: Memory;

  constructor(
    private readonly attempt: Attempt,
    private readonly change: Change<Outcome, Result>,
  ) {
    const left = attempt.memory as Memory | null | undefined;
    // A first attempt tells what it did only when it fails: one that left nothing died, and may have called.
    const mayHaveCalled = left == null ? attempt.number > 1 : left.mayHaveCalled === true;
    this.#memory = left ?? {};
    attempt.accepted ||= mayHaveCalled;
  }

  async run(): Promise<{ readonly outcome: Outcome } | { readonly repeated: Result }> {
    try {
      return await this.#run();
    } catch (err) {
      if (this.attempt.memory == null) this.attempt.remember(this.#memory);
      throw err;
    }
  }

  async #run(): Promise<{ readonly outcome: Outcome } | { readonly repeated: Result }> {
    const { attempt, change } = this;
    const look = await attempt.look().catch((err: unknown) => this.#notFound(err));
    let facts = this.#facts(look, change.needsLedger(look.replication) ? await this.#begin(look, null) : null);
    if (facts.begun?.repeatOf) return this.#repeated(facts.begun.repeatOf, look);
    const decision = await this.#agreed(await change.decide(facts));
    if (decision.do === 'call') return this.#noteAndCall(decision.note, facts);
    const isKnown = decision.do === 'wait' && this.#memory.isBegun === true;
    if (facts.begun === null && !isKnown) facts = this.#facts(look, await this.#begin(look, null));
    if (facts.begun?.repeatOf) return this.#repeated(facts.begun.repeatOf, look);
    if (decision.do === 'wait') throw this.#notYet(decision.why);
    return { outcome: this.#attributed(decision.outcome, facts.begun?.ownCall ?? null, facts) };
  }

  /** The note of a call that is still due by a newer look. */
  async #judgedAgain({ look, begun }: Facts): Promise<CallNote> {
    const decision = await this.change.decide(this.#facts(look, begun));
    if (decision.do === 'call') return decision.note;
    throw this.attempt.stillWaiting('its status changed while the call waited for its turn', 0.1);
  }

  /** An earlier note may show that its call has had its effect: takes the new note back when no call is due by that. */
  async #requireDue(facts: Facts): Promise<void> {
    try {
      await this.#judgedAgain(facts);
    } catch (err) {
      await this.#refuse();
      throw err;
    }
  }

  /** "Not found" is a typing error, unless this operation or the ledger has seen the replication: then looks must agree on it. */
  async #notFound(err: unknown): Promise<never> {
    if (!isDmsFailure(err, 'DmsReplicationNotFound')) throw err;
    const { attempt, change } = this;
    if (change.operation === undefined) throw err;
    if (this.#memory.isBegun !== true && !(await isKnownToLedger(attempt))) throw err;
    this.#requireAgreement('DMS does not show it', STALE_SECONDS);
    await attempt.askLedger((ledger) => ledger.gone());
    throw err;
  }

  /** The decision that a doubtful conclusion leads to, once looks have agreed on it for long enough. */
  async #agreed(decision: Decision<Outcome>): Promise<Conclusion<Outcome>> {
    if (decision.do !== 'agree') {
      // A repeat of what succeeded before is found out only as its call is noted.
      const isInDoubt = this.#memory.doubt !== undefined && this.#memory.doubt.on !== REPEAT_DOUBT;
      if (isInDoubt) this.#remember({ doubt: undefined });
      return decision;
    }
    this.#requireAgreement(decision.on, decision.forSeconds);
    return decision.conclude();
  }

  #requireAgreement(on: string, forSeconds: number): void {
    const { elapsedSeconds } = this.attempt;
    const doubt = agreeOn(this.#memory.doubt ?? null, on, elapsedSeconds);
    if (agreedSeconds(doubt, elapsedSeconds) > forSeconds) return;
    this.#remember({ doubt });
    throw this.attempt.stillWaiting(
      `${on}; waiting whether looks agree`,
      Math.min(DOUBT_LOOK_SECONDS, forSeconds / 5 + 0.1),
    );
  }

  #remember(more: { [Field in keyof Memory]?: Memory[Field] | undefined }): void {
    const merged = { ...this.#memory, ...more };
    this.#memory = JSON.parse(JSON.stringify(merged)) as Memory;
    if (this.attempt.number > 1) this.attempt.remember(this.#memory);
  }

  /** Notes the call and sends it, once its turn has come. The look may be old by then, so a newer one is judged anew. */
  async #noteAndCall(
    judged: CallNote,
    facts: Facts,
  ): Promise<{ readonly outcome: Outcome } | { readonly repeated: Result }> {
    const { attempt } = this;
    const place = attempt.environment.place(attempt.arn);
    const look = await attempt.inTurn(TURN_SECONDS, BUSY, (signal) => takeTurn(place, attempt.arn, facts.look, signal));
    let isSpent = false;
    try {
      if (attempt.secondsLeft < RESERVE_SECONDS) throw this.#notYet(BUSY);
      const note = look === facts.look ? judged : await this.#judgedAgain({ ...facts, look });
      const begun = await this.#begin(look, note);
      if (begun?.repeatOf) return this.#repeated(begun.repeatOf, look);
      const noted = this.#facts(look, begun);
      if (begun?.ownCall) await this.#requireDue(noted);
      isSpent = true;
      return { outcome: await this.#call(note, noted) };
    } finally {
      if (!isSpent) place.budget.giveBack('change');
    }
  }

  #facts(look: Look, begun: BeginReply | null): Facts {
    const subject = { ...this.attempt.subject, replication: look.replication };
    return { look, begun, subject };
  }

  #repeated(repeat: NonNullable<BeginReply['repeatOf']>, look: Look): { readonly repeated: Result } {
    this.change.requireSame?.(repeat);
    try {
      return { repeated: this.change.repeated(repeat, look) };
    } catch (err) {
      if (isDmsFailure(err, 'DmsOperationSuperseded')) this.#requireAgreement(REPEAT_DOUBT, STALE_SECONDS);
      throw err;
    }
  }

  /** Begins the operation in the ledger, or goes on with it, and notes a call. `null`: there is no operation. */
  async #begin({ replication }: Look, call: CallNote | null): Promise<BeginReply | null> {
    const { attempt, change } = this;
    const { operation, intent, sequence } = change;
    if (operation === undefined) return null;
    const { token, taskQueue } = attempt;
    // A call of an earlier attempt of this activity got no answer, or this attempt would not be.
    const isAnswered = change.isAnswered && attempt.number === 1;
    const { status } = replication;
    const leave = await attempt.inTurn(BEGIN_SECONDS, 'many operations begin at once', (signal) =>
      attempt.environment.beginning.enter(signal),
    );
    const reply = await attempt
      .askLedger(async (ledger) => {
        const asked = attempt.heldSeconds;
        const begun = await ledger.begin({ operation, token, call, isAnswered, intent, sequence, status, taskQueue });
        const took = attempt.heldSeconds - asked;
        if (call === null || begun.busy !== null || begun.repeatOf !== null || took <= NOTE_SECONDS) return begun;
        await ledger.record({ type: 'refused', operation, token });
        const seconds = took.toFixed(0);
        throw new LedgerUnreachable(`it took ${seconds} s to note the call, which is not sent with an old note`);
      })
      .finally(leave);
    if (reply.busy !== null) throw attempt.ledgerWaits(reply.busy.why, reply.busy.seconds);
    if (reply.ownCall !== null) attempt.accepted = true;
    if (call !== null) this.#remember({ isBegun: true, mayHaveCalled: true });
    else if (this.#memory.isBegun !== true) this.#remember({ isBegun: true });
    return reply;
  }

  async #call(note: CallNote, facts: Facts): Promise<Outcome> {
    try {
      const answer = await this.change.send(note, AbortSignal.timeout(CALL_SECONDS * 1000));
      return this.change.accepted(note, facts, answer);
    } catch (err) {
      if (!(err instanceof DmsApiError)) throw err;
      throw await this.#notAccepted(err, note, facts);
    }
  }

  /** What a call that DMS did not accept means. Its note stays unless the call was surely not carried out. */
  async #notAccepted(err: DmsApiError, note: CallNote, facts: Facts): Promise<unknown> {
    const { attempt, change } = this;
    const own = facts.begun?.ownCall ?? null;
    if (err.kind === 'throttled') attempt.environment.place(attempt.arn).budget.throttled();
    if (err.wasCarriedOut === 'no') await this.#refuse();
    attempt.accepted = err.kind !== 'rejected' && (own !== null || change.isAnswered || err.wasCarriedOut !== 'no');
    if (err.kind === 'invalid-state') return this.#refusedInState(err, facts);
    if (err.kind === 'not-found')
      return this.#notYet(`DMS does not find it, although a look shows it: ${err.message}`, err);
    if (err.kind === 'rejected' && change.rejected) return change.rejected(err, note, facts.subject);
    return attempt.failure(err);
  }

  /**
   * DMS may name a status of this replication that is newer than the look before the call, or older. The next looks tell, also past a deadline that
   * they could not keep.
   */
  #refusedInState(err: DmsApiError, { look: { replication }, subject }: Facts): unknown {
    const { arn, elapsedSeconds, deadline } = this.attempt;
    const status = statusInFault(err.message, arn, replication.replicationConfigIdentifier);
    if (status === 'deleting') return replicationDeleting({ ...subject, replication: { ...replication, status } });
    const why = status === null ? `DMS refuses: ${err.message}` : `DMS refuses, as it is "${status}": ${err.message}`;
    const isInDoubt = status !== null && status !== lifecycleState(replication).status;
    if (isInDoubt && elapsedSeconds <= deadline.seconds + STALE_SECONDS)
      return this.attempt.stillWaiting(why, secondsBetweenLooks(elapsedSeconds));
    return this.#notYet(why, err);
  }

  #attributed(outcome: Outcome, own: PendingCall | null, facts: Facts): Outcome {
    return own === null ? outcome : this.change.attributed(outcome, own, facts);
  }

  /** Takes back the note of this attempt's call. */
  async #refuse(): Promise<void> {
    const { operation } = this.change;
    if (operation === undefined) return;
    const { token } = this.attempt;
    await this.attempt.askLedger((ledger) => ledger.record({ type: 'refused', operation, token }));
    this.#remember({ mayHaveCalled: undefined });
  }

  #notYet(why: string, err: DmsApiError | null = null): unknown {
    const { attempt } = this;
    const left = attempt.deadline.seconds - attempt.elapsedSeconds;
    if (left <= 0) return attempt.timedOut(err);
    return attempt.stillWaiting(why, Math.min(secondsBetweenLooks(attempt.elapsedSeconds), left));
  }
}
