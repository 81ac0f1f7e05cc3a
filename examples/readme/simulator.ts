import {
  DatabaseMigrationServiceClient,
  DescribeReplicationsCommand,
} from '@aws-sdk/client-database-migration-service';
import { startDmsSimulator } from 'temporal-dms/simulator';

const simulator = await startDmsSimulator({ speed: 0 }); // time stands still until it is moved
simulator.createReplication({ status: 'stopped', tables: 12 });
const client = new DatabaseMigrationServiceClient(simulator.clientConfig());

simulator.clock.advance({ hours: 49 });
const { Replications } = await client.send(new DescribeReplicationsCommand({}));
console.log(Replications?.[0]?.ProvisionData?.ProvisionState); // deprovisioned

client.destroy();
await simulator.close();
