/** Worker of a user, who changes every part of the configuration that the environment gives. */
import { SimplePlugin } from '@temporalio/plugin';
import { runDmsWorker } from '../../dist/worker/index.js';
import { dataConverter } from './reversing-codec.mjs';

const { ADDRESS, TASK_QUEUE, ALLOW, HEALTH } = process.env;
const say = (what) => process.stdout.write(`${JSON.stringify({ phase: what })}\n`);

class UsersPlugin extends SimplePlugin {
  configureWorker(options) {
    say('plugin');
    return super.configureWorker(options);
  }
}

const slots = (numSlots) => ({ type: 'fixed-size', numSlots });

await runDmsWorker({
  configure(config) {
    config.connection.address = ADDRESS;
    config.health = HEALTH;
    config.activities = {
      ...config.activities,
      allow: [ALLOW],
      lag: { read: async () => ({ sourceSeconds: 42, targetSeconds: 1, at: new Date().toISOString() }) },
      archive: {
        append: async ({ sequence }) => say(`archived ${sequence}`),
        list: async () => [],
      },
    };
    Object.assign(config.worker, {
      taskQueue: TASK_QUEUE,
      dataConverter,
      shutdownForceTime: '5 seconds',
      plugins: [new UsersPlugin({ name: 'users.Plugin' })],
      tuner: {
        workflowTaskSlotSupplier: slots(10),
        activityTaskSlotSupplier: slots(10),
        localActivityTaskSlotSupplier: slots(10),
        nexusTaskSlotSupplier: slots(10),
      },
      interceptors: {
        activity: [
          () => ({
            inbound: {
              execute(input, next) {
                say('intercepted');
                return next(input);
              },
            },
          }),
        ],
      },
    });
  },
});
process.exit();
