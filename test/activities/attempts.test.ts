import type { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DmsApiError, RecordRefused, type DmsApi } from '../../src/activities/index.js';
import { inTime } from '../../src/watch/index.js';
import { lookAnswer, look } from '../support/look.js';
import { activitiesOf, attempt, dmsShowing } from '../support/attempts.js';
import { archivedRecord } from '../support/records.js';
import { failureOf, until } from '../support/stage.js';

const replicationConfigArn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';

afterEach(() => vi.restoreAllMocks());

describe('a held attempt', () => {
  const request = { replicationConfigArn, lastStatus: 'stopping' };
  beforeEach(
    () =>
      void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] }),
  );
  afterEach(() => void vi.useRealTimers());

  test('sends its memory in a heartbeat every 30 s, even if nothing changes', async () => {
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms: dmsShowing('stopping') });
    const held = attempt({ attempt: 1, startToCloseTimeoutMs: 315_000 });
    const beats: unknown[] = [];
    held.on('heartbeat', (details: unknown) => beats.push(details));
    const ended = failureOf(held.run(wait, request));
    await vi.advanceTimersByTimeAsync(100_000);
    // The first look, and three intervals.
    expect(beats).toHaveLength(4);
    expect(new Set(beats.map((each) => JSON.stringify(each))).size).toBe(1);
    held.cancel();
    await ended;
  });

  test('gives its slot up after 30 s when another wait found none, and keeps it for minutes otherwise', async () => {
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms: dmsShowing('stopping'), maxHeldWaits: 1 });
    const info = { startToCloseTimeoutMs: 315_000 };
    let endedAt: number | null = null;
    const first = failureOf(attempt(info).run(wait, request)).finally(() => (endedAt = performance.now()));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(endedAt).toBeNull();
    const turnedAway = failureOf(attempt(info).run(wait, request));
    await vi.advanceTimersByTimeAsync(5000);
    await turnedAway;
    expect(await first).toMatchObject({ type: 'DmsStillWaiting' });

    const begunAt = performance.now();
    const next = failureOf(attempt(info).run(wait, request)).finally(() => (endedAt = performance.now()));
    await vi.advanceTimersByTimeAsync(10_000);
    const another = failureOf(attempt(info).run(wait, request));
    await vi.advanceTimersByTimeAsync(25_000);
    await Promise.all([next, another]);
    expect(((endedAt ?? 0) - begunAt) / 1000).toBeGreaterThanOrEqual(28);
  });
});

describe('an attempt of a wait', () => {
  test('is held while a hold slot is free, and ends after one look otherwise', async () => {
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms: dmsShowing('stopping'), maxHeldWaits: 1 });
    const request = { replicationConfigArn, lastStatus: 'stopping' };
    const held = attempt({ attempt: 1 });
    const shown: unknown[] = [];
    held.on('heartbeat', (details: unknown) => shown.push(details));
    let isOver = false;
    const first = failureOf(held.run(wait, request)).finally(() => (isOver = true));
    const begunAt = performance.now();
    expect(await failureOf(attempt().run(wait, request))).toMatchObject({ type: 'DmsStillWaiting' });
    expect(performance.now() - begunAt).toBeLessThan(1900);
    expect(isOver).toBe(false);
    expect(shown).toEqual([expect.objectContaining({ phase: 'stopping', lastStatus: 'stopping' })]);
    held.cancel();
    await first;
    const next = attempt();
    const replaced = failureOf(next.run(wait, request));
    const another = await failureOf(attempt().run(wait, request));
    expect(another).toMatchObject({ type: 'DmsStillWaiting' });
    next.cancel();
    await replaced;
  });

  test('fails benignly, in less than 2 kB, with the delay until the next attempt', async () => {
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms: dmsShowing('x'.repeat(5000)), holdSeconds: 0 });
    const failure = (await failureOf(
      attempt({ attempt: 1 }).run(wait, { replicationConfigArn }),
    )) as ApplicationFailure;
    expect(failure).toMatchObject({ type: 'DmsStillWaiting', category: 'BENIGN', nonRetryable: false });
    expect(failure.nextRetryDelay).toBeGreaterThanOrEqual(100);
    expect(JSON.stringify([failure.message, failure.details]).length).toBeLessThan(2048);
  });

  test('ends at once and keeps its status when the worker shuts down', async () => {
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms: dmsShowing('stopping') });
    const environment = attempt();
    const failure = failureOf(environment.run(wait, { replicationConfigArn, lastStatus: 'stopping' }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    environment.cancel('WORKER_SHUTDOWN');
    expect(await failure).toMatchObject({ type: 'DmsStillWaiting', details: [{ status: 'stopping' }] });
  });

  test('whose deadline passed keeps trying to look for half a minute', async () => {
    const dms = { describeReplication: () => Promise.reject(new DmsApiError('unavailable', 'TimeoutError', 'slow')) };
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms: dms as Partial<DmsApi> as DmsApi });
    let heartbeatDetails: unknown;
    const after = async (seconds: number) => {
      const environment = attempt({
        scheduledTimestampMs: 0,
        currentAttemptScheduledTimestampMs: seconds * 1000,
        heartbeatDetails,
      });
      environment.on('heartbeat', (details: unknown) => (heartbeatDetails = details));
      return failureOf(
        environment.run(wait, {
          replicationConfigArn,
          stopTimeoutSeconds: 60,
          lastStatus: 'stopping',
        }),
      );
    };
    // The half minute begins with the first attempt after the deadline, because a worker may have been away.
    for (const seconds of [80, 95, 104]) expect(await after(seconds)).toMatchObject({ type: 'DmsUnavailable' });
    expect(await after(111)).toMatchObject({
      type: 'DmsStopTimedOut',
      details: [{ status: 'stopping', awsError: { name: 'TimeoutError' } }],
    });
  });
});

