import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  DatabaseMigrationServiceClient,
  DescribeReplicationsCommand,
} from '@aws-sdk/client-database-migration-service';
import { GenericContainer, Wait } from 'testcontainers';

let container;
let endpoint;
before(async () => {
  container = await new GenericContainer('temporal-dms-simulator:0.1.0')
    .withCommand(['--speed', '0'])
    .withExposedPorts(4570)
    .withWaitStrategy(Wait.forHttp('/_simulator/health', 4570))
    .start();
  endpoint = `http://${container.getHost()}:${container.getMappedPort(4570)}`;
});
after(() => container?.stop());

/** Controls the simulator. */
async function control(path, body) {
  const answer = await fetch(`${endpoint}/_simulator/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, await answer.text());
}

test('a stopped replication is deprovisioned after 48 hours', async () => {
  await control('reset', {}); // the program starts with a replication of its own
  await control('replications', { identifier: 'orders', status: 'stopped' });
  await control('clock', { hours: 49 });
  const client = new DatabaseMigrationServiceClient({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
  });
  const { Replications } = await client.send(new DescribeReplicationsCommand({}));
  assert.equal(Replications?.[0]?.ProvisionData?.ProvisionState, 'deprovisioned');
  client.destroy();
});
