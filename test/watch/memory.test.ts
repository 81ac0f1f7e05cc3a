import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Alarm } from '../../src/watch/alarm.js';
import { Bucket } from '../../src/watch/bucket.js';
import { ListMemory } from '../../src/watch/list-memory.js';
import { LookTimes } from '../../src/watch/look-times.js';
import { arnOf } from './support/simulated-dms.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

describe('the number of pages to list', () => {
  /** A memory of replications on these pages, and of a list that was read up to a page. */
  function memoryOf(seen: Readonly<Record<string, number>>, through = 0, isEnd = true): ListMemory {
    const memory = new ListMemory();
    for (const [arn, page] of Object.entries(seen)) memory.rememberPage(arn, page);
    if (through > 0) memory.rememberLength(through, isEnd);
    return memory;
  }

  test.each<[string, ListMemory, readonly string[], number]>([
    ['none for one replication of a list that nobody has read', memoryOf({}), ['a'], 0],
    ['any for two replications of a list that nobody has read', memoryOf({}), ['a', 'b'], Infinity],
    ['none when nothing is wanted', memoryOf({ a: 1 }, 1), [], 0],
    ['none for one replication on the first page', memoryOf({ a: 1 }, 1), ['a'], 0],
    ['one for two replications on it', memoryOf({ a: 1, b: 1 }, 1), ['a', 'b'], 1],
    ['one for two replications that may be on the only page', memoryOf({}, 1), ['a', 'b'], 1],
    ['none for two replications that may be on the second page', memoryOf({}, 2), ['a', 'b'], 0],
    ['two for three replications that may be on the second page', memoryOf({}, 2), ['a', 'b', 'c'], 2],
    ['up to the replications that are close together', memoryOf({ a: 1, b: 9, c: 1 }, 9), ['a', 'b', 'c'], 1],
    [
      'up to the last one when they are many',
      memoryOf({ a: 2, b: 3, c: 3, d: 3, e: 3 }, 9),
      ['a', 'b', 'c', 'd', 'e'],
      3,
    ],
    ['none when each is on a page of its own', memoryOf({ a: 1, b: 2, c: 3 }, 3), ['a', 'b', 'c'], 0],
    ['none for as many unseen ones as pages', memoryOf({}, 2, false), ['a', 'b', 'c'], 0],
    [
      'any for more unseen ones than pages, while the end is not known',
      memoryOf({}, 2, false),
      ['a', 'b', 'c', 'd'],
      Infinity,
    ],
    ['none of a list that may be longer, for those that were seen', memoryOf({ a: 1, b: 2 }, 2, false), ['a', 'b'], 0],
  ])('is %s', (_, memory, arns, pages) => expect(memory.plan(arns, 0)).toBe(pages));

  test('goes by the longest list read so far, and by the last page once that is known', () => {
    const memory = memoryOf({}, 3, false);
    memory.rememberLength(1, false);
    expect(memory.plan(['a', 'b', 'c', 'd'], 0)).toBe(0);
    expect(memory.plan(['a', 'b', 'c', 'd', 'e'], 0)).toBe(Infinity);
    memory.rememberLength(2, true);
    expect(memory.plan(['a', 'b', 'c', 'd', 'e'], 0)).toBe(2);
    memory.rememberLength(2, false);
    expect(memory.plan(['a', 'b', 'c', 'd', 'e'], 0)).toBe(3);
  });

  test('ends before a failed page for a minute', () => {
    const memory = memoryOf({ a: 2, b: 2, c: 2, d: 1, e: 1 }, 2);
    const all = ['a', 'b', 'c', 'd', 'e'];
    memory.rememberFailedPage(2, 1000);
    expect([0, 60_999, 61_000].map((now) => memory.plan(all, now))).toEqual([1, 1, 2]);
    expect(memory.plan(['a', 'b', 'c'], 60_999)).toBe(0);
    const unread = memoryOf({});
    unread.rememberFailedPage(2, 0);
    expect([0, 60_000].map((now) => unread.plan(all, now))).toEqual([1, Infinity]);
  });

  test('leaves out the page of a replication that a list up to there did not show', () => {
    const memory = memoryOf({ a: 2, b: 2, c: 2 }, 9);
    memory.forgetUpTo('a', 1);
    memory.forgetUpTo('d', 9);
    expect(memory.plan(['a', 'b', 'c'], 0)).toBe(2);
    memory.forgetUpTo('a', 2);
    expect(memory.plan(['a', 'b', 'c'], 0)).toBe(0);
  });
});

