import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator, type Fault } from '../../src/simulator/index.js';
import { TokenBucket } from '../../src/simulator/api/token-bucket.js';
import { ask, call, look, refusal } from '../support/dms-http.js';

let simulator: DmsSimulator;
let arn: string;
beforeEach(async () => {
  simulator = await startDmsSimulator({ speed: 0 });
  arn = simulator.createReplication();
});
afterEach(() => simulator.close());

const stop = () => refusal(simulator, 'StopReplication', { ReplicationConfigArn: arn });
const list = () => refusal(simulator, 'DescribeReplications');

describe('a fault', () => {
  test.each<[Fault['type'], object, string]>([
    ['throttle', {}, 'ThrottlingException: Rate exceeded'],
    ['error', { name: 'InternalFailure', message: 'Oh', status: 500 }, 'InternalFailure: Oh'],
    ['access-denied', {}, 'is not authorized to perform: dms:StopReplication on resource: arn:aws:dms:'],
    ['expired-credentials', {}, 'ExpiredTokenException: The security token included in the request is expired'],
    ['invalid-state', { status: 'modifying' }, "InvalidResourceStateFault: Replication for Replication Config, '"],
  ])('%s makes one call fail without effect', async (type, more, said) => {
    simulator.fault({ operation: 'StopReplication', type, ...more } as Fault);
    expect(await stop()).toContain(said);
    expect((await look(simulator, arn)).Status).toBe('running');
    expect(await stop()).toBe('accepted');
  });

  test('answer-lost breaks the connection after the effect and connection-reset before it', async () => {
    simulator.fault({ operation: 'StopReplication', type: 'connection-reset' });
    await expect(stop()).rejects.toThrow();
    expect((await look(simulator, arn)).Status).toBe('running');
    simulator.fault({ operation: 'StopReplication', type: 'answer-lost' });
    await expect(stop()).rejects.toThrow();
    expect((await look(simulator, arn)).Status).toBe('stopping');
  });

  test('hang sends no answer and latency delays it', async () => {
    simulator.fault({ operation: 'DescribeReplications', type: 'hang' });
    await expect(fetch(simulator.endpoint, requestWithin(1500))).rejects.toThrow('aborted');
    simulator.fault({ operation: 'DescribeReplications', type: 'latency', milliseconds: 150 });
    const begunAt = performance.now();
    expect(await list()).toBe('accepted');
    expect(performance.now() - begunAt).toBeGreaterThan(140);
  });

  test('stale shows an older state until the fault is used up or the state is too old', async () => {
    simulator.fault({ operation: 'DescribeReplications', type: 'stale', times: 1 });
    await stop();
    expect((await look(simulator, arn)).Status).toBe('running');
    expect((await look(simulator, arn)).Status).toBe('stopping');
    simulator.fault({ operation: 'DescribeReplications', type: 'stale', staleSeconds: 30, forSeconds: 1000 });
    simulator.clock.advance({ seconds: 91 });
    expect((await look(simulator, arn)).Status).toBe('stopping');
    simulator.clock.advance({ seconds: 30 });
    expect((await look(simulator, arn)).Status).toBe('stopped');
  });

  test('row-missing hides a row from lists but not from its own request', async () => {
    const other = simulator.createReplication();
    simulator.fault({ operation: 'DescribeReplications', type: 'row-missing', replicationConfigArn: arn, times: 2 });
    const { Replications } = await ask(simulator, 'DescribeReplications');
    expect(Replications.map((row: { ReplicationConfigArn: string }) => row.ReplicationConfigArn)).toEqual([other]);
    expect((await look(simulator, arn)).ReplicationConfigArn).toBe(arn);
  });

  test('hang comes after the effect if afterEffect is set', async () => {
    simulator.fault({ operation: 'StopReplication', type: 'hang', afterEffect: true });
    await expect(
      fetch(simulator.endpoint, requestWithin(1500, 'StopReplication', { ReplicationConfigArn: arn })),
    ).rejects.toThrow('aborted');
    expect((await look(simulator, arn)).Status).toBe('stopping');
    expect(simulator.calls[0]).toMatchObject({ operation: 'StopReplication', outcome: 'hang' });
  });

  test('stale and row-missing also apply to configs and tables', async () => {
    const other = simulator.createReplication({ status: 'stopped' });
    const named = { ReplicationConfigArn: other };
    const units = async () => {
      const { ReplicationConfigs } = await ask(simulator, 'DescribeReplicationConfigs', {
        Filters: [{ Name: 'replication-config-arn', Values: [other] }],
      });
      return ReplicationConfigs[0].ComputeConfig.MaxCapacityUnits as number;
    };
    const inserts = async () => {
      const input = { ReplicationConfigArn: arn };
      const { ReplicationTableStatistics: rows } = await ask(simulator, 'DescribeReplicationTableStatistics', input);
      return rows[0].Inserts as number;
    };
    const [unitsBefore, insertsBefore] = [await units(), await inserts()];
    simulator.fault({ operation: 'DescribeReplicationConfigs', type: 'stale' });
    simulator.fault({ operation: 'DescribeReplicationTableStatistics', type: 'stale' });
    await ask(simulator, 'ModifyReplicationConfig', { ...named, ComputeConfig: { MaxCapacityUnits: 64 } });
    simulator.clock.advance({ minutes: 1 });
    expect([await units(), await units()]).toEqual([unitsBefore, 64]);
    expect([await inserts(), (await inserts()) > insertsBefore]).toEqual([insertsBefore, true]);

    const lost = { type: 'row-missing', times: 1 } as const;
    simulator.fault({ ...lost, operation: 'DescribeReplicationConfigs', replicationConfigArn: arn });
    const { ReplicationConfigs } = await ask(simulator, 'DescribeReplicationConfigs');
    expect(ReplicationConfigs.map((each: { ReplicationConfigArn: string }) => each.ReplicationConfigArn)).toEqual([
      other,
    ]);
    const operation = 'DescribeReplicationTableStatistics';
    simulator.fault({ ...lost, operation, tableName: 'shop.table_00002' });
    const { ReplicationTableStatistics: rows } = await ask(simulator, operation, { ReplicationConfigArn: arn });
    expect(rows.map((row: { TableName: string }) => row.TableName)).toEqual(['table_00001', 'table_00003']);
  });

  test('stale with staleSeconds shows configs and tables of that age', async () => {
    const seconds = { type: 'stale', staleSeconds: 30, forSeconds: 10_000 } as const;
    simulator.fault({ ...seconds, operation: 'DescribeReplicationConfigs' });
    simulator.fault({ ...seconds, operation: 'DescribeReplicationTableStatistics' });
    const configs = async () => (await ask(simulator, 'DescribeReplicationConfigs')).ReplicationConfigs[0];
    const table = async () =>
      (await ask(simulator, 'DescribeReplicationTableStatistics', { ReplicationConfigArn: arn }))
        .ReplicationTableStatistics[0];
    const inserts = async () => (await table()).Inserts as number;
    await stop();
    const before = await inserts();
    simulator.clock.advance({ seconds: 20 });
    const during = await inserts();
    simulator.clearFaults();
    simulator.fault({ ...seconds, operation: 'DescribeReplicationConfigs' });
    simulator.clock.advance({ minutes: 3 });
    expect([during > before, during < (await inserts())]).toEqual([true, true]);
    const Identifier = { ReplicationConfigArn: arn, ReplicationConfigIdentifier: 'renamed' };
    await ask(simulator, 'ModifyReplicationConfig', Identifier);
    expect((await configs()).ReplicationConfigIdentifier).not.toBe('renamed');
    simulator.clock.advance({ seconds: 30 });
    expect((await configs()).ReplicationConfigIdentifier).toBe('renamed');
  });

  test('stale for one replication affects no other, by ARN or identifier', async () => {
    const other = simulator.createReplication({ identifier: 'other' });
    const statuses = async (input: object = {}) =>
      (await ask(simulator, 'DescribeReplications', input)).Replications.map((row: { Status: string }) => row.Status);
    simulator.fault({ operation: 'DescribeReplications', type: 'stale', replicationConfigArn: arn, times: 9 });
    for (const ReplicationConfigArn of [arn, other]) await ask(simulator, 'StopReplication', { ReplicationConfigArn });
    const by = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });
    const id = arn.split(':').at(-1) ?? '';
    expect(await statuses()).toEqual(['running', 'stopping']);
    expect(await statuses(by('replication-config-arn', arn, other))).toEqual(['running', 'stopping']);
    expect(await statuses(by('replication-config-id', id))).toEqual(['running']);
    expect(await statuses(by('replication-config-id', 'other'))).toEqual(['stopping']);
  });

  test('stale shows the moment it was set, without replications created later', async () => {
    simulator.fault({ operation: 'DescribeReplications', type: 'stale', times: 2 });
    const late = simulator.createReplication({ identifier: 'late', status: 'created' });
    expect((await ask(simulator, 'DescribeReplications')).Replications).toHaveLength(1);
    const Filters = [{ Name: 'replication-config-arn', Values: [late] }];
    expect(await refusal(simulator, 'DescribeReplications', { Filters })).toContain('ResourceNotFoundFault');
    simulator.fault({ operation: 'DescribeReplications', type: 'stale', times: 1, after: 1 });
    await stop();
    simulator.fault({ operation: 'DescribeReplicationTableStatistics', type: 'stale', times: 1 });
    expect((await look(simulator, arn)).Status).toBe('stopping');
    expect((await look(simulator, arn)).Status).toBe('running');
    simulator.fault({ operation: 'DescribeReplications', type: 'stale', staleSeconds: 30, times: 2 });
    const newest = simulator.createReplication({ identifier: 'newest', status: 'created' });
    const named = { Filters: [{ Name: 'replication-config-arn', Values: [newest] }] };
    expect(await refusal(simulator, 'DescribeReplications', named)).toContain('ResourceNotFoundFault');
    simulator.clock.advance({ seconds: 31 });
    expect(await refusal(simulator, 'DescribeReplications', named)).toBe('accepted');
  });

  test('can target the metrics of one replication, and invalid-state uses the message of its operation', async () => {
    const metric = (id: string) => {
      const Dimensions = [{ Name: 'ReplicationConfigId', Value: `123456789012:${id}` }];
      const Metric = { Namespace: 'AWS/DMS', MetricName: 'CDCLatencyTarget', Dimensions };
      const MetricDataQueries = [{ Id: 'm', MetricStat: { Metric, Period: 60, Stat: 'Average' } }];
      const input = { MetricDataQueries, StartTime: 0, EndTime: 60 };
      return refusal(simulator, 'GetMetricData', input, { service: 'GraniteServiceVersion20100801' });
    };
    simulator.fault({ operation: 'GetMetricData', type: 'throttle', replicationConfigArn: arn });
    expect(await metric('other')).toBe('accepted');
    expect(await metric(arn.split(':').at(-1) ?? '')).toContain('ThrottlingException');
    for (const [operation, said] of [
      ['DeleteReplicationConfig', 'is in RUNNING state and cannot be deleted'],
      ['DescribeReplicationTableStatistics', 'is in RUNNING state'],
    ] as const) {
      simulator.fault({ operation, type: 'invalid-state', status: 'running' });
      expect(await refusal(simulator, operation, { ReplicationConfigArn: arn })).toContain(said);
    }
  });

  test('invalid-state names another replication, or nothing at all', async () => {
    const refused = async (resource: string | null) => {
      simulator.fault({ operation: 'StopReplication', type: 'invalid-state', status: 'modifying', resource });
      return stop();
    };
    expect(await refused('ANOTHER')).toContain("Config, 'ANOTHER' is in 'modifying' state and cannot be stopped.");
    expect(await refused(null)).toBe('InvalidResourceStateFault: Replication Task cannot be stopped, invalid state');
    expect(await stop()).toBe('accepted');
  });

  test('applies to its operation and replication, after and as often as configured', async () => {
    const other = simulator.createReplication();
    simulator.fault({ operation: 'StopReplication', type: 'throttle', replicationConfigArn: other });
    expect(await stop()).toBe('accepted');
    simulator.fault({ operation: '*', type: 'throttle', after: 2, times: 2 });
    const answers = [await list(), await list(), await list(), await list(), await list()];
    expect(answers.map((answer) => answer.split(':')[0])).toEqual([
      'accepted',
      'accepted',
      'ThrottlingException',
      'ThrottlingException',
      'accepted',
    ]);
    simulator.clearFaults();
    simulator.fault({ operation: 'DescribeReplications', type: 'throttle', forSeconds: 60 });
    expect([await list(), await list()].every((answer) => answer.startsWith('Throttling'))).toBe(true);
    simulator.clock.advance({ seconds: 61 });
    expect(await list()).toBe('accepted');
  });

  test('with a probability hits only some of the calls', async () => {
    simulator.fault({
      operation: 'DescribeReplications',
      type: 'invalid-state',
      status: 'modifying',
      times: 1000,
      probability: 0.5,
    });
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => list()));
    const met = outcomes.filter((outcome) => outcome !== 'accepted').length;
    expect(met).toBeGreaterThan(30);
    expect(met).toBeLessThan(70);
  });
});

