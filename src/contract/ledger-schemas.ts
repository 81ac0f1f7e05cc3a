/**
 * Schemas of the requests to a ledger, and of the state that a ledger starts with. Anyone can send an update, so its validator rejects a request
 * that does not fit. A rejected request changes nothing.
 */
import * as v from 'valibot';
import { dmsFailure } from './failures.js';
import {
  callFields,
  deadline,
  draftFields,
  intent,
  nonBlank,
  number,
  operationFields,
  orNull,
  recordFields,
  seal,
  sequence,
  statistics,
  text,
  MAX_TEXT,
} from './ledger-fields.js';
import { decision, moveRequest } from './ledger-input-schemas.js';
import { state } from './ledger-state-schema.js';
import type {
  BeginRequest,
  DecisionRequest,
  MoveRequest,
  RecordRequest,
  ReleaseRequest,
  ReserveRequest,
  RestoreRequest,
} from './ledger-protocol.js';
import type { Ledger } from './ledger-state.js';

/** Maximum number of records to restore: as many as a ledger keeps. */
const MAX_RECORDS = 100;

const fenced = { token: v.pipe(number, v.minValue(1)), operation: v.object(operationFields) };

const ended = {
  outcome: orNull(text(100)),
  failureType: orNull(text(200)),
  failureMessage: orNull(text(500)),
  awsRequestIds: v.pipe(v.array(text(200)), v.maxLength(20)),
  finishedBy: orNull(v.literal('ledger')),
  isAnswered: v.boolean(),
};

const beginRequest = v.object({
  ...fenced,
  call: orNull(v.object(callFields)),
  isAnswered: v.boolean(),
  intent: orNull(intent),
  sequence: orNull(sequence),
  status: text(100),
  identifier: v.nullish(text(MAX_TEXT)),
  taskQueue: text(MAX_TEXT),
  hasSearchAttributes: v.optional(v.boolean()),
});

const recordRequest = v.variant('type', [
  v.object({
    ...fenced,
    ...ended,
    type: v.literal('stopped'),
    checkpoint: v.object(draftFields),
    tables: orNull(statistics),
    resumeWithinSeconds: orNull(number),
    taskQueue: text(MAX_TEXT),
    archives: v.boolean(),
  }),
  v.object({
    ...fenced,
    ...ended,
    type: v.literal('resumed'),
    startReplicationType: orNull(text(100)),
    progress: v.picklist(['moving', 'none-seen', 'not-checked']),
    checkpointSequence: orNull(sequence),
  }),
  v.object({ ...fenced, ...ended, type: v.literal('ended') }),
  v.object({ ...fenced, type: v.literal('tables'), tables: statistics }),
  v.object({ ...fenced, type: v.literal('refused') }),
]);

const archivedRecord = v.object({ ...recordFields, sealed: orNull(seal), deadline: orNull(deadline) });

/**
 * Schemas by kind of request. `satisfies` proves that a schema yields the type of its request. `as` asserts this where
 * the compiler can't prove it.
 */
export const schemas = {
  begin: beginRequest satisfies v.GenericSchema<unknown, BeginRequest>,
  record: recordRequest as v.GenericSchema<unknown, RecordRequest>,
  decision: decision as v.GenericSchema<unknown, DecisionRequest>,
  reserve: v.object({
    owner: nonBlank(MAX_TEXT),
    reason: orNull(text(MAX_TEXT)),
    workflowId: orNull(text(MAX_TEXT)),
  }) satisfies v.GenericSchema<unknown, ReserveRequest>,
  release: v.object({ owner: nonBlank(MAX_TEXT) }) satisfies v.GenericSchema<unknown, ReleaseRequest>,
  move: moveRequest as v.GenericSchema<unknown, MoveRequest>,
  restore: v.object({
    by: nonBlank(MAX_TEXT),
    reason: nonBlank(MAX_TEXT),
    records: v.pipe(v.array(archivedRecord), v.maxLength(MAX_RECORDS)),
    lastSequence: sequence,
    resumeWithinSeconds: orNull(number),
  }) as v.GenericSchema<unknown, RestoreRequest>,
  nothing: v.nullish(v.null()),
  state: state as v.GenericSchema<unknown, Ledger>,
} as const;

/** Checks a request against its schema. Throws `DmsInvalidInput`, which names the first problem. */
export function readRequest<Schema extends v.GenericSchema>(
  replicationConfigArn: string,
  what: string,
  schema: Schema,
  request: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, request, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue)?.slice(0, 200) ?? 'the request';
  throw dmsFailure(
    'DmsInvalidInput',
    { replicationConfigArn },
    `Invalid ${what}: ${path}: ${issue.message.slice(0, 300)}`,
    'Correct it; nothing was changed.',
  );
}
