/**
 * Schemas of what a ledger is sent, and of the state that it is started with. Updates may come from anywhere: a request that does not fit is rejected
 * by its validator and changes nothing.
 */
import * as v from 'valibot';
import { dmsFailure } from './failures.js';
import { decision } from './request-schemas.js';
import type {
  BeginRequest,
  DecisionRequest,
  RecordRequest,
  ReleaseRequest,
  ReserveRequest,
  RestoreRequest,
} from './ledger-messages.js';
import type { Ledger } from './records.js';

const MAX_ARN = 300;
const MAX_ID = 1000;
const MAX_CHECKPOINT = 16_384;
const MAX_STATISTICS_BYTES = 100_000;
/** Records that a ledger keeps, and more than any replication will ever have. */
const MAX_RECORDS = 100;
const MAX_SEQUENCE = 1_000_000_000;

const text = (most: number) => v.pipe(v.string(), v.maxLength(most));
const named = (most: number) =>
  v.pipe(
    text(most),
    v.check((value) => value.trim() !== '', 'is empty'),
  );
const orNull = <Schema extends v.GenericSchema>(schema: Schema) => v.nullable(schema);
const maybe = <Schema extends v.GenericSchema>(schema: Schema) => v.nullish(schema);
const number = v.pipe(v.number(), v.finite());
const sequence = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_SEQUENCE));
const time = v.pipe(
  text(40),
  v.check((value) => !Number.isNaN(Date.parse(value)), 'is not a time'),
);
const kind = v.picklist(['stop', 'resume']);
const intent = v.picklist(['pause', 'final']);
const statistics = v.pipe(
  v.looseObject({ total: number, flagged: v.array(v.looseObject({})), truncated: v.boolean() }),
  v.check((value) => JSON.stringify(value).length <= MAX_STATISTICS_BYTES, 'is larger than 100 kB'),
);

const deadline = v.object({
  policy: v.picklist(['warn', 'resume', 'none']),
  leadSeconds: number,
  onResumeDeadline: orNull(v.object({ activityType: named(200), taskQueue: maybe(text(MAX_ID)) })),
});
const seal = v.object({ by: orNull(text(MAX_ID)), reason: orNull(text(MAX_ID)), at: time });

const operationFields = {
  kind,
  operationId: named(200),
  workflowId: named(MAX_ID),
  runId: named(MAX_ID),
  firstRunId: named(MAX_ID),
  parentWorkflowId: orNull(text(MAX_ID)),
  requestedBy: orNull(text(256)),
  reason: orNull(text(MAX_ID)),
  owner: maybe(text(MAX_ID)),
  deadline: maybe(deadline),
};
const fenced = { token: v.pipe(number, v.minValue(1)), operation: v.object(operationFields) };

const mark = v.object({
  lastStopTime: orNull(time),
  replicationCreateTime: orNull(time),
  freshStartDate: orNull(time),
});
const callFields = {
  intent: orNull(intent),
  startReplicationType: orNull(text(100)),
  before: v.object({ status: text(100), stop: mark, startedAt: orNull(time) }),
};

/** The fields of a record that the ledger goes by are checked one by one; the others need only fit. */
const draftFields = {
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
  replicationConfigArn: named(MAX_ARN),
  operationId: named(200),
  intent,
  recoveryCheckpoint: orNull(text(MAX_CHECKPOINT)),
  settled: v.picklist(['agreed', 'grace-expired']),
  stopReason: orNull(text(2048)),
  stopReasonCode: orNull(text(100)),
  status: named(100),
  stoppedAt: orNull(time),
  resumeBy: orNull(time),
  resumeBySource: orNull(v.picklist(['dms', 'estimated'])),
  replicationType: text(100),
  sourceEndpointArn: orNull(text(MAX_ID)),
  targetEndpointArn: orNull(text(MAX_ID)),
  replicationCreateTime: orNull(time),
  freshStartDate: orNull(time),
  lagAtStop: maybe(v.object({ sourceSeconds: orNull(number), targetSeconds: orNull(number), at: time })),
  endpoints: maybe(v.object({ source: endpoint(), target: endpoint() })),
  requestedBy: orNull(text(256)),
  reason: orNull(text(MAX_ID)),
  workflowId: text(MAX_ID),
  runId: text(MAX_ID),
};
const recordFields = { ...draftFields, sequence: v.pipe(sequence, v.minValue(1)), recordedAt: time };

