import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WorkerWatch, type Problem } from '../../src/client/workers.js';

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
    const watch = new WorkerWatch();
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

test('a problem that the next check no longer finds causes no warning', async () => {
  const watch = new WorkerWatch();
  const found = [problem, null, problem, null];
  void watch.during(async () => found.shift() ?? null, new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([found, warnings]).toEqual([[], []]);
});

test('a problem of one wait causes a warning within ten seconds beside forty other waits', async () => {
  const watch = new WorkerWatch();
  for (let n = 0; n < 39; n++) void watch.during(async () => null, new Promise(() => {}));
  void watch.during(async () => problem, new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(warnings).toEqual(['No worker polls "q"']);
});
