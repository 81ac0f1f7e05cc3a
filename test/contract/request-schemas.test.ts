import { describe, expect, test } from 'vitest';
import { readActivityRequest, requirePauseSchedule, requireScheduled } from '../../src/contract/input-schemas.js';
import { isDmsFailure } from '../../src/contract/failures.js';
import { arn } from '../support/operations.js';

/** Returns the message of a refusal. `null`: the input is accepted. */
function refusalOf(check: () => unknown): string | null {
  try {
    check();
    return null;
  } catch (err) {
    if (!isDmsFailure(err, 'DmsInvalidInput')) throw err;
    return err.message;
  }
}

const nightly = { replicationConfigArn: arn, scheduleId: 'orders', stop: { calendars: [] }, resume: {} };

describe('a pause schedule', () => {
  test.each<[string, object]>([
    ['a name with every kind of character', { scheduleId: 'Ab_9./-' }],
    ['a name of 100 characters', { scheduleId: 'a'.repeat(100) }],
    ['fields of a stop', { deadlinePolicy: 'resume', settleSeconds: 0 }],
  ])('with %s is accepted', (_, more) => {
    expect(refusalOf(() => requirePauseSchedule({ ...nightly, ...more }))).toBeNull();
  });

  test.each<[string, object, string]>([
    [
      'a name of 101 characters',
      { scheduleId: 'a'.repeat(101) },
      'scheduleId is a string of 101 characters; it takes 1 to 100',
    ],
    ['an empty name', { scheduleId: '' }, 'scheduleId is ""; it takes 1 to 100 letters, digits and ._/-'],
    ['a name that begins with another character', { scheduleId: ':a' }, 'scheduleId is ":a"'],
    ['a name that ends with another character', { scheduleId: 'a:' }, 'scheduleId is "a:"'],
    ['a name of another type', { scheduleId: 5 }, 'scheduleId is 5; it takes 1 to 100'],
    ['a spec of another type', { resume: 'daily' }, 'resume is a string; it takes an object'],
    ['a final stop', { intent: 'final' }, 'there is no field "intent"'],
    ['an operation id', { operationId: 'a' }, 'there is no field "operationId"'],
    ['a preempting stop', { preempt: true }, 'there is no field "preempt"'],
  ])('with %s is refused', (_, more, says) => {
    expect(refusalOf(() => requirePauseSchedule({ ...nightly, ...more }))).toContain(says);
  });

  test('is refused with a message that names the schedule and says what to do', () => {
    const refusal = refusalOf(() => requirePauseSchedule({ ...nightly, scheduleId: null })) ?? '';
    expect(refusal).toMatch(/^The pause schedule is not valid: .*Correct it; nothing was scheduled\.$/);
  });
});

describe.each(['stop', 'resume'] as const)('the argument of a scheduled %s', (kind) => {
  test('is accepted with the fields of the operation', () => {
    expect(
      refusalOf(() => requireScheduled(kind, { scheduleId: 'night', input: { replicationConfigArn: arn } })),
    ).toBeNull();
  });

  test.each([
    undefined,
    'x',
    {},
    { scheduleId: 'night' },
    { scheduleId: 'night', input: {} },
    { input: { replicationConfigArn: arn } },
  ])('is refused if it is %j, with a message that names the argument', (scheduled) => {
    expect(refusalOf(() => requireScheduled(kind, scheduled))).toContain(`The input of the scheduled ${kind} `);
  });

  test('is refused with an operation id, because the run makes it', () => {
    const input = { replicationConfigArn: arn, operationId: 'a' };
    expect(refusalOf(() => requireScheduled(kind, { scheduleId: 'night', input }))).toContain('"input.operationId"');
  });
});

describe('a request to an activity', () => {
  test.each([
    ['dms.requestStop', { intent: 'pause', stoppableTimeoutSeconds: 5400 }],
    ['dms.awaitStopped', { stopTimeoutSeconds: 3600, settleSeconds: 10, selfRestartGraceSeconds: 1800 }],
    ['dms.requestStart', { startTimeoutSeconds: 5400 }],
    ['dms.awaitRunning', { startTimeoutSeconds: 5400, verifyProgressSeconds: 120 }],
  ] as const)('%s has the defaults of an operation, and keeps its other fields', (type, defaults) => {
    const request = { replicationConfigArn: arn, lastStatus: 'running' };
    expect(readActivityRequest(type, request)).toEqual({ ...request, ...defaults });
    for (const field of Object.keys(defaults)) {
      const refusal = refusalOf(() => readActivityRequest(type, { ...request, [field]: 'soon' }));
      expect(refusal).toContain(`The request to ${type} is not valid: ${field} is "soon"`);
    }
  });
});
