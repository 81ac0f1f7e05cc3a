import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { describe, expect, inject, test } from 'vitest';
import { ReplicationClient } from '../../src/client/index.js';
import { freePort } from '../../scripts/free-port.js';
import { runCli, serverVariables } from '../support/cli.js';
import { bytesIn } from '../support/encrypted.js';
import { quick, until } from '../support/stage.js';
import { credentials, drain, killWorkersAfterAll, ProgramStage, start } from '../support/worker-program.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
killWorkersAfterAll();

/** `PendingActivityState` of Temporal's API. */
const STARTED = 2;

/** Longest time from the first log line to the end of the process. The worker writes that line before any request. */
const MOST_MS_TO_FAIL = 5000;

/** Failures at start: what is wrong, the environment, and what the worker says. */
const failuresAtStart: [what: string, env: Record<string, string>, says: RegExp][] = [
  [
    'a server that refuses the connection',
    { TEMPORAL_ADDRESS: '127.0.0.1:1' },
    /No Temporal server answers at 127\.0\.0\.1:1.*temporal server start-dev/,
  ],
  [
    'a server that accepts the connection and is silent',
    { TEMPORAL_ADDRESS: 'silent' },
    /No Temporal server answers at 127\.0\.0\.1:\d+.*temporal server start-dev/,
  ],
  [
    'a namespace that does not exist',
    { TEMPORAL_NAMESPACE: 'nowhere' },
    /has no namespace "nowhere".*temporal operator namespace create --namespace nowhere/,
  ],
  [
    'a task queue that Temporal refuses',
    { TEMPORAL_TASK_QUEUE: 'q'.repeat(1200) },
    /Temporal refuses TEMPORAL_TASK_QUEUE: .*length/,
  ],
  ['a reserved task queue', { TEMPORAL_TASK_QUEUE: '__temporal_x' }, /TEMPORAL_TASK_QUEUE is "__temporal_x"/],
  [
    'a deployment name that Temporal refuses',
    { TEMPORAL_DEPLOYMENT_NAME: '__x', TEMPORAL_WORKER_BUILD_ID: '1' },
    /Temporal refuses TEMPORAL_DEPLOYMENT_NAME/,
  ],
  [
    'half a version',
    { TEMPORAL_DEPLOYMENT_NAME: 'x' },
    /TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID go together/,
  ],
  ['no credentials', { AWS_ACCESS_KEY_ID: '' }, /No AWS credentials.*Set AWS_PROFILE/],
  [
    'a credentials endpoint that is silent',
    { AWS_ACCESS_KEY_ID: '', AWS_CONTAINER_CREDENTIALS_FULL_URI: 'silent' },
    /No AWS credentials.*AWS_CONTAINER_/,
  ],
  [
    'a profile that is not in the config file',
    { TEMPORAL_PROFILE: 'nobody' },
    /Temporal settings can't be read.*nobody/,
  ],
  [
    'a certificate that is not there',
    { TEMPORAL_TLS_CLIENT_CERT_PATH: '/nonexistent' },
    /Temporal settings can't be read.*nonexistent/,
  ],
  [
    'seconds that are no number',
    { TEMPORAL_DMS_HOLD_SECONDS: 'soon' },
    /TEMPORAL_DMS_HOLD_SECONDS is "soon", not a number/,
  ],
  ['no looks at all', { TEMPORAL_DMS_LOOKS_PER_SECOND: '0' }, /TEMPORAL_DMS_LOOKS_PER_SECOND is 0/],
  [
    'an unknown source of permissions',
    { TEMPORAL_DMS_PERMISSIONS: 'guess' },
    /TEMPORAL_DMS_PERMISSIONS is "guess": set it to iam/,
  ],
  ['an unknown source of the lag', { TEMPORAL_DMS_LAG: 'guess' }, /TEMPORAL_DMS_LAG is "guess": set it to cloudwatch/],
  [
    'a switch that is neither on nor off',
    { TEMPORAL_DMS_ENDPOINT_FINGERPRINTS: 'yes' },
    /TEMPORAL_DMS_ENDPOINT_FINGERPRINTS is "yes": set it to true or false/,
  ],
  [
    'metrics that go nowhere',
    { TEMPORAL_DMS_METRICS: 'statsd' },
    /TEMPORAL_DMS_METRICS is "statsd": set it to prometheus:/,
  ],
  ['a health endpoint without a port', { TEMPORAL_DMS_HEALTH: 'localhost' }, /TEMPORAL_DMS_HEALTH is "localhost"/],
  [
    'a codec module that is not there',
    { TEMPORAL_DMS_CODEC_MODULE: './nowhere.mjs' },
    /TEMPORAL_DMS_CODEC_MODULE is "\.\/nowhere\.mjs", which can't be loaded/,
  ],
  [
    'a codec in place of a data converter',
    { TEMPORAL_DMS_CODEC_MODULE: fileURLToPath(new URL('../support/codec-alone.mjs', import.meta.url)) },
    /it exports a codec\. Export `dataConverter = \{ payloadCodecs: \[codec\] \}`/,
  ],
  [
    'an unknown log format',
    { TEMPORAL_DMS_LOG_FORMAT: 'xml' },
    /TEMPORAL_DMS_LOG_FORMAT is "xml": set it to json or text/,
  ],
  [
    'an address of traces that is not a URL',
    { TEMPORAL_DMS_TRACES: 'jaeger' },
    /TEMPORAL_DMS_TRACES is "jaeger"\. It must be an HTTP URL with a path\. Set it to the traces URL/,
  ],
  ['an unknown log level', { TEMPORAL_DMS_LOG_LEVEL: 'loud' }, /TEMPORAL_DMS_LOG_LEVEL is "loud": set it to TRACE/],
  ['an entry that is no ARN', { TEMPORAL_DMS_ALLOW: 'arn:nonsense' }, /TEMPORAL_DMS_ALLOW contains "arn:nonsense"/],
];

