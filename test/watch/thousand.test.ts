import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ReplicationConfigArn } from '../../src/dms/arn.js';
import { ReplicationWatcher, RequestBudget, takeTurn } from '../../src/watch/index.js';
import { arnOf, SimulatedDms } from './support/simulated-dms.js';

const STOPS = 1000;
/** Each stop takes one to four minutes. */
const dmsOf = (replications: number) =>
  new SimulatedDms(replications, (arn) => 60_000 + ((Number(arn.split(':R').at(-1)) * 7919) % STOPS) * 180);

beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] }),
);
afterEach(() => void vi.useRealTimers());

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const seconds = (times: readonly number[]) => times.map((time) => time / 1000);
const longestGap = (times: readonly number[]) => Math.max(...times.slice(1).map((at, n) => at - (times[n] ?? 0)));

/** Worker that stops replications as its activities do: look, turn, call, wait, statistics. */
class Worker {
  readonly budget = new RequestBudget();
  readonly watcher: ReplicationWatcher;
  /** Seconds from `stopped` to the look that sees it. */
  readonly detections: number[] = [];

  constructor(private readonly dms: SimulatedDms) {
    this.watcher = new ReplicationWatcher(dms.api, this.budget);
  }

  async requestStop(arn: ReplicationConfigArn): Promise<void> {
    for (let when = {}; ; when = { inSeconds: 1 }) {
      const look = await this.watcher.look(arn, { ...when, withinSeconds: Infinity });
      await takeTurn(this, arn, look);
      try {
        return void (await this.dms.api.stopReplication(arn));
      } catch {
        this.budget.slowDown(); // the next attempt begins with a look of its own
      }
    }
  }

  async stop(arn: ReplicationConfigArn): Promise<void> {
    await this.requestStop(arn);
    let when: { readonly intervalSeconds?: number } = {};
    for (;;) {
      const { replication } = await this.watcher.look(arn, { ...when, withinSeconds: Infinity });
      if (replication.status === 'stopped') break;
      when = { intervalSeconds: 2 };
    }
    this.detections.push((performance.now() - this.dms.stoppedAt(arn)) / 1000);
    await this.watcher.look(arn, { inSeconds: 10, withinSeconds: Infinity });
    await this.budget.take('other');
    await this.dms.api.describeTableStatistics(arn, null);
  }
}

describe('a thousand stops', () => {
  test('begun at once are all sent within 260 s without throttling', async () => {
    const dms = dmsOf(STOPS);
    const someoneElse = setInterval(() => void dms.bucket.request(), 1000);
    const worker = new Worker(dms);
    const isDone = { all: false };
    const stops = Promise.all(dms.arns.map((arn) => worker.stop(arn))).then(() => (isDone.all = true));
    // First looks come with pages: each shows a hundred replications.
    await vi.advanceTimersByTimeAsync(2000);
    expect(dms.at('list', 'describe').length).toBeLessThanOrEqual(15);
    await vi.advanceTimersByTimeAsync(258_000);
    expect(dms.at('stop')).toHaveLength(STOPS);
    // Statistics wait for stops, but not for their end.
    const early = dms.at('statistics').length;
    expect(early).toBeGreaterThan(30);
    for (let n = 0; n < 60 && !isDone.all; n++) await vi.advanceTimersByTimeAsync(10_000);
    await stops;
    clearInterval(someoneElse);
    expect(dms.at('statistics')).toHaveLength(STOPS);
    expect(dms.bucket.throttled).toBe(0);
    // Sweeps go on meanwhile.
    expect(longestGap(seconds(dms.at('list')))).toBeLessThan(3);
    expect(Math.max(...worker.detections)).toBeLessThan(15);
    expect(performance.now()).toBeLessThan(600_000);
  });

  test('of two workers that share an account are all sent despite throttling', async () => {
    const dms = dmsOf(STOPS);
    const workers = [new Worker(dms), new Worker(dms)] as const;
    const stops = Promise.all(dms.arns.map((arn, n) => (n % 2 === 0 ? workers[0] : workers[1]).requestStop(arn)));
    await vi.advanceTimersByTimeAsync(300_000);
    await stops;
    expect(dms.at('stop')).toHaveLength(STOPS);
    expect(dms.bucket.throttled).toBeLessThan(STOPS / 5);
  });
});

describe('a first look', () => {
  test('at each of a thousand unknown replications shares list pages with the others', async () => {
    const dms = dmsOf(STOPS);
    const { watcher } = new Worker(dms);
    const waits: number[] = [];
    const first = async (arn: ReplicationConfigArn, n: number) => {
      await sleep(((n * 7919) % STOPS) * 60);
      const begunAt = performance.now();
      await watcher.look(arn);
      waits.push((performance.now() - begunAt) / 1000);
    };
    const looks = Promise.all(dms.arns.map(first));
    await vi.advanceTimersByTimeAsync(90_000);
    await looks;
    expect(dms.calls.length).toBeLessThan(200);
    expect(Math.max(...waits)).toBeLessThan(15);
  });

  test('at one more replication comes within seconds while a thousand stops wait for their turn', async () => {
    const dms = dmsOf(STOPS + 1);
    const worker = new Worker(dms);
    const last = dms.arns.at(-1) ?? arnOf(0);
    const stops = Promise.all(dms.arns.slice(0, STOPS).map((arn) => worker.stop(arn)));
    await vi.advanceTimersByTimeAsync(120_000);
    const begunAt = performance.now();
    const waited = worker.watcher.look(last).then(() => performance.now() - begunAt);
    await vi.advanceTimersByTimeAsync(600_000);
    await stops;
    expect(await waited).toBeLessThan(15_000);
  });
});
