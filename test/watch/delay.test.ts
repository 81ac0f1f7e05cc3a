import { expect, test } from 'vitest';
import { secondsBetweenLooks } from '../../src/watch/index.js';

test.each([
  [0, 2],
  [60, 3],
  [600, 30],
  [86_400, 30],
])('after a wait of %i s the next look comes about %i s later', (elapsed, seconds) => {
  expect(secondsBetweenLooks(elapsed, () => 0.5)).toBeCloseTo(seconds);
  expect(secondsBetweenLooks(elapsed, () => 0)).toBeCloseTo(seconds * 0.9);
});
