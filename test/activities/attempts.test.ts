import type { Client } from '@temporalio/client';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  createDmsActivities,
  DmsApiError,
  RecordRefused,
  type DmsActivitiesOptions,
  type DmsApi,
} from '../../src/activities/index.js';
import { inTime } from '../../src/activities/in-time.js';
import type { RecordedOperation } from '../../src/operations/protocol.js';
import type { CheckpointDraft, OperationRef } from '../../src/operations/records.js';
import { look } from '../support/look.js';
import { archived } from '../support/records.js';
import { failureOf, until } from '../support/stage.js';

const replicationConfigArn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';
const operation = { kind: 'stop', operationId: 'one', workflowId: 'w', runId: 'r' } as OperationRef;

afterEach(() => vi.restoreAllMocks());

/** An attempt that is not the first, so that it may be held. */
const attempt = (info: object = {}) =>
  new MockActivityEnvironment(
    { attempt: 2, startToCloseTimeoutMs: 45_000, ...info },
    { logger: new DefaultLogger('ERROR') },
  );

const showing = (status: string) =>
  ({
    describeReplication: () => Promise.resolve(look({ status })),
    endpointOverride: () => Promise.resolve(null),
  }) as Partial<DmsApi> as DmsApi;

const activitiesOf = (options: Partial<DmsActivitiesOptions> & { dms: DmsApi }) =>
  createDmsActivities({ client: {} as Client, ledgerTaskQueue: 'somewhere', ...options });

describe('an attempt of a wait', () => {
  test('is held while there is a place for it, and leaves after one look when there is none', async () => {
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms: showing('stopping'), maxHeldWaits: 1 });
    const request = { replicationConfigArn, lastStatus: 'stopping' };
    const held = attempt();
    let isOver = false;
    const first = failureOf(held.run(wait, request)).finally(() => (isOver = true));
    const begunAt = performance.now();
    expect(await failureOf(attempt().run(wait, request))).toMatchObject({ type: 'DmsStillWaiting' });
    expect(performance.now() - begunAt).toBeLessThan(1900);
    expect(isOver).toBe(false);
    held.cancel();
    await first;
    const next = attempt();
    const replaced = failureOf(next.run(wait, request));
    const another = await failureOf(attempt().run(wait, request));
    expect(another).toMatchObject({ type: 'DmsStillWaiting' });
    next.cancel();
    await replaced;
  });

  test('ends benignly, in less than two kilobytes, with the status and the delay until the next', async () => {
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms: showing('x'.repeat(5000)), holdSeconds: 0 });
    const failure = (await failureOf(
      attempt({ attempt: 1 }).run(wait, { replicationConfigArn }),
    )) as ApplicationFailure;
    expect(failure).toMatchObject({ type: 'DmsStillWaiting', category: 'BENIGN', nonRetryable: false });
    expect(failure.nextRetryDelay).toBeGreaterThanOrEqual(100);
    expect(JSON.stringify([failure.message, failure.details]).length).toBeLessThan(2048);
  });

  test('ends at once and keeps its status when the worker shuts down', async () => {
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms: showing('stopping') });
    const environment = attempt();
    const failure = failureOf(environment.run(wait, { replicationConfigArn, lastStatus: 'stopping' }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    environment.cancel('WORKER_SHUTDOWN');
    expect(await failure).toMatchObject({ type: 'DmsStillWaiting', details: [{ status: 'stopping' }] });
  });

  test('whose deadline passed tries for half a minute to see how things are', async () => {
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
    // However late the first of them is: a worker may have been away.
    for (const seconds of [80, 95, 104]) expect(await after(seconds)).toMatchObject({ type: 'DmsUnavailable' });
    expect(await after(111)).toMatchObject({
      type: 'DmsStopTimedOut',
      details: [{ status: 'stopping', awsError: { name: 'TimeoutError' } }],
    });
  });
});

describe('an attempt of a wait for which only time must pass', () => {
  test('does not end by its deadline when a look fails', async () => {
    const looks = [
      look({ stopReason: 'Stop Reason RECYCLE_TASK', replicationLastStopTime: '2020-01-02T00:00:00.000Z' }),
    ];
    const dms = {
      describeReplication: async () => {
        const shown = looks.shift();
        if (shown === undefined) throw new DmsApiError('unavailable', 'InternalFailure', 'Oh');
        return shown;
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
      const request = { replicationConfigArn, sawStop: true, stopTimeoutSeconds: 60, selfRestartGraceSeconds: 600 };
      return failureOf(environment.run(wait, request));
    };
    expect(await after(10)).toMatchObject({ type: 'DmsStillWaiting', details: [{ phase: 'settling' }] });
    for (const seconds of [200, 300]) {
      expect(await after(seconds)).toMatchObject({ type: 'DmsUnavailable', details: [{ status: 'stopped' }] });
    }
  });

  test('takes null for absent, as everything that comes in does', async () => {
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms: showing('stopping'), holdSeconds: 0 });
    const nothing = { before: null, stopTimeoutSeconds: null, settleSeconds: null, sawStop: null, accepted: null };
    const failure = await failureOf(attempt().run(wait, { replicationConfigArn, ...nothing } as never));
    expect(failure).toMatchObject({ type: 'DmsStillWaiting' });
  });
});

