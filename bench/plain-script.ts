/** Baseline of the lowest cost: a script that pages through all replications every two seconds and keeps no state. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  DatabaseMigrationServiceClient,
  paginateDescribeReplications,
} from '@aws-sdk/client-database-migration-service';

const client = new DatabaseMigrationServiceClient({ region: 'eu-west-1' });
for (;;) {
  for await (const page of paginateDescribeReplications({ client, pageSize: 100 }, {})) void page;
  await delay(2000);
}
