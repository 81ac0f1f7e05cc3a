import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DmsApiError } from '../../src/dms/api.js';
import { LookDelayed, type LookOptions } from '../../src/watch/look.js';
import { Waiters, type Waiter } from '../../src/watch/waiters.js';
import { lookAnswer, look } from '../support/look.js';
import { arnOf } from './support/simulated-dms.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const arn = arnOf(1);

/** A wait for a look, and its promise. */
function join(waiters: Waiters, options: LookOptions = {}, lookedAt = -Infinity, of = arn) {
  const joined: Waiter[] = [];
  const promise = waiters.wait(of, options, lookedAt, (waiter) => joined.push(waiter));
  promise.catch(() => {});
  const [waiter] = joined;
  if (waiter === undefined) throw new Error('It did not join');
  return { waiter, promise };
}

describe('a wait for a look', () => {
  test.each<[string, LookOptions, number, object]>([
    ['at once', {}, -Infinity, { lane: 'look', dueAt: 10, until: 30_000 }],
    ['soon', { inSeconds: 0.001 }, -Infinity, { lane: 'poll', dueAt: 10, until: 30_000 }],
    ['in 5 seconds', { inSeconds: 5, withinSeconds: 60 }, -Infinity, { lane: 'poll', dueAt: 5000, until: 60_000 }],
    ['10 seconds after the last one', { intervalSeconds: 10 }, -2000, { lane: 'poll', dueAt: 8000 }],
    ['10 seconds after one that is not known', { intervalSeconds: 10 }, -Infinity, { lane: 'poll', dueAt: 10 }],
    ['after the last one', { intervalSeconds: 0 }, 20, { lane: 'poll', dueAt: 20 }],
    ['at once after a look', {}, 20, { lane: 'look', dueAt: 20 }],
  ])('%s has the due time and the lane for that', (_, options, lookedAt, due) => {
    const now = performance.now();
    const { waiter } = join(new Waiters(), options, now + lookedAt);
    const { lane, dueAt, until, since, isUrgent, isAsked } = waiter;
    expect({ lane, dueAt: dueAt - now, until: until - now }).toMatchObject(due);
    expect({ since, isUrgent, isAsked }).toEqual({ since: now, isUrgent: false, isAsked: false });
  });

  test('ends with its look, leaves other waits open, and stops listening to its signal', async () => {
    const waiters = new Waiters();
    const { signal } = new AbortController();
    const { waiter, promise } = join(waiters, { signal });
    const other = join(waiters);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    const answer = lookAnswer(look());
    waiter.resolve(answer);
    expect(await promise).toBe(answer);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect([...waiters.of(arn.arn)]).toEqual([other.waiter]);
    other.waiter.reject(new Error('down'));
    await expect(other.promise).rejects.toThrow('down');
    expect([waiters.has(arn.arn), waiters.of(arn.arn).size, [...waiters.all()]]).toEqual([false, 0, []]);
  });

  test('ends with the reason of its signal, before or after it began', async () => {
    const waiters = new Waiters();
    const leaving = new AbortController();
    const { promise } = join(waiters, { signal: leaving.signal });
    leaving.abort(new Error('left'));
    await expect(promise).rejects.toThrow('left');
    expect(waiters.has(arn.arn)).toBe(false);
    const joined = vi.fn();
    await expect(waiters.wait(arn, { signal: leaving.signal }, -Infinity, joined)).rejects.toThrow('left');
    expect([joined.mock.calls, waiters.has(arn.arn)]).toEqual([[], false]);
  });
});

test('a lane serves its own waits and urgent ones, but none with a request of their own', () => {
  const waiters = new Waiters();
  const first = join(waiters).waiter;
  const swept = join(waiters, { inSeconds: 5 }, -Infinity, arnOf(2)).waiter;
  expect([waiters.open('look'), waiters.open('poll')]).toEqual([[first], [swept]]);
  swept.isUrgent = true;
  expect([waiters.open('look'), waiters.open('poll')]).toEqual([[first, swept], [swept]]);
  first.isAsked = true;
  expect(waiters.open('look')).toEqual([swept]);
});

test('a replication counts as unlisted only while something waits for it', () => {
  const waiters = new Waiters();
  waiters.setNeedsOwnRequest(arn.arn, true);
  expect(waiters.isUnlisted(arn.arn)).toBe(false);
  const { waiter } = join(waiters);
  waiters.setNeedsOwnRequest(arn.arn, true);
  expect([waiters.isUnlisted(arn.arn), waiters.isUnlisted(arnOf(2).arn)]).toEqual([true, false]);
  waiter.resolve(lookAnswer(look()));
  join(waiters);
  expect(waiters.isUnlisted(arn.arn)).toBe(false);
});

test('a delayed look says whether DMS throttles or the worker is busy', () => {
  const throttled = new DmsApiError('throttled', 'ThrottlingException', 'Rate exceeded');
  expect(new LookDelayed(throttled)).toMatchObject({ name: 'LookDelayed', throttled, message: 'Rate exceeded' });
  expect(new LookDelayed(null)).toMatchObject({ throttled: null, message: 'many waits share the requests to DMS' });
});