describe('an attempt that finds the request budget spent', () => {
  const throttling = (ms: number) =>
    ({
      describeReplication: async () => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        throw new DmsApiError('throttled', 'ThrottlingException', 'Rate exceeded');
      },
    }) as Partial<DmsApi> as DmsApi;

  test('says that DMS throttles it, and is tried again', async () => {
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms: throttling(1), holdSeconds: 0 });
    const failure = await failureOf(attempt({ startToCloseTimeoutMs: 11_500 }).run(wait, { replicationConfigArn }));
    expect(failure).toMatchObject({ type: 'DmsThrottled', message: expect.stringContaining('Rate exceeded') });
  });

  test('just goes on waiting when nothing is wrong', async () => {
    const dms = { describeReplication: () => new Promise(() => {}) } as Partial<DmsApi> as DmsApi;
    const { 'dms.awaitStopped': wait } = activitiesOf({ dms, holdSeconds: 0 });
    const failure = await failureOf(attempt({ startToCloseTimeoutMs: 11_500 }).run(wait, { replicationConfigArn }));
    expect(failure).toMatchObject({
      type: 'DmsStillWaiting',
      message: expect.stringContaining('many operations share the requests to DMS'),
    });
  });
});

describe('an attempt to change a replication', () => {
  test('that waited long for its turn looks again before it calls', async () => {
    const asked: string[] = [];
    const dms = {
      ...showing('running'),
      describeReplication: async () => {
        asked.push('look');
        return look({ status: 'running' });
      },
      stopReplication: async () => {
        asked.push('stop');
        return { replication: null, requestId: null };
      },
    } as DmsApi;
    // The budget grants 150 requests at once, the look among them, and then one in three seconds.
    const { 'dms.requestStop': stop } = activitiesOf({ dms, looksPerSecond: 0.1 });
    const patient = { startToCloseTimeoutMs: 150_000 };
    await Promise.all(Array.from({ length: 150 }, () => attempt(patient).run(stop, { replicationConfigArn })));
    expect(asked).toEqual(['look', ...Array.from({ length: 149 }, () => 'stop'), 'look', 'stop']);
  });

  test('does not send a call whose note was long in coming, and takes the note back', async () => {
    let late = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + late);
    const asked: string[] = [];
    const executeUpdate = async (name: string, { args }: { args: [{ type?: string }] }) => {
      asked.push(args[0].type ?? name);
      late += 5000;
      return { previous: null };
    };
    const client = {
      workflow: { getHandle: () => ({ executeUpdate }) },
      withDeadline: (_: number, ask: () => unknown) => ask(),
    };
    const stopReplication = vi.fn<DmsApi['stopReplication']>();
    const dms = { ...showing('running'), stopReplication };
    const { 'dms.requestStop': stop } = activitiesOf({ dms, client: client as unknown as Client });
    const failure = await failureOf(attempt({ attempt: 1 }).run(stop, { replicationConfigArn, operation }));
    expect(failure).toMatchObject({ type: 'DmsUnavailable', message: expect.stringContaining('old note') });
    expect(asked).toEqual(['dms.aboutTo', 'refused']);
    expect(stopReplication).not.toHaveBeenCalled();
  });
});

