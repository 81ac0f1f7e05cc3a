/** The Nexus service of the ready-made worker, called from a workflow in Python and from the example in TypeScript. */
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type RunningServer } from '../../scripts/temporal-server.js';
import { quick, Stage, until } from '../support/stage.js';
import { endProcess, startWorkerProcess } from '../support/worker-process.js';
import { pythonWith, run } from './support.js';

const namespace = 'callers';
const example = (name: string) => fileURLToPath(new URL(`../../examples/nexus/${name}`, import.meta.url));

/** Server of this file alone, because the examples name the endpoint and the namespace. */
let server: RunningServer;
let stage: Stage;
let worker: ReturnType<typeof startWorkerProcess>;
beforeAll(async () => {
  server = await startServer();
  stage = await Stage.set(quick, { address: server.address });
  const { workflowService, operatorService } = stage.connection;
  await workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  const target = { worker: { namespace: 'default', taskQueue: 'temporal-dms' } };
  await operatorService.createNexusEndpoint({ spec: { name: 'temporal-dms', target } });
  const env = { TEMPORAL_ADDRESS: server.address, TEMPORAL_DMS_NEXUS: 'true' };
  worker = startWorkerProcess('temporal-dms', stage.simulator, { env });
});
afterAll(async () => {
  await endProcess(worker, 'SIGTERM');
  await stage[Symbol.asyncDispose]();
  await server.teardown();
});

test('a workflow in Python stops, describes and resumes a replication through Nexus', async () => {
  const program = await pythonWith('temporal-python', 'temporalio==1.35.0');
  const arn = stage.simulator.createReplication();
  const env = { ...process.env, TEMPORAL_ADDRESS: server.address };
  const stdout = await until('the namespace is known', async () => {
    try {
      return (await run(program('python'), [example('caller.py'), arn], { env })).stdout;
    } catch (err) {
      const { stdout: printed = '', stderr = '' } = err as { readonly stdout?: string; readonly stderr?: string };
      // Threads of `temporalio` may outlive the program, and crash Python while it shuts down.
      if (stderr.includes('Python runtime state: finalizing')) return printed;
      if (/namespace .*not found/i.test(stderr)) return null;
      throw err;
    }
  });
  expect(stdout).toMatch(/^stopped at checkpoint:\S+\n$/u);
  expect(stage.simulator.row(arn).Status).toBe('running');
});

test('the example in TypeScript does the same', async () => {
  const arn = stage.simulator.createReplication();
  const callers = await until('the namespace is known', () =>
    Worker.create({
      connection: stage.native,
      namespace,
      taskQueue: 'typescript',
      workflowsPath: example('workflows.ts'),
    }).catch(() => null),
  );
  const client = new Client({ connection: stage.connection, namespace });
  const start = { workflowId: 'pause', taskQueue: 'typescript', args: [arn] };
  expect(await callers.runUntil(client.workflow.execute('pauseForMaintenance', start))).toMatch(
    /^stopped at checkpoint:/u,
  );
});