function endpoint() {
  return v.object({
    endpointArn: text(MAX_ID),
    host: orNull(text(MAX_ID)),
    port: orNull(number),
    database: orNull(text(MAX_ID)),
  });
}

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
  taskQueue: text(MAX_ID),
});

const recordRequest = v.variant('type', [
  v.object({
    ...fenced,
    ...ended,
    type: v.literal('stopped'),
    checkpoint: v.object(draftFields),
    tables: orNull(statistics),
    resumeWithinSeconds: orNull(number),
    taskQueue: text(MAX_ID),
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

/** The state that a run hands to the next, or that a person starts a ledger with. */
const state = v.object({
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
  replicationConfigArn: named(MAX_ARN),
  sealed: orNull(seal),
  pendingCall: orNull(
    v.object({
      ...operationFields,
      ...callFields,
      at: time,
      token: number,
      taskQueue: text(MAX_ID),
      isAnswered: v.boolean(),
      earlierUnansweredAt: orNull(time),
      seals: v.boolean(),
      isAbandoned: v.boolean(),
    }),
  ),
  unanswered: orNull(v.object({ kind, operationId: named(200), at: time })),
  newestToken: number,
  checkpoints: v.array(v.object(recordFields)),
  operations: v.array(
    v.object({
      ...operationFields,
      outcome: orNull(text(100)),
      failureType: orNull(text(200)),
      failureMessage: orNull(text(500)),
      statusAtBegin: orNull(text(100)),
      startedAt: time,
      finishedAt: orNull(time),
      checkpointSequence: orNull(sequence),
      awsRequestIds: v.array(text(200)),
      tables: orNull(statistics),
      startReplicationType: orNull(text(100)),
      progress: orNull(text(100)),
      finishedBy: orNull(v.literal('ledger')),
    }),
  ),
  lastSequence: sequence,
  lastUnsealed: orNull(seal),
  reservation: orNull(
    v.object({ owner: named(MAX_ID), reason: orNull(text(MAX_ID)), at: time, workflowId: orNull(text(MAX_ID)) }),
  ),
  guard: orNull(
    v.object({
      sequence,
      resumeBy: time,
      endsAt: time,
      plan: deadline,
      taskQueue: orNull(text(MAX_ID)),
      nextAt: time,
      warnings: number,
    }),
  ),
  archive: orNull(
    v.object({
      taskQueue: orNull(text(MAX_ID)),
      waiting: v.array(v.object({ sequence, sealed: orNull(seal), deadline: orNull(deadline) })),
    }),
  ),
  missingSince: orNull(time),
  deletedAt: orNull(time),
  events: v.array(
    v.object({
      type: text(100),
      at: time,
      by: orNull(text(MAX_ID)),
      reason: orNull(text(MAX_ID)),
      workflowId: orNull(text(MAX_ID)),
      detail: orNull(text(3000)),
    }),
  ),
});

/** Each kind of request with its schema. The type of a schema is the type of the request, or this does not compile. */
export const schemas = {
  begin: beginRequest satisfies v.GenericSchema<unknown, BeginRequest>,
  record: recordRequest as v.GenericSchema<unknown, RecordRequest>,
  decision: decision as v.GenericSchema<unknown, DecisionRequest>,
  reserve: v.object({
    owner: named(MAX_ID),
    reason: orNull(text(MAX_ID)),
    workflowId: orNull(text(MAX_ID)),
  }) satisfies v.GenericSchema<unknown, ReserveRequest>,
  release: v.object({ owner: named(MAX_ID) }) satisfies v.GenericSchema<unknown, ReleaseRequest>,
  restore: v.object({
    by: named(MAX_ID),
    reason: named(MAX_ID),
    records: v.pipe(v.array(archivedRecord), v.maxLength(MAX_RECORDS)),
    lastSequence: sequence,
    resumeWithinSeconds: orNull(number),
  }) as v.GenericSchema<unknown, RestoreRequest>,
  nothing: v.nullish(v.null()),
  state: state as v.GenericSchema<unknown, Ledger>,
} as const;

/** A request of that schema. Throws `DmsInvalidInput` that names the first problem. */
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