describe('an attempt to record', () => {
  const statistics = (describe: DmsApi['describeTableStatistics']) => {
    const recorded: string[] = [];
    const executeUpdate = async (_: string, { args }: { args: [{ type: string; checkpoint?: object }] }) => {
      recorded.push(args[0].type);
      return { checkpoint: { ...args[0].checkpoint, sequence: 1 } };
    };
    const client = {
      workflow: { getHandle: () => ({ executeUpdate }) },
      withDeadline: (_: number, ask: () => unknown) => ask(),
    } as unknown as Client;
    const dms = { ...showing('stopped'), describeTableStatistics: describe };
    const { 'dms.recordOperation': record } = activitiesOf({ dms, client });
    const ended = { end: 'stopped', intent: 'pause', outcome: 'stopped', settled: 'agreed' } as const;
    const request = { replicationConfigArn, operation, ...ended, replication: look(), awsRequestIds: [] };
    return { recorded, record, request };
  };

  test.each([
    ['denied', new DmsApiError('access-denied', 'AccessDeniedException', 'no')],
    ['unavailable', new DmsApiError('unavailable', 'TimeoutError', 'slow')],
  ])('records the checkpoint first, and succeeds when table statistics are %s', async (_, err) => {
    const { recorded, record, request } = statistics(() => Promise.reject(err));
    const result: RecordedOperation = await attempt().run(record, request);
    expect(recorded).toEqual(['stopped']);
    expect(result).toMatchObject({ checkpoint: { sequence: 1 }, result: { tables: null } });
    expect(result.result?.warnings.map(({ code }) => code)).toContain('statistics-unavailable');
  });

  test('reads table statistics after DMS has throttled them', async () => {
    let asked = 0;
    const { recorded, record, request } = statistics(async () => {
      if (asked++ === 0) throw new DmsApiError('throttled', 'ThrottlingException', 'Rate exceeded');
      return { items: [{ tableName: 'a', tableState: 'Table completed' } as never], marker: null };
    });
    const result: RecordedOperation = await attempt({ startToCloseTimeoutMs: 150_000 }).run(record, request);
    expect(recorded).toEqual(['stopped', 'tables']);
    expect(result.result).toMatchObject({ tables: { total: 1, truncated: false } });
    expect(asked).toBe(2);
  });

  test('keeps what it has read when a later page fails', async () => {
    const { recorded, record, request } = statistics(async (_, marker) => {
      if (marker !== null) throw new DmsApiError('unavailable', 'InternalFailure', 'Oh');
      return { items: [{ tableName: 'a', tableState: 'Table completed' } as never], marker: 'next' };
    });
    const result: RecordedOperation = await attempt().run(record, request);
    expect(recorded).toEqual(['stopped', 'tables']);
    expect(result.result).toMatchObject({ tables: { total: 1, truncated: true } });
  });

  test('leaves the statistics to another worker when its own shuts down', async () => {
    let isReading = false;
    const { record, request } = statistics(
      (_arn, _marker, { signal } = {}) =>
        new Promise((_, reject) => {
          isReading = true;
          signal?.addEventListener('abort', () => reject(new DmsApiError('unavailable', 'AbortError', 'aborted')));
        }),
    );
    const environment = attempt();
    const failure = failureOf(environment.run(record, request));
    await until('the statistics are read', () => isReading);
    environment.cancel('WORKER_SHUTDOWN');
    expect(await failure).toMatchObject({ type: 'DmsStillWaiting' });
    expect(await failure).not.toBeInstanceOf(CancelledFailure);
  });

  const failedLook = (changes: object = {}) =>
    look({ status: 'failed', failureMessages: ['Disk is gone'], ...changes });
  const ofRunBefore = { replicationLastStopTime: '2026-01-01T00:00:00.000Z', recoveryCheckpoint: 'of the run before' };
  const stop = {
    intent: 'final',
    outcome: 'stopped',
    before: {
      lastStopTime: ofRunBefore.replicationLastStopTime,
      replicationCreateTime: look().replicationCreateTime,
      freshStartDate: null,
    },
    // A little less than two looks, which are a little more or less than two seconds apart.
    settleSeconds: 3.5,
    seen: failedLook(ofRunBefore),
  } as const;

  /** Records a failure over as many attempts as it takes, a look every two seconds; the last look goes on. */
  async function recordFailure(...looks: (ReturnType<typeof look> | DmsApiError)[]) {
    const drafts: CheckpointDraft[] = [];
    const executeUpdate = async (_: string, { args }: { args: [{ checkpoint: CheckpointDraft }] }) => {
      drafts.push(args[0].checkpoint);
      return { checkpoint: { ...args[0].checkpoint, sequence: 1 } };
    };
    const client = {
      workflow: { getHandle: () => ({ executeUpdate }) },
      withDeadline: (_: number, ask: () => unknown) => ask(),
    } as unknown as Client;
    let n = 0;
    const next = async () => {
      const shown = looks[Math.min(n++, looks.length - 1)];
      if (shown instanceof DmsApiError) throw shown;
      return shown ?? failedLook();
    };
    const dms = { describeReplication: next } as Partial<DmsApi> as DmsApi;
    const { 'dms.recordOperation': record } = activitiesOf({ dms, client });
    const ended = {
      end: 'failed',
      failureType: 'DmsReplicationFailed',
      stop,
      clearsCall: true,
      awsRequestIds: [],
    } as const;
    let heartbeatDetails: unknown;
    for (let seconds = 0; drafts.length === 0 && seconds < 300; seconds += 2) {
      const environment = attempt({
        scheduledTimestampMs: 0,
        currentAttemptScheduledTimestampMs: seconds * 1000,
        heartbeatDetails,
      });
      environment.on('heartbeat', (details: unknown) => (heartbeatDetails = details));
      await environment.run(record, { replicationConfigArn, operation, ...ended }).catch((err: ApplicationFailure) => {
        if (err.nonRetryable) throw err;
      });
    }
    return { draft: drafts[0], looks: n };
  }

  test('leaves a cancelled stop that failed meanwhile to the next operation', async () => {
    const recorded: object[] = [];
    const executeUpdate = async (_: string, { args }: { args: [object] }) => {
      recorded.push(args[0]);
      return { checkpoint: null };
    };
    const client = {
      workflow: { getHandle: () => ({ executeUpdate }) },
      withDeadline: (_: number, ask: () => unknown) => ask(),
    } as unknown as Client;
    const { 'dms.recordOperation': record } = activitiesOf({ dms: showing('failed'), client });
    const cancelled = {
      end: 'cancelled',
      stop: { ...stop, seen: null },
      clearsCall: false,
      awsRequestIds: [],
    } as const;
    await attempt().run(record, { replicationConfigArn, operation, ...cancelled });
    expect(recorded).toMatchObject([
      { type: 'finished', outcome: null, failureType: 'CancelledFailure', clearsCall: false },
    ]);
  });

  test('waits until the stop of a failed replication is described, and is not the one of the run before', async () => {
    const { draft, looks } = await recordFailure(failedLook(ofRunBefore), failedLook(ofRunBefore), failedLook());
    expect(draft).toMatchObject({
      settled: 'agreed',
      status: 'failed',
      intent: 'final',
      stoppedAt: look().replicationLastStopTime,
      recoveryCheckpoint: look().recoveryCheckpoint,
    });
    expect(looks).toBe(5);
  });

  test.each([
    ['somebody started it again', look({ status: 'running' })],
    ['DMS never describes how it stopped', look({ status: 'failed', stopReason: null, replicationLastStopTime: null })],
    ['it is gone', new DmsApiError('not-found', 'ResourceNotFoundFault', 'gone')],
    ['it can not be seen for half a minute', new DmsApiError('unavailable', 'TimeoutError', 'slow')],
  ])('records what was seen of a failed replication when %s', async (_, shown) => {
    expect((await recordFailure(shown)).draft).toMatchObject({ settled: 'grace-expired', status: 'failed' });
  });
});

