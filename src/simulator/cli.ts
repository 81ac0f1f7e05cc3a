#!/usr/bin/env node
/** `temporal-dms-simulator [--port 4570] [--host 127.0.0.1] [--speed 60] [--seed 7] [--throttle 200,8] [--tables shop.orders,shop.customers] [--contrary]`: a local DMS Serverless with one running replication. */
import { parseArgs } from 'node:util';
import { contrary, startDmsSimulator } from './index.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4570' },
    host: { type: 'string', default: '127.0.0.1' },
    speed: { type: 'string', default: '60' },
    seed: { type: 'string' },
    throttle: { type: 'string' },
    tables: { type: 'string' },
    contrary: { type: 'boolean', default: false },
  },
});

function number(name: 'port' | 'speed' | 'seed', most: number): number {
  const text = values[name] ?? '';
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= most) return value;
  throw new Error(`--${name} is "${text}", not a number from 0 to ${most}`);
}

/** `200,8`: so many requests at once, and so many a second after that. */
function throttleOf(text: string | undefined) {
  if (text === undefined) return {};
  const [burst = NaN, refill = NaN] = text.split(',').map(Number);
  if (burst >= 1 && refill > 0) return { throttle: { burst, refill } };
  throw new Error(`--throttle is "${text}", not like 200,8: requests at once, and a second after that`);
}

try {
  const [port, speed] = [number('port', 65_535), number('speed', 1e6)];
  const seed = values.seed === undefined ? {} : { seed: number('seed', 2 ** 32) };
  const uncertain = { ...(values.contrary ? contrary : {}), ...throttleOf(values.throttle) };
  const tables = values.tables === undefined ? {} : { tables: { names: values.tables.split(',') } };
  const simulator = await startDmsSimulator({ port, host: values.host, speed, uncertain, ...seed, ...tables });
  const arn = simulator.createReplication({ identifier: 'orders-to-aurora' });
  const { endpoint } = simulator;
  const pace = speed === 0 ? 'Its time stands still until it is moved' : `A second of real time is ${speed} there`;
  const reach = ['127.0.0.1', 'localhost', '::1'].includes(values.host)
    ? 'from this machine only'
    : 'from wherever this machine is reached';
  process.stdout.write(`A local DMS Serverless listens at ${endpoint}, ${reach}. ${pace}. Open it in a browser to watch.

For the AWS CLI and every SDK:

  export AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE=${endpoint}
  export AWS_ACCESS_KEY_ID=simulated AWS_SECRET_ACCESS_KEY=simulated AWS_REGION=eu-west-1
  aws dms describe-replications

A replication runs there: ${arn}
Its seed is ${simulator.seed}.
`);
  process.once('SIGINT', () => void simulator.close());
  process.once('SIGTERM', () => void simulator.close());
} catch (err) {
  process.stderr.write(`${err instanceof Error ? err.message : String(err)}\n`);
  process.exitCode = 1;
}