describe('an attempt of a wait that only needs time to pass', () => {
  test('does not end by its deadline when a look fails', async () => {
    const looks = [
      look({ stopReason: 'Stop Reason RECYCLE_TASK', replicationLastStopTime: '2020-01-02T00:00:00.000Z' }),
    ];
    const dms = {
      describeReplication: async () => {
        const shown = looks.shift();
        if (shown === undefined) throw new DmsApiError('unavailable', 'InternalFailure', 'Oh');
        return lookAnswer(shown);
      },
    } as Partial<DmsApi> as DmsApi;
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms, holdSeconds: 0 });
    let heartbeatDetails: unknown;
    const after = (seconds: number) => {
      const environment = attempt({
        scheduledTimestampMs: 0,
        currentAttemptScheduledTimestampMs: seconds * 1000,
        heartbeatDetails,
      });
      environment.on('heartbeat', (details: unknown) => (heartbeatDetails = details));
      const request = { replicationConfigArn, hasSeenStop: true, stopTimeoutSeconds: 60, selfRestartGraceSeconds: 600 };
      return failureOf(environment.run(wait, request));
    };
    expect(await after(10)).toMatchObject({ type: 'DmsStillWaiting', details: [{ phase: 'settling' }] });
    for (const seconds of [200, 300]) {
      expect(await after(seconds)).toMatchObject({ type: 'DmsUnavailable', details: [{ status: 'stopped' }] });
    }
  });
});

describe('a request to wait', () => {
  test('treats null fields as absent', async () => {
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms: dmsShowing('stopping'), holdSeconds: 0 });
    const nothing = {
      before: null,
      stopTimeoutSeconds: null,
      settleSeconds: null,
      hasSeenStop: null,
      mayHaveCalled: null,
    };
    const failure = await failureOf(attempt().run(wait, { replicationConfigArn, ...nothing } as never));
    expect(failure).toMatchObject({ type: 'DmsStillWaiting' });
  });
});

describe('an attempt whose look does not come in time', () => {
  const throttling = (ms: number) =>
    ({
      describeReplication: async () => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        throw new DmsApiError('throttled', 'ThrottlingException', 'Rate exceeded');
      },
    }) as Partial<DmsApi> as DmsApi;

  test('fails with the words of DMS when DMS throttles', async () => {
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms: throttling(1), holdSeconds: 0 });
    const failure = await failureOf(attempt({ startToCloseTimeoutMs: 11_500 }).run(wait, { replicationConfigArn }));
    expect(failure).toMatchObject({ type: 'DmsThrottled', message: expect.stringContaining('Rate exceeded') });
  });

  test('says that many operations share the requests when DMS does not throttle', async () => {
    const dms = { describeReplication: () => new Promise(() => {}) } as Partial<DmsApi> as DmsApi;
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms, holdSeconds: 0 });
    const failure = await failureOf(attempt({ startToCloseTimeoutMs: 11_500 }).run(wait, { replicationConfigArn }));
    expect(failure).toMatchObject({
      type: 'DmsStillWaiting',
      message: expect.stringContaining('many operations share the requests to DMS'),
    });
  });
});

describe('a record for the archive', () => {
  const request = { replicationConfigArn, record: archivedRecord(7) };

  test('is retried unless the archive refuses it', async () => {
    const { 'dms.archiveRecord': without } = activitiesOf({ dms: dmsShowing('stopped') });
    const left = await failureOf(attempt().run(without, request));
    expect(left).toMatchObject({ type: 'NoArchive', nonRetryable: false, nextRetryDelay: 120_000 });
    expect(left.message).toContain('Record 7 of arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS');
    const append = vi.fn(() => Promise.reject(new Error('x'.repeat(5000))));
    const archive = { append, list: () => Promise.resolve([]) };
    const { 'dms.archiveRecord': down } = activitiesOf({ dms: dmsShowing('stopped'), archive });
    const failure = await failureOf(attempt().run(down, request));
    expect(failure).toMatchObject({ type: 'ArchiveUnavailable', nonRetryable: false });
    // The server keeps no more than four kilobytes of a failure.
    expect(failure.message.length).toBeLessThan(1200);
    append.mockRejectedValue(new RecordRefused('too large'));
    expect(await failureOf(attempt().run(down, request))).toMatchObject({ type: 'RecordRefused', nonRetryable: true });
    expect(append).toHaveBeenCalledWith(request.record);
  });

  test('is not stored for a replication that the worker may not touch', async () => {
    const archive = { append: vi.fn(() => Promise.resolve()), list: () => Promise.resolve([]) };
    const { 'dms.archiveRecord': store } = activitiesOf({ dms: dmsShowing('stopped'), archive, allow: ['arn:other'] });
    expect(await failureOf(attempt().run(store, request))).toMatchObject({ type: 'DmsNotAllowed' });
    expect(archive.append).not.toHaveBeenCalled();
  });
});

describe('a time limit on an answer', () => {
  test('returns an early answer, and leaves no unhandled rejection when a request throws at once', async () => {
    expect(await inTime(5, () => Promise.resolve('here'))).toBe('here');
    await expect(inTime(0.01, () => new Promise(() => {}))).rejects.toThrow('no answer within 0.01 s');
    const unhandled = vi.fn();
    process.once('unhandledRejection', unhandled);
    const patience: AbortSignal[] = [];
    const thrown = inTime(0.01, (signal) => {
      patience.push(signal);
      throw new RecordRefused('at once, and not as a promise');
    });
    await expect(thrown).rejects.toThrow(RecordRefused);
    await until('it is too late', () => patience[0]?.aborted);
    await new Promise(setImmediate);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
