#!/usr/bin/env node
/** `temporal-dms-simulator`: a local DMS Serverless with one running replication. */
import { runProgram, UsageError, type ProgramArguments } from '../program.js';

const usage = `Usage: temporal-dms-simulator [options]

Starts a local DMS Serverless with one running replication, until SIGINT or SIGTERM.

  --port <number>          default 4570
  --host <address>         default 127.0.0.1
  --speed <number>         simulated seconds in a real one, default 60; 0: time stands still until it is moved
  --seed <number>          makes a run repeatable
  --throttle <burst,rate>  such as 200,8: 200 requests at once, then 8 a second
  --tables <names>         such as shop.orders,shop.customers
  --uncertain-inverted     sets every switch for uncertain behaviour of DMS to its other value
  -h, --help               prints this
  -v, --version            prints the version
`;

const options = {
  port: { type: 'string', default: '4570' },
  host: { type: 'string', default: '127.0.0.1' },
  speed: { type: 'string', default: '60' },
  seed: { type: 'string' },
  throttle: { type: 'string' },
  tables: { type: 'string' },
  'uncertain-inverted': { type: 'boolean', default: false },
} as const;

await runProgram({ name: 'temporal-dms-simulator', usage, options, allowPositionals: false }, simulate);

async function simulate({ values }: ProgramArguments<typeof options>): Promise<void> {
  const number = (name: 'port' | 'speed' | 'seed', most: number) => {
    const text = values[name] ?? '';
    const value = Number(text);
    if (text.trim() !== '' && value >= 0 && value <= most) return value;
    throw new UsageError(`--${name} is "${text}", not a number from 0 to ${most}`);
  };
  const [port, speed] = [number('port', 65_535), number('speed', 1e6)];
  const seed = values.seed === undefined ? {} : { seed: number('seed', 2 ** 32) };
  const throttle = throttleOf(values.throttle);
  const tables = values.tables === undefined ? {} : { tables: { names: values.tables.split(',') } };
  const { uncertainInverted, startDmsSimulator } = await import('./index.js');
  const uncertain = { ...(values['uncertain-inverted'] ? uncertainInverted : {}), ...throttle };
  const { host } = values;
  const simulator = await startDmsSimulator({ port, host, speed, uncertain, ...seed, ...tables });
  const arn = simulator.createReplication({ identifier: 'orders-to-aurora' });
  const { endpoint } = simulator;
  const pace = speed === 0 ? 'Its time stands still until it is moved' : `A real second is ${speed} simulated seconds`;
  const reach = ['127.0.0.1', 'localhost', '::1'].includes(host)
    ? 'from this machine only'
    : 'from every machine that can reach this one';
  process.stdout.write(`A local DMS Serverless listens at ${endpoint}.
It can be reached ${reach}. ${pace}. Open it in a browser to watch.

For the AWS CLI and every SDK:

  export AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE=${endpoint}
  export AWS_ACCESS_KEY_ID=simulated AWS_SECRET_ACCESS_KEY=simulated AWS_REGION=eu-west-1
  aws dms describe-replications

A replication runs there: ${arn}
Its seed is ${simulator.seed}.
`);
  process.once('SIGINT', () => void simulator.close());
  process.once('SIGTERM', () => void simulator.close());
}

/** Parses `--throttle`: `200,8` is a bucket of 200 requests with a refill of 8 a second. Throws a `UsageError`. */
function throttleOf(text: string | undefined) {
  if (text === undefined) return {};
  const [burst = NaN, refill = NaN] = text.split(',').map(Number);
  if (burst >= 1 && refill > 0) return { throttle: { burst, refill } };
  throw new UsageError(`--throttle is "${text}", not like 200,8 (200 requests at once, then 8 a second)`);
}
