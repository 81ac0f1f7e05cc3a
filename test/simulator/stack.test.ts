/** Tests endpoints, connections and subnet groups with AWS's client. A stack needs them around its replications. */
import {
  AddTagsToResourceCommand,
  CreateEndpointCommand,
  CreateReplicationConfigCommand,
  CreateReplicationSubnetGroupCommand,
  DatabaseMigrationServiceClient,
  DeleteEndpointCommand,
  DeleteReplicationConfigCommand,
  DeleteReplicationSubnetGroupCommand,
  DescribeConnectionsCommand,
  DescribeEndpointsCommand,
  DescribeReplicationSubnetGroupsCommand,
  InvalidResourceStateFault,
  ListTagsForResourceCommand,
  ModifyEndpointCommand,
  ReplicationSubnetGroupDoesNotCoverEnoughAZs,
  ResourceAlreadyExistsFault,
  ResourceNotFoundFault,
  TestConnectionCommand,
  waitUntilEndpointDeleted,
  waitUntilTestConnectionSucceeds,
} from '@aws-sdk/client-database-migration-service';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';
import { config, refusal } from '../support/dms-http.js';

let simulator: DmsSimulator;
let client: DatabaseMigrationServiceClient;
beforeEach(async () => {
  simulator = await startDmsSimulator({ speed: 600 });
  client = new DatabaseMigrationServiceClient({ ...simulator.clientConfig(), maxAttempts: 1 });
});
afterEach(async () => {
  client.destroy();
  await simulator.close();
});

const orders = {
  EndpointIdentifier: 'Orders-Source',
  EndpointType: 'source',
  EngineName: 'postgres',
  ServerName: 'orders.example.com',
  Port: 5432,
  DatabaseName: 'orders',
  Username: 'dms',
  Password: 'secret',
} as const;
const aurora = { ...orders, EndpointIdentifier: 'aurora', EndpointType: 'target', EngineName: 'aurora' } as const;

async function create(input: typeof orders | typeof aurora): Promise<string> {
  return (await client.send(new CreateEndpointCommand(input))).Endpoint?.EndpointArn ?? '';
}
const filter = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });
const endpointsOf = async (input: object = {}) =>
  (await client.send(new DescribeEndpointsCommand(input))).Endpoints ?? [];
const createConfig = (SourceEndpointArn: string, TargetEndpointArn: string, more: object = {}) =>
  client.send(
    new CreateReplicationConfigCommand(config('stack', { SourceEndpointArn, TargetEndpointArn, ...more }) as never),
  );

test('an endpoint is created, found by each filter, modified, tagged and deleted, and shows no password', async () => {
  const settings = { PostgreSQLSettings: { SlotName: 'orders', Password: 'secret' } };
  const made = await client.send(
    new CreateEndpointCommand({ ...orders, ...settings, Tags: [{ Key: 'a', Value: 'b' }] }),
  );
  const { EndpointArn: arn = '' } = made.Endpoint ?? {};
  expect(arn).toMatch(/^arn:aws:dms:eu-west-1:123456789012:endpoint:[A-Z][A-Z2-7]{25}$/);
  expect(made.Endpoint).toMatchObject({
    EndpointIdentifier: 'orders-source',
    EndpointType: 'SOURCE',
    Status: 'active',
    SslMode: 'none',
    ServerName: 'orders.example.com',
    PostgreSQLSettings: { SlotName: 'orders' },
  });
  expect(JSON.stringify(made.Endpoint)).not.toContain('secret');
  const target = await create(aurora);
  for (const [name, value, found] of [
    ['endpoint-arn', arn, arn],
    ['endpoint-id', 'orders-source', arn],
    ['endpoint-type', 'target', target],
    ['engine-name', 'aurora', target],
  ] as const)
    expect((await endpointsOf(filter(name, value))).map(({ EndpointArn }) => EndpointArn)).toEqual([found]);
  expect(await endpointsOf(filter('engine-name', 'oracle'))).toEqual([]);
  const change = { EndpointArn: arn, ServerName: 'replica.example.com', PostgreSQLSettings: { CaptureDdls: true } };
  await client.send(new ModifyEndpointCommand(change));
  const changed = { ServerName: 'replica.example.com', Port: 5432, SslMode: 'none' };
  const both = { SlotName: 'orders', CaptureDdls: true };
  expect(await endpointsOf(filter('endpoint-arn', arn))).toMatchObject([{ ...changed, PostgreSQLSettings: both }]);
  await client.send(new ModifyEndpointCommand({ ...change, ExactSettings: true }));
  const [exact] = await endpointsOf(filter('endpoint-arn', arn));
  expect(exact?.PostgreSQLSettings).toEqual({ CaptureDdls: true });
  await client.send(new AddTagsToResourceCommand({ ResourceArn: arn, Tags: [{ Key: 'c', Value: 'd' }] }));
  const { TagList } = await client.send(new ListTagsForResourceCommand({ ResourceArn: arn }));
  expect(TagList?.map(({ Key }) => Key)).toEqual(['a', 'c']);
  await client.send(new DeleteEndpointCommand({ EndpointArn: arn }));
  await waitUntilEndpointDeleted({ client, maxWaitTime: 10 }, filter('endpoint-arn', arn));
  await expect(client.send(new ListTagsForResourceCommand({ ResourceArn: arn }))).rejects.toThrow(
    ResourceNotFoundFault,
  );
});

