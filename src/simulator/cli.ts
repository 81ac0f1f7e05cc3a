#!/usr/bin/env node
/** `temporal-dms-simulator [--port 4570] [--speed 60]`: a local DMS Serverless with one running replication. */
import { parseArgs } from 'node:util';
import { startDmsSimulator } from './index.js';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '4570' }, speed: { type: 'string', default: '60' } },
});
const simulator = await startDmsSimulator({ port: Number(values.port), speed: Number(values.speed) });
const arn = simulator.createReplication({ identifier: 'orders-to-aurora' });
process.stdout
  .write(`A local DMS Serverless listens at ${simulator.endpoint}; a second of real time is ${values.speed} there.

  export AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE=${simulator.endpoint}
  export AWS_ACCESS_KEY_ID=simulated AWS_SECRET_ACCESS_KEY=simulated AWS_REGION=eu-west-1

A replication runs there: ${arn}
`);
process.once('SIGINT', () => void simulator.close());
process.once('SIGTERM', () => void simulator.close());
