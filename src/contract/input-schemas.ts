/**
 * Schemas of the inputs of stops, resumes, pause schedules and reservations, and of requests to activities. The schemas
 * set all bounds and defaults.
 */
import * as v from 'valibot';
import { RESUME_WINDOW_SECONDS, SETTLE_SECONDS } from '../dms/checkpoint.js';
import type { OperationKind, ResumePlan, StopPlan } from './inputs.js';
import type { OperationRef } from './ledger-state.js';
import {
  arn,
  exactObject,
  listOf,
  optionalFlag,
  timeWithZone,
  oneOf,
  optionalText,
  readWith,
  seconds,
  openObject,
  describeMismatch,
  text,
  wholeNumber,
} from './schema-parts.js';

/** Most replications of one request, and of one cutover. */
export const MAX_SHARED = 50;

const operationFields = {
  replicationConfigArn: arn,
  operationId: optionalText(200),
  requestedBy: optionalText(256),
  reason: optionalText(1000),
  owner: optionalText(256),
};

const ownActivityRefused = 'is refused. No input may name an activity type that starts with dms. as a hook';

/** Fields of a hook. The package's own activities are refused, because they would act on DMS without the lock and without a record. */
export const hookFields = {
  activityType: v.pipe(
    text(200),
    v.check((type) => !type.startsWith('dms.'), ownActivityRefused),
  ),
  taskQueue: optionalText(1000),
};

const hook = v.nullish(exactObject(hookFields), null);

/** Fields of a stop. */
export const stopFields = {
  ...operationFields,
  intent: v.nullish(oneOf(['pause', 'final']), 'pause'),
  stoppableTimeoutSeconds: seconds(5400),
  stopTimeoutSeconds: seconds(3600),
  settleSeconds: seconds(SETTLE_SECONDS, 3600),
  selfRestartGraceSeconds: seconds(1800),
  preempt: optionalFlag(),
  deadlinePolicy: v.nullish(oneOf(['warn', 'resume', 'none']), 'warn'),
  deadlineLeadSeconds: seconds(6 * 3600, RESUME_WINDOW_SECONDS),
  onResumeDeadline: hook,
};

const record = exactObject({ sequence: wholeNumber() });

const stopPosition = /^(server|commit)_time:\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/;
const wantedStopPosition = describeMismatch('a position such as "server_time:2026-02-09T12:12:12" or "commit_time:…"');

/** Fields of a resume. */
export const resumeFields = {
  ...operationFields,
  checkpoint: v.nullish(
    v.lazy((input) =>
      typeof input === 'string' ? v.literal('latest', describeMismatch('"latest" or { sequence }')) : record,
    ),
    'latest',
  ),
  force: optionalFlag(),
  startReplicationType: v.nullish(oneOf(['resume-processing', 'reload-target', 'start-replication']), null),
  confirmReload: optionalText(255),
  cdcStartPosition: optionalText(16_384),
  cdcStartTime: v.nullish(timeWithZone(), null),
  cdcStopPosition: v.nullish(v.pipe(v.string(wantedStopPosition), v.regex(stopPosition, wantedStopPosition)), null),
  startTimeoutSeconds: seconds(5400),
  verifyProgressSeconds: seconds(120),
  sourceLogRetentionSeconds: seconds(null),
  oldestOpenTransactionSeconds: seconds(null),
  progressProbe: hook,
};

export const stopInput = exactObject(stopFields);

export const resumeInput = v.pipe(
  exactObject(resumeFields),
  v.check(
    ({ cdcStartPosition, cdcStartTime }) => cdcStartPosition === null || cdcStartTime === null,
    'cdcStartPosition and cdcStartTime exclude each other',
  ),
  v.check(
    ({ cdcStartPosition, cdcStartTime, startReplicationType }) =>
      (cdcStartPosition === null && cdcStartTime === null) || startReplicationType === 'start-replication',
    'cdcStartPosition and cdcStartTime go only with startReplicationType "start-replication"',
  ),
);

const wantedName = describeMismatch('1 to 100 letters, digits and ._/-');
const scheduleId = v.pipe(v.string(wantedName), v.regex(/^[\w./-]{1,100}$/, wantedName));
// A run makes its own operation id. A scheduled stop is a pause that never preempts. A scheduled resume takes the
// newest record.
const { operationId: _ofTheRun, intent: _pause, preempt: _never, ...scheduledStopFields } = stopFields;
const { operationId: _ofItsRun, checkpoint: _ofTheStop, ...scheduledResumeFields } = resumeFields;
const spec = openObject({});

/** Schema of a pause schedule. Temporal checks the two specs. */
export const pauseSchedule = exactObject({ ...scheduledStopFields, scheduleId, stop: spec, resume: spec });

