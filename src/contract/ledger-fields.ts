/** Schemas of the parts that are common to the requests to a ledger and to its state. */
import * as v from 'valibot';

export const MAX_ARN = 300;
export const MAX_ID = 1000;
const MAX_CHECKPOINT = 16_384;
const MAX_STATISTICS_BYTES = 100_000;
const MAX_SEQUENCE = 1_000_000_000;

export const text = (most: number) => v.pipe(v.string(), v.maxLength(most));
export const named = (most: number) =>
  v.pipe(
    text(most),
    v.check((value) => value.trim() !== '', 'is empty'),
  );
export const orNull = <Schema extends v.GenericSchema>(schema: Schema) => v.nullable(schema);
export const maybe = <Schema extends v.GenericSchema>(schema: Schema) => v.nullish(schema);
export const number = v.pipe(v.number(), v.finite());
export const sequence = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_SEQUENCE));
export const time = v.pipe(
  text(40),
  v.check((value) => !Number.isNaN(Date.parse(value)), 'is not a time'),
);
export const kind = v.picklist(['stop', 'resume']);
export const intent = v.picklist(['pause', 'final']);
export const statistics = v.pipe(
  v.looseObject({ total: number, flagged: v.array(v.looseObject({})), truncated: v.boolean() }),
  v.check((value) => JSON.stringify(value).length <= MAX_STATISTICS_BYTES, 'is larger than 100 kB'),
);

export const deadline = v.object({
  policy: v.picklist(['warn', 'resume', 'none']),
  leadSeconds: number,
  onResumeDeadline: orNull(v.object({ activityType: named(200), taskQueue: maybe(text(MAX_ID)) })),
});
export const seal = v.object({ by: orNull(text(MAX_ID)), reason: orNull(text(MAX_ID)), at: time });

export const operationFields = {
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

const mark = v.object({
  lastStopTime: orNull(time),
  replicationCreateTime: orNull(time),
  freshStartDate: orNull(time),
});
export const callFields = {
  intent: orNull(intent),
  startReplicationType: orNull(text(100)),
  before: v.object({ status: text(100), stop: mark, startedAt: orNull(time) }),
};

/** Fields of a record. Fields that the ledger acts on are checked closely. The others only need the right type and length. */
export const draftFields = {
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
export const recordFields = { ...draftFields, sequence: v.pipe(sequence, v.minValue(1)), recordedAt: time };

function endpoint() {
  return v.object({
    endpointArn: text(MAX_ID),
    host: orNull(text(MAX_ID)),
    port: orNull(number),
    database: orNull(text(MAX_ID)),
  });
}
