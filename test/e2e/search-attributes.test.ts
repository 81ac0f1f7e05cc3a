/** Search attributes of ledgers, in a namespace of their own that has them. */
import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { ReplicationClient } from '../../src/client/index.js';
import { runCli } from '../support/cli.js';
import { quick, Stage, until } from '../support/stage.js';
import { endProcess, startWorkerProcess } from '../support/worker-process.js';

const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };

test('ledgers are found by search attributes that the doctor has created', async () => {
  await using stage = await Stage.set(quick);
  const { connection, taskQueue, simulator } = stage;
  const namespace = `indexed-${randomUUID()}`;
  const day = { seconds: 86_400 as never };
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: day });
  const client = new Client({ connection, namespace });
  await until('the namespace is there', () =>
    client.workflow.count().then(
      () => true,
      () => false,
    ),
  );
  const doctor = async (...args: readonly string[]) => {
    const place = ['--namespace', namespace];
    const { stdout } = await runCli(['doctor', ...args, ...place, '--task-queue', taskQueue, '-o', 'json']);
    return (JSON.parse(stdout) as { name: string; state: string; hint: string | null }[]).find(
      ({ name }) => name === 'search',
    );
  };
  expect(await doctor()).toMatchObject({
    state: 'skipped',
    hint: `Create them: temporal dms --task-queue ${taskQueue} doctor --create-search-attributes --namespace ${namespace}`,
  });
  expect(await doctor('--create-search-attributes')).toMatchObject({ state: 'ok' });
  await until('the namespace has them', async () => (await doctor())?.state === 'ok');
  expect(await doctor('--create-search-attributes')).toMatchObject({ state: 'ok' });

  const worker = startWorkerProcess(taskQueue, simulator, { env: { TEMPORAL_NAMESPACE: namespace } });
  try {
    const dms = new ReplicationClient({ client, taskQueue });
    const [paused, sealed] = [simulator.createReplication(), simulator.createReplication()];
    const found = async (query: string) => {
      const ids: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query: `${query} AND ExecutionStatus = "Running"` }))
        ids.push(workflowId.replace('dms-ledger:', ''));
      return ids.toSorted();
    };
    await Promise.all([
      dms.stop({ replicationConfigArn: paused, ...brief }),
      dms.stop({ replicationConfigArn: sealed, intent: 'final', ...brief }),
    ]);
    await until('both are stopped', async () => (await found('DmsState = "stopped"')).length === 2);
    expect(await found('DmsSealed = true')).toEqual([sealed]);
    const limit = new Date(Date.now() + 30 * 86_400_000).toISOString();
    expect(await found(`DmsResumeBy < "${limit}" AND DmsSealed = false`)).toEqual([paused]);

    await dms.resume({ replicationConfigArn: paused, verifyProgressSeconds: 0 });
    await until('one runs', async () => (await found('DmsState = "running"')).length === 1);
    expect(await found('DmsState = "running" AND DmsResumeBy IS NULL')).toEqual([paused]);
  } finally {
    await endProcess(worker, 'SIGTERM');
  }
});
