import type * as v from 'valibot';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { isDmsFailure } from '../../src/contract/failures.js';
import type { HistoryQuery } from '../../src/contract/history.js';
import {
  readReservation,
  readResumeInput,
  readStopInput,
  readReplicationArn,
  type reservation,
  type resumeInput,
  type stopInput,
} from '../../src/contract/input-schemas.js';
import type { ResumeReplicationInput, StopReplicationInput } from '../../src/contract/inputs.js';
import type { ReserveReplication } from '../../src/contract/activity-protocol.js';
import { readHistoryQuery, readDecision, type historyQuery } from '../../src/contract/ledger-input-schemas.js';

const replicationConfigArn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';
const long = (length: number) => 'x'.repeat(length);
const MEGABYTE = 1_100_000;

function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (err) {
    if (!isDmsFailure(err, 'DmsInvalidInput')) return String(err);
    // A refusal stays short, even if the refused value is long.
    expect(JSON.stringify([err.message, err.details]).length).toBeLessThan(3000);
    return err.message;
  }
  return 'accepted';
}

const refusedStop = (more: object) => refusalOf(() => readStopInput({ replicationConfigArn, ...more }));
const refusedResume = (more: object) => refusalOf(() => readResumeInput({ replicationConfigArn, ...more }));

/** Puts the expected message first in each row, because the message is the title. */
const withMessageFirst = <Input>(rows: readonly (readonly [Input, string])[]) =>
  rows.map(([input, said]) => [said, input] as const);

describe('the schema of a stop', () => {
  test('fills in every default', () => {
    const { plan, requester } = readStopInput({ replicationConfigArn });
    expect(plan).toEqual({
      replicationConfigArn,
      intent: 'pause',
      stoppableTimeoutSeconds: 5400,
      stopTimeoutSeconds: 3600,
      settleSeconds: 10,
      selfRestartGraceSeconds: 1800,
    });
    const deadline = { policy: 'warn', leadSeconds: 21_600, onResumeDeadline: null };
    expect(requester).toEqual({ requestedBy: null, reason: null, owner: null, deadline });
  });

  test('treats null and undefined as absent', () => {
    const absent = { requestedBy: null, reason: undefined, intent: null, settleSeconds: null, onResumeDeadline: null };
    expect(readStopInput({ replicationConfigArn, ...absent })).toEqual(readStopInput({ replicationConfigArn }));
  });

  test.each(
    withMessageFirst<unknown>([
      ['orders', 'The input of the stop is a string; it takes an object { replicationConfigArn, … }'],
      [undefined, 'The input of the stop is missing; it takes an object'],
      [null, 'The input of the stop is null; it takes an object'],
      [true, 'The input of the stop is a boolean; it takes an object'],
      [[replicationConfigArn], 'The input of the stop is a list of 1; it takes an object'],
      [new Date(0), 'The input of the stop is a Date; it takes an object'],
      [long(MEGABYTE), 'The input of the stop is a string of 1,100,000 characters; it takes an object'],
      [{}, 'The input of the stop is not valid: replicationConfigArn is missing'],
      [{ replicationConfigArn: 7 }, 'replicationConfigArn is 7; it takes the ARN of a replication config'],
      [{ replicationConfigArn: 'orders' }, 'replicationConfigArn is not the ARN of a replication config: it does not'],
      [{ replicationConfigArn: long(MEGABYTE) }, 'replicationConfigArn is not the ARN of a replication config'],
      [{ replicationConfigArn: `${replicationConfigArn}${long(MEGABYTE)}` }, 'its identifier is "ORDERSxxx'],
    ]),
  )('refuses an invalid input: %s', (said, input) => {
    expect(refusalOf(() => readStopInput(input))).toContain(said);
  });

  test.each(
    withMessageFirst<object>([
      [{ typo: 1 }, 'there is no field "typo". Correct it'],
      [{ reasn: 'x' }, 'there is no field "reasn" (did you mean "reason"?)'],
      [{ stopTimeout: 1 }, 'there is no field "stopTimeout" (did you mean "stopTimeoutSeconds"?)'],
      [{ SettleSeconds: 1 }, '(did you mean "settleSeconds"?)'],
      [{ [long(MEGABYTE)]: 1 }, 'there is no field "xxx'],
      [{ requestedBy: new Date(0) }, 'requestedBy is a Date; it takes a string of 1 to 256 characters'],
      [{ requestedBy: () => 'ada' }, 'requestedBy is a function; it takes'],
      [{ requestedBy: '' }, 'requestedBy is ""; it takes'],
      [{ requestedBy: long(257) }, 'requestedBy is a string of 257 characters; it takes a string of 1 to 256'],
      [{ reason: long(1001) }, 'reason is a string of 1,001 characters; it takes a string of 1 to 1,000'],
      [{ owner: long(257) }, 'owner is a string of 257'],
      [
        { operationId: long(MEGABYTE) },
        'operationId is a string of 1,100,000 characters; it takes a string of 1 to 200',
      ],
      [{ operationId: 7 }, 'operationId is 7; it takes'],
      [{ intent: 'forever' }, 'intent is "forever"; it takes "pause" or "final"'],
      [{ intent: long(MEGABYTE) }, 'intent is a string of 1,100,000 characters; it takes'],
      [{ settleSeconds: '10' }, 'settleSeconds is "10"; it takes a number from 0 to 3,600'],
      [{ settleSeconds: 3601 }, 'settleSeconds is 3601; it takes'],
      [{ stopTimeoutSeconds: -1 }, 'stopTimeoutSeconds is -1; it takes a number from 0 to 31,622,400'],
      [{ stopTimeoutSeconds: Infinity }, 'stopTimeoutSeconds is Infinity; it takes'],
      [{ stopTimeoutSeconds: 5n }, 'stopTimeoutSeconds is a bigint; it takes'],
      [{ deadlineLeadSeconds: NaN }, 'deadlineLeadSeconds is NaN; it takes a number from 0 to 172,800'],
      [{ preempt: 'yes' }, 'preempt is "yes"; it takes true or false'],
      [{ onResumeDeadline: 'page' }, 'onResumeDeadline is a string; it takes an object { activityType, taskQueue }'],
      [{ onResumeDeadline: new Map([['activityType', 'page']]) }, 'onResumeDeadline is a Map; it takes an object'],
      [{ onResumeDeadline: {} }, 'onResumeDeadline.activityType is missing'],
      [
        { onResumeDeadline: { activityTyp: 'page' } },
        'no field "onResumeDeadline.activityTyp" (did you mean "activityType"',
      ],
      [{ onResumeDeadline: { activityType: long(201) } }, 'onResumeDeadline.activityType is a string of 201'],
      [
        { onResumeDeadline: { activityType: 'dms.requestStop' } },
        'No input may name an activity type that starts with dms. as a hook',
      ],
    ]),
  )('refuses an invalid field: %s', (said, more) => {
    expect(refusedStop(more)).toContain(said);
  });

  test('names the first five problems of an input, and counts the others', () => {
    expect(refusedStop({ intent: 1, settleSeconds: -1 })).toMatch(/intent is 1.*; settleSeconds is -1/);
    const many = { operationId: 1, requestedBy: 1, reason: 1, owner: 1, intent: 1, preempt: 1, settleSeconds: '' };
    expect(refusedStop(many)).toContain('and 2 more problems');
  });

  test('names the replication in the details of a refusal', () => {
    try {
      readStopInput({ replicationConfigArn, typo: 1 });
    } catch (err) {
      expect(isDmsFailure(err) && err.details[0]).toMatchObject({ replicationConfigArn, region: 'eu-west-1' });
    }
    expect.assertions(1);
  });
});

