/** Failures of AWS: the effect of each on an operation, before its first accepted call and after it. */
import type { Client } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createDmsActivities, DmsApiError, type DmsApi } from '../../src/activities/index.js';
import type { DmsActivities } from '../../src/contract/activity-protocol.js';
import { lookAnswer, look } from '../support/look.js';

const replicationConfigArn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const controller = new AbortController();
    setTimeout(
      () => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
      ms,
    );
    return controller.signal;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Seconds of the test's clock. */
const now = () => performance.now() / 1000;

/** Runs fake time until the promise settles. */
async function settle<T>(promise: Promise<T>): Promise<T> {
  const state = { isDone: false };
  const end = promise.finally(() => (state.isDone = true));
  end.catch(() => {});
  while (!state.isDone) await vi.advanceTimersByTimeAsync(50);
  return end;
}

type Waiting = 'dms.requestStop' | 'dms.awaitStopped';

interface Played {
  /** `null`: the activity succeeded. */
  readonly failure: ApplicationFailure | null;
  readonly seconds: number;
  /** The retryable failures on the way. */
  readonly attempts: readonly ApplicationFailure[];
}

/** Runs an activity on one worker, with retries as Temporal makes them. */
async function play(
  type: Waiting,
  dms: Partial<DmsApi>,
  input: object = {},
  startToCloseTimeoutMs = 45_000,
): Promise<Played> {
  const api = { endpointOverride: () => Promise.resolve(null), ...dms } as DmsApi;
  const activities: DmsActivities = createDmsActivities({ dms: api, client: {} as Client, ledgerTaskQueue: 'ledgers' });
  const activity = activities[type] as (request: object) => Promise<unknown>;
  const begunAt = now();
  const attempts: ApplicationFailure[] = [];
  let heartbeatDetails: unknown;
  for (let attempt = 1; attempt < 1000; attempt++) {
    const environment = new MockActivityEnvironment(
      {
        attempt,
        startToCloseTimeoutMs,
        scheduledTimestampMs: 0,
        currentAttemptScheduledTimestampMs: (now() - begunAt) * 1000,
        heartbeatDetails,
      },
      { logger: new DefaultLogger('ERROR') },
    );
    environment.on('heartbeat', (details: unknown) => (heartbeatDetails = details));
    const failure = await settle(
      environment.run(activity, { replicationConfigArn, ...input }).then(
        () => null,
        (err: ApplicationFailure) => err,
      ),
    );
    if (failure === null || failure.nonRetryable === true) return { failure, seconds: now() - begunAt, attempts };
    attempts.push(failure);
    await vi.advanceTimersByTimeAsync(Number(failure.nextRetryDelay));
  }
  throw new Error('It never ends');
}

const refuse = (err: DmsApiError) => () => Promise.reject(err);
const throttled = new DmsApiError('throttled', 'ThrottlingException', 'Rate exceeded');
const expired = new DmsApiError('credentials', 'ExpiredTokenException', 'The security token is expired');
const skewed = new DmsApiError('unavailable', 'InvalidSignatureException', 'Signature expired: now', null, 'no');
const denied = new DmsApiError(
  'access-denied',
  'AccessDeniedException',
  'User: x is not authorized to perform: dms:DescribeReplications on resource: *',
);
const isStopping = { lastStatus: 'stopping', mayHaveCalled: true, stopTimeoutSeconds: 10 };

describe('throttling that never stops', () => {
  test.each([
    ['the wait for a stop', 'dms.awaitStopped', isStopping, 45_000],
    ['the request of a stop', 'dms.requestStop', { stoppableTimeoutSeconds: 10 }, 150_000],
  ] as const)('ends %s with a 10-second deadline within 45 seconds', async (_, type, input, startToClose) => {
    const { failure, seconds } = await play(type, { describeReplication: refuse(throttled) }, input, startToClose);
    const timedOut = type === 'dms.awaitStopped' ? 'DmsStopTimedOut' : 'DmsNotStoppable';
    expect(failure).toMatchObject({ type: timedOut, details: [{ awsError: { name: 'ThrottlingException' } }] });
    expect(seconds).toBeGreaterThanOrEqual(40);
    expect(seconds).toBeLessThanOrEqual(45);
  });

  test('ends the request of a stop within 45 seconds even if DMS throttles the call alone', async () => {
    const { failure, seconds } = await play(
      'dms.requestStop',
      {
        describeReplication: () => Promise.resolve(lookAnswer(look({ status: 'running' }))),
        stopReplication: refuse(throttled),
      },
      { stoppableTimeoutSeconds: 10 },
      150_000,
    );
    expect(failure).toMatchObject({ type: 'DmsNotStoppable' });
    expect(seconds).toBeLessThanOrEqual(45);
  });
});

