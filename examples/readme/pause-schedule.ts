import { Client, Connection } from '@temporalio/client';
import { ReplicationClient } from 'temporal-dms/client';

const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233' });
const dms = new ReplicationClient({ client: new Client({ connection }) });
const [replicationConfigArn = '', scheduleId = 'orders-by-night'] = process.argv.slice(2);
const timezone = 'Europe/Berlin';

const { warnings } = await dms.createPauseSchedule({
  scheduleId,
  replicationConfigArn,
  stop: { calendars: [{ hour: 22, dayOfWeek: { start: 'MONDAY', end: 'THURSDAY' } }], timezone },
  resume: { calendars: [{ hour: 6 }], timezone },
  reason: 'the nightly batch has the source to itself',
});
for (const { code, message } of warnings) console.log(`${code}: ${message}`);
await connection.close();