describe('the schema of a resume', () => {
  test('fills in every default', () => {
    expect(readResumeInput({ replicationConfigArn }).plan).toMatchObject({
      replicationConfigArn,
      checkpoint: 'latest',
      force: false,
      startReplicationType: null,
      startTimeoutSeconds: 5400,
      verifyProgressSeconds: 120,
      progressProbe: null,
    });
    expect(readResumeInput({ replicationConfigArn, requestedBy: 'ada' }).requester).toMatchObject({
      requestedBy: 'ada',
      deadline: null,
    });
  });

  test.each(
    withMessageFirst<object>([
      [{ checkpoint: 'last' }, 'checkpoint is "last"; it takes "latest" or { sequence }'],
      [{ checkpoint: 7 }, 'checkpoint is a number; it takes an object { sequence }'],
      [{ checkpoint: { sequence: 0 } }, 'checkpoint.sequence is 0; it takes a whole number from 1 on'],
      [{ checkpoint: { sequence: 1.5 } }, 'checkpoint.sequence is 1.5; it takes'],
      [{ checkpoint: { sequence: 2 ** 53 } }, 'checkpoint.sequence is 9007199254740992; it takes'],
      [{ checkpoint: { number: 1 } }, 'checkpoint.sequence is missing; there is no field "checkpoint.number"'],
      [{ force: 1 }, 'force is 1; it takes true or false'],
      [{ startReplicationType: 'reload' }, '"resume-processing" or "reload-target" or "start-replication"'],
      [{ confirmReload: long(256) }, 'confirmReload is a string of 256'],
      [{ cdcStartPosition: long(16_385) }, 'cdcStartPosition is a string of 16,385'],
      [{ cdcStartTime: '2026-02-30T00:00:00Z' }, 'cdcStartTime is "2026-02-30T00:00:00Z"; it takes an ISO 8601 time'],
      [{ cdcStartTime: 'yesterday' }, 'cdcStartTime is "yesterday"; it takes an ISO 8601 time'],
      [{ cdcStartTime: new Date(0) }, 'cdcStartTime is a Date; it takes an ISO 8601 time'],
      [{ cdcStartTime: `2026-01-01T00:00:00.${'0'.repeat(MEGABYTE)}Z` }, 'cdcStartTime is a string of'],
      [{ cdcStopPosition: 'server_time:today' }, 'cdcStopPosition is "server_time:today"; it takes a position'],
      [{ cdcStartPosition: 'x', cdcStartTime: '2026-01-01T00:00:00Z' }, 'exclude each other'],
      [{ cdcStartPosition: 'x' }, 'go only with startReplicationType "start-replication"'],
      [{ sourceLogRetentionSeconds: -1 }, 'sourceLogRetentionSeconds is -1; it takes'],
      [{ progressProbe: { activityType: 'dms.requestStop' } }, 'that starts with dms. as a hook'],
      [{ progressProbe: { activityType: 'probe', taskQueue: long(1001) } }, 'progressProbe.taskQueue is a string of'],
      [{ intent: 'final' }, 'there is no field "intent"'],
    ]),
  )('refuses an invalid field: %s', (said, more) => {
    expect(refusedResume(more)).toContain(said);
  });

  test('takes a start position or time with start-replication, and a stop position with any start type', () => {
    const started = { startReplicationType: 'start-replication' };
    expect(refusedResume({ ...started, cdcStartPosition: 'checkpoint:V1#27#x' })).toBe('accepted');
    expect(refusedResume({ ...started, cdcStartTime: '2026-01-01T02:00:00+02:00' })).toBe('accepted');
    expect(refusedResume({ ...started, cdcStartTime: '2028-02-29T00:00:00Z' })).toBe('accepted');
    expect(refusedResume({ cdcStopPosition: 'commit_time:2026-02-09T12:12:12' })).toBe('accepted');
  });
});

