import { describe, expect, test } from 'vitest';
import {
  flattenResults,
  groupResults,
  type FailureLimit,
  type FleetEntry,
  type FleetState,
} from '../../src/contract/fleets.js';
import { fleetOperationInput, hasTooManyFailures, isFleetIdReused } from '../../src/rules/fleet-results.js';
import { planFleet, readFleetState } from '../../src/rules/fleet-plan.js';

const arnOf = (n: number | string) => `arn:aws:dms:eu-west-1:123456789012:replication-config:R${n}`;
const arns = (count: number) => Array.from({ length: count }, (_, n) => arnOf(n));
const stopped = (checkpointSequence: number | null, resumeBy: string | null, outcome = 'stopped'): FleetEntry =>
  ({ outcome, checkpointSequence, resumeBy }) as FleetEntry;
const failed: FleetEntry = { failureType: 'DmsStopTimedOut', message: 'too late' };

/** Returns rows for `test.each` with the expected message first, as the title. */
const saidFirst = <Input>(rows: readonly (readonly [Input, string])[]) =>
  rows.map(([input, said]) => [said, input] as const);

describe('the plan of a fleet', () => {
  test('has every replication once, and every default', () => {
    const input = { replicationConfigArns: [arnOf(2), arnOf(1), arnOf(2)], reason: 'cutover', requestedBy: null };
    const plan = planFleet('stop', input, 'night');
    expect(plan).toMatchObject({
      fleetId: 'night',
      total: 2,
      duplicates: 1,
      concurrency: 50,
      remaining: [{ arn: arnOf(2) }, { arn: arnOf(1) }],
    });
    expect(fleetOperationInput(plan, { arn: arnOf(1) })).toEqual({
      replicationConfigArn: arnOf(1),
      operationId: 'night:stop',
      reason: 'cutover',
    });
  });

  test.each([
    ['dms-fleet:night', 'dms-fleet:night'],
    ['the night of März 3', 'the_night_of_M_rz_3'],
    ['x'.repeat(1000) + '-2026-01-01T00:00:00Z', 'x'.repeat(129) + '-2026-01-01T00:00:00Z'],
  ])('that was started by name takes the workflow id "%s" as its name', (workflowId, fleetId) => {
    const plan = planFleet('stop', { replicationConfigArns: [] }, workflowId);
    expect(plan.fleetId).toBe(fleetId);
    expect(readFleetState('stop', plan)).toBe(plan);
  });

  test('may have from zero to ten thousand replications', () => {
    expect(planFleet('stop', { replicationConfigArns: [] }, 'none').total).toBe(0);
    expect(planFleet('stop', { replicationConfigArns: arns(10_000) }, 'many').total).toBe(10_000);
  });

  test('of a resume has those that were stopped, the nearest deadline first, each with its record', () => {
    const results = {
      [arnOf(1)]: stopped(7, '2026-11-26T20:00:00.000Z'),
      [arnOf(2)]: stopped(3, '2026-11-26T18:00:00.000Z', 'already-stopped'),
      [arnOf(3)]: failed,
      [arnOf(4)]: stopped(1, null, 'never-started'),
      [arnOf(5)]: stopped(2, null),
    };
    for (const form of [results, groupResults(results)]) {
      const plan = planFleet('resume', { stopped: form, force: true }, 'night');
      const [first = { arn: '' }] = plan.remaining;
      expect(plan.remaining.map(({ arn }) => arn)).toEqual([arnOf(2), arnOf(1), arnOf(5)]);
      expect(fleetOperationInput(plan, first)).toEqual({
        replicationConfigArn: arnOf(2),
        operationId: 'night:resume',
        checkpoint: { sequence: 3 },
        force: true,
      });
    }
  });

  test('of a resume takes exactly one of its lists', () => {
    for (const input of [{}, { replicationConfigArns: [], stopped: {} }]) {
      expect(() => planFleet('resume', input, 'night')).toThrow('or the results of a stop fleet (stopped)');
    }
    const listed = planFleet('resume', { replicationConfigArns: [arnOf(1)], stopped: null }, 'night');
    expect(listed.remaining).toEqual([{ arn: arnOf(1) }]);
  });

  test.each(
    saidFirst<unknown>([
      ['orders', 'The input of the stop fleet is a string; it takes an object { replicationConfigArns, … }'],
      [undefined, 'The input of the stop fleet is missing'],
      [{}, 'replicationConfigArns is missing'],
      [{ replicationConfigArns: arnOf(1) }, 'replicationConfigArns is a string; it takes a list'],
      [{ replicationConfigArns: arns(10_001) }, 'is a list of 10,001; it takes a list of at most 10,000 ARNs'],
      [{ replicationConfigArns: [arnOf(1), 'orders'] }, 'replicationConfigArns[1] is not the ARN'],
      [{ replicationConfigArns: [], concurrency: 501 }, 'concurrency is 501; it takes a whole number from 1 to 500'],
      [{ replicationConfigArns: [], concurrency: 2.5 }, 'from 1 to 500'],
      [{ replicationConfigArns: [], concurrency: '5' }, 'from 1 to 500'],
      [{ replicationConfigArns: [], fleetId: 'a b' }, 'fleetId is "a b"; it takes a name'],
      [{ replicationConfigArns: [], fleetId: 'x'.repeat(151) }, 'fleetId is a string of 151'],
      [{ replicationConfigArns: [], stopOnFailures: { share: 3 } }, 'stopOnFailures.share is 3; it takes a share'],
      [{ replicationConfigArns: [], stopOnFailures: { share: 0 } }, 'stopOnFailures.share is 0; it takes a share'],
      [{ replicationConfigArns: [], stopOnFailures: 5 }, 'stopOnFailures is a number; it takes an object'],
      [{ replicationConfigArns: [], stopOnFailures: new Map([['count', 3]]) }, 'stopOnFailures is a Map'],
      [{ replicationConfigArns: [], stopOnFailures: { percent: 3 } }, 'no field "stopOnFailures.percent"'],
      [{ replicationConfigArns: [], operationId: 'x' }, 'there is no field "operationId"'],
      [{ replicationConfigArns: [], stopped: {} }, 'there is no field "stopped"'],
      [{ replicationConfigArns: [], settleSecond: 1 }, '(did you mean "settleSeconds"?)'],
      [{ replicationConfigArns: [], settleSeconds: -1 }, 'settleSeconds is -1; it takes'],
      [{ replicationConfigArns: [], reason: 'x'.repeat(1001) }, 'reason is a string of 1,001'],
      [{ replicationConfigArns: [], requestedBy: new Date(0) }, 'requestedBy is a Date'],
      [{ replicationConfigArns: [], intent: 'forever' }, 'intent is "forever"'],
      [
        { replicationConfigArns: [], onResumeDeadline: { activityType: 'dms.requestStop' } },
        'starts with dms. as a hook',
      ],
    ]),
  )('is refused: %s', (said, input) => {
    expect(() => planFleet('stop', input, 'night')).toThrow(said);
  });

  test.each(
    saidFirst<object>([
      [{ stopped: new Map([[arnOf(1), stopped(1, null)]]) }, 'stopped is a Map; it takes the results of a fleet'],
      [{ stopped: [arnOf(1)] }, 'stopped is a list of 1; it takes the results'],
      [{ stopped: { orders: stopped(1, null) } }, 'stopped.orders is not the ARN'],
      [{ stopped: { [arnOf(1)]: null } }, `stopped.${arnOf(1)} is null; it takes an object`],
      [{ stopped: { [arnOf(1)]: { ...stopped(1, null), resumeBy: 7 } } }, 'resumeBy is 7; it takes an ISO 8601 time'],
      [{ stopped: { [arnOf(1)]: stopped(0, null) } }, 'checkpointSequence is 0; it takes'],
      [{ stopped: { [arnOf(1)]: stopped(1, null, 'resumed') } }, 'outcome is "resumed"; it takes "stopped" or'],
      [{ replicationConfigArns: [], verifyProgressSeconds: -1 }, 'verifyProgressSeconds is -1'],
      [{ replicationConfigArns: [], checkpoint: 'latest' }, 'there is no field "checkpoint"'],
    ]),
  )('of a resume is refused: %s', (said, input) => {
    expect(() => planFleet('resume', input, 'night')).toThrow(said);
  });
});

