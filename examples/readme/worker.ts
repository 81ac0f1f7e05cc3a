import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createDmsActivities } from 'temporal-dms/activities';
import { createAwsDmsApi } from 'temporal-dms/aws';

const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233' }),
  taskQueue: 'temporal-dms',
  workflowsPath: fileURLToPath(import.meta.resolve('temporal-dms/workflows')),
  activities: createDmsActivities({ dms: createAwsDmsApi() }),
  maxHeartbeatThrottleInterval: '15 seconds', // longest delay until progress() shows a change of status
});
await worker.run();
