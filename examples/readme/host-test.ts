import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { createDmsActivities } from 'temporal-dms/activities';
import { createAwsDmsApi, createDmsClient } from 'temporal-dms/aws';
import { startDmsSimulator } from 'temporal-dms/simulator';

const { TEMPORAL_ADDRESS: address } = process.env;
const env = await (address === undefined
  ? TestWorkflowEnvironment.createLocal()
  : TestWorkflowEnvironment.createFromExistingServer({ address }));
const simulator = await startDmsSimulator({ speed: 600 });
after(async () => {
  await simulator.close();
  await env.teardown();
});

await test('the schema is changed while the replication is stopped', async () => {
  const dms = createAwsDmsApi({ clientFor: ({ region }) => createDmsClient(simulator.clientConfig(region)) });
  // The package's workflows and activities, on the task queue of the steps.
  const steps = await Worker.create({
    connection: env.nativeConnection,
    taskQueue: 'temporal-dms',
    workflowsPath: fileURLToPath(import.meta.resolve('temporal-dms/workflows')),
    activities: createDmsActivities({ dms }),
  });
  // Your workflow, on a queue of its own.
  const host = await Worker.create({
    connection: env.nativeConnection,
    taskQueue: 'my-team',
    workflowsPath: fileURLToPath(new URL('host.ts', import.meta.url)),
  });
  const args = [simulator.createReplication(), 0];
  const options = { taskQueue: 'my-team', workflowId: 'schema-change', args };
  const result = await steps.runUntil(host.runUntil(env.client.workflow.execute('changeSchema', options)));
  assert.equal(result, 'resumed');
  assert.deepEqual([simulator.count('StopReplication'), simulator.count('StartReplication')], [1, 1]);
});