describe('the state that a fleet run passes to the next', () => {
  const planned = planFleet('stop', { replicationConfigArns: arns(3), reason: 'cutover' }, 'night');
  const state: FleetState = { ...planned, total: 4, underWay: 1, results: groupResults({ [arnOf(9)]: failed }) };

  test('is accepted unchanged', () => {
    expect(readFleetState('stop', structuredClone(state))).toEqual(state);
  });

  test.each<[string, object]>([
    ['state of the resume fleet', { kind: 'resume' }],
    ['concurrency', { concurrency: 1e6 }],
    ['options.operationId', { options: { operationId: 'x' } }],
    ['options.settleSeconds', { options: { settleSeconds: -1 } }],
    ['remaining[0].arn', { remaining: [{ arn: 'orders' }, ...planned.remaining.slice(1)] }],
    ['remaining is a list of 10,001', { remaining: Array.from({ length: 10_001 }, () => ({ arn: arnOf(1) })) }],
    ['its counts do not match its lists', { total: 7 }],
    ['its counts do not match its lists', { underWay: 4 }],
    ['outcome is "resumed"', { results: { [arnOf(9)]: stopped(1, null, 'resumed') } }],
    ['message is a string', { results: { [arnOf(9)]: { ...failed, message: 'x'.repeat(301) } } }],
    ['halted', { halted: 'tired' }],
    ['no field "more"', { more: 1 }],
  ])('is rejected if it is forged: %s', (said, more) => {
    const kind = said.includes('resume fleet') ? 'resume' : 'stop';
    const forged = kind === 'resume' ? state : { ...state, ...more };
    expect(() => readFleetState(kind, forged)).toThrow(said);
  });
});

