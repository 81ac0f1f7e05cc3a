import { describe, expect, test } from 'vitest';
import { flattenFleet, groupResults, type FleetEntry } from '../../src/contract/fleets.js';
import { failedEntry, fleetReport } from '../../src/rules/fleet-results.js';
import { planFleet } from '../../src/rules/fleet-plan.js';

const arnOf = (id: string) => `arn:aws:dms:eu-west-1:123456789012:replication-config:R${id}`;
const stopped = (checkpointSequence: number, resumeBy: string, outcome = 'stopped'): FleetEntry =>
  ({ outcome, checkpointSequence, resumeBy }) as FleetEntry;

describe('a fleet of ten thousand with identifiers of 60 characters', () => {
  const many = Array.from({ length: 10_000 }, (_, n) => arnOf(String(n).padStart(59, 'X')));
  const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
  const LIMIT = 1_950_000;
  const options = { requestedBy: '€'.repeat(256), reason: '€'.repeat(1000), owner: '€'.repeat(256) };
  const plan = planFleet('stop', { replicationConfigArns: many, ...options }, 'n'.repeat(150));
  const everyOne = (entry: (n: number) => FleetEntry) => Object.fromEntries(many.map((arn, n) => [arn, entry(n)]));
  const message = `"${'€'.repeat(1000)}\u0000`;
  const ends: [string, Record<string, FleetEntry>][] = [
    ['all stopped', everyOne(() => stopped(1_234_567, new Date(0).toISOString(), 'already-stopping'))],
    ['all failed', everyOne((n) => failedEntry('DmsReplicationReadOnly'.padEnd(100, 'x'), message, n))],
    [
      'half stopped, half failed',
      everyOne((n) => (n % 2 === 0 ? stopped(1, new Date(0).toISOString()) : failedEntry('T', message, n))),
    ],
  ];

  test('fits into a payload when it begins', () => {
    expect(many[0]).toHaveLength(54 + 60);
    expect(bytes({ replicationConfigArns: many, ...options })).toBeLessThan(LIMIT);
    expect(bytes(plan)).toBeLessThan(LIMIT);
    expect(bytes(fleetReport(plan, many, {}))).toBeLessThan(LIMIT);
  });

  test.each(ends)('fits into a payload when it ends: %s', (_, results) => {
    const report = fleetReport(plan, [], results);
    expect(bytes(report)).toBeLessThan(LIMIT);
    expect(bytes({ ...report, running: [] })).toBeLessThan(LIMIT);
    expect(bytes({ ...plan, remaining: [], results: report.results })).toBeLessThan(LIMIT);
    expect(flattenFleet(report).results).toEqual(results);
  });

  test('fits into a payload when it is resumed', () => {
    const [[, results] = ['', {}]] = ends;
    const input = { stopped: groupResults(results), ...options };
    expect(bytes(input)).toBeLessThan(LIMIT);
    const resumed = planFleet('resume', input, 'n'.repeat(150));
    expect(resumed.total).toBe(10_000);
    expect(bytes(resumed)).toBeLessThan(LIMIT);
  });

  test('keeps 200 failure messages, cut to 300 characters', () => {
    const messages = Object.values(ends[1]?.[1] ?? {}).map((entry) => 'failureType' in entry && entry.message);
    expect(messages.filter((each) => typeof each === 'string')).toHaveLength(200);
    expect(messages[0]).toHaveLength(300);
  });
});

test('a fleet whose result might not fit into a payload is refused before anything is called', () => {
  const long = Array.from({ length: 10_000 }, (_, n) => arnOf(String(n).padStart(127, 'X')));
  expect(() => planFleet('stop', { replicationConfigArns: long }, 'n')).toThrow('Split it into several fleets');
  expect(planFleet('stop', { replicationConfigArns: long.slice(0, 7000) }, 'n').total).toBe(7000);
  const scattered = Array.from(
    { length: 10_000 },
    (_, n) => `arn:aws:dms:eu-west-1:${String(n).padStart(12, '1')}:replication-config:${'X'.repeat(60)}`,
  );
  expect(() => planFleet('stop', { replicationConfigArns: scattered }, 'n')).toThrow('too large');
});