describe.concurrent('the ready-made worker, started with', () => {
  test.for(failuresAtStart)('%s, logs the reason and exits with 1 within 5 s', async ([, env, says]) => {
    await using silence = await listenSilently();
    const silent = (value: string) => (value === 'silent' ? silence.address : value);
    const fullUri = env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] && {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${silence.address}/`,
    };
    const address = silent(env['TEMPORAL_ADDRESS'] ?? inject('temporalAddress'));
    const worker = start({ ...credentials, ...env, ...fullUri, TEMPORAL_ADDRESS: address });
    expect(await worker.exit).toBe(1);
    expect(worker.has('failed')?.error).toMatch(says);
    const [first] = worker.lines;
    expect(worker.endedAt() - Date.parse(first?.time ?? '')).toBeLessThan(MOST_MS_TO_FAIL);
  });

  test('a server that takes two seconds to connect and is silent then, logs the reason and exits with 1 within 5 s', async () => {
    await using dying = await listenAsDyingServer(2000);
    const worker = start({ ...credentials, TEMPORAL_ADDRESS: dying.address });
    expect(await worker.exit).toBe(1);
    expect(worker.has('failed')?.error).toMatch(/The Temporal server at 127\.0\.0\.1:\d+ did not answer in time/);
    expect(worker.endedAt() - Date.parse(worker.lines[0]?.time ?? '')).toBeLessThan(MOST_MS_TO_FAIL);
  });

  test('the SDK in another version bundles its workflows, and says why', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'temporal-dms-worker-'));
    try {
      for (const each of ['dist', 'package.json']) await cp(join(root, each), join(folder, each), { recursive: true });
      await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
      await writeFile(join(folder, 'dist/worker/bundle.json'), '{ "sdk": "1.0.0" }');
      const env = { ...credentials, TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_TASK_QUEUE: randomUUID() };
      const worker = start(env, join(folder, 'dist/worker.js'));
      await until('it runs', () => worker.has('running') ?? worker.has('failed'));
      expect(worker.has('bundling')).toMatchObject({ why: expect.stringContaining("Temporal's SDK 1.0.0, and 1.") });
      worker.child.kill('SIGTERM');
      expect(await worker.exit).toBe(0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("workflows that can't be bundled, logs the reason and exits with 1", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'temporal-dms-worker-'));
    try {
      for (const each of ['dist', 'package.json']) await cp(join(root, each), join(folder, each), { recursive: true });
      await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
      await writeFile(join(folder, 'dist/workflows/index.js'), 'export * from "./lost.js";');
      await rm(join(folder, 'dist/worker/bundle.json'));
      const env = { ...credentials, TEMPORAL_ADDRESS: inject('temporalAddress') };
      const worker = start(env, join(folder, 'dist/worker.js'));
      expect(await worker.exit).toBe(1);
      expect(worker.has('failed')?.error).toMatch(/The workflows at .* can't be bundled: /);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** Collector of traces that keeps what it receives. */
async function collectTraces() {
  const bodies: string[] = [];
  const server = createHttpServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      bodies.push(body);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    bodies,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Returns the payloads of an operation's history that hold a text, as the server keeps them. */
async function payloadsWith(text: string, { client }: ProgramStage, arn: string): Promise<readonly string[]> {
  const history = await client.workflow.getHandle(`dms:${arn}`).fetchHistory();
  return bytesIn(history).filter((payload) => payload.includes(text));
}

/** Accepts connections, and never answers. */
async function listenSilently(): Promise<AsyncDisposable & { readonly address: string }> {
  return listen(createServer());
}

/** Answers only `GetSystemInfo`, with which a client connects, after `ms`. */
async function listenAsDyingServer(ms: number): Promise<AsyncDisposable & { readonly address: string }> {
  const server = createHttp2Server();
  server.on('stream', (stream, { ':path': path }) => {
    stream.on('error', () => {});
    if (path?.endsWith('/GetSystemInfo') !== true) return;
    setTimeout(() => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.alloc(5)); // an empty message
    }, ms);
  });
  return listen(server);
}

async function listen(server: Server | Http2Server): Promise<AsyncDisposable & { readonly address: string }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe.concurrent('the ready-made worker', () => {
  test('starts with the bundle of the package, and reports its health and its metrics', async () => {
    await using stage = await ProgramStage.set();
    const { simulator, dms, taskQueue } = stage;
    const [health, metrics] = [await freePort(), await freePort()];
    const worker = stage.start({
      TEMPORAL_DMS_HEALTH: `[::ffff:127.0.0.1]:${health}`,
      TEMPORAL_DMS_METRICS: `prometheus://127.0.0.1:${metrics}`,
    });
    const ask = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${health}${path}`);
      return [answer.status, await answer.json()] as const;
    };
    await until('it is ready', async () => (await ask('/readyz').catch(() => [0] as const))[0] === 200);
    expect(worker.has('bundling')).toBeUndefined();
    expect(await ask('/livez')).toEqual([200, { state: 'RUNNING', taskQueue, lastAnswerFromDms: null }]);
    expect((await ask('/livez?verbose'))[0]).toBe(200);
    expect((await ask('/readyz?timeout=1s&verbose'))[0]).toBe(200);
    for (const path of ['/', '/?/livez', '/livez/', '/livezx']) expect((await ask(path))[0]).toBe(404);
    const replicationConfigArn = simulator.createReplication();
    await dms.stop({ replicationConfigArn, settleSeconds: 0, selfRestartGraceSeconds: 0 });
    expect((await ask('/readyz'))[1]).toMatchObject({
      lastAnswerFromDms: expect.stringMatching(/^\d{4}-/),
      pollers: { workflows: 'POLLING', activities: 'POLLING' },
      temporal: 'answers',
    });
    await dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 });
    const unknown = replicationConfigArn.replace(/[^:]+$/, 'UNKNOWN');
    await dms.stop({ replicationConfigArn: unknown }).catch(() => {});
    const scraped = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
    const has = (name: string, labels: Readonly<Record<string, string>>, value: string) => {
      const wanted = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
      const lines = scraped.split('\n').filter((line) => line.startsWith(`${name}{`));
      const line = lines.find((each) => wanted.every((label) => each.includes(label))) ?? lines.join('\n');
      expect(line).toMatch(new RegExp(` ${value}$`));
    };
    has('dms_operations', { kind: 'stop', outcome: 'stopped' }, '1');
    has('dms_operations', { kind: 'stop', outcome: 'DmsReplicationNotFound' }, '1');
    has('dms_operations', { kind: 'resume', outcome: 'resumed' }, '1');
    has('dms_records', { intent: 'pause' }, '1');
    has('dms_held_waits', { activityType: 'dms.awaitStopped' }, '0');
    has('dms_requests', { operation: 'stopReplication', result: 'ok', region: 'eu-west-1' }, '1');
    has('dms_requests', { operation: 'describeReplication', result: 'not-found' }, '\\d+');
    for (const until of ['stopped', 'detected', 'recorded'])
      has('dms_stop_duration_seconds_bucket', { until, le: '7200' }, '1');
    expect(scraped).toMatch(/^temporal_activity_execution_latency/m);
  });

  test('encrypts with the data converter of a module, and the command line reads with the same module', async () => {
    await using stage = await ProgramStage.set();
    const codec = {
      TEMPORAL_DMS_CODEC_MODULE: fileURLToPath(new URL('../support/reversing-codec.mjs', import.meta.url)),
    };
    const worker = stage.start(codec);
    await until('it runs', () => worker.has('running'));
    const arn = stage.simulator.createReplication();
    const place = ['--task-queue', stage.taskQueue];
    const dms = (...args: readonly string[]) =>
      runCli([...args, ...place], { env: { ...serverVariables(), ...codec } });
    const stop = ['stop', arn, '--reason', 'hush', '--settle', '0', '--self-restart-grace', '0'];
    expect(await dms(...stop)).toMatchObject({ code: 0, stdout: expect.stringContaining('is stopped (stopped)') });
    expect((await dms('history', arn)).stdout).toContain('hush');
    expect(await payloadsWith('hush', stage, arn)).toEqual([]);
  });

  test('takes every change of its configuration in code', async () => {
    await using stage = await ProgramStage.set();
    const [taskQueue, health] = [`configured-${randomUUID()}`, await freePort()];
    const [arn, other] = [stage.simulator.createReplication(), stage.simulator.createReplication()];
    const script = fileURLToPath(new URL('../support/configured-worker.mjs', import.meta.url));
    const own = {
      ADDRESS: inject('temporalAddress'),
      TASK_QUEUE: taskQueue,
      ALLOW: arn,
      HEALTH: `127.0.0.1:${health}`,
    };
    const worker = stage.start({ TEMPORAL_ADDRESS: '127.0.0.1:1', ...own }, script);
    await until('it runs', () => worker.has('running') ?? worker.has('failed'));
    expect(worker.has('connecting')).toMatchObject({ address: own.ADDRESS, taskQueue, allow: [arn] });
    expect(worker.has('plugin')).toBeDefined();
    expect((await fetch(`http://127.0.0.1:${health}/livez`)).status).toBe(200);
    const { connection } = stage;
    const { dataConverter } = await import('../support/reversing-codec.mjs');
    const dms = new ReplicationClient({ client: new Client({ connection, dataConverter }), taskQueue });
    const { checkpoint } = await dms.stop({
      replicationConfigArn: arn,
      reason: 'hush',
      settleSeconds: 0,
      selfRestartGraceSeconds: 0,
    });
    expect(checkpoint.lagAtStop).toMatchObject({ sourceSeconds: 42, targetSeconds: 1 });
    await until('the record is in its archive', () => worker.has('archived 1'));
    expect(worker.has('connecting')).toMatchObject({ archiveTable: 'set in code' });
    expect(worker.has('intercepted')).toBeDefined();
    await expect(dms.stop({ replicationConfigArn: other })).rejects.toThrow('allow-list');
    expect(await payloadsWith('hush', stage, arn)).toEqual([]);
  });

  test('sends a trace of workflow and activities, and writes its log as text', async () => {
    await using collector = await collectTraces();
    await using stage = await ProgramStage.set();
    const worker = stage.start({
      TEMPORAL_DMS_TRACES: `${collector.url}/v1/traces`,
      TEMPORAL_DMS_LOG_FORMAT: 'text',
      OTEL_SERVICE_NAME: 'cutovers',
    });
    await stage.dms.stop({ replicationConfigArn: stage.simulator.createReplication(), settleSeconds: 0 });
    expect(worker.texts.find((line) => line.includes(' connecting '))).toContain(` taskQueue=${stage.taskQueue} `);
    expect(worker.texts.some((line) => line.includes('Ignoring'))).toBe(false);
    await drain(worker); // sends the last spans
    const said = collector.bodies.join('\n');
    for (const name of [
      'RunWorkflow:dmsStopReplication',
      'StartActivity:dms.requestStop',
      'RunActivity:dms.requestStop',
    ])
      expect(said).toContain(name);
    expect(said).toContain('cutovers');
    const traceIds = (name: string) =>
      [...said.matchAll(new RegExp(`"traceId":"(\\w+)"[^{}]*"name":"${name}"`, 'g'))].map(([, id]) => id);
    expect(traceIds('RunActivity:dms.requestStop')[0]).toBe(traceIds('RunWorkflow:dmsStopReplication')[0]);
  });

  test('drains on SIGTERM before it runs, and exits with 0', async () => {
    const worker = start({ ...credentials, TEMPORAL_ADDRESS: inject('temporalAddress') });
    await until('it connects', () => worker.has('connecting'));
    worker.child.kill('SIGTERM');
    expect(await worker.exit).toBe(0);
    expect(worker.has('drained')).toBeDefined();
  });

  test('hands a wait to another worker after SIGTERM and after SIGKILL', async () => {
    await using stage = await ProgramStage.set({ ...quick, durations: { ...quick.durations, stopping: 9000 } });
    const { simulator, dms, client } = stage;
    const settings = {
      TEMPORAL_DMS_HOLD_SECONDS: '5',
      TEMPORAL_DMS_LAG: 'cloudwatch',
      TEMPORAL_DMS_PERMISSIONS: 'iam',
    };
    const replicationConfigArn = simulator.createReplication();
    const handle = await dms.startStop({ replicationConfigArn, settleSeconds: 0 });
    const first = stage.start(settings);
    await until('it is stopping', async () => (await handle.progress()).lastStatus === 'stopping');
    expect(first.has('warning')?.warning).toContain(simulator.endpoint);
    await drain(first);
    expect(first.has('drained')).toBeDefined();
    expect(await handle.progress()).toMatchObject({ phase: 'stopping', lastStatus: 'stopping' });

    const second = stage.start(settings);
    await until('the second worker is in the middle of a held attempt', async () => {
      const [pending] = (await client.workflow.getHandle(handle.workflowId).describe()).raw.pendingActivities ?? [];
      const isHeld = Number(pending?.state) === STARTED && (pending?.attempt ?? 0) > 1;
      return isHeld && pending?.lastWorkerIdentity?.startsWith(`${second.child.pid}@`);
    });
    second.child.kill('SIGKILL');
    await second.exit;
    expect(simulator.row(replicationConfigArn).Status).toBe('stopping');
    simulator.clock.advance({ seconds: 9000 });
    stage.start(settings);
    expect((await handle.result()).outcome).toBe('stopped');
    expect(simulator.count('StopReplication')).toBe(1);
  });

  test('that is killed while it records leaves one record, finished by another worker', async () => {
    await using stage = await ProgramStage.set();
    const { simulator, dms } = stage;
    const replicationConfigArn = simulator.createReplication();
    simulator.fault({ operation: 'DescribeReplicationTableStatistics', type: 'hang' });
    const handle = await dms.startStop({ replicationConfigArn, settleSeconds: 0 });
    const first = stage.start();
    // A summary needs no answer of the worker, which gives up reading the tables after 15 s.
    const isRecorded = async () => (await dms.summary(replicationConfigArn))?.recoveryCheckpoint != null;
    await until('the checkpoint is recorded', isRecorded);
    first.child.kill('SIGKILL');
    await first.exit;
    stage.start();
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'stopped', tables: { total: 3 } });
    expect((await dms.ledger(replicationConfigArn)).checkpoints).toEqual([result.checkpoint]);
  });

  test('that is versioned pins operations, and moves a ledger to the new deployment version', async () => {
    await using stage = await ProgramStage.set();
    const { simulator, client, dms, taskQueue: deploymentName } = stage;
    const start = (buildId: string) =>
      stage.start({ TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId });
    const makeCurrent = (buildId: string) =>
      until('the version is current', async () => {
        const request = { namespace: 'default', deploymentName, buildId };
        return client.workflowService.setWorkerDeploymentCurrentVersion(request).catch(() => null);
      });
    const versionOf = async (workflowId: string) => {
      const { raw } = await client.workflow.getHandle(workflowId).describe();
      return raw.workflowExecutionInfo?.versioningInfo;
    };
    const PINNED = 1;
    const AUTO_UPGRADE = 2;
    const replicationConfigArn = simulator.createReplication();
    const first = start('one');
    await makeCurrent('one');
    await dms.stop({ replicationConfigArn, settleSeconds: 0 });
    expect(await versionOf(`dms:${replicationConfigArn}`)).toMatchObject({ behavior: PINNED });
    expect(await versionOf(`dms-ledger:${replicationConfigArn}`)).toMatchObject({
      behavior: AUTO_UPGRADE,
      deploymentVersion: { buildId: 'one' },
    });
    start('two');
    await makeCurrent('two');
    await drain(first);
    expect((await dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 })).outcome).toBe('resumed');
    expect(await versionOf(`dms-ledger:${replicationConfigArn}`)).toMatchObject({
      deploymentVersion: { buildId: 'two' },
    });
  });
});
