import { Client, Connection } from '@temporalio/client';
import { ReplicationClient } from 'temporal-dms/client';

const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233' });
const dms = new ReplicationClient({ client: new Client({ connection }) });
const replicationConfigArn = process.argv[2] ?? '';

const { outcome, checkpoint } = await dms.stop({ replicationConfigArn, requestedBy: 'ada', reason: 'maintenance' });
console.log(outcome, checkpoint.recoveryCheckpoint, 'can be resumed until', checkpoint.resumeBy);

const { progress } = await dms.resume({ replicationConfigArn, requestedBy: 'ada', verifyProgressSeconds: 5 });
console.log('resumed, rows are', progress);
await connection.close();
