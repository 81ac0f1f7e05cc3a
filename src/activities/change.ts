import { ApplicationFailure } from '@temporalio/common';
import { DmsApiError, type Accepted } from '../dms/api.js';
import type { ReplicationConfigArn } from '../dms/arn.js';
import type { StopMark } from '../dms/checkpoint.js';
import { statusInFault } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { retryable, type FailureSubject } from '../operations/failures.js';
import type { StopIntent } from '../operations/inputs.js';
import type { OperationRef, PendingCall } from '../operations/records.js';
import { secondsBetweenLooks } from '../watch/index.js';
import { apiFailure, backoffSeconds } from './api-failures.js';
import { currentAttempt, type Attempt } from './attempt.js';
import type { Environment } from './environment.js';
import type { LedgerClient } from './ledger-client.js';

/** A call that changes a replication must end this soon, so that the note of it can be believed old after a while. */
const CALL_SECONDS = 15;

/** A change without a deadline of its own tries for this long to reach DMS. */
const LAST_TRY_SECONDS = 60;

/** What to do about a replication as a look shows it. Terminal failures are thrown. */
export type Decision<Outcome> =
  | { readonly do: 'wait'; readonly why: string }
  | { readonly do: 'call'; readonly note: CallNote }
  | { readonly do: 'end'; readonly outcome: Outcome };

export interface CallNote {
  readonly before: StopMark | null;
  readonly intent: StopIntent | null;
  readonly startReplicationType: string | null;
}

/** A request that changes a replication, and how to tell from looks whether to make it. */
export interface Change<Outcome> {
  readonly arn: ReplicationConfigArn;
  readonly phase: string;
  /** How long it may take until DMS can be asked. */
  readonly deadlineSeconds: number;
  readonly operation: OperationRef | undefined;
  /** This operation's call from an earlier run. */
  readonly ownCall: PendingCall | null;
  /** An earlier call of this operation was accepted. */
  readonly wasAccepted: boolean;
  decide(replication: Replication): Decision<Outcome>;
  send(note: CallNote, signal: AbortSignal): Promise<Accepted>;
  /** DMS took the request. `look` is the one before the call. */
  accepted(note: CallNote, look: Replication, answer: Accepted): Outcome;
  /** Nothing had to be sent now; `own` is a call of this operation that may have brought it about. */
  attributed(outcome: Outcome, replication: Replication, own: PendingCall): Outcome;
  timedOut(subject: FailureSubject, status: string, error: DmsApiError | null): unknown;
  /** What to say when DMS refused the request as such. */
  rejected?(err: DmsApiError, note: CallNote, subject: FailureSubject): unknown;
}

/**
 * One attempt of look, decide, note, call. "Not yet" is a retryable failure: Temporal's retry is the loop. The note goes into the ledger right
 * before the call, so that a call whose answer is lost is found by the next attempt, or by the next operation.
 */
export function attemptChange<Outcome>(environment: Environment, change: Change<Outcome>): Promise<Outcome> {
  const attempt = currentAttempt();
  return attempt.keptAlive(() => new ChangeAttempt(environment, change, attempt).run());
}

class ChangeAttempt<Outcome> {
  readonly #ledger: LedgerClient | null;
  readonly #subject: FailureSubject;
  #status: string | null = null;
  #maySent: boolean;

  constructor(
    private readonly environment: Environment,
    private readonly change: Change<Outcome>,
    private readonly attempt: Attempt,
  ) {
    const { arn, operation, ownCall, wasAccepted } = change;
    this.#ledger = operation === undefined ? null : environment.ledger(arn.arn);
    this.#subject = { replicationConfigArn: arn.arn, operationId: operation?.operationId };
    this.#maySent = wasAccepted || ownCall !== null || attempt.memory === 'call may have been sent';
  }

  async run(): Promise<Outcome> {
    const look = await this.#look();
    const decision = this.change.decide(look);
    if (decision.do === 'wait') throw this.#notYet(decision.why);
    if (decision.do === 'end') return this.#attribute(decision.outcome, look, await this.#ownCall());
    return this.#call(decision.note, look);
  }

  async #call(note: CallNote, look: Replication): Promise<Outcome> {
    const previous = (await this.#note(note)) ?? this.change.ownCall;
    this.attempt.remember('call may have been sent');
    try {
      const answer = await this.change.send(note, AbortSignal.timeout(CALL_SECONDS * 1000));
      return this.change.accepted(note, look, answer);
    } catch (err) {
      if (!(err instanceof DmsApiError)) throw err;
      return await this.#refused(err, note, look, previous);
    }
  }

