/** Schemas of the requests that people send to a ledger. The schemas set all bounds and defaults. */
import * as v from 'valibot';
import type { DecisionRequest, MoveRequest } from './ledger-protocol.js';
import {
  exactObject,
  timeWithZone,
  oneOf,
  optionalText,
  readWith,
  describeMismatch,
  wholeNumber,
} from './schema-parts.js';

const CHANGED_NOTHING = 'Correct it; nothing was changed.';

const wantedName = describeMismatch('a string of 1 to 1,000 characters, not only white space');
const nonBlankText = v.pipe(v.string(wantedName), v.maxLength(1000, wantedName), v.regex(/\S/, wantedName));

/** Fields of a person's decision: a name and a reason. */
export const decisionFields = { by: nonBlankText, reason: nonBlankText };

/** Schema of a person's decision. */
export const decision = exactObject(decisionFields);

/** Checks a decision of a person, such as `request to unseal`. Throws DmsInvalidInput. */
export function readDecision(replicationConfigArn: string, what: string, request: unknown): DecisionRequest {
  return readWith(decision, { what, replicationConfigArn, hint: CHANGED_NOTHING }, request);
}

const wantedQueue = describeMismatch(
  'the name of a task queue: 1 to 200 printable ASCII characters, without white space at its ends, and not one that Temporal reserves',
);
/** Checks the name now. Temporal would refuse a wrong one only when the ledger continues as new, in every retry. */
const isTaskQueue = v.regex<string, typeof wantedQueue>(
  /^(?!__temporal_|\/_sys\/)(?=\S)[\x20-\x7e]{1,200}(?<=\S)$/,
  wantedQueue,
);

/** Schema of a request to move a ledger. */
export const moveRequest = exactObject({ ...decisionFields, taskQueue: v.pipe(v.string(wantedQueue), isTaskQueue) });

/** Checks a request to move a ledger. Throws DmsInvalidInput. */
export function readMove(replicationConfigArn: string, request: unknown): MoveRequest {
  return readWith(moveRequest, { what: 'request to move', replicationConfigArn, hint: CHANGED_NOTHING }, request);
}

const time = v.pipe(
  timeWithZone(),
  v.transform((value) => new Date(value).toISOString()),
);

/** Schema of a query of the history. */
export const historyQuery = exactObject({
  kind: v.nullish(oneOf(['stop', 'resume', 'event']), null),
  since: v.nullish(time, null),
  until: v.nullish(time, null),
  limit: v.nullish(wholeNumber(200), 50),
  cursor: optionalText(20_000),
});

/** Checks a query of the history, and fills in its defaults. Throws DmsInvalidInput. */
export function readHistoryQuery(replicationConfigArn: string, query: unknown) {
  return readWith(historyQuery, { what: 'query of the history', replicationConfigArn, hint: 'Correct it.' }, query);
}
