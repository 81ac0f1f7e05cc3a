import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createAwsDmsApi } from 'temporal-dms/aws';
import { DmsPlugin } from 'temporal-dms/plugin';

const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233' }),
  taskQueue: 'temporal-dms',
  workflowsPath: fileURLToPath(import.meta.resolve('temporal-dms/workflows')),
  plugins: [new DmsPlugin({ dms: createAwsDmsApi() })],
});
await worker.run();