describe('throttling', () => {
  test.each([
    [200, 8],
    [100, 4],
  ])('allows %i calls at once and then %i a second per account and region', async (burst, refill) => {
    const bucket = new TokenBucket(burst, refill, 0);
    const taken = (count: number, at: number) =>
      Array.from({ length: count }, () => bucket.take(at)).filter(Boolean).length;
    expect([taken(300, 0), taken(300, 1000), taken(300, 1500), taken(300, 1e6)]).toEqual([
      burst,
      refill,
      refill / 2,
      burst,
    ]);
    await simulator.close();
    simulator = await startDmsSimulator({ uncertain: { throttle: { burst, refill } } });
    const begun = performance.now();
    const answers = await Promise.all(Array.from({ length: burst + 50 }, () => list()));
    const seconds = (performance.now() - begun) / 1000;
    const throttled = answers.filter((answer) => answer.startsWith('ThrottlingException')).length;
    expect(throttled).toBeGreaterThanOrEqual(50 - Math.ceil(refill * seconds));
    expect(throttled).toBeLessThanOrEqual(50);
    expect((await call(simulator, 'DescribeReplications', {}, { region: 'us-east-1' })).status).toBe(200);
  });
});

test('all operations of an account and region share one bucket that the clock refills', async () => {
  await simulator.close();
  simulator = await startDmsSimulator({ speed: 0, uncertain: { throttle: { burst: 3, refill: 1 } } });
  const named = { ReplicationConfigArn: simulator.createReplication() };
  const told = async (operation: string, input: object = {}, options: object = {}) =>
    (await refusal(simulator, operation, input, options)).split(':')[0];
  expect([
    await told('StopReplication', named),
    await told('DescribeReplicationConfigs'),
    await told('DescribeReplicationTableStatistics', named),
    await told('DescribeReplications'),
    await told('DescribeReplications', {}, { accountId: '999999999999' }),
  ]).toEqual(['accepted', 'accepted', 'accepted', 'ThrottlingException', 'accepted']);
  simulator.clock.advance({ seconds: 1 });
  expect([await told('DescribeReplications'), await told('DescribeReplications')]).toEqual([
    'accepted',
    'ThrottlingException',
  ]);
});

