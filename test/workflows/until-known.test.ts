/** The search for a worker that knows an activity. Its clock is a mock. */
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isNotRegistered, untilKnown } from '../../src/workflows/operation/missing-worker.js';
import { failureOf } from '../support/stage.js';

vi.mock(import('@temporalio/workflow'), async (actual) => ({
  ...(await actual()),
  sleep: async (time: number | string) => pass(Number(time)),
}));

const pass = (ms: number) => void vi.setSystemTime(Date.now() + ms);
beforeEach(() => void vi.useFakeTimers({ now: 0, toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const unknown = () =>
  ApplicationFailure.nonRetryable('Activity function dms.x is not registered on this Worker', 'NotFoundError');
const sought = { replicationConfigArn: 'arn', taskQueue: 'q' };

test('is given up after five minutes, with tries at most 15 s apart', async () => {
  const tries: number[] = [];
  const said: string[] = [];
  const search = untilKnown(
    'dms.x',
    { ...sought, onMissing: (problem) => void (problem !== null && said.push(problem)) },
    async () => {
      tries.push(Date.now() / 1000);
      throw unknown();
    },
  );
  expect(await failureOf(search)).toMatchObject({ type: 'DmsWorkerMissing' });
  expect(tries.slice(0, 5)).toEqual([0, 2, 6, 14, 29]);
  expect(tries.at(-1)).toBeGreaterThanOrEqual(300);
  expect(tries.at(-1)).toBeLessThan(315);
  expect(said[0]).toBe(
    'No worker of the task queue "q" has the activity dms.x. It is tried until 1970-01-01T00:05:00.000Z',
  );
});

test('counts its five minutes anew after a try that a worker knew', async () => {
  let tries = 0;
  const search = untilKnown('dms.x', sought, async () => {
    tries += 1;
    pass(290_000);
    if (tries < 4) throw unknown();
    return Date.now() / 1000;
  });
  expect(await search).toBeGreaterThan(600);
});

test('tells a later try that another one came before it', async () => {
  const told: boolean[] = [];
  await untilKnown('dms.x', sought, async (isLaterTry) => {
    told.push(isLaterTry);
    if (!isLaterTry) throw unknown();
  });
  expect(told).toEqual([false, true]);
});

test("does not take a hook's own NotFoundError for a missing activity", () => {
  expect(isNotRegistered(unknown())).toBe(true);
  expect(isNotRegistered(ApplicationFailure.nonRetryable('order 7 not found', 'NotFoundError'))).toBe(false);
});
