import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Problem } from '../../src/client/problems.js';
import { ProblemWatch } from '../../src/client/problem-watch.js';

/** Stands in for the timers of a wait, in fake time. */
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
}));

const warnings: string[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  warnings.length = 0;
  vi.spyOn(process, 'emitWarning').mockImplementation((text) => void warnings.push(String(text)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const noWorker = { taskQueue: 'q', since: '2026-11-30T10:00:00.000Z' };
const problem = { text: 'No worker polls "q"', noWorker } as Problem;

test.each([1, 20, 1000])(
  '%i waits for one task queue without workers cause one warning within ten seconds, and at most 200 checks',
  async (count) => {
    const watch = new ProblemWatch();
    let checks = 0;
    const find = async () => {
      checks++;
      return problem;
    };
    for (let n = 0; n < count; n++) void watch.during(find, new Promise(() => {}));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(warnings).toEqual(['No worker polls "q"']);
    expect(checks).toBeLessThanOrEqual(200);
  },
);

test('a check that fails between two others changes nothing', async () => {
  const watch = new ProblemWatch();
  const reported = { text: 'no answer', noWorker: null, isReported: true } as const;
  const found = [reported, undefined, 'fails', reported, undefined, reported, 'fails', reported];
  const find = async () => {
    const next = found.shift();
    if (typeof next === 'string') throw new Error(next);
    return next;
  };
  void watch.during(find, new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([found, warnings]).toEqual([[], ['no answer']]);
});

test('a problem that the next check no longer finds causes no warning', async () => {
  const watch = new ProblemWatch();
  const reported = { text: 'no answer', noWorker: null, isReported: true } as const;
  const found = [problem, null, reported, null];
  void watch.during(async () => found.shift() ?? null, new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([found, warnings]).toEqual([[], []]);
});

test('a problem that the execution reports after five seconds causes a warning within ten, once for each outage', async () => {
  const watch = new ProblemWatch();
  let reported: Problem | null = null;
  void watch.during(async () => reported, new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(2900);
  await vi.advanceTimersByTimeAsync(5000);
  reported = { text: 'no answer', noWorker: null, isReported: true };
  await vi.advanceTimersByTimeAsync(5000);
  expect(warnings).toEqual(['no answer']);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(warnings).toEqual(['no answer']);
  reported = null;
  await vi.advanceTimersByTimeAsync(10_000);
  reported = { text: 'no answer again', noWorker: null, isReported: true };
  await vi.advanceTimersByTimeAsync(5000);
  expect(warnings).toEqual(['no answer', 'no answer again']);
});

test('a problem of one wait causes a warning within ten seconds beside thirty other waits', async () => {
  const watch = new ProblemWatch();
  for (let n = 0; n < 29; n++) void watch.during(async () => null, new Promise(() => {}));
  void watch.during(async () => problem, new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(warnings).toEqual(['No worker polls "q"']);
});
