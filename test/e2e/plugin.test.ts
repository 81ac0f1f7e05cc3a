/** The plugin on a worker of the user's, and its Nexus service for callers in another namespace. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, type WorkflowFailedError } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findDmsFailure } from '../../src/contract/failures.js';
import { DmsPlugin } from '../../src/plugin/index.js';
import { failureOf, simulatedApi, Stage, until } from '../support/stage.js';

const CALLERS = `callers-${randomUUID()}`;
const endpoint = `dms-${randomUUID()}`;
const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };

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
      replicationConfigArn: unknown,
      identifier: null,
      state: 'unknown',
      sealed: false,
      reservedBy: null,
      resumeBy: null,
      recoveryCheckpoint: null,
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
});
