import { Client, Connection } from '@temporalio/client';
import { ReplicationClient } from 'temporal-dms/client';

const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233' });
const dms = new ReplicationClient({ client: new Client({ connection }) });
const replicationConfigArns = process.argv.slice(2);

const stop = await dms.startStopFleet({ replicationConfigArns, concurrency: 20, stopOnFailures: { share: 0.1 } });
const { results, outcomes, failed } = await stop.result();
console.log(outcomes, failed, 'failed');

const resume = await dms.startResumeFleet({ stopped: results, verifyProgressSeconds: 5 });
console.log((await resume.result()).outcomes);
await connection.close();