describe('the time of the last look', () => {
  const among = (...numbers: number[]) => new Map(numbers.map((n) => [arnOf(n).arn, arnOf(n)]));

  test('is kept for 20,000 replications, and dropped for all of them at one more', () => {
    const times = new LookTimes();
    for (let n = 1; n <= 20_000; n++) times.remember(`arn-${n}`, n);
    expect([times.of('arn-1'), times.of('arn-20000'), times.of('other')]).toEqual([1, 20_000, -Infinity]);
    times.remember('other', 7);
    expect([times.of('arn-1'), times.of('other')]).toEqual([-Infinity, 7]);
  });

  test('finds the replication that was not looked at for the longest', () => {
    const times = new LookTimes();
    expect(times.longestUnseen(among())).toBeNull();
    for (const [n, at] of [30, 10, 20, 10].entries()) times.remember(arnOf(n).arn, at);
    expect(times.longestUnseen(among(0, 1, 2, 3))).toEqual(arnOf(1));
    expect(times.longestUnseen(among(3, 1))).toEqual(arnOf(3));
    expect(times.longestUnseen(among(0, 7, 1))).toEqual(arnOf(7));
  });
});

describe('a token bucket', () => {
  const pass = (ms: number) => vi.advanceTimersByTime(ms);

  test('is full at first, and refills at its rate up to its burst', () => {
    const bucket = new Bucket(2, () => 4);
    expect([bucket.msUntil(2), bucket.msUntil(3)]).toEqual([0, 250]);
    for (let n = 0; n < 3; n++) bucket.take();
    expect([bucket.msUntil(0), bucket.msUntil(1)]).toEqual([250, 500]);
    pass(250);
    expect(bucket.msUntil(1)).toBe(250);
    pass(60_000);
    expect([bucket.msUntil(2), bucket.msUntil(3)]).toEqual([0, 250]);
  });

  test('takes a token back, but holds no more than its burst', () => {
    const bucket = new Bucket(2, () => 1);
    bucket.take();
    bucket.take();
    bucket.giveBack();
    expect(bucket.msUntil(2)).toBe(1000);
    bucket.giveBack();
    bucket.giveBack();
    expect(bucket.msUntil(3)).toBe(1000);
  });

  test('refills up to its burst before a token is taken or given back, or all are emptied', () => {
    const bucket = new Bucket(2, () => 1);
    bucket.take();
    pass(1000);
    bucket.take();
    expect(bucket.msUntil(2)).toBe(1000);
    pass(1000);
    bucket.giveBack();
    expect(bucket.msUntil(3)).toBe(1000);
    pass(1000);
    bucket.empty();
    expect(bucket.msUntil(1)).toBe(1000);
  });

  test('that is emptied keeps its debts', () => {
    const bucket = new Bucket(1, () => 1);
    bucket.take();
    bucket.take();
    bucket.empty();
    expect(bucket.msUntil(0)).toBe(1000);
  });
});

describe('an alarm', () => {
  test('rings once, at the earliest time that it was set to', () => {
    const rung: number[] = [];
    const start = performance.now();
    const alarm = new Alarm(() => rung.push(performance.now() - start));
    for (const ms of [500, 300, 300, 400]) alarm.setTo(start + ms);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(rung).toEqual([300]);
    alarm.setTo(start + 1500);
    vi.advanceTimersByTime(1000);
    expect(rung).toEqual([300, 1500]);
  });

  test('that is set to a time in the past rings at once', () => {
    const ring = vi.fn();
    new Alarm(ring).setTo(performance.now() - 5000);
    vi.advanceTimersByTime(0);
    expect(ring).toHaveBeenCalledTimes(1);
  });
});
