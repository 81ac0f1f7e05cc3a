import * as v from 'valibot';
import { parseReplicationConfigArn } from '../dms/arn.js';
import { dmsFailure } from './failures.js';
import type { ResumePlan, StopPlan } from './inputs.js';
import type { OperationRef } from './records.js';

const YEAR = 366 * 24 * 60 * 60;

const arn = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    try {
      parseReplicationConfigArn(dataset.value);
    } catch (err) {
      addIssue({ message: err instanceof Error ? err.message : String(err) });
    }
  }),
);
const seconds = (fallback: number) =>
  v.nullish(v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(YEAR)), fallback);
const text = (most: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(most));
const optionalText = (most: number) => v.nullish(text(most), null);

const operation = {
  replicationConfigArn: arn,
  operationId: optionalText(200),
  requestedBy: optionalText(256),
  reason: optionalText(1000),
  owner: optionalText(256),
};

/** An activity of the caller's. */
const ownActivity = v.nullish(
  v.strictObject({ activityType: text(200), taskQueue: v.nullish(text(1000), null) }),
  null,
);

const stopInput = v.strictObject({
  ...operation,
  intent: v.nullish(v.picklist(['pause', 'final']), 'pause'),
  stoppableTimeoutSeconds: seconds(5400),
  stopTimeoutSeconds: seconds(3600),
  settleSeconds: v.nullish(v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(3600)), 10),
  selfRestartGraceSeconds: seconds(1800),
  preempt: v.nullish(v.boolean(), false),
  deadlinePolicy: v.nullish(v.picklist(['warn', 'resume', 'none']), 'warn'),
  deadlineLeadSeconds: v.nullish(v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(2 * 86_400)), 6 * 3600),
  onResumeDeadline: ownActivity,
});

const resumeInput = v.pipe(
  v.strictObject({
    ...operation,
    checkpoint: v.nullish(
      v.union([v.literal('latest'), v.strictObject({ sequence: v.pipe(v.number(), v.integer(), v.minValue(1)) })]),
      'latest',
    ),
    force: v.nullish(v.boolean(), false),
    startReplicationType: v.nullish(v.picklist(['resume-processing', 'reload-target', 'start-replication']), null),
    confirmReload: optionalText(255),
    cdcStartPosition: optionalText(4096),
    cdcStartTime: v.nullish(v.pipe(v.string(), v.check(isTime, 'is not an ISO 8601 time')), null),
    cdcStopPosition: v.nullish(
      v.pipe(
        v.string(),
        v.regex(
          /^(server|commit)_time:\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/,
          'is not like server_time:2026-02-09T12:12:12 or commit_time:…',
        ),
      ),
      null,
    ),
    startTimeoutSeconds: seconds(5400),
    verifyProgressSeconds: seconds(120),
    continues: v.nullish(
      v.strictObject({
        replicationConfigArn: arn,
        sequence: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1)), null),
      }),
      null,
    ),
    sourceLogRetentionSeconds: v.nullish(v.pipe(v.number(), v.finite(), v.minValue(0)), null),
    oldestOpenTransactionSeconds: v.nullish(v.pipe(v.number(), v.finite(), v.minValue(0)), null),
    progressProbe: ownActivity,
  }),
  v.check(
    ({ cdcStartPosition, cdcStartTime }) => cdcStartPosition === null || cdcStartTime === null,
    'cdcStartPosition and cdcStartTime exclude each other',
  ),
  v.check(
    ({ cdcStartPosition, cdcStartTime, startReplicationType }) =>
      (cdcStartPosition === null && cdcStartTime === null) || startReplicationType === 'start-replication',
    'cdcStartPosition and cdcStartTime go only with startReplicationType "start-replication"',
  ),
  v.check(
    ({ continues, cdcStartPosition, cdcStartTime, startReplicationType, checkpoint }) =>
      continues === null ||
      (cdcStartPosition === null &&
        cdcStartTime === null &&
        checkpoint === 'latest' &&
        (startReplicationType ?? 'start-replication') === 'start-replication'),
    'continues goes with no checkpoint, no cdcStartPosition, no cdcStartTime, and no startReplicationType but "start-replication"',
  ),
);

/** An input with its defaults filled in, and who asked for it and why. */
interface Read<Plan> {
  readonly plan: Plan;
  readonly asked: Required<Pick<OperationRef, 'requestedBy' | 'reason' | 'owner' | 'deadline'>>;
}

/** Throws DmsInvalidInput. */
export function readStopInput(input: unknown): Read<StopPlan> {
  const { requestedBy, reason, owner, operationId: _, preempt: _preempt, ...rest } = read(stopInput, 'stop', input);
  const { deadlinePolicy: policy, deadlineLeadSeconds: leadSeconds, onResumeDeadline, ...plan } = rest;
  return { plan, asked: { requestedBy, reason, owner, deadline: { policy, leadSeconds, onResumeDeadline } } };
}

/** Throws DmsInvalidInput. */
export function readResumeInput(input: unknown): Read<ResumePlan> {
  const { requestedBy, reason, owner, operationId: _, ...plan } = read(resumeInput, 'resume', input);
  return { plan, asked: { requestedBy, reason, owner, deadline: null } };
}

const reservation = v.strictObject({
  replicationConfigArn: arn,
  owner: optionalText(256),
  reason: optionalText(1000),
});

/** Throws DmsInvalidInput. */
export function readReservation(input: unknown) {
  return read(reservation, 'reservation', input);
}

const target = v.looseObject({ replicationConfigArn: arn });

/** The ARN in the input of an activity that is run on its own, or by a host of another version. Throws DmsInvalidInput. */
export function readTarget(input: unknown, activity: string): string {
  return read(target, activity, input).replicationConfigArn;
}

function read<S extends v.GenericSchema>(schema: S, what: string, input: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const problems = result.issues.map(describeIssue).join('; ');
  throw dmsFailure(
    'DmsInvalidInput',
    { replicationConfigArn: arnOf(input) },
    `The input of the ${what} is not valid: ${problems}`,
    'Correct it and start again; nothing was called.',
  );
}

function describeIssue(issue: v.GenericIssue): string {
  const path = v.getDotPath(issue);
  if (issue.type === 'strict_object' && issue.expected === 'never') return `there is no field "${path}"`;
  if (path === null) return issue.message;
  if (issue.type === 'max_length') return `${path} is longer than ${issue.expected?.replace('<=', '')} characters`;
  return `${path}: ${issue.message.replace(/^Invalid type: /, '')}`;
}

function isTime(value: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}

function arnOf(input: unknown): string {
  const value =
    typeof input === 'object' && input !== null && 'replicationConfigArn' in input ? input.replicationConfigArn : null;
  return typeof value === 'string' ? value : '';
}
