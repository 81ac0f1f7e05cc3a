import { DatabaseMigrationServiceClient, DescribeEndpointsCommand } from '@aws-sdk/client-database-migration-service';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';
import { ask, look, refusal } from '../support/dms-http.js';

let simulator: DmsSimulator;
beforeEach(async () => {
  simulator = await startDmsSimulator({ speed: 0 });
});
afterEach(() => simulator.close());

const named = (...Values: string[]) => ({ Filters: [{ Name: 'endpoint-arn', Values }] });

test("AWS's client reads the endpoints of a replication, and another server name after repointTarget", async () => {
  const arn = simulator.createReplication();
  const { SourceEndpointArn, TargetEndpointArn } = await look(simulator, arn);
  const client = new DatabaseMigrationServiceClient(simulator.clientConfig());
  const endpoints = async () =>
    (await client.send(new DescribeEndpointsCommand(named(SourceEndpointArn, TargetEndpointArn)))).Endpoints ?? [];
  const [source, target] = await endpoints();
  expect(source).toMatchObject({ EndpointArn: SourceEndpointArn, EndpointType: 'SOURCE', Port: 3306 });
  expect(target).toMatchObject({ EndpointArn: TargetEndpointArn, EndpointType: 'TARGET', DatabaseName: 'shop' });
  simulator.repointTarget(arn);
  const [same, other] = await endpoints();
  expect(same).toEqual(source);
  expect(other).toMatchObject({ EndpointArn: TargetEndpointArn, ServerName: `2.${target?.ServerName}` });
  client.destroy();
});

test('endpoints come in pages, and an unknown endpoint or filter is rejected', async () => {
  for (let n = 0; n < 30; n++) simulator.createReplication();
  const first = await ask(simulator, 'DescribeEndpoints', { MaxRecords: 50 });
  const second = await ask(simulator, 'DescribeEndpoints', { MaxRecords: 50, Marker: first.Marker });
  expect([first.Endpoints.length, second.Endpoints.length, second.Marker]).toEqual([50, 10, undefined]);
  const gone = 'arn:aws:dms:eu-west-1:123456789012:endpoint:GONE';
  expect(await refusal(simulator, 'DescribeEndpoints', named(gone))).toContain('ResourceNotFoundFault');
  const unknown = { Filters: [{ Name: 'engine', Values: ['mysql'] }] };
  expect(await refusal(simulator, 'DescribeEndpoints', unknown)).toContain('Filter name engine is not supported');
});
