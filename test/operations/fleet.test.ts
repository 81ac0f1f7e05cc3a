import { describe, expect, test } from 'vitest';
import {
  failedEntry,
  fleetOperation,
  fleetResult,
  isTooMany,
  planFleet,
  type FleetEntry,
} from '../../src/operations/fleet.js';

const arnOf = (n: number) => `arn:aws:dms:eu-west-1:123456789012:replication-config:R${n}`;
const arns = (count: number) => Array.from({ length: count }, (_, n) => arnOf(n));

describe('the plan of a fleet', () => {
  test('has every replication once, and every default', () => {
    const plan = planFleet(
      'stop',
      { replicationConfigArns: [arnOf(2), arnOf(1), arnOf(2)], reason: 'cutover' },
      'night',
    );
    expect(plan).toMatchObject({
      fleetId: 'night',
      total: 2,
      duplicates: 1,
      concurrency: 50,
      left: [arnOf(2), arnOf(1)],
    });
    expect(fleetOperation(plan, arnOf(1))).toEqual({
      replicationConfigArn: arnOf(1),
      operationId: 'night:stop',
      reason: 'cutover',
    });
  });

  test('may be empty, and of ten thousand', () => {
    expect(planFleet('stop', { replicationConfigArns: [] }, 'none').total).toBe(0);
    expect(planFleet('stop', { replicationConfigArns: arns(10_000) }, 'many').total).toBe(10_000);
  });

  test('of a resume has those that were stopped, the nearest deadline first, each with its record', () => {
    const entry = (checkpointSequence: number, resumeBy: string | null, outcome = 'stopped'): FleetEntry =>
      ({ outcome, checkpointSequence, resumeBy }) as FleetEntry;
    const stopped = {
      [arnOf(1)]: entry(7, '2026-11-26T20:00:00.000Z'),
      [arnOf(2)]: entry(3, '2026-11-26T18:00:00.000Z', 'already-stopped'),
      [arnOf(3)]: { failureType: 'DmsStopTimedOut', message: 'too late' },
      [arnOf(4)]: entry(1, null, 'never-started'),
      [arnOf(5)]: entry(2, null),
    };
    const plan = planFleet('resume', { stopped, force: true }, 'night');
    expect(plan.left).toEqual([arnOf(2), arnOf(1), arnOf(5)]);
    expect(fleetOperation(plan, arnOf(2))).toEqual({
      replicationConfigArn: arnOf(2),
      operationId: 'night:resume',
      checkpoint: { sequence: 3 },
      force: true,
    });
  });

  test.each<[object, string]>([
    [{}, 'A fleet takes replicationConfigArns'],
    [{ replicationConfigArns: arnOf(1) }, 'replicationConfigArns is a list of ARNs'],
    [{ replicationConfigArns: arns(10_001) }, 'has 10001 entries, more than 10000'],
    [{ replicationConfigArns: [arnOf(1), 'orders'] }, 'replicationConfigArns[1]: '],
    [{ replicationConfigArns: [], concurrency: 501 }, 'from 1 to 500'],
    [{ replicationConfigArns: [], concurrency: 2.5 }, 'from 1 to 500'],
    [{ replicationConfigArns: [], concurrency: '5' }, 'from 1 to 500'],
    [{ replicationConfigArns: [], fleetId: 'a b' }, 'fleetId is a name'],
    [{ replicationConfigArns: [], stopOnFailures: { share: 3 } }, 'stopOnFailures has a count'],
    [{ replicationConfigArns: [], stopOnFailures: 5 }, 'are objects'],
    [{ replicationConfigArns: [], stopOnFailures: { percent: 3 } }, 'stopOnFailures has a count'],
    [{ replicationConfigArns: [], operationId: 'x' }, 'takes no "operationId"'],
    [{ replicationConfigArns: [], stopped: {} }, 'takes no "stopped"'],
  ])('%j is refused: %s', (input, said) => {
    expect(() => planFleet('stop', { ...input }, 'night')).toThrow(said);
  });

  test('of a resume takes either of its lists', () => {
    for (const input of [{}, { replicationConfigArns: [], stopped: {} }]) {
      expect(() => planFleet('resume', input, 'night')).toThrow('or the results of a stop fleet (stopped)');
    }
    expect(planFleet('resume', { replicationConfigArns: [arnOf(1)], stopped: null }, 'night').left).toEqual([arnOf(1)]);
  });
});

test('what is odd in the results of a stop fleet is left out', () => {
  const stopped = { [arnOf(1)]: null, [arnOf(2)]: { outcome: 'stopped', checkpointSequence: 4, resumeBy: 7 } };
  expect(planFleet('resume', { stopped }, 'odd').left).toEqual([arnOf(2)]);
});

test.each([
  [{ count: 3 }, 2, 5, false],
  [{ count: 3 }, 3, 5, true],
  [{ share: 0.5 }, 5, 9, false],
  [{ share: 0.5 }, 5, 10, true],
  [{ share: 0.5 }, 5, 11, false],
  [{}, 10, 10, false],
])('by the rule %j %i failures of %i are too many: %s', (rule, failed, ended, expected) => {
  expect(isTooMany(rule, failed, ended)).toBe(expected);
});

test('what a fleet of ten thousand returns stays within what Temporal takes, whatever becomes of it', () => {
  const plan = planFleet(
    'stop',
    { replicationConfigArns: arns(10_000).map((arn) => `${arn}ABCDEFGHIJKLMNOPQRSTUVWX`) },
    'n',
  );
  const [results, failures]: [Record<string, FleetEntry>, Record<string, FleetEntry>] = [{}, {}];
  plan.left.forEach((arn, n) => {
    results[arn] = { outcome: 'already-stopping', checkpointSequence: 1234, resumeBy: new Date().toISOString() };
    failures[arn] = failedEntry('DmsOperationSuperseded', 'x'.repeat(1000), n);
  });
  for (const ended of [results, failures]) {
    const size = JSON.stringify(fleetResult({ ...plan, left: [], results: ended })).length;
    expect(size).toBeLessThan(2_000_000);
  }
  expect(fleetResult({ ...plan, left: [], results: failures })).toMatchObject({ failed: 10_000, outcomes: {} });
});