test('the call log drops its oldest entries when requests are long', async () => {
  const padding = 'x'.repeat(9000);
  for (let n = 0; n < 60; n++)
    await Promise.all(Array.from({ length: 100 }, () => call(simulator, 'DescribeReplications', { padding })));
  const kept = simulator.calls.length;
  expect(kept).toBeLessThan(5600);
  expect(kept).toBeGreaterThan(4500);
  expect(simulator.calls.at(-1)).toMatchObject({ operation: 'DescribeReplications', outcome: 'ok' });
});

test('the call log shows time, operation, input, account, region and outcome, until a reset clears it', async () => {
  await stop();
  simulator.fault({ operation: 'StopReplication', type: 'throttle' });
  await stop();
  expect(simulator.calls).toMatchObject([
    {
      operation: 'StopReplication',
      input: { ReplicationConfigArn: arn },
      outcome: 'ok',
      accountId: '123456789012',
      region: 'eu-west-1',
      time: simulator.clock.now(),
    },
    { operation: 'StopReplication', outcome: 'ThrottlingException' },
  ]);
  expect(simulator.count('StopReplication', arn)).toBe(2);
  simulator.reset();
  expect([simulator.calls, simulator.replications()]).toEqual([[], []]);
});

function requestWithin(milliseconds: number, operation = 'DescribeReplications', input: object = {}): RequestInit {
  return {
    method: 'POST',
    signal: AbortSignal.timeout(milliseconds),
    headers: {
      'x-amz-target': `AmazonDMSv20160101.${operation}`,
      authorization:
        'AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/dms/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify(input),
  };
}
