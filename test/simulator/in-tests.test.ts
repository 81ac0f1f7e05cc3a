import { DatabaseMigrationServiceClient, StopReplicationCommand } from '@aws-sdk/client-database-migration-service';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { useDmsSimulator } from '../../src/simulator/index.js';

const outside = useDmsSimulator({ beforeAll() {}, beforeEach() {}, afterAll() {} });

test('the simulator of tests can not be used outside of them', () =>
  expect(outside).toThrow('The simulator runs only during tests'));

describe('a simulator for the tests of a block', () => {
  const simulator = useDmsSimulator({ beforeAll, beforeEach, afterAll }, { durations: { stopping: 5 } });

  const stop = async (ReplicationConfigArn: string) => {
    const client = new DatabaseMigrationServiceClient({ ...simulator().clientConfig(), maxAttempts: 1 });
    await client.send(new StopReplicationCommand({ ReplicationConfigArn })).finally(() => client.destroy());
  };

  test('serves a client, and asserts on its calls', async () => {
    const [arn, other] = [simulator().createReplication(), simulator().createReplication()];
    await stop(arn);
    simulator().clock.advance({ seconds: 5 });
    expect(simulator().row(arn).Status).toBe('stopped');
    simulator().assertCalls(['StopReplication']);
    simulator().assertCalls(['StopReplication'], arn);
    simulator().assertCalls([], other);
    await expect(stop(arn)).rejects.toThrow();
    const assertOnce = () => simulator().assertCalls(['StopReplication'], arn);
    expect(assertOnce).toThrow('Clients asked for StopReplication, StopReplication, not for StopReplication');
    expect(() => simulator().assertCalls(['StartReplication'], other)).toThrow('asked for nothing, not for');
  });

  test('is empty before each test', () => {
    expect(simulator().replications()).toEqual([]);
    simulator().assertCalls([]);
  });
});