describe('a record for the archive', () => {
  const request = { replicationConfigArn, record: archived(7) };

  test('is left to another worker by one that has none, and to a later attempt while there is no answer', async () => {
    const { 'dms.archiveRecord': without } = activitiesOf({ dms: showing('stopped') });
    const left = await failureOf(attempt().run(without, request));
    expect(left).toMatchObject({ type: 'NoArchive', nonRetryable: false, nextRetryDelay: 120_000 });
    expect(left.message).toContain('Record 7 of arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS');
    const append = vi.fn(() => Promise.reject(new Error('x'.repeat(5000))));
    const archive = { append, list: () => Promise.resolve([]) };
    const { 'dms.archiveRecord': down } = activitiesOf({ dms: showing('stopped'), archive });
    const failure = await failureOf(attempt().run(down, request));
    expect(failure).toMatchObject({ type: 'ArchiveUnavailable', nonRetryable: false });
    // The server keeps no more than four kilobytes of a failure.
    expect(failure.message.length).toBeLessThan(1200);
    append.mockRejectedValue(new RecordRefused('too large'));
    expect(await failureOf(attempt().run(down, request))).toMatchObject({ type: 'RecordRefused', nonRetryable: true });
    expect(append).toHaveBeenCalledWith(request.record);
  });

  test('is not taken for a replication that the worker may not touch', async () => {
    const archive = { append: vi.fn(() => Promise.resolve()), list: () => Promise.resolve([]) };
    const { 'dms.archiveRecord': store } = activitiesOf({ dms: showing('stopped'), archive, allow: ['arn:other'] });
    expect(await failureOf(attempt().run(store, request))).toMatchObject({ type: 'DmsNotAllowed' });
    expect(archive.append).not.toHaveBeenCalled();
  });
});

describe('an answer in time', () => {
  test('is had, or not, and comes late to nobody', async () => {
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
