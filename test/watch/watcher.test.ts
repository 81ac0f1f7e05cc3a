import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from 'vitest';
import { DmsApiError, type DmsApi, type Page } from '../../src/dms/api.js';
import { parseReplicationConfigArn } from '../../src/dms/arn.js';
import type { Replication } from '../../src/dms/replication.js';
import { ReplicationWatcher, secondsBetweenLooks } from '../../src/watch/index.js';
import { look } from '../support/look.js';

const arnOf = (n: number) => parseReplicationConfigArn(`arn:aws:dms:eu-west-1:123456789012:replication-config:R${n}`);
const rowOf = (n: number, status = 'running') => look({ replicationConfigArn: arnOf(n).arn, status });

/** A DMS that counts what it is asked, and answers when told to. */
function countingDms(answers: {
  list?: (marker: string | null) => Promise<Page<Replication>>;
  one?: (arn: string) => Promise<Replication>;
}) {
  const asked: string[] = [];
  const dms = {
    describeReplication: ({ arn, resourceId }) => {
      asked.push(resourceId);
      return answers.one?.(arn) ?? Promise.resolve(look({ replicationConfigArn: arn, status: 'running' }));
    },
    listReplications: (_, marker) => {
      asked.push(`list ${marker ?? ''}`.trim());
      return answers.list?.(marker) ?? Promise.resolve({ items: [], marker: null });
    },
  } as Partial<DmsApi> as DmsApi;
  return { asked, watcher: new ReplicationWatcher(dms) };
}

describe('looks', () => {
  test('at one replication share one request, and at several one list', async () => {
    const { asked, watcher } = countingDms({
      list: () => Promise.resolve({ items: [1, 2, 3].map((n) => rowOf(n)), marker: null }),
    });
    await Promise.all([watcher.look(arnOf(1)), watcher.look(arnOf(1)), watcher.look(arnOf(1))]);
    await Promise.all([1, 2, 3].map((n) => watcher.look(arnOf(n))));
    expect(asked).toEqual(['R1', 'list']);
  });

  test('believe a row missing from a list only when its own request says so', async () => {
    const { asked, watcher } = countingDms({
      list: () => Promise.resolve({ items: [rowOf(1)], marker: null }),
      one: (arn) =>
        arn.endsWith('R3')
          ? Promise.reject(new DmsApiError('not-found', 'ResourceNotFoundFault', 'gone'))
          : Promise.resolve(rowOf(2)),
    });
    const [one, two, three] = await Promise.allSettled([1, 2, 3].map((n) => watcher.look(arnOf(n))));
    expect([one?.status, two?.status, three]).toMatchObject([
      'fulfilled',
      'fulfilled',
      { reason: { kind: 'not-found' } },
    ]);
    expect(asked).toEqual(['list', 'R2', 'R3']);
  });

  test('that began after a list was asked for do not fail with it', async () => {
    let failList = () => {};
    const { watcher } = countingDms({
      list: () =>
        new Promise((_, reject) => {
          failList = () => reject(new DmsApiError('throttled', 'ThrottlingException', 'Rate exceeded'));
        }),
    });
    const early = Promise.allSettled([1, 2].map((n) => watcher.look(arnOf(n))));
    while (failList.toString() === '() => {}') await new Promise((resolve) => setTimeout(resolve, 1));
    const late = watcher.look(arnOf(1));
    failList();
    expect(await early).toMatchObject([{ reason: { kind: 'throttled' } }, { reason: { kind: 'throttled' } }]);
    expect((await late).replication.status).toBe('running');
  });

  test('count only when their request was sent after the wait began', async () => {
    const answers: ((row: Replication) => void)[] = [];
    const { watcher } = countingDms({ one: () => new Promise((resolve) => answers.push(resolve)) });
    const first = watcher.look(arnOf(1));
    while (answers.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
    const second = watcher.look(arnOf(1));
    answers[0]?.(rowOf(1, 'running'));
    while (answers.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    answers[1]?.(rowOf(1, 'stopping'));
    expect([(await first).replication.status, (await second).replication.status]).toEqual(['running', 'stopping']);
  });

  test('that fail fail only for those who asked', async () => {
    const { watcher } = countingDms({
      list: (marker) =>
        marker === null
          ? Promise.resolve({ items: [rowOf(1)], marker: '2' })
          : Promise.reject(new DmsApiError('throttled', 'T', 'x')),
    });
    const [one, two] = await Promise.allSettled([watcher.look(arnOf(1)), watcher.look(arnOf(2))]);
    expect([one, two]).toMatchObject([{ status: 'fulfilled' }, { reason: { kind: 'throttled' } }]);
  });

  test('end with the signal of who waits, and not for anyone else', async () => {
    const answers: ((row: Replication) => void)[] = [];
    const { watcher } = countingDms({ one: () => new Promise((resolve) => answers.push(resolve)) });
    const leaving = new AbortController();
    const gone = watcher.look(arnOf(1), { signal: leaving.signal });
    const stays = watcher.look(arnOf(1));
    while (answers.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
    leaving.abort(new Error('left'));
    await expect(gone).rejects.toThrow('left');
    answers[0]?.(rowOf(1));
    expect((await stays).replication.status).toBe('running');
    await expect(watcher.look(arnOf(1), { signal: leaving.signal })).rejects.toThrow('left');
  });

  test('run outside the context of whoever asks', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const { watcher } = countingDms({
      one: () => {
        seen.push(storage.getStore());
        return Promise.resolve(rowOf(1));
      },
    });
    await storage.run('an activity', () => watcher.look(arnOf(1)));
    expect(seen).toEqual([undefined]);
  });
});

test.each([
  [0, 2],
  [60, 3],
  [600, 30],
  [86_400, 30],
])('after %i s two looks are about %i s apart', (elapsed, seconds) => {
  expect(secondsBetweenLooks(elapsed, () => 0.5)).toBeCloseTo(seconds);
  expect(secondsBetweenLooks(elapsed, () => 0)).toBeCloseTo(seconds * 0.9);
});
