/** Schemas of what people ask of a ledger: the one place of their bounds and defaults. */
import * as v from 'valibot';
import type { DecisionRequest } from './ledger-protocol.js';
import { fields, oneOf, optionalText, readWith, takes, wholeNumber } from './schema-parts.js';

const CHANGED_NOTHING = 'Correct it; nothing was changed.';

const wantedName = takes('a string of 1 to 1,000 characters that says something');
const saying = v.pipe(v.string(wantedName), v.maxLength(1000, wantedName), v.regex(/\S/, wantedName));

/** Fields of what a person decides: who does it, and why. */
export const decision = fields({ by: saying, reason: saying });

/** Checks a decision of a person, such as `request to unseal`. Throws DmsInvalidInput. */
export function readDecision(replicationConfigArn: string, what: string, request: unknown): DecisionRequest {
  return readWith(decision, { what, replicationConfigArn, hint: CHANGED_NOTHING }, request);
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