describe('expired credentials', () => {
  test('that are renewed after 8 seconds do not end a stop that has to wait', async () => {
    const begunAt = now();
    const stopReplication = vi.fn<DmsApi['stopReplication']>(() =>
      Promise.resolve({ replication: null, requestId: null, dmsTime: Date.now() }),
    );
    const describeReplication = () => {
      const seconds = now() - begunAt;
      if (seconds > 100 && seconds < 108) return Promise.reject(expired);
      return Promise.resolve(lookAnswer(look({ status: seconds < 120 ? 'provisioning_capacity' : 'running' })));
    };
    const { failure, attempts } = await play('dms.requestStop', { describeReplication, stopReplication });
    expect(failure).toBeNull();
    expect(stopReplication).toHaveBeenCalledTimes(1);
    expect(attempts.filter(({ type }) => type === 'DmsUnavailable').map(({ message }) => message)[0]).toContain(
      'The worker has had no valid AWS credentials for 0 s',
    );
  });

  test('end an operation after a minute if it has sent no call', async () => {
    const { failure, seconds, attempts } = await play('dms.requestStop', { describeReplication: refuse(expired) });
    expect(failure).toMatchObject({
      type: 'DmsAccessDenied',
      details: [{ awsError: { name: 'ExpiredTokenException' }, hint: expect.stringContaining('Renew') as string }],
    });
    expect(failure?.message).toContain('The worker has no valid AWS credentials');
    expect(seconds).toBeGreaterThanOrEqual(60);
    expect(seconds).toBeLessThan(66);
    expect(attempts.at(-1)).toMatchObject({ type: 'DmsUnavailable', message: expect.stringMatching(/for \d\d s/) });
  });

  test('are retried until the deadline once a call was accepted', async () => {
    const { failure, seconds } = await play(
      'dms.awaitStopped',
      { describeReplication: refuse(expired) },
      { ...isStopping, stopTimeoutSeconds: 300 },
    );
    expect(failure).toMatchObject({
      type: 'DmsStopTimedOut',
      details: [{ awsError: { name: 'ExpiredTokenException' } }],
    });
    expect(seconds).toBeGreaterThan(300);
  });

  test('for 50 seconds at a time, with valid ones in between, do not end an operation', async () => {
    const begunAt = now();
    const describeReplication = () => {
      const seconds = now() - begunAt;
      if (seconds > 400) return Promise.resolve(lookAnswer(look({ status: 'created' })));
      return seconds % 100 < 50 ? Promise.reject(expired) : Promise.resolve(lookAnswer(look({ status: 'modifying' })));
    };
    expect((await play('dms.requestStop', { describeReplication })).failure).toBeNull();
  });
});

describe('a hint about credentials that AWS does not know', () => {
  test('names the region, which may not be enabled for the account', async () => {
    const unknown = new DmsApiError('credentials', 'UnrecognizedClientException', 'The security token is invalid');
    const { failure } = await play('dms.requestStop', { describeReplication: refuse(unknown) });
    expect(failure?.message).toContain('Check that the region eu-west-1 is enabled for the account 123456789012');
  });
});

describe('a denial by IAM', () => {
  test('ends an operation at once if it has sent no call, and names the action', async () => {
    const { failure, seconds } = await play('dms.requestStop', { describeReplication: refuse(denied) });
    expect(failure).toMatchObject({ type: 'DmsAccessDenied' });
    expect(failure?.message).toContain('Grant dms:DescribeReplications');
    expect(seconds).toBeLessThan(1);
  });

  test('is retried until the deadline once a call was accepted', async () => {
    const { failure } = await play('dms.awaitStopped', { describeReplication: refuse(denied) }, isStopping);
    expect(failure).toMatchObject({ type: 'DmsStopTimedOut' });
  });
});

describe('a request refused because the clock is off', () => {
  test('is retried until the deadline, before the first accepted call too', async () => {
    const dms = { describeReplication: refuse(skewed) };
    const { failure, seconds } = await play('dms.requestStop', dms, { stoppableTimeoutSeconds: 120 });
    expect(failure).toMatchObject({ type: 'DmsNotStoppable', details: [{ awsError: { name: skewed.awsName } }] });
    expect(seconds).toBeGreaterThan(120);
    expect((await play('dms.awaitStopped', dms, isStopping)).failure).toMatchObject({ type: 'DmsStopTimedOut' });
  });
});
