import {
  DatabaseMigrationServiceClient,
  DescribeReplicationConfigsCommand,
  DescribeReplicationsCommand,
  DescribeReplicationTableStatisticsCommand,
  ResourceNotFoundFault,
  StopReplicationCommand,
} from '@aws-sdk/client-database-migration-service';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator, type DmsSimulatorOptions } from '../../src/simulator/index.js';
import { ask, look, refusal } from '../support/dms-http.js';

let simulator: DmsSimulator;
let client: DatabaseMigrationServiceClient;
const begin = async (options: DmsSimulatorOptions = {}) => {
  simulator = await startDmsSimulator({ speed: 0, seed: 7, ...options });
  client = new DatabaseMigrationServiceClient({ ...simulator.clientConfig(), maxAttempts: 1 });
};
const end = async () => {
  client.destroy();
  await simulator.close();
};
beforeEach(() => begin());
afterEach(end);

const by = (arn: string) => ({ Filters: [{ Name: 'replication-config-arn', Values: [arn] }] });
const rowOf = async (arn: string) => (await client.send(new DescribeReplicationsCommand(by(arn)))).Replications?.[0];
const configOf = async (arn: string) =>
  (await client.send(new DescribeReplicationConfigsCommand(by(arn)))).ReplicationConfigs?.[0];
const listed = async () =>
  (await client.send(new DescribeReplicationsCommand({}))).Replications?.map((row) => row.ReplicationConfigArn);
const listedConfigs = async () =>
  (await client.send(new DescribeReplicationConfigsCommand({}))).ReplicationConfigs?.map(
    (config) => config.ReplicationConfigArn,
  );

describe('looks of random ages', () => {
  const older = { type: 'stale', upToSeconds: 60, times: 1000 } as const;

  test.each([
    ['a request for one', (arn: string) => rowOf(arn)],
    ['a list', async () => (await client.send(new DescribeReplicationsCommand({}))).Replications?.[0]],
  ])('show %s older states after newer ones, until the change is older than every look', async (_, seen) => {
    const arn = simulator.createReplication();
    simulator.fault({ ...older, operation: 'DescribeReplications' });
    await client.send(new StopReplicationCommand({ ReplicationConfigArn: arn }));
    simulator.clock.advance({ seconds: 30 });
    const statuses: (string | undefined)[] = [];
    for (let n = 0; n < 40; n++) statuses.push((await seen(arn))?.Status);
    expect(new Set(statuses)).toEqual(new Set(['running', 'stopping']));
    expect(statuses.indexOf('stopping')).toBeLessThan(statuses.lastIndexOf('running'));
    simulator.clock.advance({ seconds: 30 });
    for (let n = 0; n < 40; n++) expect((await seen(arn))?.Status).toBe('stopping');
  });

  test('are the same for the same seed', async () => {
    const live = async () => {
      const arn = simulator.createReplication({ identifier: 'same' });
      simulator.fault({ ...older, operation: 'DescribeReplications' });
      simulator.stop(arn);
      simulator.clock.advance({ seconds: 30 });
      const statuses: unknown[] = [];
      for (let n = 0; n < 20; n++) statuses.push((await rowOf(arn))?.Status);
      return statuses;
    };
    const first = await live();
    await end();
    await begin();
    expect(await live()).toEqual(first);
  });

  test('show configs and table statistics of the past', async () => {
    const arn = simulator.createReplication({ status: 'stopped' });
    const running = simulator.createReplication();
    simulator.fault({ ...older, operation: 'DescribeReplicationConfigs' });
    simulator.fault({ ...older, operation: 'DescribeReplicationTableStatistics' });
    await ask(simulator, 'ModifyReplicationConfig', { ReplicationConfigArn: arn, ReplicationConfigIdentifier: 'new' });
    simulator.clock.advance({ seconds: 30 });
    const names = new Set<boolean>();
    const inserts: number[] = [];
    for (let n = 0; n < 40; n++) {
      names.add((await configOf(arn))?.ReplicationConfigIdentifier === 'new');
      const input = { ReplicationConfigArn: running };
      const { ReplicationTableStatistics: rows } = await client.send(
        new DescribeReplicationTableStatisticsCommand(input),
      );
      inserts.push(rows?.[0]?.Inserts ?? 0);
    }
    expect(names).toEqual(new Set([true, false]));
    const isOlder = (count: number, n: number) => n > 0 && count < (inserts[n - 1] ?? 0);
    expect(inserts.some(isOlder)).toBe(true);
  });

  test('do not find a replication that was created after the time they show', async () => {
    simulator.clock.advance({ hours: 1 });
    const arn = simulator.createReplication({ status: 'created' });
    simulator.clock.advance({ seconds: 30 });
    simulator.fault({ ...older, operation: 'DescribeReplications' });
    const answers: string[] = [];
    for (let n = 0; n < 40; n++) answers.push((await refusal(simulator, 'DescribeReplications', by(arn))).slice(0, 8));
    expect(new Set(answers)).toEqual(new Set(['accepted', 'Resource']));
  });
});