describe('a request to a ledger', () => {
  test('to reserve has defaults and a bounded owner', () => {
    expect(readReservation({ replicationConfigArn })).toEqual({ replicationConfigArn, owner: null, reason: null });
    expect(refusalOf(() => readReservation({ replicationConfigArn, owner: long(257) }))).toContain('owner is a string');
    expect(refusalOf(() => readReservation('orders'))).toContain('The input of the reservation is a string; it takes');
  });

  test('to unseal takes a name and a reason, and nothing else', () => {
    const read = (arn: string, request: unknown) => readDecision(arn, 'request to unseal', request);
    const request = { by: 'ada', reason: 'cut over' };
    expect(read(replicationConfigArn, request)).toEqual(request);
    const refused = (value: unknown) => refusalOf(() => read(replicationConfigArn, value));
    expect(refused({ by: 'ada' })).toContain('reason is missing');
    expect(refused({ ...request, by: ' ' })).toContain('by is " "; it takes a string of 1 to 1,000 characters');
    expect(refused({ ...request, reason: long(MEGABYTE) })).toContain('reason is a string of 1,100,000 characters');
    expect(refused({ ...request, who: 'ada' })).toContain('there is no field "who"');
    expect(refused(undefined)).toContain('is missing; it takes an object { by, reason }');
  });

  test('for the history has defaults and checked fields', () => {
    expect(readHistoryQuery(replicationConfigArn, {})).toEqual({
      kind: null,
      since: null,
      until: null,
      limit: 50,
      cursor: null,
    });
    expect(readHistoryQuery(replicationConfigArn, { since: '2026-01-01T02:00:00+02:00' }).since).toBe(
      '2026-01-01T00:00:00.000Z',
    );
    const refused = (query: unknown) => refusalOf(() => readHistoryQuery(replicationConfigArn, query));
    expect(refused({ limit: 201 })).toContain('limit is 201; it takes a whole number from 1 to 200');
    expect(refused({ kind: 'pause' })).toContain('kind is "pause"; it takes "stop" or "resume" or "event"');
    expect(refused({ since: new Date(0) })).toContain('since is a Date; it takes an ISO 8601 time');
    expect(refused({ until: 'yesterday' })).toContain('until is "yesterday"');
  });
});

test('the ARN is read from an input with any other fields', () => {
  expect(readReplicationArn({ replicationConfigArn, anything: 1 }, 'dms.awaitIdle')).toBe(replicationConfigArn);
  const refused = (input: unknown) => refusalOf(() => readReplicationArn(input, 'dms.awaitIdle'));
  expect(refused({})).toContain('The input of dms.awaitIdle is not valid: replicationConfigArn is missing');
  expect(refused(7)).toContain(
    'The input of dms.awaitIdle is a number; it takes an object { replicationConfigArn, … }',
  );
});

type Loose<Type> = Type extends object ? { -readonly [Key in keyof Type]: Loose<Type[Key]> } : Type;

test('the input types match their schemas', () => {
  expectTypeOf<Loose<StopReplicationInput>>().toEqualTypeOf<Loose<v.InferInput<typeof stopInput>>>();
  expectTypeOf<Loose<ResumeReplicationInput>>().toEqualTypeOf<Loose<v.InferInput<typeof resumeInput>>>();
  expectTypeOf<Loose<ReserveReplication>>().toEqualTypeOf<Loose<v.InferInput<typeof reservation>>>();
  expectTypeOf<Loose<HistoryQuery>>().toEqualTypeOf<Loose<v.InferInput<typeof historyQuery>>>();
});
