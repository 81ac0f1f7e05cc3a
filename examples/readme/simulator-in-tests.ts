import { DatabaseMigrationServiceClient, StopReplicationCommand } from '@aws-sdk/client-database-migration-service';
import { useDmsSimulator } from 'temporal-dms/simulator';
import { afterAll, beforeAll, beforeEach, test } from 'vitest';

const simulator = useDmsSimulator({ beforeAll, beforeEach, afterAll });

test('stops the replication once', async () => {
  const ReplicationConfigArn = simulator().createReplication();
  const client = new DatabaseMigrationServiceClient(simulator().clientConfig());
  await client.send(new StopReplicationCommand({ ReplicationConfigArn }));
  simulator().clock.advance({ minutes: 5 });
  simulator().assertCalls(['StopReplication'], ReplicationConfigArn);
  client.destroy();
});
