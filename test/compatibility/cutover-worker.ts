/** Worker with the hooks of `examples/cutover-postgres`, as a process that a test can kill. */
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createPostgresHooks } from '../../examples/cutover-postgres/hooks.js';
import { createDmsActivities } from '../../src/activities/index.js';
import { createAwsDmsApi } from '../../src/aws/index.js';

const env = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

// Hooks fail on purpose, so only errors of the worker itself are shown.
Runtime.install({ logger: new DefaultLogger('ERROR') });
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: env('TEMPORAL_ADDRESS') }),
  taskQueue: env('TASK_QUEUE'),
  workflowBundle: { codePath: env('WORKFLOW_BUNDLE') },
  activities: {
    ...createDmsActivities({ dms: createAwsDmsApi() }),
    ...createPostgresHooks({
      source: env('SOURCE_URL'),
      target: env('TARGET_URL'),
      pointer: env('POINTER_URL'),
      databaseOf: ({ cutoverId }) => cutoverId,
    }),
  },
});
process.send?.('ready');
await worker.run();