  async #refused(err: DmsApiError, note: CallNote, look: Replication, previous: PendingCall | null): Promise<Outcome> {
    this.#maySent = this.change.wasAccepted || previous !== null || err.kind === 'unavailable';
    if (err.kind === 'unavailable') throw this.#failed(err);
    if (err.kind !== 'invalid-state') {
      if (previous === null) await this.#clearNote();
      if (err.kind === 'rejected' && previous === null && this.change.rejected) {
        throw this.change.rejected(err, note, { ...this.#subject, replication: look });
      }
      throw this.#failed(err);
    }
    const again = await this.#look();
    const named = statusInFault(err.message);
    // A look that shows what it showed before the call may be stale; the fault is newer.
    const newest = named !== null && again.status === look.status ? { ...again, status: named } : again;
    const decision = this.change.decide(newest);
    if (previous === null) await this.#clearNote();
    if (decision.do === 'end') return this.#attribute(decision.outcome, newest, previous);
    throw this.#notYet(
      decision.do === 'wait' ? decision.why : `DMS refuses although it shows "${newest.status}": ${err.message}`,
      err,
    );
  }

  #attribute(outcome: Outcome, look: Replication, own: PendingCall | null): Outcome {
    return own === null ? outcome : this.change.attributed(outcome, look, own);
  }

  async #look(): Promise<Replication> {
    const { arn } = this.change;
    try {
      const { replication } = await this.environment.watcher(arn).look(arn, { signal: this.attempt.signal });
      this.#status = replication.status;
      return replication;
    } catch (err) {
      throw this.#failed(err);
    }
  }

  async #note(note: CallNote): Promise<PendingCall | null> {
    const { operation } = this.change;
    if (this.#ledger === null || operation === undefined) return null;
    const ledger = this.#ledger;
    const reply = await this.#askLedger(ledger, operation, () => ledger.aboutTo({ operation, ...note }));
    return reply.previous;
  }

  async #clearNote(): Promise<void> {
    const { operation } = this.change;
    if (this.#ledger === null || operation === undefined) return;
    const ledger = this.#ledger;
    await this.#askLedger(ledger, operation, () => ledger.record({ type: 'refused', operation }));
    this.attempt.remember(null);
  }

  /** A call of this operation of which no outcome is known: of an earlier run, or of an earlier attempt. */
  async #ownCall(): Promise<PendingCall | null> {
    const { operation, ownCall } = this.change;
    if (ownCall !== null || this.#ledger === null || operation === undefined || this.attempt.number === 1)
      return ownCall;
    const ledger = this.#ledger;
    const { pendingCall } = await this.#askLedger(ledger, operation, () => ledger.read());
    const isOwn = pendingCall?.kind === operation.kind && pendingCall.operationId === operation.operationId;
    return isOwn ? pendingCall : null;
  }

  #askLedger<T>(ledger: LedgerClient, operation: OperationRef, request: () => Promise<T>): Promise<T> {
    const subject = {
      replicationConfigArn: this.change.arn.arn,
      operationId: operation.operationId,
      phase: this.change.phase,
      mayGiveUp: !this.#maySent,
    };
    return this.environment.askLedger(ledger, subject, request);
  }

  #notYet(why: string, err: DmsApiError | null = null): unknown {
    const elapsedSeconds = this.attempt.elapsedSeconds();
    const left = this.change.deadlineSeconds - elapsedSeconds;
    const status = this.#status ?? 'unknown';
    if (left <= 0) return this.change.timedOut({ ...this.#subject, elapsedSeconds, status }, status, err);
    const delay = Math.min(secondsBetweenLooks(elapsedSeconds), left);
    return retryable(
      'DmsStillWaiting',
      `${this.change.phase}: "${status}" after ${Math.round(elapsedSeconds)} s; ${why}`,
      delay,
      {
        phase: this.change.phase,
        status,
        elapsedSeconds,
        retryInSeconds: delay,
      },
    );
  }

  #failed(err: unknown): unknown {
    const elapsedSeconds = this.attempt.elapsedSeconds();
    if (this.attempt.isShutdown(err)) {
      const delay = backoffSeconds(1, 0.5);
      const details = { phase: this.change.phase, status: this.#status, elapsedSeconds, retryInSeconds: delay };
      return retryable('DmsStillWaiting', 'The worker is shutting down; another goes on', delay, details);
    }
    const failure = apiFailure(err, {
      subject: { ...this.#subject, elapsedSeconds },
      phase: this.change.phase,
      status: this.#status,
      attempt: this.attempt.number,
      elapsedSeconds,
      accepted: this.#maySent,
    });
    const isFinal = failure instanceof ApplicationFailure && failure.nonRetryable === true;
    const isLate = elapsedSeconds >= Math.max(this.change.deadlineSeconds, LAST_TRY_SECONDS);
    if (!(err instanceof DmsApiError) || isFinal || !isLate) return failure;
    const status = this.#status ?? 'not seen';
    return this.change.timedOut({ ...this.#subject, elapsedSeconds, status }, status, err);
  }
}
