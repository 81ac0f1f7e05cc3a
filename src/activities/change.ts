import { randomUUID } from 'node:crypto';
import { DmsApiError, type Accepted } from '../dms/api.js';
import { statusInFault } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import type { FailureSubject } from '../operations/failures.js';
import { CALL_SETTLED_SECONDS } from '../operations/ledger-entries.js';
import type { CallNote, OperationRef, PendingCall } from '../operations/records.js';
import { secondsBetweenLooks } from '../watch/index.js';
import type { Attempt } from './attempt.js';
import { LedgerUnreachable } from './ledger-client.js';

/** A call that changes a replication must end this soon, so that the note of it can be believed old after a while. */
const CALL_SECONDS = 15;
/** With its note, the look after a refusal, and taking the note back. */
const CALL_TAKES_SECONDS = 45;
const LONG_SECONDS = 10;
/** It is not made at all when the note was this long in coming. */
const NOTE_SECONDS = 4;
/** How long a call waits for its turn before another attempt does, and how old the look before it may get. */
const TURN_SECONDS = 60;
const FRESH_SECONDS = 2;
export const MAY_HAVE_BEEN_SENT = 'call may have been sent';

/** What to do about a replication as a look shows it. Terminal failures are thrown. */
export type Decision<Outcome> =
  | { readonly do: 'wait'; readonly why: string }
  | { readonly do: 'call'; readonly note: CallNote }
  | { readonly do: 'end'; readonly outcome: Outcome };

/** A request that changes a replication, and how to tell from looks whether to make it. */
export interface Change<Outcome> {
  readonly operation: OperationRef | undefined;
  /** This operation's call from an earlier run. */
  readonly ownCall: PendingCall | null;
  decide(replication: Replication, subject: FailureSubject): Decision<Outcome>;
  send(note: CallNote, signal: AbortSignal): Promise<Accepted>;
  /** Looks at what else must hold before the call is noted. Refusals are thrown. */
  prepare?(note: CallNote, look: Replication, subject: FailureSubject): Promise<void>;
  /** DMS took the request. `look` is the one before the call. */
  accepted(note: CallNote, look: Replication, answer: Accepted): Outcome;
  /** Nothing had to be sent now; `own` is a call of this operation that may have brought it about. */
  attributed(outcome: Outcome, own: PendingCall): Outcome;
  /** What to say when DMS refused the request as such. */
  rejected?(err: DmsApiError, note: CallNote, subject: FailureSubject): unknown;
}

/**
 * One attempt of look, decide, note, call. "Not yet" is a retryable failure: Temporal's retry is the loop. The note goes into the ledger right
 * before the call, so that a call whose answer is lost is found by the next attempt, or by the next operation.
 */
export function attemptChange<Outcome>(attempt: Attempt, change: Change<Outcome>): Promise<Outcome> {
  return attempt.keptAlive(() => new ChangeAttempt(attempt, change).run());
}

class ChangeAttempt<Outcome> {
  /** A call before the one of this attempt was accepted, or may have been. */
  readonly #acceptedBefore: boolean;
  readonly #callId = randomUUID();

  constructor(
    private readonly attempt: Attempt,
    private readonly change: Change<Outcome>,
  ) {
    this.#acceptedBefore = attempt.accepted;
    if (change.ownCall !== null || attempt.memory === MAY_HAVE_BEEN_SENT) attempt.accepted = true;
  }

  async run(): Promise<Outcome> {
    const { attempt } = this;
    const { budget } = attempt.environment.place(attempt.arn);
    let hasTurn = false;
    try {
      for (;;) {
        const { replication } = await attempt.look();
        const decision = this.#decide(replication);
        if (decision.do === 'wait') throw this.#notYet(decision.why);
        if (decision.do === 'end') return this.#attributed(decision.outcome, await this.#ownCall());
        const lookedAt = attempt.heldSeconds;
        if (!hasTurn) await attempt.turn('change', TURN_SECONDS);
        hasTurn = true;
        // A call that could outlast this attempt is left to the next.
        if (attempt.heldSeconds > LONG_SECONDS && attempt.secondsLeft < CALL_TAKES_SECONDS)
          throw this.#notYet('many operations share the requests to DMS');
        // After a long wait for its turn the look is old, and the turn is kept for the next.
        hasTurn = attempt.heldSeconds - lookedAt > FRESH_SECONDS;
        if (!hasTurn) return await this.#call(decision.note, replication);
      }
    } finally {
      if (hasTurn) budget.giveBack('change');
    }
  }

