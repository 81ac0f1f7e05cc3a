import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startDmsSimulator, uncertainDefaults, type DmsSimulator } from '../../src/simulator/index.js';
import { faultTypes } from '../../src/simulator/api/faults.js';
import { call, config, look, refusal } from '../support/dms-http.js';
import { until } from '../support/stage.js';

let simulator: DmsSimulator;
beforeEach(async () => {
  simulator = await startDmsSimulator({ speed: 0 });
});
afterEach(() => simulator.close());

/** Sends a request to the HTTP control of the simulator. */
async function control(
  method: string,
  path: string,
  body?: unknown,
  type = 'application/json',
): Promise<{ status: number; answer: any }> {
  const response = await fetch(`${simulator.endpoint}/_simulator/${path}`, {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(method === 'GET' ? {} : { headers: { 'content-type': type } }),
  });
  return { status: response.status, answer: await response.json() };
}

describe('over HTTP', () => {
  test('a connection without requests is kept for a minute, as AWS does', async () => {
    const answer = await fetch(simulator.endpoint);
    await answer.text();
    expect(answer.headers.get('keep-alive')).toBe('timeout=60');
  });

  test('control requests create replications, move the time, set faults, act, list calls and reset', async () => {
    const { answer: created } = await control('POST', 'replications', {
      status: 'provisioning_capacity',
      identifier: 'over-http',
    });
    const arn: string = created.replicationConfigArn;
    expect((await look(simulator, arn)).Status).toBe('provisioning_capacity');
    await control('POST', 'clock', { hours: 1 });
    expect((await look(simulator, arn)).Status).toBe('running');
    await control('POST', 'faults', { type: 'throttle', operation: 'StopReplication' });
    expect((await call(simulator, 'StopReplication', { ReplicationConfigArn: arn })).body.__type).toBe(
      'ThrottlingException',
    );
    await control('POST', 'faults', { type: 'throttle', operation: 'StopReplication' });
    await control('DELETE', 'faults', {});
    const other = simulator.createReplication();
    for (const replicationConfigArn of [arn, other])
      await control('POST', 'faults', { type: 'throttle', operation: 'StopReplication', replicationConfigArn });
    await control('DELETE', `faults?replicationConfigArn=${arn}`, {});
    const refused = await call(simulator, 'StopReplication', { ReplicationConfigArn: other });
    expect(refused.body.__type).toBe('ThrottlingException');
    await control('POST', 'act', { action: 'stop', replicationConfigArn: arn, reason: 'Stop Reason RECYCLE_TASK' });
    await control('POST', 'clock', { minutes: 3 });
    const { answer: state } = await control('GET', 'state');
    expect(state).toMatchObject({
      now: new Date(simulator.clock.now()).toISOString(),
      replications: [{ row: { Status: 'stopped', StopReason: 'Stop Reason RECYCLE_TASK' }, lagSeconds: null }, {}],
    });
    const { answer: log } = await control('GET', 'calls?limit=1');
    expect(log.calls).toMatchObject([{ operation: 'StopReplication', outcome: 'ThrottlingException' }]);
    await control('POST', 'reset', {});
    expect((await control('GET', 'state')).answer.replications).toEqual([]);
  });

  test.each([
    ['start', {}, 'replication_starting'],
    ['restart', {}, 'replication_starting'],
    ['modify', {}, 'modifying'],
    ['fail', { messages: ['Gone'] }, 'failed'],
    ['repoint-target', {}, 'stopped'],
    ['change-source', { source: { catchUp: 2 } }, 'stopped'],
    ['change-tables', { tables: { inError: 1 } }, 'stopped'],
    ['on-next-stop', { next: { type: 'hang' } }, 'stopped'],
    ['on-step', { step: 'initializing', messages: null }, 'stopped'],
    ['on-assessment', { status: 'failed' }, 'stopped'],
    ['fail-after-running', { seconds: 10 }, 'stopped'],
  ])('the action %s with %j leaves a stopped replication in status %s', async (action, more, status) => {
    const arn = simulator.createReplication({ status: 'stopped' });
    expect(await control('POST', 'act', { action, replicationConfigArn: arn, ...more })).toEqual({
      status: 200,
      answer: {},
    });
    expect((await look(simulator, arn)).Status).toBe(status);
  });

  test.each([
    ['POST', 'act', { action: 'dance' }, 400, 'no action "dance". There is stop, start, restart'],
    ['POST', 'act', { action: 'toString' }, 400, 'no action "toString"'],
    [
      'POST',
      'act',
      { action: 'stop', replicationConfigArn: 'x', reasn: 'y' },
      400,
      'no member "reasn". It takes reason',
    ],
    ['POST', 'act', { action: 'modify', replicationConfigArn: 'x', to: 'y' }, 400, 'no member "to". It takes none'],
    ['POST', 'policy', { statementz: [] }, 400, 'the policy has no member "statementz"'],
    ['GET', 'calls?limti=5', undefined, 400, 'no member "limti"'],
    ['GET', 'health?deep=1', undefined, 400, 'no member "deep"'],
    ['POST', 'reset', { seed: 7 }, 400, 'the reset has no member "seed". It has startAt'],
    ['POST', 'reset', { startAt: 'noon' }, 400, 'startAt must be a time like 2026-01-01T00:00:00Z'],
    ['POST', 'reset', { startAt: '2026-13-45T00:00:00Z' }, 400, 'startAt must be a time like 2026-01-01T00:00:00Z'],
    ['GET', 'target-rows', undefined, 400, 'the request needs replicationConfigArn'],
    ['DELETE', 'faults?id=first', {}, 400, 'id must be a whole number from 1'],
    ['DELETE', 'faults', { id: 1.5 }, 400, 'id must be a whole number from 1'],
    ['DELETE', 'faults?id=1&replicationConfigArn=x', {}, 400, 'Give id or replicationConfigArn, not both'],
    ['DELETE', 'faults?ids=1', {}, 400, 'no member "ids". It takes id, replicationConfigArn'],
    [
      'POST',
      'faults',
      { operation: 'StopReplicatoin', type: 'throttle' },
      400,
      'must be one of *, CreateReplicationConfig',
    ],
    ['POST', 'clock', { hour: 1 }, 400, 'the time span has no member "hour". It has days, hours'],
    ['POST', 'act', { action: 'stop', replicationConfigArn: 'x' }, 400, 'no replication x'],
    ['POST', 'clock', { hours: -1 }, 400, 'hours must be a number from 0'],
    ['POST', 'clock', '{', 400, 'JSON'],
    ['POST', 'clock', '[]', 400, 'must be a JSON object'],
    ['POST', 'faults', {}, 400, 'needs "operation"'],
    ['POST', 'replications', { status: 'bogus' }, 400, 'status must be one of created'],
    ['POST', 'replications', { tables: 1e9 }, 400, 'from 0 to 20000'],
    ['POST', 'replications', { source: { engine: 'db2' } }, 400, 'source.engine must be one of mysql'],
    ['POST', 'replications', { replicationType: 'full' }, 400, 'replicationType must be one of'],
    ['POST', 'policy', { statements: 'all' }, 400, 'the policy must be a list'],
    ['POST', 'policy', { statements: [null] }, 400, 'the policy[0] must be an object'],
    ['POST', 'policy', { statements: [{ Effect: 'Allow' }] }, 400, 'needs "Action"'],
    ['POST', 'clock', { minutes: '1' }, 400, 'minutes must be a number'],
    ['POST', 'faults', { operation: '*', type: 'bogus' }, 400, 'the fault.type must be one of throttle'],
    ['POST', 'faults', { operation: '*', type: 'invalid-state' }, 400, 'the fault needs "status"'],
    ['POST', 'faults', { operation: '*', type: 'late' }, 400, 'the fault needs "seconds"'],
    ['POST', 'faults', { operation: '*', type: 'late', seconds: -1 }, 400, 'seconds must be a number from 0'],
    ['POST', 'faults', { operation: '*', type: 'clock-skew' }, 400, 'the fault needs "skewSeconds"'],
    [
      'POST',
      'faults',
      { operation: '*', type: 'stale', upToSeconds: 121 },
      400,
      'upToSeconds must be a number from 0 to 120',
    ],
    ['POST', 'faults', { operation: '*', type: 'row-missing', hides: 'all' }, 400, 'hides must be one of from-lists'],
    ['POST', 'faults', { operation: '*', type: 'error', name: 'X', message: '', status: 9999 }, 400, 'from 400 to 599'],
    ['POST', 'faults', { operation: '*', type: 'throttle', often: 3 }, 400, 'the fault has no member "often"'],
    ['POST', 'replications', { durations: { initializing: 'x' } }, 400, 'durations.initializing must be a number'],
    ['POST', 'replications', { durations: { fullLoad: 1e30 } }, 400, 'durations.fullLoad must be a number'],
    ['POST', 'replications', { source: { bytesPerSecond: -1000 } }, 400, 'bytesPerSecond must be a number from 0'],
    ['POST', 'replications', { source: { rates: { inserts: 1 } } }, 400, 'source.rates needs "updates"'],
    ['POST', 'replications', { changesPerSecond: 'fast' }, 400, 'changesPerSecond must be a number'],
    ['POST', 'replications', { tables: { skippedPercent: 200 } }, 400, 'skippedPercent must be a number from 0 to 100'],
    ['POST', 'replications', { tables: { names: ['orders'] } }, 400, 'like shop.orders'],
    ['POST', 'replications', { identifier: { a: 1 } }, 400, 'identifier must be a text'],
    ['GET', 'calls?limit=-1', undefined, 400, 'limit must be a number of calls'],
    ['GET', 'nothing', undefined, 404, 'There is no GET'],
  ])('%s %s with %j is rejected with status %i', async (method, path, body, status, said) => {
    const refused = await control(method, path, body);
    expect(refused.status).toBe(status);
    expect(refused.answer.error).toContain(said);
  });

  test.each([
    ['change-source', { source: { engine: 'db2' } }, 'engine must be one of mysql'],
    ['change-source', { source: { rates: null } }, 'rates must be an object'],
    ['change-tables', { tables: { count: 5 } }, 'the tables has no member "count"'],
    ['on-next-stop', { next: { type: 'self-restart', stopReason: 'x' } }, 'the next stop needs "afterSeconds"'],
    ['on-next-stop', { next: { type: 'explode' } }, 'the next stop.type must be one of fail'],
    ['fail-after-running', { seconds: 'x' }, 'seconds must be a number'],
    ['fail', { messages: [7] }, 'messages[0] must be a text'],
    ['on-assessment', { status: 'perfect' }, 'the assessment must be one of passed'],
    ['on-step', { step: 'sleeping', messages: null }, 'the step must be one of initializing'],
    ['on-step', { step: 'deprovisioning', messages: ['x'] }, 'deprovisioning can only hang'],
    ['stop', { reason: 5 }, '5 must be a text'],
    ['change-source', { source: null }, 'must be an object'],
    ['start', { type: 'restart' }, 'the start type must be one of start-replication'],
  ])('the action %s with %j is rejected, and leaves the replication unchanged', async (action, more, said) => {
    const arn = simulator.createReplication({ status: 'stopped' });
    const before = await look(simulator, arn);
    const refused = await control('POST', 'act', { action, replicationConfigArn: arn, ...more });
    expect([refused.status, refused.answer.error]).toEqual([400, expect.stringContaining(said)]);
    expect(await look(simulator, arn)).toEqual(before);
  });

  test.each([
    { speed: NaN },
    { startAt: 'bogus' },
    { tables: { rates: { 'shop.table_00001': {} as never } } },
    { durations: { stopping: -1 } },
    { uncertain: { rumours: true } as never },
    { uncertain: { resumePath: 'fast' as never } },
    { uncertain: { quota: -1 } },
    { uncertain: { throttle: { burst: 1 } as never } },
  ])('a simulator rejects the options %j', async (options) => {
    await expect(startDmsSimulator(options)).rejects.toThrow(/the simulator\.\w+/);
  });

  test('a request without a content type is taken, unless it comes from a page of another site', async () => {
    const ask = (headers: Record<string, string>) =>
      fetch(`${simulator.endpoint}/_simulator/reset`, { method: 'POST', headers }).then(({ status }) => status);
    expect(await ask({})).toBe(200);
    expect(await ask({ origin: simulator.endpoint })).toBe(200);
    expect(await ask({ origin: 'http://evil.example' })).toBe(403);
    expect(await ask({ origin: 'null' })).toBe(403);
  });

  test('the speed and the durations of a replication are set while it runs', async () => {
    const arn = simulator.createReplication();
    const durations = { stopping: 7, describingStop: 0 };
    const act = { action: 'change-durations', replicationConfigArn: arn };
    expect((await control('POST', 'act', { ...act, durations })).status).toBe(200);
    simulator.stop(arn);
    simulator.clock.advance({ seconds: 7 });
    expect(simulator.row(arn).Status).toBe('stopped');
    expect((await control('POST', 'act', { ...act, durations: { sleeping: 1 } })).answer.error).toContain('sleeping');
    const before = simulator.clock.now();
    await control('POST', 'speed', { speed: 1e6 });
    await until('its time passes', () => simulator.clock.now() > before + 60_000);
    expect((await control('GET', 'state')).answer.speed).toBe(1e6);
    expect((await control('POST', 'speed', { speed: -1 })).status).toBe(400);
    expect((await control('POST', 'speed', {})).status).toBe(400);
    await control('POST', 'reset', {});
    expect((await control('GET', 'state')).answer).toMatchObject({ speed: 0, now: '2026-01-01T00:00:00.000Z' });
  });

  test('it is described in OpenAPI, with every request, action, fault and switch', async () => {
    const { answer } = await control('GET', 'openapi');
    expect(await new Validator().validate(answer)).toEqual({ valid: true });
    const described = Object.entries(answer.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/_simulator/', '')}`),
    );
    const { answer: unknown } = await control('GET', 'nothing');
    expect(unknown.error).toContain(`there is ${described.join(', ')}`);
    const bodyOf = (path: string) =>
      answer.paths[`/_simulator/${path}`].post.requestBody.content['application/json'].schema;
    const actions = bodyOf('act').oneOf.map((each: any) => each.properties.action.const);
    const { answer: refused } = await control('POST', 'act', { action: 'nothing', replicationConfigArn: 'x' });
    expect(refused.error).toContain(`There is ${actions.join(', ')}`);
    expect(Object.keys(bodyOf('uncertain').properties)).toEqual(Object.keys(uncertainDefaults));
    const faults = bodyOf('faults').oneOf as { properties: Record<string, { const?: string }>; required: string[] }[];
    expect(faults.map(({ properties }) => properties['type']?.const)).toEqual([...faultTypes]);
    expect(faults.find(({ properties }) => properties['type']?.const === 'late')?.required).toContain('seconds');
    expect(bodyOf('replications').properties.source.properties.engine.enum).toContain('postgres');
    const isRequired = (path: string) => answer.paths[`/_simulator/${path}`].post.requestBody.required;
    expect(['faults', 'act', 'reset'].map(isRequired)).toEqual([true, true, false]);
    const { answer: wrong } = await control('POST', 'replications', { nothing: 1 });
    const options = Object.keys(bodyOf('replications').properties);
    expect(wrong.error).toContain(options.join(', '));
    expect(answer.paths['/_simulator/target-rows'].get).toMatchObject({
      parameters: [{ name: 'replicationConfigArn', in: 'query', required: true }],
      responses: { 200: {}, 400: {}, 403: {} },
    });
    expect(Object.keys(answer.paths['/_simulator/faults'].delete.responses)).toEqual(['200', '400', '403', '415']);
  });

  test('health is told, and switches are set while it runs', async () => {
    expect(await control('GET', 'health')).toEqual({ status: 200, answer: { status: 'ok' } });
    const arn = simulator.createReplication({ status: 'stopped' });
    const stop = () => refusal(simulator, 'StopReplication', { ReplicationConfigArn: arn });
    expect(await stop()).toContain('InvalidResourceStateFault');
    await control('POST', 'uncertain', { stopAtRest: 'accepted' });
    expect(await stop()).toBe('accepted');
    expect((await control('POST', 'uncertain', { rumours: true })).answer.error).toContain(
      'the switches has no member "rumours". It has rowBeforeFirstRun',
    );
  });

  test('a throttle that is set while it runs counts at once', async () => {
    const list = () => refusal(simulator, 'DescribeReplications');
    const unset: object = { quota: undefined };
    simulator.setUncertain({ ...unset, throttle: { burst: 1, refill: 0 } });
    expect([await list(), await list()]).toEqual(['accepted', expect.stringContaining('ThrottlingException')]);
    simulator.setUncertain({ throttle: null });
    expect([await list(), await list()]).toEqual(['accepted', 'accepted']);
  });

  test('a reset goes back to the beginning of time and chance, and to the switches of the options', async () => {
    const seen = async () => {
      const identifiers = [simulator.createReplication(), simulator.createReplication()];
      simulator.clock.advance({ hours: 3 });
      return [identifiers, simulator.clock.now(), await control('GET', 'state')];
    };
    const before = await seen();
    await control('POST', 'uncertain', { quota: 1, rowBeforeFirstRun: false });
    await control('POST', 'policy', { statements: [] });
    await control('POST', 'reset', {});
    expect(await seen()).toEqual(before);
    expect(await refusal(simulator, 'CreateReplicationConfig', config('third'))).toBe('accepted');
  });

  test('a reset begins at another time, until the next reset', async () => {
    const now = async (body: object) => {
      await control('POST', 'reset', body);
      return (await control('GET', 'state')).answer.now;
    };
    expect(await now({ startAt: '2030-01-02T03:04:05Z' })).toBe('2030-01-02T03:04:05.000Z');
    expect(await now({})).toBe('2026-01-01T00:00:00.000Z');
  });

  test('a fault is removed by its id, and those beside it stay', async () => {
    const arn = simulator.createReplication();
    const set = async (operation: string) =>
      (await control('POST', 'faults', { type: 'throttle', operation, times: 9 })).answer.id as number;
    const [first, second] = [await set('StopReplication'), await set('StartReplication')];
    expect((await control('GET', 'state')).answer.faults).toMatchObject([{ id: first }, { id: second }]);
    expect((await control('DELETE', `faults?id=${first}`)).status).toBe(200);
    expect(await refusal(simulator, 'StopReplication', { ReplicationConfigArn: arn })).toBe('accepted');
    const start = { ReplicationConfigArn: arn, StartReplicationType: 'resume-processing' };
    expect(await refusal(simulator, 'StartReplication', start)).toContain('ThrottlingException');
    // A fault that is over may be removed, too. A reset uses no id again.
    expect((await control('DELETE', `faults?id=${first}`)).status).toBe(200);
    await control('POST', 'reset', {});
    expect(await set('StopReplication')).toBeGreaterThan(second);
  });

  test('rows behind a target, and the seed, are shown', async () => {
    const arn = simulator.createReplication({ tables: 2 });
    const { answer } = await control('GET', `target-rows?replicationConfigArn=${arn}`);
    expect(answer).toEqual({ rows: simulator.targetRows(arn) });
    simulator.repointTarget(arn);
    expect((await control('GET', `target-rows?replicationConfigArn=${arn}`)).answer).toEqual({ rows: 0 });
    expect((await control('GET', 'state')).answer.seed).toBe(simulator.seed);
  });

  test('a request with the content type of a simple cross-site form is rejected', async () => {
    expect((await control('POST', 'reset', {}, 'text/plain')).status).toBe(415);
  });

  test('a request with another host name is rejected', async () => {
    const { port } = new URL(simulator.endpoint);
    const ask = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const asked = request({ host: '127.0.0.1', port, path: '/_simulator/state', headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        asked.on('error', reject).end();
      });
    const asAws = request({ host: '127.0.0.1', port, method: 'POST', headers: { host: 'evil.example' } });
    const [refused] = (await once(asAws.end(), 'response')) as [IncomingMessage];
    refused.resume();
    expect(refused.statusCode).toBe(403);
    const names = ['evil.example', 'localhost', '127.0.0.2', 'dms', 'host.docker.internal'];
    expect(await Promise.all(names.map((name) => ask(`${name}:${port}`)))).toEqual([403, 200, 200, 200, 200]);
  });

  test('failure messages and stop reasons are shown unchanged', async () => {
    const [failed, stopped] = [simulator.createReplication(), simulator.createReplication()];
    const messages = [`PWD=hunter2;${'x'.repeat(600_000)}`, '', 'mysql://admin:secret@db:3306', '\u0000\ud83d'];
    const stopReason = `Stop Reason FATAL_ERROR password=hunter2 ${'y'.repeat(300_000)}`;
    const act = (more: object) => control('POST', 'act', more);
    await act({ action: 'fail', replicationConfigArn: failed, messages, stopReason });
    await act({ action: 'stop', replicationConfigArn: stopped, reason: stopReason });
    simulator.clock.advance({ minutes: 5 });
    expect(await look(simulator, failed)).toMatchObject({
      Status: 'failed',
      FailureMessages: messages,
      StopReason: stopReason,
    });
    expect(await look(simulator, stopped)).toMatchObject({ Status: 'stopped', StopReason: stopReason });
    const next = { type: 'fail', messages, stopReason } as const;
    expect((await act({ action: 'on-next-stop', replicationConfigArn: failed, next })).status).toBe(200);
    expect(() => simulator.fail(failed, ['x'.repeat(1_000_001)])).toThrow('a text of at most 1000000 characters');
  });

  test("an existing identifier can't be created again", async () => {
    simulator.createReplication({ identifier: 'once' });
    expect((await control('POST', 'replications', { identifier: 'once' })).answer.error).toContain('already');
  });

  test('the page is static HTML without data of a replication, and unknown paths are not found', async () => {
    simulator.createReplication({ identifier: 'watched' });
    const response = await fetch(`${simulator.endpoint}/`);
    expect(response.headers.get('content-type')).toContain('text/html');
    const html = await response.text();
    expect(html).toContain('A local DMS Serverless');
    expect(html).not.toContain('watched');
    expect((await fetch(`${simulator.endpoint}/elsewhere`)).status).toBe(404);
  });
});