test('a config uses only endpoints that are there, in their roles, and keeps them from deletion', async () => {
  // Without any endpoint, an ARN is enough.
  await createConfig(config('x').SourceEndpointArn, config('x').TargetEndpointArn, {
    ReplicationConfigIdentifier: 'before',
    ResourceIdentifier: 'BEFORE',
  });
  const [source, target] = [await create(orders), await create(aurora)];
  await expect(create(orders)).rejects.toThrow(ResourceAlreadyExistsFault);
  await expect(createConfig(source, config('x').TargetEndpointArn)).rejects.toThrow(ResourceNotFoundFault);
  await expect(createConfig(target, source)).rejects.toThrow(
    /\[id=1, name=aurora, .*endpointType=TARGET,.* endpoint must be of type SOURCE/,
  );
  const { ReplicationConfig } = await createConfig(source, target);
  await expect(client.send(new DeleteEndpointCommand({ EndpointArn: source }))).rejects.toThrow(
    InvalidResourceStateFault,
  );
  const arn = ReplicationConfig?.ReplicationConfigArn ?? '';
  simulator.repointTarget(arn);
  expect(await endpointsOf(filter('endpoint-arn', target))).toMatchObject([{ ServerName: '2.orders.example.com' }]);
  await client.send(new DeleteReplicationConfigCommand({ ReplicationConfigArn: arn }));
  simulator.clock.advance({ hours: 1 });
  await client.send(new DeleteEndpointCommand({ EndpointArn: source }));
});

test('an endpoint can not be deleted while one of two configs uses it', async () => {
  const [source, target] = [await create(orders), await create(aurora)];
  const [first, second] = await Promise.all(
    ['first', 'second'].map(async (name) => {
      const names = { ReplicationConfigIdentifier: name, ResourceIdentifier: name };
      return (await createConfig(source, target, names)).ReplicationConfig?.ReplicationConfigArn;
    }),
  );
  const remove = () => client.send(new DeleteEndpointCommand({ EndpointArn: source }));
  await client.send(new DeleteReplicationConfigCommand({ ReplicationConfigArn: first }));
  simulator.clock.advance({ hours: 1 });
  await expect(remove()).rejects.toThrow('part of the replication config second');
  await client.send(new DeleteReplicationConfigCommand({ ReplicationConfigArn: second }));
  simulator.clock.advance({ hours: 1 });
  await remove();
  await client.send(new DeleteEndpointCommand({ EndpointArn: target }));
  // Endpoints have been created here, so an ARN alone is not enough any more.
  await expect(createConfig(source, target)).rejects.toThrow(ResourceNotFoundFault);
});

test('stale looks show earlier endpoints, connections and subnet groups', async () => {
  const still = await startDmsSimulator({ speed: 0 });
  const dms = new DatabaseMigrationServiceClient({ ...still.clientConfig(), maxAttempts: 1 });
  try {
    const names = async () => {
      const { Endpoints = [] } = await dms.send(new DescribeEndpointsCommand({}));
      return Endpoints.map(({ ServerName }) => ServerName);
    };
    const { Endpoint } = await dms.send(new CreateEndpointCommand(orders));
    const EndpointArn = Endpoint?.EndpointArn ?? '';
    still.clock.advance({ seconds: 30 });
    await dms.send(new ModifyEndpointCommand({ EndpointArn, ServerName: 'new.example.com' }));
    still.clock.advance({ seconds: 30 });
    const stale = { operation: 'DescribeEndpoints', type: 'stale' } as const;
    for (const staleSeconds of [40, 70]) still.fault({ ...stale, staleSeconds });
    expect([await names(), await names(), await names()]).toEqual([['orders.example.com'], [], ['new.example.com']]);

    still.fault(stale);
    await dms.send(new DeleteEndpointCommand({ EndpointArn }));
    still.clock.advance({ hours: 1 });
    expect([await names(), await names()]).toEqual([['new.example.com'], []]);

    const repointed = still.createReplication();
    const before = await names();
    still.fault(stale);
    still.repointTarget(repointed);
    expect(await names()).toEqual(before);
    expect(await names()).not.toEqual(before);
    const once = await names();
    still.clock.advance({ seconds: 30 });
    still.repointTarget(repointed);
    still.clock.advance({ seconds: 10 });
    still.fault({ ...stale, staleSeconds: 20 });
    expect(await names()).toEqual(once);
    expect(await names()).not.toEqual(once);

    const { Endpoint: second } = await dms.send(new CreateEndpointCommand(aurora));
    const test = { EndpointArn: second?.EndpointArn ?? '', ReplicationInstanceArn: still.createReplication() };
    await dms.send(new TestConnectionCommand(test));
    still.clock.advance({ seconds: 6 });
    const connections = async () =>
      (await dms.send(new DescribeConnectionsCommand({}))).Connections?.map(({ Status }) => Status);
    for (const staleSeconds of [3, 30]) still.fault({ operation: 'DescribeConnections', type: 'stale', staleSeconds });
    expect([await connections(), await connections(), await connections()]).toEqual([['testing'], [], ['successful']]);
    expect(() => still.fault({ operation: 'DescribeEndpoints', type: 'row-missing' })).toThrow(
      'A row-missing fault does not apply to DescribeEndpoints',
    );
    expect(() => still.fault({ ...stale, replicationConfigArn: repointed })).toThrow(
      'A stale fault of one replication does not apply to DescribeEndpoints',
    );
  } finally {
    dms.destroy();
    await still.close();
  }
});

test('a connection is tested, and found by its ends', async () => {
  const endpoint = await create(orders);
  const instance = simulator.createReplication();
  const { Connection } = await client.send(
    new TestConnectionCommand({ EndpointArn: endpoint, ReplicationInstanceArn: instance }),
  );
  expect(Connection).toMatchObject({ Status: 'testing', EndpointIdentifier: 'orders-source' });
  simulator.clock.advance({ seconds: 5 });
  await waitUntilTestConnectionSucceeds({ client, maxWaitTime: 10 }, filter('endpoint-arn', endpoint));
  const found = await client.send(new DescribeConnectionsCommand(filter('replication-instance-arn', instance)));
  expect(found.Connections).toMatchObject([{ Status: 'successful', EndpointArn: endpoint }]);
  const gone = { EndpointArn: endpoint.replace(/\w+$/, 'GONE'), ReplicationInstanceArn: instance };
  await expect(client.send(new TestConnectionCommand(gone))).rejects.toThrow(ResourceNotFoundFault);
});

test('a subnet group is created, found and deleted, unless a config uses it', async () => {
  const group = {
    ReplicationSubnetGroupIdentifier: 'Private',
    ReplicationSubnetGroupDescription: 'private subnets',
    SubnetIds: ['subnet-1', 'subnet-2'],
  };
  const { ReplicationSubnetGroup } = await client.send(new CreateReplicationSubnetGroupCommand(group));
  expect(ReplicationSubnetGroup).toMatchObject({
    ReplicationSubnetGroupIdentifier: 'private',
    SubnetGroupStatus: 'Complete',
    Subnets: [
      { SubnetIdentifier: 'subnet-1', SubnetAvailabilityZone: { Name: 'eu-west-1a' } },
      { SubnetIdentifier: 'subnet-2', SubnetAvailabilityZone: { Name: 'eu-west-1b' } },
    ],
  });
  await expect(client.send(new CreateReplicationSubnetGroupCommand(group))).rejects.toThrow(ResourceAlreadyExistsFault);
  const single = { ...group, ReplicationSubnetGroupIdentifier: 'single', SubnetIds: ['subnet-1'] };
  await expect(client.send(new CreateReplicationSubnetGroupCommand(single))).rejects.toThrow(
    ReplicationSubnetGroupDoesNotCoverEnoughAZs,
  );
  const ComputeConfig = { MaxCapacityUnits: 4, ReplicationSubnetGroupId: 'private' };
  const { SourceEndpointArn, TargetEndpointArn } = config('x');
  const made = await createConfig(SourceEndpointArn, TargetEndpointArn, { ComputeConfig });
  const remove = () =>
    client.send(new DeleteReplicationSubnetGroupCommand({ ReplicationSubnetGroupIdentifier: 'private' }));
  await expect(remove()).rejects.toThrow(InvalidResourceStateFault);
  const { ReplicationConfigArn } = made.ReplicationConfig ?? {};
  await client.send(new DeleteReplicationConfigCommand({ ReplicationConfigArn }));
  simulator.clock.advance({ hours: 1 });
  await remove();
  const look = client.send(
    new DescribeReplicationSubnetGroupsCommand(filter('replication-subnet-group-id', 'private')),
  );
  await expect(look).rejects.toThrow(ResourceNotFoundFault);
});

test.each([
  ['CreateEndpoint', 'enum value set: [source, target]', { ...orders, EndpointType: 'both' }],
  ['CreateEndpoint', 'EngineName clay is not supported', { ...orders, EngineName: 'clay' }],
  ['CreateEndpoint', 'must begin with a letter', { ...orders, EndpointIdentifier: '1' }],
  ['CreateEndpoint', 'can not be converted to an Structure', { ...orders, MySQLSettings: 'x' }],
  ['ModifyEndpoint', "Endpoint 'x' was not found", { EndpointArn: 'x' }],
  ['DeleteEndpoint', "Value null at 'endpointArn'", {}],
  ['TestConnection', 'must provide a valid ARN: y', { EndpointArn: 'x', ReplicationInstanceArn: 'y' }],
  ['DescribeConnections', 'Filter name name is not supported', filter('name', 'x')],
  [
    'CreateReplicationSubnetGroup',
    'InvalidSubnet: The subnet x is not valid',
    { ReplicationSubnetGroupIdentifier: 'a', ReplicationSubnetGroupDescription: '', SubnetIds: ['subnet-1', 'x'] },
  ],
])('a wrong %s is refused: %s', async (operation, message, input) => {
  expect(await refusal(simulator, operation, input)).toContain(message);
});

test('every account and region has endpoints of its own, and a reset removes them', async () => {
  await create(orders);
  const other = new DatabaseMigrationServiceClient(simulator.clientConfig('us-east-1'));
  expect((await other.send(new DescribeEndpointsCommand({}))).Endpoints).toEqual([]);
  other.destroy();
  simulator.reset();
  expect(await endpointsOf()).toEqual([]);
});
