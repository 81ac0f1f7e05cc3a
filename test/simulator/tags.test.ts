import {
  AddTagsToResourceCommand,
  CreateReplicationConfigCommand,
  DatabaseMigrationServiceClient,
  DeleteReplicationConfigCommand,
  ListTagsForResourceCommand,
  RemoveTagsFromResourceCommand,
  ResourceNotFoundFault,
  type Tag,
} from '@aws-sdk/client-database-migration-service';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';
import { ask, config, refusal } from '../support/dms-http.js';

let simulator: DmsSimulator;
let client: DatabaseMigrationServiceClient;
beforeEach(async () => {
  simulator = await startDmsSimulator({ speed: 0 });
  client = new DatabaseMigrationServiceClient({ ...simulator.clientConfig(), maxAttempts: 1 });
});
afterEach(async () => {
  client.destroy();
  await simulator.close();
});

const tag = (Key: string, Value: string) => ({ Key, Value });
const list = async (ResourceArn: string) =>
  (await client.send(new ListTagsForResourceCommand({ ResourceArn }))).TagList;
const add = (ResourceArn: string, ...Tags: Tag[]) => client.send(new AddTagsToResourceCommand({ ResourceArn, Tags }));
const remove = (ResourceArn: string, ...TagKeys: string[]) =>
  client.send(new RemoveTagsFromResourceCommand({ ResourceArn, TagKeys }));

test("AWS's client creates a config with tags, adds tags, replaces values and removes tags", async () => {
  const input = config('orders', { Tags: [tag('team', 'data'), tag('wave', '1')] });
  const { ReplicationConfig } = await client.send(new CreateReplicationConfigCommand(input as never));
  expect(ReplicationConfig).not.toHaveProperty('Tags');
  const arn = ReplicationConfig?.ReplicationConfigArn ?? '';
  expect(await list(arn)).toEqual([tag('team', 'data'), tag('wave', '1')]);
  await add(arn, tag('wave', '2'), tag('urgent', ''));
  expect(await list(arn)).toEqual([tag('team', 'data'), tag('wave', '2'), tag('urgent', '')]);
  await remove(arn, 'team', 'unknown');
  expect(await list(arn)).toEqual([tag('wave', '2'), tag('urgent', '')]);
});

test('a list of ARNs shows the tags of each, with its ARN', async () => {
  const arns = [{ team: 'data' }, {}, { team: 'web', wave: '1' }].map((tags) => simulator.createReplication({ tags }));
  const { TagList } = await client.send(new ListTagsForResourceCommand({ ResourceArnList: arns }));
  expect(TagList).toEqual([
    { ...tag('team', 'data'), ResourceArn: arns[0] },
    { ...tag('team', 'web'), ResourceArn: arns[2] },
    { ...tag('wave', '1'), ResourceArn: arns[2] },
  ]);
});

test('a config that is gone, of another account or of another region has no tags to see or change', async () => {
  const arn = simulator.createReplication({ status: 'created', tags: { team: 'data' } });
  const elsewhere = simulator.createReplication({ region: 'us-east-1' });
  for (const ask of [() => list(elsewhere), () => add(elsewhere, tag('a', 'b')), () => remove(elsewhere, 'a')])
    await expect(ask()).rejects.toThrow(ResourceNotFoundFault);
  const both = { ResourceArnList: [arn, elsewhere] };
  expect(await refusal(simulator, 'ListTagsForResource', both)).toContain('ResourceNotFoundFault');
  await client.send(new DeleteReplicationConfigCommand({ ReplicationConfigArn: arn }));
  simulator.clock.advance({ hours: 1 });
  await expect(list(arn)).rejects.toThrow(ResourceNotFoundFault);
});

test('invalid tags and requests are refused, and change nothing', async () => {
  const arn = simulator.createReplication({ tags: { team: 'data' } });
  const refused = (Tags: object[]) => refusal(simulator, 'AddTagsToResource', { ResourceArn: arn, Tags });
  for (const each of [
    tag('', 'x'),
    { Value: 'x' },
    tag('k'.repeat(129), 'x'),
    tag('a', 'v'.repeat(257)),
    tag('a*', 'x'),
    tag('aws:team', 'x'),
    tag('team', 'dms:x'),
  ])
    expect(await refused([tag('ok', 'x'), each])).toContain('InvalidParameterValueException');
  const many = Array.from({ length: 50 }, (_, n) => tag(`key${n}`, ''));
  expect(await refused(many)).toContain('at most 50 tags');
  expect(await refused(many.slice(1))).toBe('accepted');
  expect(await refused([tag('team', 'web')])).toBe('accepted');
  const inCreate = config('orders', { Tags: [tag('aws:team', 'x')] });
  expect(await refusal(simulator, 'CreateReplicationConfig', inCreate)).toContain('InvalidParameterValueException');
  expect((await ask(simulator, 'DescribeReplicationConfigs')).ReplicationConfigs).toHaveLength(1);
  const listing = (input: object) => refusal(simulator, 'ListTagsForResource', input);
  expect(await listing({})).toContain('InvalidParameterValueException');
  expect(await listing({ ResourceArn: 'x' })).toContain('must provide a valid ARN: x');
  expect(await listing({ ResourceArn: arn, ResourceArnList: [arn] })).toContain('InvalidParameterCombination');
});

test('a policy and a fault for one config count for its tags, also in a list of ARNs', async () => {
  const [arn, other] = [simulator.createReplication({ tags: { team: 'data' } }), simulator.createReplication()];
  simulator.setPolicy([{ Effect: 'Allow', Action: 'dms:ListTagsForResource', Resource: arn }]);
  expect(await list(arn)).toEqual([tag('team', 'data')]);
  const both = { ResourceArnList: [arn, other] };
  const denied = await refusal(simulator, 'ListTagsForResource', both);
  expect(denied).toMatch(`AccessDeniedException: User: `);
  expect(denied).toContain(`dms:ListTagsForResource on resource: ${other}`);
  simulator.setPolicy(null);
  simulator.fault({ operation: 'ListTagsForResource', type: 'throttle', replicationConfigArn: other });
  expect(await refusal(simulator, 'ListTagsForResource', { ResourceArn: arn })).toBe('accepted');
  expect(await refusal(simulator, 'ListTagsForResource', both)).toContain('ThrottlingException');
  expect(simulator.count('ListTagsForResource', other)).toBe(2);
});
