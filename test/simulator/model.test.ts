import * as sdk from '@aws-sdk/client-database-migration-service';
import { describe, expect, test } from 'vitest';
import { uncertainDefaults, uncertainInverted, startDmsSimulator } from '../../src/simulator/index.js';
import { requestShapes } from '../../src/simulator/api/shapes.js';
import { ask, config, refusal } from '../support/dms-http.js';
import { misfits } from '../support/sdk-shapes.js';

/** Service model of DMS, from AWS's SDK. */
const model = sdk as unknown as Readonly<Record<string, unknown>>;

const schemaOf = (shape: string) => {
  const schema = model[`${shape}$`];
  if (schema === undefined) throw new Error(`The SDK has no shape ${shape}`);
  return schema;
};

test('the check itself finds an invented member and a wrong type', () => {
  expect(misfits(schemaOf('Replication'), { Status: 1, Invented: '', FailureMessages: [2] }, 'row')).toEqual([
    'row.Status: number instead of string',
    'row.Invented: invented',
    'row.FailureMessages[0]: number instead of string',
  ]);
});

test.each([
  ['assumed', uncertainDefaults],
  ['inverted', { ...uncertainInverted, rowBeforeFirstRun: 'fault' as const }],
])(
  "every response fits AWS's service model through a whole life, with uncertain behaviour as %s",
  async (_, uncertain) => {
    const simulator = await startDmsSimulator({ speed: 0, uncertain: { ...uncertain, throttle: null } });
    const called = new Set<string>();
    const wrong: string[] = [];
    const asked = async (operation: string, input: object) => {
      const answer = await ask(simulator, operation, input);
      called.add(operation);
      wrong.push(...misfits(schemaOf(`${operation}Response`), answer, operation));
      return answer;
    };
    try {
      const created = await asked('CreateReplicationConfig', config('whole-life', { ReplicationSettings: '{}' }));
      const arn: string = created.ReplicationConfig.ReplicationConfigArn;
      const named = { ReplicationConfigArn: arn };
      const lookAround = async () => {
        await asked('DescribeReplications', {});
        await asked('DescribeReplicationConfigs', {});
        await asked('DescribeEndpoints', {});
        await asked('DescribeReplicationTableStatistics', named);
      };
      const pass = async (minutes: number, step: number) => {
        for (let at = 0; at < minutes; at += step) {
          simulator.clock.advance({ minutes: step });
          await lookAround();
        }
      };
      await lookAround();
      const kinds: readonly unknown[] = Object.values(sdk.MigrationTypeValue);
      const [row] = (await ask(simulator, 'DescribeReplicationConfigs')).ReplicationConfigs;
      expect(kinds).toContain(row.ReplicationType);
      await asked('AddTagsToResource', { ResourceArn: arn, Tags: [{ Key: 'team', Value: 'data' }] });
      await asked('ListTagsForResource', { ResourceArnList: [arn] });
      await asked('RemoveTagsFromResource', { ResourceArn: arn, TagKeys: ['team'] });
      const settings = { PostgreSQLSettings: { SlotName: 'orders' } };
      const about = { EndpointIdentifier: 'source-1', EndpointType: 'source', EngineName: 'postgres', ...settings };
      const { Endpoint } = await asked('CreateEndpoint', about);
      const { EndpointArn } = Endpoint;
      await asked('ModifyEndpoint', { EndpointArn, Port: 5432 });
      await asked('TestConnection', { EndpointArn, ReplicationInstanceArn: arn });
      await asked('DescribeConnections', {});
      await asked('DescribeEndpoints', {});
      await asked('DeleteEndpoint', { EndpointArn });
      const group = { ReplicationSubnetGroupIdentifier: 'private' };
      const subnets = { ReplicationSubnetGroupDescription: 'private', SubnetIds: ['subnet-1', 'subnet-2'] };
      await asked('CreateReplicationSubnetGroup', { ...group, ...subnets });
      await asked('DescribeReplicationSubnetGroups', {});
      await asked('DeleteReplicationSubnetGroup', group);
      await asked('StartReplication', {
        ...named,
        StartReplicationType: 'start-replication',
        PremigrationAssessmentSettings: '{"ResultLocationBucket":"b"}',
      });
      await pass(60, 1);
      await asked('ReloadReplicationTables', {
        ...named,
        TablesToReload: [{ SchemaName: 'shop', TableName: 'table_00001' }],
      });
      await pass(2, 1);
      await asked('StopReplication', named);
      await pass(5, 0.5);
      await asked('ModifyReplicationConfig', { ...named, ComputeConfig: { MaxCapacityUnits: 32 } });
      await pass(5, 1);
      await asked('StartReplication', { ...named, StartReplicationType: 'resume-processing' });
      await pass(10, 1);
      simulator.fail(arn, ['It broke']);
      await lookAround();
      await pass(49 * 60, 60);
      await asked('DeleteReplicationConfig', named);
      await lookAround();
      expect([...new Set(wrong)].slice(0, 20)).toEqual([]);
      expect([...called].toSorted()).toEqual(Object.keys(requestShapes).toSorted());
    } finally {
      await simulator.close();
    }
  },
);

describe('the shapes that requests are checked against', () => {
  const members = (shape: object) =>
    Object.keys(shape)
      .map((name) => name.replace('!', ''))
      .toSorted();
  test.each(Object.keys(requestShapes))('have exactly the members of %s', (operation) => {
    const [, , , , names] = schemaOf(`${operation}Message`) as [number, string, string, unknown, string[]];
    expect(members(requestShapes[operation] ?? {})).toEqual(names.toSorted());
  });
});

test('a request without a required member is rejected with the name of the member', async () => {
  const simulator = await startDmsSimulator({ speed: 0 });
  const ReplicationConfigArn = simulator.createReplication();
  const { ResourceIdentifier: _, ...required } = config('whole');
  const whole: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    CreateReplicationConfig: required,
    ModifyReplicationConfig: { ReplicationConfigArn },
    DeleteReplicationConfig: { ReplicationConfigArn },
    StartReplication: { ReplicationConfigArn, StartReplicationType: 'resume-processing' },
    StopReplication: { ReplicationConfigArn },
    DescribeReplicationTableStatistics: { ReplicationConfigArn },
    AddTagsToResource: { ResourceArn: ReplicationConfigArn, Tags: [] },
    RemoveTagsFromResource: { ResourceArn: ReplicationConfigArn, TagKeys: [] },
    ReloadReplicationTables: {
      ReplicationConfigArn,
      TablesToReload: [{ SchemaName: 'shop', TableName: 'table_00001' }],
    },
  };
  try {
    for (const [operation, input] of Object.entries(whole)) {
      for (const member of Object.keys(input)) {
        const { [member]: _, ...rest } = input;
        const said = await refusal(simulator, operation, rest);
        const name = member.charAt(0).toLowerCase() + member.slice(1);
        expect([operation, member, said]).toEqual([operation, member, expect.stringContaining(`'${name}'`)]);
      }
    }
  } finally {
    await simulator.close();
  }
});
