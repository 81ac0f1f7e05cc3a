import { Client, Connection } from '@temporalio/client';
import { ReplicationClient } from 'temporal-dms/client';

const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233' });
const dms = new ReplicationClient({ client: new Client({ connection }) });
const [replicationConfigArn = '', windowId = 'orders-by-night'] = process.argv.slice(2);

const window = await dms.createWindow({
  windowId,
  replicationConfigArn,
  stop: { at: '22:00', days: ['monday', 'tuesday', 'wednesday', 'thursday'] },
  resume: { at: '06:00' },
  timeZone: 'Europe/Berlin',
  reason: 'the nightly batch has the source to itself',
});
for (const { code, message } of window.warnings) console.log(`${code}: ${message}`);
await connection.close();