test.each<[FailureLimit, number, number, boolean]>([
  [{ count: 3 }, 2, 5, false],
  [{ count: 3 }, 3, 5, true],
  [{ share: 0.5 }, 5, 9, false],
  [{ share: 0.5 }, 5, 10, true],
  [{ share: 0.5 }, 5, 11, false],
  [{ count: null, share: null }, 10, 10, false],
])('by the limit %j %i failures of %i are too many: %s', (limit, failures, ended, expected) => {
  expect(hasTooManyFailures(limit, failures, ended)).toBe(expected);
});

test.each([
  [0, 0, 0, false],
  [1, 1, 1, true],
  [4, 4, 10_000, false],
  [5, 5, 10_000, true],
  [5, 9, 10_000, true],
  [5, 10, 10_000, false],
  [2, 3, 3, false],
  [3, 3, 3, true],
])(
  '%i superseded operations of %i that ended, in a fleet of %i, show a fleet id that was used before: %s',
  (superseded, ended, total, expected) => {
    expect(isFleetIdReused(superseded, ended, total)).toBe(expected);
  },
);

test('results grouped by account and region expand to the original results', () => {
  const elsewhere = 'arn:aws:dms:us-east-1:123456789012:replication-config:R1';
  const results = { [arnOf(1)]: failed, [elsewhere]: stopped(1, null), [arnOf('2-b')]: stopped(2, null) };
  const grouped = groupResults(results);
  expect(grouped).toEqual({
    'arn:aws:dms:eu-west-1:123456789012:replication-config:': { R1: failed, 'R2-b': stopped(2, null) },
    'arn:aws:dms:us-east-1:123456789012:replication-config:': { R1: stopped(1, null) },
  });
  expect(flattenResults(grouped)).toEqual(results);
  expect(flattenResults(results)).toEqual(results);
});
