/** `npx tsx examples/cutover/run.ts`: a cutover against the simulator. Takes a Temporal server at TEMPORAL_ADDRESS (`npm run temporal`). */
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createDmsActivities } from 'temporal-dms/activities';
import { createAwsDmsApi, createDmsClient } from 'temporal-dms/aws';
import { startDmsSimulator } from 'temporal-dms/simulator';
import { createCutoverActivities, type Application } from './activities.js';
import type { cutover } from './workflows.js';

const say = (text: string) => void process.stdout.write(`${text}\n`);
const application: Application = {
  fence: async () => say('the source takes no writes any more'),
  unfence: async () => say('the source takes writes again'),
  isDrained: async () => true,
  switchToTarget: async () => say('the application uses the target'),
};

const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233' });
const simulator = await startDmsSimulator({ speed: 60 });
const taskQueue = `cutover-${process.pid}`;
try {
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowsPath: fileURLToPath(new URL('workflows.ts', import.meta.url)),
    activities: {
      ...createCutoverActivities(application),
      ...createDmsActivities({
        dms: createAwsDmsApi({ clientFor: ({ region }) => createDmsClient(simulator.clientConfig(region)) }),
      }),
    },
  });
  const client = new Client({ connection });
  const replicationConfigArn = simulator.createReplication({ identifier: `orders-${process.pid}` });
  const { stoppedAt } = await worker.runUntil(
    client.workflow.execute<typeof cutover>('cutover', {
      workflowId: `cutover:${replicationConfigArn}`,
      taskQueue,
      args: [{ replicationConfigArn, requestedBy: 'ada', reason: 'orders move to Aurora' }],
    }),
  );
  say(`cut over; the replication stopped for good at ${stoppedAt}`);
} finally {
  await connection.close();
  await simulator.close();
}
