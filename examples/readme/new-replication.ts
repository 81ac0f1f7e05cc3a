import { Client, Connection } from '@temporalio/client';
import { ReplicationClient } from 'temporal-dms/client';

const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233' });
const dms = new ReplicationClient({ client: new Client({ connection }) });
const [oldArn = '', newArn = ''] = process.argv.slice(2);

const { checkpoint: record } = await dms.stop({ replicationConfigArn: oldArn, intent: 'final', reason: 'replaced' });
if (record.recoveryCheckpoint === null) throw new Error('DMS reports no checkpoint to start at');
const { warnings } = await dms.resume({
  replicationConfigArn: newArn,
  startReplicationType: 'start-replication',
  cdcStartPosition: record.recoveryCheckpoint,
  verifyProgressSeconds: 5,
});
for (const { code, message } of warnings) console.log(`${code}: ${message}`);
await connection.close();