describe('a look of a fixed age', () => {
  const seconds = { type: 'stale', staleSeconds: 37, times: 1 } as const;

  test('equals the look of that time, all through a life', async () => {
    const arn = simulator.createReplication({ status: 'created', durations: { fullLoad: 100, validating: 0 } });
    const named = { ReplicationConfigArn: arn };
    const seen = async () => {
      const { ReplicationConfigs } = await ask(simulator, 'DescribeReplicationConfigs', by(arn));
      return [await look(simulator, arn), ReplicationConfigs];
    };
    const past: unknown[] = [];
    const pass = async (count: number) => {
      for (let n = 0; n < count; n++) {
        const was = past.at(-37);
        if (was !== undefined) {
          simulator.fault({ ...seconds, operation: 'DescribeReplications' });
          simulator.fault({ ...seconds, operation: 'DescribeReplicationConfigs' });
          expect(await seen()).toEqual(was);
        }
        past.push(await seen());
        simulator.clock.advance({ seconds: 1 });
      }
    };
    await pass(40);
    await ask(simulator, 'StartReplication', { ...named, StartReplicationType: 'start-replication' });
    // Skips most of the start, whose steps are long.
    simulator.clock.advance({ seconds: 2500 });
    past.length = 0;
    await pass(300);
    expect((await look(simulator, arn)).Status).toBe('running');
    await ask(simulator, 'StopReplication', named);
    await pass(150);
    await ask(simulator, 'ModifyReplicationConfig', { ...named, ComputeConfig: { MaxCapacityUnits: 64 } });
    await pass(150);
    await ask(simulator, 'StartReplication', { ...named, StartReplicationType: 'resume-processing' });
    await pass(150);
    simulator.fail(arn, ['It broke']);
    await pass(60);
  });

  test.each([121, -1])('of %d seconds is refused', (staleSeconds) => {
    const stale = { operation: 'DescribeReplications', type: 'stale' } as const;
    expect(() => simulator.fault({ ...stale, staleSeconds })).toThrow('staleSeconds must be a number from 0 to 120');
    expect(() => simulator.fault({ ...stale, upToSeconds: staleSeconds })).toThrow('upToSeconds must be a number');
  });
});

describe('a missing row', () => {
  const missing = { type: 'row-missing', times: 1000 } as const;

  test('is missing from requests by name, too, but its config is shown', async () => {
    const [arn, other] = [simulator.createReplication(), simulator.createReplication()];
    simulator.fault({ ...missing, operation: '*', hides: 'row', replicationConfigArn: arn });
    expect(await client.send(new DescribeReplicationsCommand(by(arn)))).toMatchObject({ Replications: [] });
    expect(await configOf(arn)).toMatchObject({ ReplicationConfigArn: arn });
    expect([await listed(), await listedConfigs()]).toEqual([[other], [arn, other]]);
    expect(await rowOf(other)).toMatchObject({ ReplicationConfigArn: other });
    simulator.clearFaults();
    expect(await listed()).toEqual([arn, other]);
  });

  test('requested by name is a fault if `rowBeforeFirstRun` is fault', async () => {
    await end();
    await begin({ rowBeforeFirstRun: 'fault' });
    const arn = simulator.createReplication();
    simulator.fault({ ...missing, operation: 'DescribeReplications', hides: 'row' });
    await expect(rowOf(arn)).rejects.toThrow(ResourceNotFoundFault);
    expect(await listed()).toEqual([]);
  });

  test('with a missing config hides the replication from every operation', async () => {
    const [arn, other] = [simulator.createReplication({ identifier: 'gone' }), simulator.createReplication()];
    simulator.fault({ ...missing, operation: '*', hides: 'row-and-config', replicationConfigArn: arn });
    await expect(rowOf(arn)).rejects.toThrow(ResourceNotFoundFault);
    await expect(configOf(arn)).rejects.toThrow(ResourceNotFoundFault);
    await expect(client.send(new StopReplicationCommand({ ReplicationConfigArn: arn }))).rejects.toThrow(
      ResourceNotFoundFault,
    );
    expect([await listed(), await listedConfigs()]).toEqual([[other], [other]]);
    simulator.clearFaults();
    expect((await rowOf(arn))?.Status).toBe('running');
  });

  test('with a missing config still reserves its name and ARN', async () => {
    const arn = simulator.createReplication({ identifier: 'gone' });
    const config = (await ask(simulator, 'DescribeReplicationConfigs', by(arn))).ReplicationConfigs[0];
    const { ReplicationConfigArn: _, ReplicationConfigCreateTime: __, IsReadOnly: ___, ...input } = config;
    simulator.fault({ ...missing, operation: '*', hides: 'row-and-config' });
    expect(await refusal(simulator, 'CreateReplicationConfig', { ...input, ResourceIdentifier: 'gone' })).toContain(
      'ResourceAlreadyExistsFault',
    );
  });
});
