import { createDmsActivities } from 'temporal-dms/activities';
import { createAwsDmsApi, createDmsClient } from 'temporal-dms/aws';
import { startDmsSimulator } from 'temporal-dms/simulator';

export const simulator = await startDmsSimulator({ speed: 600 });
export const replicationConfigArn = simulator.createReplication({ tables: 12 });
export const activities = createDmsActivities({
  dms: createAwsDmsApi({ clientFor: ({ region }) => createDmsClient(simulator.clientConfig(region)) }),
});
simulator.onNextStop(replicationConfigArn, {
  type: 'self-restart',
  stopReason: 'Stop Reason RECYCLE_TASK',
  afterSeconds: 60,
});