/** Schemas of the arguments of the workflows that a pause schedule starts. */
const scheduled = {
  stop: exactObject({ scheduleId, input: exactObject(scheduledStopFields) }),
  resume: exactObject({ scheduleId, input: exactObject(scheduledResumeFields) }),
};

/** Checks a pause schedule. Throws DmsInvalidInput. */
export function requirePauseSchedule(input: unknown): void {
  readWith(pauseSchedule, { what: 'pause schedule', hint: 'Correct it; nothing was scheduled.' }, input);
}

/** Checks the argument of a scheduled operation. Throws DmsInvalidInput. */
export function requireScheduled(kind: OperationKind, input: unknown): void {
  readWith(scheduled[kind], { what: `input of the scheduled ${kind}` }, input);
}

/** Checked input: the plan with every default filled in, and the details of its request. */
interface CheckedInput<Plan> {
  readonly plan: Plan;
  readonly requester: Required<Pick<OperationRef, 'requestedBy' | 'reason' | 'owner' | 'deadline'>>;
}

/** Checks the input of a stop, and fills in its defaults. Throws DmsInvalidInput. */
export function readStopInput(input: unknown): CheckedInput<StopPlan> {
  const read = readWith(stopInput, { what: 'input of the stop' }, input);
  const { requestedBy, reason, owner, operationId: _, preempt: _preempt, ...rest } = read;
  const { deadlinePolicy: policy, deadlineLeadSeconds: leadSeconds, onResumeDeadline, ...plan } = rest;
  return { plan, requester: { requestedBy, reason, owner, deadline: { policy, leadSeconds, onResumeDeadline } } };
}

/** Checks the input of a resume, and fills in its defaults. Throws DmsInvalidInput. */
export function readResumeInput(input: unknown): CheckedInput<ResumePlan> {
  const read = readWith(resumeInput, { what: 'input of the resume' }, input);
  const { requestedBy, reason, owner, operationId: _, ...plan } = read;
  return { plan, requester: { requestedBy, reason, owner, deadline: null } };
}

const { intent, stoppableTimeoutSeconds, stopTimeoutSeconds, settleSeconds, selfRestartGraceSeconds } = stopFields;
const { startTimeoutSeconds, verifyProgressSeconds } = resumeFields;

/** Schemas of requests to activities that have defaults. The defaults are those of an operation. */
const activityRequests = {
  'dms.requestStop': openObject({ replicationConfigArn: arn, intent, stoppableTimeoutSeconds }),
  'dms.awaitStopped': openObject({
    replicationConfigArn: arn,
    stopTimeoutSeconds,
    settleSeconds,
    selfRestartGraceSeconds,
  }),
  'dms.requestStart': openObject({ replicationConfigArn: arn, startTimeoutSeconds }),
  'dms.awaitRunning': openObject({ replicationConfigArn: arn, startTimeoutSeconds, verifyProgressSeconds }),
};

/** Checks a request to an activity, and fills in its defaults. Throws DmsInvalidInput. */
export function readActivityRequest<Type extends keyof typeof activityRequests>(
  type: Type,
  request: unknown,
): v.InferOutput<(typeof activityRequests)[Type]> {
  return readWith(activityRequests[type], { what: `request to ${type}` }, request);
}

export const reservation = exactObject({
  replicationConfigArn: arn,
  owner: optionalText(256),
  reason: optionalText(1000),
});

/** Checks the input of a reservation or of its release. Throws DmsInvalidInput. */
export function readReservation(input: unknown) {
  return readWith(reservation, { what: 'input of the reservation' }, input);
}

const wantedParts = oneOf(['replication', 'ledger', 'endpoints', 'permissions', 'lag', 'tables']);

/** Schemas of requests about several replications. */
const sharedRequests = {
  'dms.readReplications': openObject({
    replicationConfigArns: listOf(arn, MAX_SHARED, 'ARNs'),
    parts: listOf(wantedParts, 5, 'parts'),
  }),
  'dms.awaitLag': openObject({
    replicationConfigArns: listOf(arn, MAX_SHARED, 'ARNs'),
    maxSeconds: seconds(10),
    samples: wholeNumber(100),
    everySeconds: wholeNumber(3600),
  }),
};

/** Checks a request about several replications. Throws DmsInvalidInput. */
export function readSharedRequest<Type extends keyof typeof sharedRequests>(
  type: Type,
  request: unknown,
): v.InferOutput<(typeof sharedRequests)[Type]> {
  return readWith(sharedRequests[type], { what: `request to ${type}` }, request);
}

const withArn = openObject({ replicationConfigArn: arn });

/** Reads the ARN in an input with any other fields. `of`: name of the input, for messages. Throws DmsInvalidInput. */
export function readReplicationArn(input: unknown, of: string): string {
  return readWith(withArn, { what: `input of ${of}` }, input).replicationConfigArn;
}
