import { Client, Connection } from '@temporalio/client';
import { ReplicationClient } from 'temporal-dms/client';

const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233' });
const replications = new ReplicationClient({ client: new Client({ connection }) });
const cutover = await replications.startCutover({
  cutoverId: 'orders',
  replicationConfigArns: process.argv.slice(2),
  requestedBy: 'ada',
  reason: 'orders move to Aurora',
  dryRun: true, // checks, changes nothing, and returns the plan
  writesStoppedSeconds: 300,
  gates: { lag: { maxSeconds: 5 } },
  approval: { approvers: 2 },
  hooks: {
    fence: { activityType: 'fenceOrders' },
    unfence: { activityType: 'unfenceOrders' },
    isDrained: { activityType: 'ordersAreDrained' },
    switchToTarget: { activityType: 'switchOrders' },
    whereIsTraffic: { activityType: 'whereAreOrders' },
  },
});
const { checks, plan } = await cutover.result();
console.log(checks, plan);
await connection.close();
