/** Schemas of the parts that are common to the requests to a ledger and to its state. */
import * as v from 'valibot';

export const MAX_ARN = 300;
export const MAX_TEXT = 1000;
const MAX_CHECKPOINT = 16_384;
const MAX_STATISTICS_LENGTH = 100_000;
const MAX_SEQUENCE = 1_000_000_000;

export const text = (most: number) => v.pipe(v.string(), v.maxLength(most));
export const nonBlank = (most: number) =>
  v.pipe(
    text(most),
    v.check((value) => value.trim() !== '', 'is empty'),
  );
export const orNull = <Schema extends v.GenericSchema>(schema: Schema) => v.nullable(schema);
export const orAbsent = <Schema extends v.GenericSchema>(schema: Schema) => v.nullish(schema);
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
  v.check((value) => JSON.stringify(value).length <= MAX_STATISTICS_LENGTH, 'is larger than 100 kB'),
);

export const deadline = v.object({
  policy: v.picklist(['warn', 'resume', 'none']),
  leadSeconds: number,
  onResumeDeadline: orNull(v.object({ activityType: nonBlank(200), taskQueue: orAbsent(text(MAX_TEXT)) })),
});
export const seal = v.object({ by: orNull(text(MAX_TEXT)), reason: orNull(text(MAX_TEXT)), at: time });

export const operationFields = {
  kind,
  operationId: nonBlank(200),
  workflowId: nonBlank(MAX_TEXT),
  runId: nonBlank(MAX_TEXT),
  firstRunId: nonBlank(MAX_TEXT),
  parentWorkflowId: orNull(text(MAX_TEXT)),
  requestedBy: orNull(text(256)),
  reason: orNull(text(MAX_TEXT)),
  owner: orAbsent(text(MAX_TEXT)),
  deadline: orAbsent(deadline),
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
  replicationConfigArn: nonBlank(MAX_ARN),
  operationId: nonBlank(200),
  intent,
  recoveryCheckpoint: orNull(text(MAX_CHECKPOINT)),
  settled: v.picklist(['agreed', 'grace-expired']),
  stopReason: orNull(text(2048)),
  stopReasonCode: orNull(text(100)),
  status: nonBlank(100),
  stoppedAt: orNull(time),
  resumeBy: orNull(time),
  resumeBySource: orNull(v.picklist(['dms', 'estimated'])),
  replicationType: text(100),
  sourceEndpointArn: orNull(text(MAX_TEXT)),
  targetEndpointArn: orNull(text(MAX_TEXT)),
  replicationCreateTime: orNull(time),
  freshStartDate: orNull(time),
  lagAtStop: orAbsent(v.object({ sourceSeconds: orNull(number), targetSeconds: orNull(number), at: time })),
  endpoints: orAbsent(v.object({ source: endpoint(), target: endpoint() })),
  requestedBy: orNull(text(256)),
  reason: orNull(text(MAX_TEXT)),
  workflowId: text(MAX_TEXT),
  runId: text(MAX_TEXT),
};
export const recordFields = { ...draftFields, sequence: v.pipe(sequence, v.minValue(1)), recordedAt: time };

function endpoint() {
  return v.object({
    endpointArn: text(MAX_TEXT),
    host: orNull(text(MAX_TEXT)),
    port: orNull(number),
    database: orNull(text(MAX_TEXT)),
  });
}
