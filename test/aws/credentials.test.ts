import { createServer, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAwsDmsApi, createDmsClient, requireCredentials } from '../../src/aws/index.js';
import { DmsApiError, type DmsApi } from '../../src/dms/api.js';
import { parseReplicationConfigArn, type ReplicationConfigArn } from '../../src/dms/arn.js';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';
import { listen, type Listening } from '../support/http-servers.js';
import { until } from '../support/stage.js';

/** Behaviour of the credentials endpoint of the container. */
type Mood = 'healthy' | 'failing' | 'hanging';

let mood: Mood;
let handedOut = 0;
const hanging = new Set<ServerResponse>();
let credentials: Listening;
let simulator: DmsSimulator;
let arn: ReplicationConfigArn;
let api: DmsApi;
let madeClients = 0;

beforeEach(async () => {
  mood = 'healthy';
  [handedOut, madeClients] = [0, 0];
  const answer = {
    AccessKeyId: 'SIMULATED123456789012',
    SecretAccessKey: 'a secret access key of forty characters.',
    Token: 'a session token',
    Expiration: new Date(Date.now() + 3_600_000).toISOString(),
  };
  credentials = await listen(
    createServer((_, response) => {
      if (mood === 'hanging') {
        hanging.add(response);
        response.once('close', () => hanging.delete(response));
      } else if (mood === 'failing') {
        response.writeHead(500).end();
      } else {
        handedOut++;
        response.end(JSON.stringify(answer));
      }
    }),
  );
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE']) {
    vi.stubEnv(name, undefined);
  }
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, 'no-such-file');
  vi.stubEnv('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', undefined);
  vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${credentials.endpoint}/credentials`);
  simulator = await startDmsSimulator();
  arn = parseReplicationConfigArn(simulator.createReplication());
  const { endpoint } = simulator;
  api = createAwsDmsApi({
    clientFor: ({ region }) => {
      madeClients++;
      return createDmsClient({ region, endpoint });
    },
  });
});

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  await credentials[Symbol.asyncDispose]();
  await simulator.close();
});

async function errorOf(promise: Promise<unknown>): Promise<DmsApiError> {
  const err = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (err instanceof DmsApiError) return err;
  throw new Error(`Not a DmsApiError: ${String(err)}`);
}

/** Runs fake time until the action ends. Returns its result, and the fake seconds that it took. */
async function inFakeTime<T>(act: () => Promise<T>): Promise<{ readonly result: T; readonly seconds: number }> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const state = { isDone: false };
  const result = act().finally(() => (state.isDone = true));
  result.catch(() => {});
  let seconds = 0;
  for (; !state.isDone; seconds += 0.5) {
    await vi.advanceTimersByTimeAsync(500);
    for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
  }
  vi.useRealTimers();
  return { result: await result, seconds };
}

describe('a credentials endpoint that fails', () => {
  test('fails a request for lack of credentials, and the next one succeeds once it has recovered', async () => {
    mood = 'failing';
    const { result } = await inFakeTime(() => errorOf(api.describeReplication(arn)));
    expect(result).toMatchObject({ kind: 'credentials', wasCarriedOut: 'no' });
    expect(simulator.calls.length).toBe(0);
    mood = 'healthy';
    expect((await api.describeReplication(arn)).replication.status).toBe('running');
  });
});

describe('a credentials endpoint that accepts a connection and never answers', () => {
  beforeEach(() => void (mood = 'hanging'));

  test('fails a request after 15 seconds, and the next one succeeds once it has recovered', async () => {
    const { result, seconds } = await inFakeTime(() => errorOf(api.stopReplication(arn)));
    expect(seconds).toBeGreaterThan(14);
    expect(seconds).toBeLessThan(17);
    expect(result).toMatchObject({ kind: 'credentials', wasCarriedOut: 'no', awsName: 'TimeoutError' });
    expect(result.message).toBe('no credentials within 15 s');
    mood = 'healthy';
    expect((await api.describeReplication(arn)).replication.status).toBe('running');
    expect([madeClients, handedOut]).toEqual([2, 1]);
  });

  test('leaves no connection open', async () => {
    await inFakeTime(() => errorOf(api.stopReplication(arn)));
    await until('its connections are closed', () => hanging.size === 0, 10);
  });

  test('fails the credentials check of a starting worker after 15 seconds', async () => {
    const failed = async () => requireCredentials().catch((err: unknown) => String(err));
    const { result, seconds } = await inFakeTime(failed);
    expect(result).toContain('No AWS credentials: no credentials within 15 s');
    expect(seconds).toBeLessThan(17);
  });

  test('does not hold up a caller that gives up sooner, and still has its client replaced', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const caller = new AbortController();
    const asked = errorOf(api.stopReplication(arn, { signal: caller.signal }));
    while (hanging.size === 0) await new Promise(setImmediate);
    caller.abort();
    expect(await asked).toMatchObject({ kind: 'unavailable', wasCarriedOut: 'no', awsName: 'AbortError' });
    await vi.advanceTimersByTimeAsync(15_000);
    vi.useRealTimers();
    mood = 'healthy';
    expect((await api.describeReplication(arn)).replication.status).toBe('running');
    expect(madeClients).toBe(2);
  });
});

describe('a request', () => {
  test('that DMS never answers times out after 15 seconds, and the next one uses a new client', async () => {
    await api.describeReplication(arn);
    simulator.fault({ operation: 'StopReplication', type: 'hang' });
    const { result, seconds } = await inFakeTime(() => errorOf(api.stopReplication(arn)));
    expect(seconds).toBeGreaterThan(14);
    expect(seconds).toBeLessThan(17);
    expect(result).toMatchObject({ kind: 'unavailable', wasCarriedOut: 'unknown', message: 'no answer within 15 s' });
    expect((await api.stopReplication(arn)).replication).not.toBeNull();
    expect(madeClients).toBe(2);
  });

  test('whose credentials AWS rejects is followed by one with new credentials', async () => {
    await api.describeReplication(arn);
    simulator.fault({ operation: 'StopReplication', type: 'expired-credentials' });
    expect(await errorOf(api.stopReplication(arn))).toMatchObject({ kind: 'credentials', wasCarriedOut: 'no' });
    expect(handedOut).toBe(1);
    await api.stopReplication(arn);
    expect(handedOut).toBe(2);
  });

  test('that the caller has given up before it began is not sent', async () => {
    const error = await errorOf(api.stopReplication(arn, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ kind: 'unavailable', wasCarriedOut: 'no', awsName: 'AbortError' });
    expect([simulator.calls.length, handedOut]).toEqual([0, 0]);
  });

  test('that is over leaves no timer behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    await api.describeReplication(arn);
    const before = timers();
    await Promise.all(Array.from({ length: 10 }, () => api.describeReplication(arn)));
    expect(timers()).toBeLessThanOrEqual(before);
  });
});
