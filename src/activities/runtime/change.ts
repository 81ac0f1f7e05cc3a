/** Change of a replication: the facts that decide it, and the possible decisions. */
import type { Accepted, DmsApiError } from '../../dms/api.js';
import type { FailureSubject } from '../../contract/failures.js';
import type { StopIntent } from '../../contract/inputs.js';
import type { BeginReply } from '../../contract/ledger-protocol.js';
import type { CallNote, OperationRef, PendingCall } from '../../contract/ledger-state.js';
import type { Replication } from '../../dms/replication.js';
import type { Doubt } from '../../rules/doubt.js';
import type { Look } from '../../watch/index.js';

/** Facts by which an operation decides. */
export interface Facts {
  readonly look: Look;
  /** Reply of the ledger to `begin`. `null`: the ledger was not asked, or there is no operation. */
  readonly begun: BeginReply | null;
  readonly subject: FailureSubject;
}

/** Conclusion from a look. `decide` throws terminal failures. `send-nothing` ends the request, not the operation. */
export type Conclusion<Outcome> =
  | { readonly do: 'wait'; readonly why: string }
  | { readonly do: 'call'; readonly note: CallNote }
  | { readonly do: 'send-nothing'; readonly outcome: Outcome };

/** Conclusion, or a doubt that more looks must settle. */
export type Decision<Outcome> = Conclusion<Outcome> | Doubt<Conclusion<Outcome>>;

/** Turns a judgement of `rules/` into a decision. `act` maps a judged conclusion to a {@link Conclusion}. */
export function decisionOf<Judged extends object, Outcome>(
  judgement: Judged | Doubt<Judged>,
  act: (conclusion: Judged) => Conclusion<Outcome>,
): Decision<Outcome> {
  if (!('conclude' in judgement)) return act(judgement);
  return { ...judgement, conclude: () => act(judgement.conclude()) };
}

/** Request that changes a replication, and the rules that decide whether to send it. */
export interface Change<Outcome, Result> {
  readonly operation: OperationRef | undefined;
  /** Intent of a stop. `null` for a resume. */
  readonly intent: StopIntent | null;
  /** Sequence of the record that the operation asks the ledger for. `null`: the newest. */
  readonly sequence: number | null;
  /** Returns true if the decision needs the ledger's facts. Otherwise the operation begins after the decision. */
  needsLedger(look: Replication): boolean;
  /** True if DMS answered the calls that this operation sent before this activity. */
  readonly isAnswered: boolean;
  decide(facts: Facts): Decision<Outcome> | Promise<Decision<Outcome>>;
  send(note: CallNote, signal: AbortSignal): Promise<Accepted>;
  /** Returns the outcome of a request that DMS accepted. */
  outcomeOfCall(note: CallNote, facts: Facts, answer: Accepted): Outcome;
  /** Returns the outcome when this attempt sends nothing. `own`: earlier call that may be the cause of it. */
  outcomeOfEarlierCall(outcome: Outcome, own: PendingCall, facts: Facts): Outcome;
  /** Throws if the earlier operation under the same id asked for something else. Default: never. */
  requireSameRequest?(repeat: NonNullable<BeginReply['repeatOf']>): void;
  /** Returns the result of an equal operation that succeeded before. */
  resultOfRepeat(repeat: NonNullable<BeginReply['repeatOf']>, look: Look): Result;
  /** Returns the failure for parameters that DMS refused. */
  failureOfRejection?(err: DmsApiError, note: CallNote, subject: FailureSubject): unknown;
}

/** True if a look shows a new replication. A missing row looks the same, because the config then stands in for it. */
export function isNewOrMissing({ status }: Replication): boolean {
  return status === 'created';
}
