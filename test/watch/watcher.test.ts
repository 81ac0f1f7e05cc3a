import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DmsApiError, type DmsApi, type Page } from '../../src/dms/api.js';
import { parseReplicationConfigArn } from '../../src/dms/arn.js';
import type { Replication } from '../../src/dms/replication.js';
import { LookDelayed, ReplicationWatcher, RequestBudget } from '../../src/watch/index.js';
import { lookAnswer, look } from '../support/look.js';

const arnOf = (n: number) => parseReplicationConfigArn(`arn:aws:dms:eu-west-1:123456789012:replication-config:R${n}`);
const rowOf = (n: number, status = 'running') => look({ replicationConfigArn: arnOf(n).arn, status });
const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, n) => n + from);
const throttled = () => new DmsApiError('throttled', 'ThrottlingException', 'Rate exceeded');

type Rows = Omit<Page<Replication>, 'dmsTime'>;

interface Answers {
  list?: (marker: string | null) => Promise<Rows>;
  one?: (arn: string) => Promise<Replication>;
}

/** Sets up a DMS that records its requests and their times, and a watcher on it. */
function countingDms(answers: Answers, budget = new RequestBudget()) {
  const asked: string[] = [];
  const at: number[] = [];
  const note = (what: string) => {
    asked.push(what);
    at.push(performance.now());
  };
  const dms = {
    describeReplication: async ({ arn, resourceId }) => {
      note(resourceId);
      return lookAnswer((await answers.one?.(arn)) ?? look({ replicationConfigArn: arn, status: 'running' }));
    },
    listReplications: async (_, marker) => {
      note(`list ${marker ?? ''}`.trim());
      return { ...((await answers.list?.(marker)) ?? { items: [], marker: null }), dmsTime: Date.now() };
    },
  } as Partial<DmsApi> as DmsApi;
  return { asked, at, budget, watcher: new ReplicationWatcher(dms, budget) };
}

/** Answers of an account with `replications`, a hundred to a page. The marker of a page is its number. */
const account = (replications: number, spoil: (page: number) => Promise<void> = async () => {}) => ({
  list: async (marker: string | null): Promise<Rows> => {
    const page = Number(marker ?? 1);
    await spoil(page);
    const items = numbers(100, (page - 1) * 100 + 1)
      .filter((n) => n <= replications)
      .map((n) => rowOf(n));
    return { items, marker: page * 100 < replications ? String(page + 1) : null };
  },
});

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** Runs fake time until the promise settles, for at most `seconds`. */
async function settle<T>(promise: Promise<T>, seconds = 60): Promise<T> {
  const state = { isDone: false };
  const settled = promise.finally(() => (state.isDone = true));
  settled.catch(() => {});
  for (let ms = 0; !state.isDone && ms < seconds * 1000; ms += 5) await vi.advanceTimersByTimeAsync(5);
  return settled;
}

