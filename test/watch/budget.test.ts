import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RequestBudget, type RequestKind } from '../../src/watch/index.js';
import { AwsBucket } from './support/aws-bucket.js';

const sum = (counts: readonly number[]) => counts.reduce((one, other) => one + other, 0);

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** Takes every token that the budget grants these kinds within the given seconds. Returns the counts by kind. */
async function spend(
  budget: RequestBudget,
  kinds: readonly RequestKind[],
  seconds: number,
): Promise<readonly number[]> {
  const isOver = new AbortController();
  setMaxListeners(0, isOver.signal);
  const counts = kinds.map(() => 0);
  const line = async (kind: RequestKind, n: number) => {
    for (;;) {
      await budget.take(kind, isOver.signal);
      counts[n] = (counts[n] ?? 0) + 1;
    }
  };
  const lines = Promise.allSettled(kinds.map(line));
  await vi.advanceTimersByTimeAsync(seconds * 1000);
  isOver.abort();
  await lines;
  return counts;
}

describe('the request budget', () => {
  test.each<[RequestKind, number | undefined, number, number]>([
    ['poll', undefined, 2, 2],
    ['poll', 0.5, 1, 0.5],
    ['poll', 8, 8, 8],
    ['look', undefined, 40, 2],
    ['change', undefined, 150, 6],
    ['other', undefined, 150, 6],
    ['change', 0.5, 150, 1.5],
    ['change', 4, 150, 6],
    ['change', 8, 150, 8],
    ['change', 16, 150, 16],
  ])(
    'grants %s requests, if no other kind waits and looksPerSecond is %s, %i at once and %d a second',
    async (kind, looks, burst, rate) => {
      const [count = 0] = await spend(new RequestBudget(looks), [kind], 60);
      expect(Math.abs(count - burst - 60 * rate)).toBeLessThanOrEqual(1);
    },
  );

  test.each([0, -1, NaN])('refuses looksPerSecond %d', (looksPerSecond) => {
    expect(() => new RequestBudget(looksPerSecond)).toThrow(RangeError);
  });

  test('shares tokens by weight while all kinds wait', async () => {
    const budget = new RequestBudget();
    await spend(budget, ['change'], 30);
    const [change = 0, poll = 0, look = 0, other = 0] = await spend(budget, ['change', 'poll', 'look', 'other'], 160);
    // Six tokens a second, in sixteenths.
    expect(change / 160).toBeCloseTo(6 * (10 / 16), 1);
    expect(poll / 160).toBeCloseTo(6 * (3 / 16), 1);
    expect(look / 160).toBeCloseTo(6 * (2 / 16), 1);
    expect(other / 160).toBeCloseTo(6 * (1 / 16), 1);
  });

  test('gives the share of an idle kind to the others', async () => {
    const budget = new RequestBudget();
    await spend(budget, ['change'], 30);
    expect(sum(await spend(budget, ['poll', 'other'], 60))).toBeGreaterThanOrEqual(359);
  });

  test('gives a kind no tokens for the time in which it did not wait', async () => {
    const budget = new RequestBudget();
    await spend(budget, ['change'], 120);
    const [change = 0, other = 0] = await spend(budget, ['change', 'other'], 10);
    expect(other).toBeLessThan(10);
    expect(change).toBeGreaterThan(50);
  });

  test('serves requests of one kind in order and skips cancelled ones', async () => {
    const budget = new RequestBudget();
    await spend(budget, ['change'], 1);
    const served: number[] = [];
    const leaving = new AbortController();
    const turns = [1, 2, 3].map((n) =>
      budget.take('change', n === 2 ? leaving.signal : undefined).then(() => served.push(n)),
    );
    leaving.abort(new Error('left'));
    await expect(turns[1]).rejects.toThrow('left');
    await vi.advanceTimersByTimeAsync(1000);
    expect(served).toEqual([1, 3]);
    await expect(budget.take('change', leaving.signal)).rejects.toThrow('left');
  });

  test('grants a returned token again', async () => {
    const budget = new RequestBudget(0.1);
    await budget.take('poll');
    const next = budget.take('poll');
    budget.giveBack('poll');
    await next;
  });

  test('is full again after it was idle', async () => {
    const budget = new RequestBudget();
    await spend(budget, ['change'], 60);
    await vi.advanceTimersByTimeAsync(25_000);
    const [count = 0] = await spend(budget, ['change'], 0);
    expect(Math.abs(count - 150)).toBeLessThanOrEqual(1);
  });

  test.each<RequestKind>(['poll', 'look', 'change', 'other'])(
    'halves the rate of %s when AWS throttles, and regains it within a minute',
    async (kind) => {
      const budget = new RequestBudget();
      const rate = async (seconds: number) => sum(await spend(budget, [kind], seconds)) / seconds;
      await spend(budget, [kind], 60);
      const usual = await rate(30);
      budget.slowDown();
      budget.slowDown();
      const eased = await rate(10);
      expect(eased).toBeLessThan(usual * 0.7);
      expect(eased).toBeGreaterThan(usual * 0.4);
      await rate(60);
      expect(await rate(30)).toBeGreaterThan(usual * 0.95);
    },
  );

  test('still grants an eighth of the rate while AWS keeps throttling', async () => {
    const budget = new RequestBudget();
    for (let n = 0; n < 60; n++) {
      budget.slowDown();
      await vi.advanceTimersByTimeAsync(1000);
    }
    const [count = 0] = await spend(budget, ['change'], 8);
    expect(count).toBeGreaterThanOrEqual(6);
  });

  test('shares an account with three other workers without starving any', async () => {
    const aws = new AwsBucket();
    const [requests, served] = [
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ];
    const isOver = new AbortController();
    setMaxListeners(0, isOver.signal);
    const worker = async (n: number) => {
      const budget = new RequestBudget();
      const line = async (kind: RequestKind) => {
        for (;;) {
          await budget.take(kind, isOver.signal);
          requests[n] = (requests[n] ?? 0) + 1;
          if (aws.request()) served[n] = (served[n] ?? 0) + 1;
          else budget.slowDown();
        }
      };
      await Promise.allSettled((['poll', 'look', 'change', 'other'] as const).map(line));
    };
    const workers = Promise.all([0, 1, 2, 3].map(worker));
    await vi.advanceTimersByTimeAsync(300_000);
    requests.fill(0);
    served.fill(0);
    await vi.advanceTimersByTimeAsync(300_000);
    isOver.abort();
    await workers;
    expect(sum(requests)).toBeLessThan(300 * 8 * 1.1);
    expect(sum(served)).toBeGreaterThan(300 * 8 * 0.7);
    expect(Math.min(...served)).toBeGreaterThan((300 * 8) / 4 / 2);
  });
});
