import { Client, Connection } from '@temporalio/client';
import { ReplicationClient } from 'temporal-dms/client';

const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233' });
const dms = new ReplicationClient({ client: new Client({ connection }) });
const replicationConfigArn = process.argv[2] ?? '';

await dms.stop({
  replicationConfigArn,
  deadlinePolicy: 'warn',
  deadlineLeadSeconds: 4 * 3600,
  onResumeDeadline: { activityType: 'pageTheOperators', taskQueue: 'operations' },
});
const { guard } = await dms.ledger(replicationConfigArn);
console.log('the operators are paged at', guard?.nextAt, 'unless somebody has resumed it');
await connection.close();