describe('looks', () => {
  test('share one request for one replication and one list for several', async () => {
    const { asked, watcher } = countingDms(account(3));
    await settle(Promise.all([watcher.look(arnOf(1)), watcher.look(arnOf(1)), watcher.look(arnOf(1))]));
    await settle(Promise.all([1, 2, 3].map((n) => watcher.look(arnOf(n)))));
    expect(asked).toEqual(['R1', 'list']);
  });

  test('report a row missing from a list as gone only when its own request says so', async () => {
    const { asked, watcher } = countingDms({
      list: () => Promise.resolve({ items: [rowOf(1)], marker: null }),
      one: (arn) =>
        arn.endsWith('R3')
          ? Promise.reject(new DmsApiError('not-found', 'ResourceNotFoundFault', 'gone'))
          : Promise.resolve(rowOf(2)),
    });
    const [one, two, three] = await settle(Promise.allSettled([1, 2, 3].map((n) => watcher.look(arnOf(n)))));
    expect([one?.status, two?.status, three]).toMatchObject([
      'fulfilled',
      'fulfilled',
      { reason: { kind: 'not-found' } },
    ]);
    expect(asked).toEqual(['list', 'R2', 'R3']);
  });

  test('count only when their request was sent after the wait began', async () => {
    const answers: ((row: Replication) => void)[] = [];
    const { watcher } = countingDms({ one: () => new Promise((resolve) => answers.push(resolve)) });
    const first = watcher.look(arnOf(1));
    await vi.advanceTimersByTimeAsync(20);
    expect(answers).toHaveLength(1);
    const second = watcher.look(arnOf(1));
    answers[0]?.(rowOf(1, 'running'));
    await vi.advanceTimersByTimeAsync(20);
    expect(answers).toHaveLength(2);
    answers[1]?.(rowOf(1, 'stopping'));
    expect([(await first).replication.status, (await second).replication.status]).toEqual(['running', 'stopping']);
  });

  test('end for a waiter whose signal aborts and continue for the others', async () => {
    const answers: ((row: Replication) => void)[] = [];
    const { watcher } = countingDms({ one: () => new Promise((resolve) => answers.push(resolve)) });
    const leaving = new AbortController();
    const gone = watcher.look(arnOf(1), { signal: leaving.signal });
    const stays = watcher.look(arnOf(1));
    await vi.advanceTimersByTimeAsync(20);
    leaving.abort(new Error('left'));
    await expect(gone).rejects.toThrow('left');
    answers[0]?.(rowOf(1));
    expect((await stays).replication.status).toBe('running');
    await expect(watcher.look(arnOf(1), { signal: leaving.signal })).rejects.toThrow('left');
  });

  test('run outside the async context of the caller', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const { watcher } = countingDms({
      one: () => {
        seen.push(storage.getStore());
        return Promise.resolve(rowOf(1));
      },
    });
    await settle(storage.run('an activity', () => watcher.look(arnOf(1))));
    expect(seen).toEqual([undefined]);
  });
});

