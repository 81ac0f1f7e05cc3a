/** The plugin on a worker of the user's, and its Nexus service for callers in another namespace. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, type WorkflowFailedError } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/free-port.js';
import { unrecorded } from '../../src/client/listing.js';
import { findDmsFailure } from '../../src/contract/failures.js';
import { DmsPlugin } from '../../src/plugin/index.js';
import { bytesIn } from '../support/encrypted.js';
import { failureOf, simulatedApi, Stage, until } from '../support/stage.js';
import { killWorkersAfterAll, start, workerEnv } from '../support/worker-program.js';

const CALLERS = `callers-${randomUUID()}`;
const endpoint = `dms-${randomUUID()}`;
const someArn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';
const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };

killWorkersAfterAll();

let stage: Stage;
let callers: Client;
const running: { readonly worker: Worker; readonly done: Promise<void> }[] = [];
const run = (worker: Worker) => void running.push({ worker, done: worker.run() });
beforeAll(async () => {
  stage = await Stage.set();
  const { connection, native, taskQueue, simulator } = stage;
  await connection.workflowService.registerNamespace({
    namespace: CALLERS,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  const target = { worker: { namespace: 'default', taskQueue } };
  await connection.operatorService.createNexusEndpoint({ spec: { name: endpoint, target } });
  const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  run(
    await Worker.create({
      connection: native,
      taskQueue,
      workflowsPath: path('../../src/workflows/index.ts'),
      plugins: [new DmsPlugin({ dms: simulatedApi(simulator), holdSeconds: 2 })],
    }),
  );
  const create = () =>
    Worker.create({
      connection: native,
      namespace: CALLERS,
      taskQueue: 'callers',
      workflowsPath: path('../support/nexus-callers.ts'),
    });
  // A new namespace takes some seconds until every part of the server knows it.
  run(await until('the namespace is known', () => create().catch(() => null)));
  callers = new Client({ connection, namespace: CALLERS });
});
afterAll(async () => {
  for (const { worker } of running) worker.shutdown();
  await Promise.all(running.map(({ done }) => done));
  await stage[Symbol.asyncDispose]();
});

const call = <Result>(workflow: string, ...args: readonly unknown[]): Promise<Result> =>
  until('the namespace takes workflows', () =>
    callers.workflow
      .start(workflow, {
        workflowId: `caller-${randomUUID()}`,
        taskQueue: 'callers',
        args: [endpoint, ...args],
        workflowExecutionTimeout: '80 s',
      })
      .catch((err: unknown) => (String(err).includes('amespace') ? null : Promise.reject(err))),
  ).then((handle) => handle.result() as Promise<Result>);

describe.concurrent('the plugin', () => {
  test('serves stops and resumes of clients', async () => {
    const replicationConfigArn = stage.simulator.createReplication();
    expect((await stage.dms.stop({ replicationConfigArn, ...brief })).outcome).toBe('stopped');
    expect((await stage.dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 })).outcome).toBe('resumed');
  });

  test('serves stops of a caller in another namespace, and describes the replication', async () => {
    const replicationConfigArn = stage.simulator.createReplication();
    const input = { replicationConfigArn, ...brief, requestedBy: 'ada', reason: 'by Nexus' };
    expect(await call('callerOfStop', input)).toMatchObject({
      outcome: 'stopped',
      checkpoint: { requestedBy: 'ada', reason: 'by Nexus' },
    });
    expect(await call('callerOfDescribe', replicationConfigArn)).toMatchObject({
      replicationConfigArn,
      state: 'stopped',
      sealed: false,
      operation: null,
    });
    const unknown = stage.simulator.createReplication();
    expect(await call('callerOfDescribe', unknown)).toEqual({
      ...unrecorded(unknown),
      operation: null,
    });
  });

  test('describes a stop that is under way, and cancels it with the Nexus operation', async () => {
    const replicationConfigArn = stage.simulator.createReplication({ durations: { stopping: 1e6 } });
    const cancelled = call<boolean>('callerThatCancels', { replicationConfigArn, ...brief, requestedBy: 'ada' }, 5);
    const described = await until('it is under way', async () => {
      const { operation } = await call<{ operation: object | null }>('callerOfDescribe', replicationConfigArn);
      return operation;
    });
    expect(described).toMatchObject({ kind: 'stop', requestedBy: 'ada' });
    expect(await cancelled).toBe(true);
    await until('it has ended', async () => (await stage.dms.openOperation(replicationConfigArn)) === null);
    expect(stage.simulator.count('StopReplication', replicationConfigArn)).toBe(1);
  });

  test('fails the operation of a caller with the failure of this package', async () => {
    const unknown = `arn:aws:dms:eu-west-1:123456789012:replication-config:${randomUUID()}`;
    const failed = (await failureOf(call('callerOfStop', { replicationConfigArn: unknown }))) as WorkflowFailedError;
    expect(findDmsFailure(failed)).toMatchObject({ type: 'DmsReplicationNotFound' });
    const invalid = (await failureOf(call('callerOfStop', { replicationConfigArn: 'x' }))) as WorkflowFailedError;
    expect(findDmsFailure(invalid)).toMatchObject({ type: 'DmsInvalidInput' });
  });

  const malformed: [operation: string, input: unknown, says: RegExp][] = [
    ['describe', null, /input of the description is null; it takes an object/],
    ['describe', 'orders', /input of the description is a string/],
    ['describe', {}, /replicationConfigArn is missing/],
    ['describe', { replicationConfigArn: 7 }, /replicationConfigArn is 7; it takes the ARN/],
    ['describe', { replicationConfigArn: 'x' }, /replicationConfigArn is not the ARN/],
    ['stop', null, /input of the stop is null; it takes an object/],
    ['stop', { replicationConfigArn: 'x' }, /replicationConfigArn is not the ARN/],
    [
      'stop',
      { replicationConfigArn: someArn, settleSecond: 1 },
      /no field "settleSecond" \(did you mean "settleSeconds"/,
    ],
    ['resume', null, /input of the resume is null; it takes an object/],
    ['resume', [], /input of the resume is a list of 0/],
    ['resume', { replicationConfigArn: someArn, verifyProgressSeconds: 'x' }, /verifyProgressSeconds is "x"; it takes/],
  ];
  test.each(malformed)('refuses %s with the input %j at once, and says why', async (operation, input, says) => {
    const [, handler, cause] = await call<{ type: string; message: string }[]>('callerWithAnyInput', operation, input);
    expect(handler).toMatchObject({ name: 'HandlerError', type: 'BAD_REQUEST', message: expect.stringMatching(says) });
    expect(cause).toMatchObject({ type: 'DmsInvalidInput', message: expect.stringMatching(says) });
  });
});

test('a worker with the plugin and a codec serves Nexus, encodes all that it sends, and reports metrics', async () => {
  const { connection, native, simulator } = stage;
  const { dataConverter } = await import('../support/reversing-codec.mjs');
  const [taskQueue, encodedEndpoint, port] = [`encoded-${randomUUID()}`, `dms-${randomUUID()}`, await freePort()];
  const target = { worker: { namespace: 'default', taskQueue } };
  await connection.operatorService.createNexusEndpoint({ spec: { name: encodedEndpoint, target } });
  const script = fileURLToPath(new URL('../support/plugin-worker.mjs', import.meta.url));
  const worker = start({ ...workerEnv(taskQueue, simulator), METRICS: `127.0.0.1:${port}` }, script);
  const encodedCallers = await Worker.create({
    connection: native,
    namespace: CALLERS,
    taskQueue,
    dataConverter,
    workflowsPath: fileURLToPath(new URL('../support/nexus-callers.ts', import.meta.url)),
  });
  run(encodedCallers);
  const { workflow } = new Client({ connection, namespace: CALLERS, dataConverter });
  const workflowId = `caller-${randomUUID()}`;
  const execute = <Result>(type: string, id: string, ...args: readonly unknown[]) =>
    workflow.execute(type, {
      workflowId: id,
      taskQueue,
      args: [encodedEndpoint, ...args],
      workflowExecutionTimeout: '80 s',
    }) as Promise<Result>;
  const replicationConfigArn = simulator.createReplication();
  try {
    const stopped = await execute('callerOfStop', workflowId, { replicationConfigArn, ...brief, reason: 'hush' });
    expect(stopped).toMatchObject({ outcome: 'stopped', checkpoint: { reason: 'hush' } });
    expect(await execute('callerOfDescribe', `${workflowId}-2`, replicationConfigArn)).toMatchObject({
      state: 'stopped',
    });
    const refused = execute<object[]>('callerWithAnyInput', `${workflowId}-3`, 'stop', null);
    expect((await refused)[1]).toMatchObject({ type: 'BAD_REQUEST' });
    const histories = [
      await workflow.getHandle(workflowId).fetchHistory(),
      await stage.client.workflow.getHandle(`dms:${replicationConfigArn}`).fetchHistory(),
    ];
    for (const history of histories) {
      expect(bytesIn(history).filter((payload) => payload.includes('hush'))).toEqual([]);
      expect(bytesIn(history).some((payload) => payload.includes('hsuh'))).toBe(true);
    }
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toMatch(/^dms_operations\{[^}]*kind="stop"[^}]*outcome="stopped"[^}]*\} 1$/m);
    expect(metrics).toMatch(/^dms_requests\{[^}]*operation="stopReplication"[^}]*result="ok"[^}]*\} 1$/m);
    expect(metrics).toMatch(/^dms_records\{[^}]*intent="pause"[^}]*\} 1$/m);
    expect(metrics).toMatch(/^dms_stop_duration_seconds_count\{[^}]*until="recorded"[^}]*\} 1$/m);
  } finally {
    worker.child.kill('SIGTERM');
    expect(await worker.exit).toBe(0);
  }
});
