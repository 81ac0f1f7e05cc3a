import { expect, test } from 'vitest';
import { progressMarkdown, requestFacts } from '../../src/contract/progress.js';

const progress = {
  phase: 'stopping',
  lastStatus: 'stopping',
  since: '2026-11-28T10:00:00.000Z',
  until: null,
  detail: 'Waiting',
  problem: null,
} as const;

test('the details show the phase, the last status and every fact that is known', () =>
  expect(progressMarkdown(progress, { checkpoint: 'c:1', reason: null })).toBe(
    '**stopping**, last seen `stopping` (since 2026-11-28T10:00:00.000Z)\n\nWaiting\n\n- checkpoint: `c:1`',
  ));

test('the details show the deadline of a phase that has one', () =>
  expect(progressMarkdown({ ...progress, until: '2026-11-28T11:00:00.000Z' }, {})).toContain(
    '- deadline: `2026-11-28T11:00:00.000Z`',
  ));

test('a text of the caller does not end its code span', () =>
  expect(progressMarkdown(progress, { reason: 'a`b\n# c' })).toContain('- reason: `a b # c`'));

test.each<[object, object]>([
  [
    { requestedBy: 'ada', reason: 'cut over' },
    { 'requested by': 'ada', reason: 'cut over' },
  ],
  [{}, { 'requested by': null, reason: null }],
  [
    { requestedBy: new Date(0), reason: 7 },
    { 'requested by': null, reason: null },
  ],
  [{ reason: 'x'.repeat(5000) }, { 'requested by': null, reason: 'x'.repeat(1000) }],
])('the request %o is shown as %o', (input, facts) => expect(requestFacts(input)).toEqual(facts));
