import { describe, expect, test } from 'vitest';
import {
  flattenFleet,
  flattenResults,
  arnPrefixOf,
  type FleetEntry,
  type FleetResult,
} from '../../src/contract/fleets.js';
import {
  failedEntry,
  fleetOperationInput,
  fleetReport,
  resumedEntry,
  stoppedEntry,
} from '../../src/rules/fleet-results.js';
import { planFleet } from '../../src/rules/fleet-plan.js';
import { optionNames } from '../../src/contract/fleet-schemas.js';
import type { ResumeReplicationResult, StopReplicationResult } from '../../src/contract/results.js';
import { arn } from '../support/operations.js';
import { archivedRecord } from '../support/records.js';

const place = 'arn:aws:dms:eu-west-1:123456789012:replication-config:';
const stopped: FleetEntry = { outcome: 'stopped', checkpointSequence: 1, resumeBy: null };
const failed: FleetEntry = { failureType: 'DmsStopTimedOut', message: 'too late' };

describe('the entry of a replication', () => {
  test('that was stopped names its record and its deadline', () => {
    const checkpoint = archivedRecord(7);
    const result: Partial<StopReplicationResult> = { outcome: 'already-stopped', checkpoint };
    expect(stoppedEntry(result as StopReplicationResult)).toEqual({
      outcome: 'already-stopped',
      checkpointSequence: 7,
      resumeBy: checkpoint.resumeBy,
    });
  });

  test('that was resumed names the record that it resumed from, if any', () => {
    const entryOf = (resumedFrom: ResumeReplicationResult['resumedFrom']) =>
      resumedEntry({ outcome: 'resumed', resumedFrom } as ResumeReplicationResult);
    expect(entryOf(archivedRecord(7))).toEqual({ outcome: 'resumed', checkpointSequence: 7, resumeBy: null });
    expect(entryOf(null)).toEqual({ outcome: 'resumed', checkpointSequence: null, resumeBy: null });
  });

  test('that failed keeps 300 characters of its message, without control characters', () => {
    expect(failedEntry('Error', '', 0)).toEqual({ failureType: 'Error', message: null });
    expect(failedEntry('T'.repeat(61), `a\u0007b\n${'x'.repeat(300)}`, 0)).toEqual({
      failureType: 'T'.repeat(60),
      message: `a b ${'x'.repeat(296)}`,
    });
  });

  test.each([
    [199, 'too late'],
    [200, null],
  ])('that failed after %i others keeps the message %s', (before, message) => {
    expect(failedEntry('DmsStopTimedOut', 'too late', before)).toEqual({ failureType: 'DmsStopTimedOut', message });
  });
});

describe('the report of a fleet', () => {
  const results: FleetResult['results'] = {
    [`${place}A`]: stopped,
    [`${place}B`]: failed,
    [`${place}C`]: stopped,
    [`${place}D`]: { outcome: 'never-started', checkpointSequence: 3, resumeBy: null },
  };
  const head = { fleetId: 'night', kind: 'stop', total: 5, duplicates: 1, halted: 'failures' } as const;
  const state = { ...head, concurrency: 50, stopOnFailures: {}, options: {}, underWay: 0 };

  test('counts each outcome and the failures, and groups the results', () => {
    expect(fleetReport(state, [`${place}E`], results)).toEqual({
      ...head,
      outcomes: { stopped: 2, 'never-started': 1 },
      failed: 1,
      left: [`${place}E`],
      results: { [place]: { A: stopped, B: failed, C: stopped, D: results[`${place}D`] } },
    });
  });

  test('is expanded to whole ARNs', () => {
    const report = fleetReport(state, [], results);
    expect(flattenFleet(report)).toEqual({ ...report, results });
  });

  test('is expanded only for valid groups', () => {
    const odd = { [place]: null, 'x:': { A: stopped } } as never;
    expect(flattenResults(odd)).toEqual({ [place]: null, 'x:A': stopped });
  });
});

test('the prefix of an ARN is everything before its identifier', () => {
  expect([arnPrefixOf(arn), arnPrefixOf('orders')]).toEqual([place, '']);
});

describe('the plan of a fleet', () => {
  const planned = (more: object = {}) => planFleet('stop', { replicationConfigArns: [arn], ...more }, 'workflow');

  test('has the name that it is given, or that of its workflow', () => {
    expect([planned().fleetId, planned({ fleetId: 'night' }).fleetId]).toEqual(['workflow', 'night']);
    expect(planned({ fleetId: null }).fleetId).toBe('workflow');
  });

  test('starts without results', () => {
    expect(planned({ concurrency: 5, stopOnFailures: { count: 3 } })).toEqual({
      fleetId: 'workflow',
      kind: 'stop',
      concurrency: 5,
      stopOnFailures: { count: 3, share: null },
      options: {},
      total: 1,
      duplicates: 0,
      remaining: [{ arn }],
      underWay: 0,
      results: {},
      halted: null,
    });
  });

  test('passes every option to its operations', () => {
    expect(optionNames).toEqual({
      stop: [
        'requestedBy',
        'reason',
        'owner',
        'intent',
        'stoppableTimeoutSeconds',
        'stopTimeoutSeconds',
        'settleSeconds',
        'selfRestartGraceSeconds',
        'deadlinePolicy',
        'deadlineLeadSeconds',
        'onResumeDeadline',
      ],
      resume: ['requestedBy', 'reason', 'owner', 'force', 'startTimeoutSeconds', 'verifyProgressSeconds'],
    });
    const options = { requestedBy: 'ada', intent: 'final', settleSeconds: 0 };
    const plan = planned({ ...options, reason: null });
    expect(plan.options).toEqual(options);
    const input = { ...options, replicationConfigArn: arn, operationId: 'workflow:stop' };
    expect(fleetOperationInput(plan, { arn, sequence: null })).toEqual(input);
    expect(fleetOperationInput(plan, { arn, sequence: 7 })).toEqual({ ...input, checkpoint: { sequence: 7 } });
  });

  test.each([
    [10_000, 60, 'allowed'],
    [10_000, 128, 'The stop fleet is too large: the results of 10000 replications'],
    [9000, 128, 'The stop fleet is too large: the results of 9000 replications'],
    [8000, 128, 'The stop fleet is too large'],
    [5000, 128, 'allowed'],
  ])('of %i replications with identifiers of %i characters: %s', (count, length, said) => {
    const arns = Array.from({ length: count }, (_, n) => `${place}${String(n).padStart(length, 'R')}`);
    const act = () => planned({ replicationConfigArns: arns }).total;
    if (said === 'allowed') expect(act()).toBe(count);
    else expect(act).toThrow(said);
  });

  test('of a resume is sorted by deadline, and replications without one come last', () => {
    const at = (hour: number) => `2026-11-26T${hour}:00:00.000Z`;
    const entry = (resumeBy: string | null, more: object = {}) => ({ ...stopped, resumeBy, ...more }) as FleetEntry;
    const plan = planFleet(
      'resume',
      {
        stopped: {
          [`${place}A`]: entry(null),
          [`${place}B`]: entry(at(20)),
          [`${place}C`]: entry(at(18)),
          [`${place}D`]: entry(at(10), { checkpointSequence: null }),
          [`${place}E`]: entry(at(10), { outcome: 'never-started' }),
          [`${place}F`]: failed,
        },
      },
      'night',
    );
    expect(plan.remaining).toEqual(['C', 'B', 'A'].map((name) => ({ arn: `${place}${name}`, sequence: 1 })));
  });
});
