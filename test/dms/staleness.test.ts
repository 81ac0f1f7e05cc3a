import { expect, test } from 'vitest';
import { agreedSeconds, agreeOn, isBeyondStaleness, STALE_SECONDS } from '../../src/dms/staleness.js';

test('looks agree from the first one that supports a conclusion', () => {
  const first = agreeOn(null, 'active', 5);
  expect(agreeOn(first, 'active', 9)).toBe(first);
  expect([first, agreedSeconds(first, 9)]).toEqual([{ on: 'active', since: 5 }, 4]);
});

test('a look that supports another conclusion begins a new agreement', () => {
  const other = agreeOn(agreeOn(null, 'active', 5), 'failed', 9);
  expect(other).toEqual({ on: 'failed', since: 9 });
  expect(agreeOn(other, 'active', 11)).toEqual({ on: 'active', since: 11 });
});

test('looks prove a conclusion only when they agree for longer than a look can be old', () => {
  const agreement = agreeOn(null, 'active', 5);
  expect([STALE_SECONDS, isBeyondStaleness(agreement, 65), isBeyondStaleness(agreement, 65.1)]).toEqual([
    60,
    false,
    true,
  ]);
});
