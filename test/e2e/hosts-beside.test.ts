import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { NativeConnection, Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { findServer } from '../../scripts/temporal-server.js';
import { ReplicationClient } from '../../src/client/index.js';
import { startDmsSimulator } from '../../src/simulator/index.js';
import { Stage, until } from '../support/stage.js';
import { endProcess } from '../support/worker-process.js';

const example = (name: string) => fileURLToPath(new URL(`../../examples/readme/${name}`, import.meta.url));

test.concurrent("the README's host works as written on a queue of its own beside the README's worker", async () => {
  // The README's programs use the default task queue. Other tests on the shared server use it, too.
  // This test therefore starts a server of its own.
  const executable = await findServer('dev');
  const log = { level: 'error', format: 'json' } as const;
  const begin = () => TestWorkflowEnvironment.createLocal({ server: { executable, log } });
  const server = await begin().catch(begin);
  const { address } = server;
  const simulator = await startDmsSimulator({ speed: 60 });
  const [connection, native] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ]);
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: address,
    AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: simulator.endpoint,
    AWS_ACCESS_KEY_ID: 'simulated',
    AWS_SECRET_ACCESS_KEY: 'simulated',
  };
  const args = ['--no-warnings', '--import', 'tsx', example('worker.ts')];
  const worker = spawn(process.execPath, args, { env, stdio: 'ignore' });
  try {
    const taskQueue = 'schema-changes';
    const host = await Worker.create({ connection: native, taskQueue, workflowsPath: example('host.ts') });
    const replicationConfigArn = simulator.createReplication();
    const workflow = { workflowId: randomUUID(), taskQueue, args: [replicationConfigArn] };
    const changed = new Client({ connection }).workflow.execute('changeSchema', workflow);
    expect(await host.runUntil(changed)).toBe('resumed');
    expect([simulator.count('StopReplication'), simulator.count('StartReplication')]).toEqual([1, 1]);
  } finally {
    await endProcess(worker, 'SIGKILL');
    await connection.close();
    await native.close();
    await simulator.close();
    await server.teardown();
  }
});

test.concurrent('an operation names the task queue of its ledger when no worker polls it', async () => {
  await using stage = await Stage.set();
  const worker = await stage.work();
  const { simulator, dms, client, taskQueue: first } = stage;
  const replicationConfigArn = simulator.createReplication();
  await dms.stop({ replicationConfigArn, settleSeconds: 0 });
  await stage.stopWorkers(worker);
  const second = `moved-${randomUUID()}`;
  await stage.work({}, second);
  const moved = new ReplicationClient({ client, taskQueue: second });
  const resume = await moved.startResume({ replicationConfigArn });
  const problem = await until('it says so', async () => {
    const { detail } = await resume.progress();
    return detail.includes('gives no answer') && detail;
  });
  expect(problem).toContain(`dms-ledger:${replicationConfigArn} (task queue ${first})`);
  expect(problem).not.toContain(second);
  await client.workflow.getHandle(resume.workflowId).terminate('test');
});
