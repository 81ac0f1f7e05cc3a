/** Schemas of what people ask of a ledger: the one place of their bounds and defaults. */
import * as v from 'valibot';
import type { BreakReservationRequest, UnsealRequest } from './ledger-messages.js';
import { fields, oneOf, optionalText, readWith, takes, wholeNumber } from './schema-parts.js';

const CHANGED_NOTHING = 'Correct it; nothing was changed.';

const wantedName = takes('a string of 1 to 1,000 characters that says something');
const saying = v.pipe(v.string(wantedName), v.maxLength(1000, wantedName), v.regex(/\S/, wantedName));
const decision = fields({ by: saying, reason: saying });

/** Checks who lifts a seal, and why. Throws DmsInvalidInput. */
export function readUnsealRequest(replicationConfigArn: string, request: unknown): UnsealRequest {
  const reading = { what: 'request to unseal', replicationConfigArn, hint: CHANGED_NOTHING };
  return readWith(decision, reading, request);
}

/** Checks who breaks a reservation, and why. Throws DmsInvalidInput. */
export function readBreakReservationRequest(replicationConfigArn: string, request: unknown): BreakReservationRequest {
  const reading = { what: 'request to break a reservation', replicationConfigArn, hint: CHANGED_NOTHING };
  return readWith(decision, reading, request);
}

const wantedDate = takes('an ISO 8601 time such as "2026-02-09T12:12:12Z"');
const date = v.pipe(
  v.string(wantedDate),
  v.maxLength(40, wantedDate),
  v.check((value) => /^\d{4}-\d{2}-\d{2}/.test(value) && !Number.isNaN(Date.parse(value)), wantedDate),
  v.transform((value) => new Date(value).toISOString()),
);

/** Fields of a query of the history. */
export const historyQuery = fields({
  kind: v.nullish(oneOf(['stop', 'resume', 'event']), null),
  since: v.nullish(date, null),
  until: v.nullish(date, null),
  limit: v.nullish(wholeNumber(200), 50),
  cursor: optionalText(20_000),
});

/** Checks a query of the history, and fills in its defaults. Throws DmsInvalidInput. */
export function readHistoryQuery(replicationConfigArn: string, query: unknown) {
  return readWith(historyQuery, { what: 'query of the history', replicationConfigArn, hint: 'Correct it.' }, query);
}
