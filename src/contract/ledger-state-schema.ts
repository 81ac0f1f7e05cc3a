import * as v from 'valibot';
import {
  callFields,
  deadline,
  kind,
  MAX_ARN,
  MAX_TEXT,
  nonBlank,
  number,
  operationFields,
  orNull,
  recordFields,
  seal,
  sequence,
  statistics,
  text,
  time,
} from './ledger-fields.js';

/** Schema of the state that a run hands to the next, or that a person starts a ledger with. */
export const state = v.object({
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
  replicationConfigArn: nonBlank(MAX_ARN),
  identifier: v.optional(orNull(text(MAX_TEXT)), null),
  sealed: orNull(seal),
  pendingCall: orNull(
    v.object({
      ...operationFields,
      ...callFields,
      at: time,
      token: number,
      taskQueue: text(MAX_TEXT),
      isAnswered: v.boolean(),
      earlierUnansweredAt: orNull(time),
      seals: v.boolean(),
      isAbandoned: v.boolean(),
    }),
  ),
  unanswered: orNull(v.object({ kind, operationId: nonBlank(200), at: time })),
  newestToken: number,
  taskQueue: orNull(text(MAX_TEXT)),
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
    v.object({
      owner: nonBlank(MAX_TEXT),
      reason: orNull(text(MAX_TEXT)),
      at: time,
      workflowId: orNull(text(MAX_TEXT)),
    }),
  ),
  guard: orNull(
    v.object({
      sequence,
      resumeBy: time,
      endsAt: time,
      plan: deadline,
      taskQueue: orNull(text(MAX_TEXT)),
      nextAt: time,
      warnings: number,
    }),
  ),
  archive: orNull(
    v.object({
      taskQueue: orNull(text(MAX_TEXT)),
      waiting: v.array(v.object({ sequence, sealed: orNull(seal), deadline: orNull(deadline) })),
    }),
  ),
  missingSince: orNull(time),
  deletedAt: orNull(time),
  events: v.array(
    v.object({
      type: text(100),
      at: time,
      by: orNull(text(MAX_TEXT)),
      reason: orNull(text(MAX_TEXT)),
      workflowId: orNull(text(MAX_TEXT)),
      detail: orNull(text(3000)),
    }),
  ),
});
