/** Worker of a user with the plugin: metrics by Temporal's runtime, and a data converter with a codec. */
import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createAwsDmsApi } from '../../dist/aws/index.js';
import { DmsPlugin } from '../../dist/plugin/index.js';
import { dataConverter } from './reversing-codec.mjs';

const { TEMPORAL_ADDRESS: address, TEMPORAL_TASK_QUEUE: taskQueue, METRICS: bindAddress } = process.env;
Runtime.install({
  logger: new DefaultLogger('WARN'),
  telemetryOptions: { metrics: { prometheus: { bindAddress } } },
});
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  taskQueue,
  dataConverter,
  workflowsPath: fileURLToPath(new URL('../../dist/workflows/index.js', import.meta.url)),
  plugins: [new DmsPlugin({ dms: createAwsDmsApi() })],
});
await worker.run();
await connection.close();
process.exit();