const signed = 'AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/dms/aws4_request, SignedHeaders=host, Signature=0';

describe('the HTTP front', () => {
  test.each<[string, Record<string, string>, string, number, string]>([
    [
      'broken JSON',
      { 'x-amz-target': 'AmazonDMSv20160101.StopReplication', authorization: signed },
      '{',
      400,
      'SerializationException',
    ],
    [
      'a JSON list',
      { 'x-amz-target': 'AmazonDMSv20160101.StopReplication', authorization: signed },
      '[]',
      400,
      'SerializationException',
    ],
    ['no target', { authorization: signed }, '{}', 404, 'UnknownOperationException'],
    [
      'a classic operation',
      { 'x-amz-target': 'AmazonDMSv20160101.DescribeReplicationTasks', authorization: signed },
      '{}',
      404,
      'UnknownOperationException',
    ],
    [
      'the name of an inherited property',
      { 'x-amz-target': 'AmazonDMSv20160101.constructor', authorization: signed },
      '{}',
      404,
      'UnknownOperationException',
    ],
    [
      'no signature',
      { 'x-amz-target': 'AmazonDMSv20160101.StopReplication' },
      '{}',
      400,
      'MissingAuthenticationTokenException',
    ],
    [
      'half a signature',
      { 'x-amz-target': 'AmazonDMSv20160101.StopReplication', authorization: 'Bearer x' },
      '{}',
      400,
      'IncompleteSignatureException',
    ],
    [
      'an empty body',
      { 'x-amz-target': 'AmazonDMSv20160101.StopReplication', authorization: signed },
      '',
      400,
      'ValidationException',
    ],
    [
      'a body of two megabytes',
      { 'x-amz-target': 'AmazonDMSv20160101.StopReplication', authorization: signed },
      `{"a":"${'x'.repeat(2 ** 21)}"}`,
      413,
      'RequestEntityTooLargeException',
    ],
  ])('answers %s as AWS does', async (_, headers, body, status, type) => {
    const response = await fetch(simulator.endpoint, { method: 'POST', headers, body });
    expect([response.status, ((await response.json()) as { __type: string }).__type]).toEqual([status, type]);
    expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('listens on loopback only', () => expect(simulator.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/));
});

test('the program starts a simulator, prints the variables for clients, and rejects invalid options', async () => {
  const script = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  const run = (...args: string[]) => {
    const program = spawn(process.execPath, [script, 'simulator', ...args]);
    const said = { out: '', err: '' };
    program.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    program.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
    return { program, said, exit: once(program, 'exit') };
  };
  const folder = await mkdtemp(join(tmpdir(), 'temporal-dms-'));
  const durations = join(folder, 'durations.json');
  await writeFile(durations, '{"stopping": 5}');
  const { program, said, exit } = run(
    '--port',
    '0',
    '--speed',
    '0',
    '--seed',
    '7',
    '--throttle',
    '1,1',
    '--uncertain-inverted',
    '--uncertain',
    'stopAtRest=fault',
    'quota=null',
    '--durations',
    durations,
    '--start-at',
    '2026-03-01T00:00:00Z',
  );
  try {
    await until('it listens', () => said.out.includes('A replication runs there'));
    expect(said.out).toMatch(/AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE=http:\/\/127\.0\.0\.1:\d+/);
    expect(said.out).toContain('from this machine only');
    const endpoint = /http:\/\/127\.0\.0\.1:\d+/.exec(said.out)?.[0] ?? '';
    const state = (await (await fetch(`${endpoint}/_simulator/state`)).json()) as { now: string };
    expect(state.now).toBe('2026-03-01T00:00:00.000Z');
    const headers = { 'x-amz-target': 'AmazonDMSv20160101.DescribeReplications', authorization: signed };
    const list = async () => (await fetch(endpoint, { method: 'POST', headers })).json();
    expect([await list(), await list()]).toMatchObject([{ Replications: [{}] }, { __type: 'ThrottlingException' }]);
  } finally {
    program.kill('SIGTERM');
    await exit;
    await rm(folder, { recursive: true });
  }
  const badThrottle = run('--throttle', 'much');
  expect((await badThrottle.exit)[0]).toBe(2);
  expect(badThrottle.said.err).toContain('Write it like 200,8');
  const bad = run('--speed', 'fast');
  expect((await bad.exit)[0]).toBe(2);
  expect(bad.said.err).toContain('--speed is "fast"\nIt takes a number from 0 to 1000000.');
});
