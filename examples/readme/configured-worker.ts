import { runDmsWorker } from 'temporal-dms/worker';

await runDmsWorker({
  configure(config) {
    config.worker.taskQueue = 'migrations';
    config.worker.activities = { notifyOnCall: async (text: string) => console.log(text) };
    config.worker.shutdownForceTime = '60 seconds';
    config.activities = { ...config.activities, allow: ['arn:aws:dms:eu-west-1:123456789012:*'] };
  },
});
process.exit();
