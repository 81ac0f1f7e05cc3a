/** Schemas of what the commands print as JSON. */
import * as v from 'valibot';

export const nullable = v.nullable(v.string());
const warning = v.strictObject({ code: v.string(), message: v.string() });
const summary = {
  replicationConfigArn: v.string(),
  identifier: nullable,
  state: v.picklist([
    'running',
    'starting',
    'stopping',
    'stopped',
    'failed',
    'deleted',
    'unknown',
    'lost',
    'unreadable',
  ]),
  sealed: v.boolean(),
  reservedBy: nullable,
  resumeBy: nullable,
  recoveryCheckpoint: nullable,
};
const progress = v.strictObject({
  phase: v.string(),
  lastStatus: nullable,
  since: v.string(),
  until: nullable,
  detail: v.string(),
  taskQueue: v.string(),
  problem: nullable,
  noWorker: v.nullable(v.strictObject({ taskQueue: v.string(), since: v.string() })),
});
const record = {
  version: v.number(),
  replicationConfigArn: v.string(),
  sequence: v.number(),
  operationId: v.string(),
  intent: v.string(),
  recoveryCheckpoint: nullable,
  stoppedAt: nullable,
  resumeBy: nullable,
  requestedBy: nullable,
  reason: nullable,
};
const seal = v.strictObject({ by: nullable, reason: nullable, at: v.string() });
const fleet = {
  fleetId: v.string(),
  kind: v.picklist(['stop', 'resume']),
  total: v.number(),
  duplicates: v.number(),
  outcomes: v.record(v.string(), v.number()),
  failed: v.number(),
  left: v.array(v.string()),
  halted: nullable,
  results: v.record(v.string(), v.looseObject({})),
};
const cutoverCheck = v.strictObject({
  name: v.string(),
  ok: v.boolean(),
  detail: v.string(),
  blocking: v.optional(v.boolean()),
});
const approval = v.strictObject({ by: v.string(), reason: v.string(), at: v.string() });
const cause = v.strictObject({ code: v.string(), phase: v.string(), detail: v.string() });
const timelineEntry = v.strictObject({ at: v.string(), phase: v.string(), what: v.string(), by: nullable });
const entry = v.looseObject({ at: v.string() });
export const schemas = {
  list: v.array(v.strictObject(summary)),
  status: v.strictObject({
    ...summary,
    operation: v.nullable(
      v.strictObject({
        kind: v.string(),
        operationId: nullable,
        workflowId: v.string(),
        hostWorkflowId: nullable,
        startedAt: v.string(),
        requestedBy: nullable,
        reason: nullable,
        progress,
      }),
    ),
    ledger: v.nullable(
      v.strictObject({
        sealed: v.nullable(v.object({ by: nullable })),
        reservation: v.nullable(v.object({ owner: v.string() })),
        guard: v.nullable(v.object({ resumeBy: v.string() })),
        newestCheckpoint: v.nullable(v.object({ sequence: v.number() })),
        newestOperation: v.nullable(v.object({ operationId: v.string() })),
      }),
    ),
    problem: nullable,
    next: v.array(v.string()),
  }),
  stop: v.strictObject({
    outcome: v.string(),
    operationId: v.string(),
    checkpoint: v.object({
      sequence: v.number(),
      recoveryCheckpoint: nullable,
      requestedBy: nullable,
      reason: nullable,
    }),
    replication: v.object({ status: v.string() }),
    tables: v.nullable(v.object({ total: v.number() })),
    warnings: v.array(warning),
  }),
  resume: v.strictObject({
    outcome: v.string(),
    operationId: v.string(),
    resumedFrom: v.nullable(v.object({ sequence: v.number() })),
    startReplicationType: nullable,
    progress: v.string(),
    replication: v.object({ status: v.string() }),
    warnings: v.array(warning),
  }),
  plan: v.strictObject({
    kind: v.string(),
    replicationConfigArn: v.string(),
    action: v.picklist(['call', 'wait', 'send-nothing', 'join', 'refuse']),
    detail: v.string(),
    startReplicationType: nullable,
    refusal: v.nullable(v.strictObject({ type: v.string(), message: v.string(), hint: v.string() })),
    replication: v.nullable(v.object({ status: v.string() })),
    permissions: v.nullable(v.object({ denied: v.array(v.string()) })),
    warnings: v.array(warning),
  }),
  started: v.strictObject({ workflowId: v.string(), runId: v.string(), joined: v.boolean() }),
  entry,
  history: v.strictObject({ entries: v.array(entry), next: nullable }),
  startedMany: v.strictObject({ fleetId: v.string(), workflowId: v.string(), joined: v.boolean() }),
  fleet: v.strictObject(fleet),
  fleetProgress: v.strictObject({ ...fleet, running: v.array(v.string()) }),
  ledger: v.strictObject({
    version: v.number(),
    replicationConfigArn: v.string(),
    identifier: nullable,
    sealed: v.nullable(seal),
    pendingCall: v.nullable(v.looseObject({ at: v.string() })),
    unanswered: v.nullable(v.looseObject({})),
    newestToken: v.number(),
    taskQueue: nullable,
    checkpoints: v.array(v.looseObject(record)),
    operations: v.array(v.looseObject({ operationId: v.string(), kind: v.string(), outcome: nullable })),
    lastSequence: v.number(),
    lastUnsealed: v.nullable(seal),
    reservation: v.nullable(
      v.strictObject({ owner: v.string(), reason: nullable, at: v.string(), workflowId: nullable }),
    ),
    guard: v.nullable(v.looseObject({ resumeBy: v.string() })),
    archive: v.nullable(v.looseObject({ taskQueue: nullable })),
    missingSince: nullable,
    deletedAt: nullable,
    events: v.array(v.looseObject({ type: v.string(), at: v.string(), by: nullable })),
  }),
  schedule: v.strictObject({
    scheduleIds: v.strictObject({ stop: v.string(), resume: v.string() }),
    warnings: v.array(warning),
  }),
  startedCutover: v.strictObject({ cutoverId: v.string(), workflowId: v.string(), joined: v.boolean() }),
  answer: v.strictObject({ cutoverId: v.string(), answer: v.string() }),
  cutoverStatus: v.strictObject({
    token: v.string(),
    phase: v.string(),
    since: v.string(),
    waitingFor: v.string(),
    problem: nullable,
    ready: v.boolean(),
    allowed: v.array(v.string()),
    lag: v.array(v.strictObject({ replicationConfigArn: v.string(), lag: v.nullable(v.looseObject({})) })),
    checks: v.array(cutoverCheck),
    approvals: v.array(approval),
    writesStoppedAt: nullable,
    returnAt: nullable,
    cause: v.nullable(cause),
    undo: v.array(v.string()),
    timeline: v.array(timelineEntry),
  }),
  cutover: v.strictObject({
    outcome: v.picklist(['switched', 'returned', 'planned']),
    cause: v.nullable(cause),
    checkpoints: v.array(v.looseObject(record)),
    writesStoppedSeconds: v.nullable(v.number()),
    checks: v.array(cutoverCheck),
    warnings: v.array(warning),
    approvals: v.array(approval),
    timeline: v.array(timelineEntry),
    plan: v.array(v.strictObject({ phase: v.string(), what: v.string() })),
  }),
  archived: v.array(v.looseObject({ ...record, sealed: v.nullable(seal), deadline: v.nullable(v.looseObject({})) })),
  error: v.strictObject({
    error: v.strictObject({
      type: nullable,
      message: v.string(),
      hint: nullable,
      details: v.nullable(v.looseObject({})),
    }),
  }),
  schedules: v.array(
    v.strictObject({ scheduleId: v.string(), nextStopAt: nullable, nextResumeAt: nullable, paused: v.boolean() }),
  ),
};