describe('a nudge', () => {
  /** Sweeps are so slow that nobody would wait for the next. */
  const slow = () => new RequestBudget(0.001);

  test('brings a look before the next sweep', async () => {
    const { asked, watcher } = countingDms({}, slow());
    await settle(watcher.look(arnOf(1), { intervalSeconds: 2 }));
    const later = watcher.look(arnOf(1), { intervalSeconds: 2, withinSeconds: 600 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toEqual(['R1']);
    expect(watcher.nudge(arnOf(1))).toBe(1);
    await settle(later, 1);
    expect(asked).toEqual(['R1', 'R1']);
  });

  test('needs a request sent after it, not one already in flight', async () => {
    const answers: ((row: Replication) => void)[] = [];
    const { watcher } = countingDms({ one: () => new Promise((resolve) => answers.push(resolve)) }, slow());
    const wait = watcher.look(arnOf(1));
    await vi.advanceTimersByTimeAsync(20);
    watcher.nudge(arnOf(1));
    await vi.advanceTimersByTimeAsync(20);
    expect(answers).toHaveLength(2);
    answers[0]?.(rowOf(1, 'stopping'));
    await vi.advanceTimersByTimeAsync(20);
    answers[1]?.(rowOf(1, 'stopped'));
    expect((await settle(wait)).replication.status).toBe('stopped');
  });

  test('affects only waits for its replication and returns 0 if there are none', async () => {
    const { asked, watcher } = countingDms(account(2), slow());
    await settle(Promise.all([1, 2].map((n) => watcher.look(arnOf(n), { intervalSeconds: 2 }))));
    const waits = [1, 2].map((n) => watcher.look(arnOf(n), { intervalSeconds: 2, withinSeconds: 600 }));
    asked.length = 0;
    expect(watcher.nudge(arnOf(3))).toBe(0);
    watcher.nudge(arnOf(2));
    await settle(Promise.all(waits.slice(1)), 1);
    expect(asked).toEqual(['R2']);
    watcher.nudge(arnOf(1));
    await settle(Promise.all(waits), 1);
  });
});

describe('a sweep', () => {
  test('lists pages or requests each replication, depending on which needs fewer requests', async () => {
    const { asked, watcher } = countingDms(account(1000));
    const sweep = (...wanted: number[]) => {
      asked.length = 0;
      return settle(Promise.all(wanted.map((n) => watcher.look(arnOf(n)))));
    };
    // The list is unknown yet. A sweep tries as many pages as it would take single requests.
    await sweep(950, 951);
    expect(asked).toEqual(['list', 'list 2', 'R950', 'R951']);
    await sweep(...numbers(1000));
    expect(asked).toHaveLength(10);
    await sweep(950, 951);
    expect(asked).toEqual(['R950', 'R951']);
    await sweep(1, 2, 150, 151);
    expect(asked).toEqual(['list', 'list 2']);
    // One page shows the first twenty. The two far back get requests of their own.
    await sweep(...numbers(20), 950, 951);
    expect(asked).toEqual(['list', 'R950', 'R951']);
  });

  test('gives every wait a look as often as the budget allows', async () => {
    const { asked, watcher } = countingDms(account(1000));
    const gaps: number[] = [];
    const isOver = new AbortController();
    setMaxListeners(0, isOver.signal);
    const wait = async (n: number) => {
      await watcher.look(arnOf(n));
      for (let last = performance.now(); ; last = performance.now()) {
        await watcher.look(arnOf(n), { inSeconds: 2, signal: isOver.signal });
        gaps.push((performance.now() - last) / 1000);
      }
    };
    const waits = Promise.allSettled(numbers(1000).map(wait));
    await vi.advanceTimersByTimeAsync(20_000);
    [asked.length, gaps.length] = [0, 0];
    await vi.advanceTimersByTimeAsync(60_000);
    isOver.abort();
    await waits;
    // Ten pages at two requests a second: five seconds.
    expect(asked.length).toBeLessThanOrEqual(121);
    expect(Math.max(...gaps)).toBeLessThan(5.6);
    expect(gaps.length).toBeGreaterThan(1000 * 11);
  });

  test('requests a replication missing from the list while it keeps listing the others', async () => {
    const { watcher } = countingDms({
      ...account(1000),
      one: () => Promise.reject(new DmsApiError('not-found', 'ResourceNotFoundFault', 'gone')),
    });
    const isOver = new AbortController();
    setMaxListeners(0, isOver.signal);
    const looks = new Map<number, number>();
    const wait = async (n: number) => {
      for (;;) {
        await watcher.look(arnOf(n), { intervalSeconds: 2, signal: isOver.signal });
        looks.set(n, (looks.get(n) ?? 0) + 1);
      }
    };
    const waits = Promise.allSettled(numbers(1000).map(wait));
    await vi.advanceTimersByTimeAsync(12_000);
    const begunAt = performance.now();
    const gone = await settle(watcher.look(arnOf(5000), { intervalSeconds: 2 }).catch((err: unknown) => err));
    expect(gone).toMatchObject({ kind: 'not-found' });
    expect(performance.now() - begunAt).toBeLessThan(15_000);
    await vi.advanceTimersByTimeAsync(30_000);
    isOver.abort();
    await waits;
    expect(Math.min(...looks.values())).toBeGreaterThan(6);
  });

  test('keeps looking at replications on, before and after a page that always fails', async () => {
    const { asked, watcher } = countingDms(
      account(300, async (page) => {
        if (page === 2) throw new DmsApiError('unavailable', 'InternalFailure', 'Oh');
      }),
    );
    const isOver = new AbortController();
    setMaxListeners(0, isOver.signal);
    const looks = new Map(numbers(300).map((n) => [n, 0]));
    const wait = async (n: number) => {
      while (!isOver.signal.aborted) {
        const seen = watcher.look(arnOf(n), { intervalSeconds: 2, signal: isOver.signal });
        await seen.then(
          () => looks.set(n, (looks.get(n) ?? 0) + 1),
          () => {},
        );
      }
    };
    const waits = Promise.all(numbers(300).map(wait));
    await vi.advanceTimersByTimeAsync(300_000);
    isOver.abort();
    await waits;
    // Two hundred have to be asked for one by one, at two requests a second.
    expect(looks.get(1)).toBeGreaterThan(30);
    expect(looks.get(150)).toBeGreaterThan(0);
    expect(looks.get(250)).toBeGreaterThan(0);
    expect(Math.min(...looks.values())).toBeGreaterThan(0);
    // The sweep tries the failing page now and then, not each time.
    expect(asked.filter((each) => each === 'list 2').length).toBeLessThan(14);
  });

  test('is not more frequent than requested even if the budget allows it', async () => {
    const { asked, watcher } = countingDms(account(1), new RequestBudget(1000));
    await settle(
      (async () => {
        for (let n = 0; n < 10; n++) await watcher.look(arnOf(1), { inSeconds: 2 });
      })(),
    );
    expect(asked).toHaveLength(10);
    expect(performance.now()).toBeGreaterThan(20_000 - 100);
  });

  test('requests the replications of a failing page one by one without failing the others', async () => {
    const dms = countingDms(
      account(300, async (page) => {
        if (page === 2) throw new DmsApiError('unavailable', 'InternalFailure', 'Oh');
      }),
    );
    const looks = await settle(Promise.allSettled(numbers(130).map((n) => dms.watcher.look(arnOf(n)))));
    expect(looks.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(dms.asked.slice(0, 4)).toEqual(['list', 'list 2', 'list 2', 'R101']);
  });

  test('fails each wait with the error of its own request when the region is down', async () => {
    const down = () => Promise.reject(new DmsApiError('unavailable', 'TimeoutError', 'no route'));
    const { watcher } = countingDms({ list: down, one: down });
    const looks = await settle(Promise.allSettled([1, 2, 3].map((n) => watcher.look(arnOf(n)))));
    for (const each of looks) expect(each).toMatchObject({ reason: { kind: 'unavailable', message: 'no route' } });
  });

  test('fails all waits at once when IAM denies it', async () => {
    const { asked, watcher } = countingDms({
      list: () => Promise.reject(new DmsApiError('access-denied', 'AccessDeniedException', 'no')),
    });
    const looks = await settle(Promise.allSettled(numbers(200).map((n) => watcher.look(arnOf(n)))));
    expect(looks.every((each) => each.status === 'rejected' && each.reason.kind === 'access-denied')).toBe(true);
    expect(asked).toEqual(['list']);
  });

  test('lists again at once after a denial is over, because no page has failed', async () => {
    let isDenied = true;
    const { watcher, asked } = countingDms({
      list: async () => {
        if (isDenied) throw new DmsApiError('access-denied', 'AccessDeniedException', 'not authorized');
        return { items: numbers(5).map((n) => rowOf(n)), marker: null };
      },
    });
    const lookAtAll = () => Promise.allSettled(numbers(5).map((n) => watcher.look(arnOf(n), { withinSeconds: 30 })));
    await settle(lookAtAll());
    isDenied = false;
    asked.length = 0;
    await settle(lookAtAll());
    expect(asked).toEqual(['list']);
  });

  test('is not blocked by a request that hangs', async () => {
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), ms);
      return controller.signal;
    });
    let hung = 0;
    const { watcher } = countingDms({
      ...account(200, (page) => (page === 2 && hung++ === 0 ? new Promise(() => {}) : Promise.resolve())),
    });
    const begunAt = performance.now();
    await settle(Promise.all(numbers(200).map((n) => watcher.look(arnOf(n)))));
    expect(performance.now() - begunAt).toBeLessThan(21_000);
  });

  test('fails only the waits for a deleted replication', async () => {
    const { watcher } = countingDms({
      ...account(150),
      one: () => Promise.reject(new DmsApiError('not-found', 'ResourceNotFoundFault', 'gone')),
    });
    const looks = await settle(Promise.allSettled(numbers(151).map((n) => watcher.look(arnOf(n)))));
    expect(looks.filter(({ status }) => status === 'rejected')).toMatchObject([{ reason: { kind: 'not-found' } }]);
    expect(looks.at(-1)?.status).toBe('rejected');
  });

  test('that is throttled slows down and fails no wait', async () => {
    let left = 3;
    const dms = countingDms(account(300, () => (left-- > 0 ? Promise.reject(throttled()) : Promise.resolve())));
    const looks = await settle(
      Promise.allSettled(numbers(300).map((n) => dms.watcher.look(arnOf(n), { inSeconds: 1 }))),
    );
    expect(looks.every(({ status }) => status === 'fulfilled')).toBe(true);
    const gaps = dms.at.slice(1).map((at, n) => at - (dms.at[n] ?? 0));
    expect(gaps[0]).toBeGreaterThan(900);
    expect(gaps[1]).toBeGreaterThan(gaps[0] ?? 0);
  });

  test('that is throttled for too long fails expired waits with the DMS message', async () => {
    const { watcher } = countingDms({ one: () => Promise.reject(throttled()) });
    const failure = await settle(watcher.look(arnOf(1), { withinSeconds: 20 }).catch((err: unknown) => err));
    expect(failure).toBeInstanceOf(LookDelayed);
    expect(failure).toMatchObject({ throttled: { message: 'Rate exceeded' } });
    expect(performance.now()).toBeLessThan(20_100);
  });
});