  #decide(replication: Replication): Decision<Outcome> {
    return this.change.decide(replication, { ...this.attempt.subject, replication });
  }

  async #call(note: CallNote, look: Replication): Promise<Outcome> {
    // What this activity may have sent already is not judged once more.
    if (this.attempt.memory !== MAY_HAVE_BEEN_SENT)
      await this.change.prepare?.(note, look, { ...this.attempt.subject, replication: look });
    const previous = (await this.#note(note)) ?? this.change.ownCall;
    this.attempt.remember(MAY_HAVE_BEEN_SENT);
    try {
      const answer = await this.change.send(note, AbortSignal.timeout(CALL_SECONDS * 1000));
      return this.change.accepted(note, look, answer);
    } catch (err) {
      if (!(err instanceof DmsApiError)) throw err;
      return await this.#refused(err, note, look, previous);
    }
  }

  async #refused(err: DmsApiError, note: CallNote, look: Replication, previous: PendingCall | null): Promise<Outcome> {
    const { attempt } = this;
    if (err.kind === 'throttled') attempt.environment.place(attempt.arn).budget.throttled();
    attempt.accepted = this.#acceptedBefore || previous !== null || err.kind === 'unavailable';
    if (err.kind === 'unavailable') throw attempt.failure(err);
    if (err.kind !== 'invalid-state') {
      if (previous === null) await this.#clearNote();
      if (err.kind === 'rejected' && previous === null && this.change.rejected) {
        throw this.change.rejected(err, note, { ...attempt.subject, replication: look });
      }
      throw attempt.failure(err);
    }
    const { replication: again } = await attempt.look();
    const named = statusInFault(err.message, attempt.arn, look.replicationConfigIdentifier);
    // A look that shows what it showed before the call may be stale; the fault is newer.
    const newest = named !== null && again.status === look.status ? { ...again, status: named } : again;
    const decision = this.#decide(newest);
    if (previous === null) await this.#clearNote();
    if (decision.do === 'end') return this.#attributed(decision.outcome, previous);
    const although = `DMS refuses although it shows "${newest.status}": ${err.message}`;
    throw this.#notYet(decision.do === 'wait' ? decision.why : although, err);
  }

  #attributed(outcome: Outcome, own: PendingCall | null): Outcome {
    return own === null ? outcome : this.change.attributed(outcome, own);
  }

  async #note(note: CallNote): Promise<PendingCall | null> {
    const { operation } = this.change;
    if (operation === undefined) return null;
    const { attempt } = this;
    return attempt.askLedger(async (ledger) => {
      const asked = attempt.heldSeconds;
      const callId = this.#callId;
      const { runId, taskQueue } = attempt;
      const about = { operation, ...note, runId, callId, taskQueue };
      const { previous, previousAgeSeconds } = await ledger.aboutTo(about);
      const took = attempt.heldSeconds - asked;
      const left = previous === null || previous.runId === runId ? 0 : CALL_SETTLED_SECONDS - (previousAgeSeconds ?? 0);
      if (left > 0) throw attempt.stillWaiting('it was reset while it called DMS; waiting for that call to land', left);
      if (took <= NOTE_SECONDS) return previous;
      if (previous === null) await ledger.record({ type: 'refused', operation, callId });
      throw new LedgerUnreachable(`it took ${took.toFixed(0)} s to note the call, which is not made with an old note`);
    });
  }

  async #clearNote(): Promise<void> {
    const { operation } = this.change;
    if (operation === undefined) return;
    await this.attempt.askLedger((ledger) => ledger.record({ type: 'refused', operation, callId: this.#callId }));
    this.attempt.remember(null);
  }

  /** A call of this operation of which no outcome is known: of an earlier run, an earlier attempt, or one that a reset left behind. */
  async #ownCall(): Promise<PendingCall | null> {
    const { operation, ownCall } = this.change;
    const { attempt } = this;
    const isFirst = attempt.number === 1 && attempt.runId === operation?.runId;
    if (ownCall !== null || operation === undefined || isFirst) return ownCall;
    const { pendingCall } = await attempt.askLedger((ledger) => ledger.read());
    const isOwn = pendingCall?.kind === operation.kind && pendingCall.operationId === operation.operationId;
    return isOwn ? pendingCall : null;
  }

  #notYet(why: string, err: DmsApiError | null = null): unknown {
    const { attempt } = this;
    const left = attempt.deadline.seconds - attempt.elapsedSeconds;
    if (left <= 0) return attempt.timedOut(err);
    return attempt.stillWaiting(why, Math.min(secondsBetweenLooks(attempt.elapsedSeconds), left));
  }
}
