/** `npx tsx examples/cutover/run.ts [timeline.svg]`: a cutover against the simulator. Needs `npm run build`, and a Temporal server at TEMPORAL_ADDRESS (`npm run temporal`). */
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createDmsActivities } from 'temporal-dms/activities';
import { createAwsDmsApi, createDmsClient } from 'temporal-dms/aws';
import { renderCutover, ReplicationClient } from 'temporal-dms/client';
import { startDmsSimulator } from 'temporal-dms/simulator';
import { createCutoverHooks } from './hooks.js';

const say = (text: string) => void process.stdout.write(`${text}\n`);
const address = process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233';
const taskQueue = `cutover-${process.pid}`;
const simulator = await startDmsSimulator({ speed: 60 });
const dms = createAwsDmsApi({ clientFor: ({ region }) => createDmsClient(simulator.clientConfig(region)) });
const databases = { isSourceReadOnly: false, pointer: 'source' as const, token: '', isClosed: false };

const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue,
  workflowsPath: fileURLToPath(import.meta.resolve('temporal-dms/workflows')),
  activities: { ...createDmsActivities({ dms }), ...createCutoverHooks(databases, say) },
});

await worker.runUntil(async () => {
  const client = new Client({ connection: await Connection.connect({ address }) });
  const replications = new ReplicationClient({ client, taskQueue });
  const cutoverId = `orders-${process.pid}`;
  const cutover = await replications.startCutover({
    cutoverId,
    replicationConfigArns: [simulator.createReplication({ identifier: cutoverId })],
    requestedBy: 'ada',
    reason: 'orders move to Aurora',
    writesStoppedSeconds: 300,
    gates: { lag: 'ignore' }, // needs CloudWatch
    hooks: {
      fence: { activityType: 'fenceOrders' },
      unfence: { activityType: 'unfenceOrders' },
      isDrained: { activityType: 'ordersAreDrained' },
      switchToTarget: { activityType: 'switchOrders' },
      whereIsTraffic: { activityType: 'whereAreOrders' },
    },
  });
  while (!(await cutover.status()).ready) await sleep(200);
  await cutover.approve({ by: 'grace', reason: 'all checks are green', confirm: cutoverId });
  const result = await cutover.result();
  const { outcome, checkpoints, writesStoppedSeconds } = result;
  say(`${outcome}: writes were stopped for ${Math.round(writesStoppedSeconds ?? 0)} s`);
  say(`the replication stopped for good at ${checkpoints[0]?.stoppedAt}`);
  const [, , picture] = process.argv;
  if (picture !== undefined) await writeFile(picture, renderCutover(result).svg);
});
await simulator.close();
process.exit();
