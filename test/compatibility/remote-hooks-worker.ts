/** Worker whose hooks and lags come over HTTP from the test, as a process that the test can kill. */
import { Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createDmsActivities, type ReplicationLag } from '../../src/activities/index.js';
import { createAwsDmsApi } from '../../src/aws/index.js';
import { cutoverHookNames } from '../../src/contract/cutover-schemas.js';

const env = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

async function ask(path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${env('HOOKS_URL')}/${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

const hooks = cutoverHookNames.map((name) => {
  const hook = async (context: unknown): Promise<unknown> => {
    const attempt = Context.current();
    const beating = setInterval(() => attempt.heartbeat(), 300);
    return ask(name, context).finally(() => clearInterval(beating));
  };
  return [name, hook] as const;
});
const lag = {
  read: async ({ arn }: { readonly arn: string }) => (await ask('lag', { arn })) as ReplicationLag,
};

// Hooks fail on purpose, so only errors of the worker itself are shown.
Runtime.install({ logger: new DefaultLogger('ERROR') });
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: env('TEMPORAL_ADDRESS') }),
  taskQueue: env('TASK_QUEUE'),
  workflowBundle: { codePath: env('WORKFLOW_BUNDLE') },
  activities: { ...createDmsActivities({ dms: createAwsDmsApi(), lag }), ...Object.fromEntries(hooks) },
});
process.send?.('ready');
await worker.run();
