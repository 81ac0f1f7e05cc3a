import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createDmsActivities } from 'temporal-dms/activities';
import { createAwsDmsApi, createDmsClient } from 'temporal-dms/aws';
import { ReplicationClient } from 'temporal-dms/client';
import { startDmsSimulator } from 'temporal-dms/simulator';

const address = process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233';
// A local DMS with one running replication, 20 times as fast as AWS.
const simulator = await startDmsSimulator({ speed: 20 });
const replicationConfigArn = simulator.createReplication();
// With AWS: createAwsDmsApi(), and the ARN of your replication config.
const dms = createAwsDmsApi({ clientFor: ({ region }) => createDmsClient(simulator.clientConfig(region)) });

const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue: 'temporal-dms',
  workflowsPath: fileURLToPath(import.meta.resolve('temporal-dms/workflows')),
  activities: createDmsActivities({ dms }),
  maxHeartbeatThrottleInterval: '1 second', // longest delay until progress() shows a change of status
});

await worker.runUntil(async () => {
  const client = new Client({ connection: await Connection.connect({ address }) });
  const replications = new ReplicationClient({ client });
  const stop = await replications.startStop({ replicationConfigArn, requestedBy: 'ada', reason: 'maintenance' });
  for (;;) {
    const { phase, detail } = await stop.progress();
    console.log(detail);
    if (phase === 'done' || phase === 'failed') break;
    await sleep(1000);
  }
  const { checkpoint } = await stop.result();
  console.log(`Stopped at ${checkpoint.recoveryCheckpoint}. Resume it by ${checkpoint.resumeBy}.`);
  const { outcome, progress } = await replications.resume({ replicationConfigArn, verifyProgressSeconds: 5 });
  console.log(`${outcome}, rows: ${progress}`);
});
process.exit();
