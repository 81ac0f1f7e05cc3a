/** A change of a replication: the facts that it is decided by, and the decisions there are. */
import type { Accepted, DmsApiError } from '../../dms/api.js';
import type { FailureSubject } from '../../contract/failures.js';
import type { StopIntent } from '../../contract/inputs.js';
import type { BeginReply } from '../../contract/ledger-protocol.js';
import type { CallNote, OperationRef, PendingCall } from '../../contract/ledger-state.js';
import type { Replication } from '../../dms/replication.js';
import { STALE_SECONDS } from '../../dms/staleness.js';
import type { Look } from '../../watch/index.js';

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
