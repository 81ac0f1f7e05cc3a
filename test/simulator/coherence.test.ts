/** Row, table statistics, metrics and checkpoint agree with each other. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  startDmsSimulator,
  type DmsSimulator,
  type DmsSimulatorOptions,
  type SimulatedReplicationOptions,
} from '../../src/simulator/index.js';
import { defaultDurations } from '../../src/simulator/engine/steps.js';
import { ask, config, look, mappings, refusal } from '../support/dms-http.js';

let simulator: DmsSimulator;
beforeEach(() => begin());
afterEach(() => simulator.close());

async function begin(options: DmsSimulatorOptions = {}): Promise<void> {
  simulator = await startDmsSimulator({ speed: 0, ...options });
}
async function restart(options: DmsSimulatorOptions): Promise<void> {
  await simulator.close();
  await begin(options);
}
const pass = (minutes: number) => simulator.clock.advance({ minutes });
const created = (options: SimulatedReplicationOptions = {}) => simulator.createReplication(options);
const start = (arn: string, StartReplicationType = 'resume-processing', more: object = {}) =>
  ask(simulator, 'StartReplication', { ReplicationConfigArn: arn, StartReplicationType, ...more });
const stop = (arn: string) => ask(simulator, 'StopReplication', { ReplicationConfigArn: arn });
const position = async (arn: string) => Number(/:(\d+):-1:/.exec((await look(simulator, arn)).RecoveryCheckpoint)?.[1]);
const tables = async (arn: string): Promise<any[]> =>
  (await ask(simulator, 'DescribeReplicationTableStatistics', { ReplicationConfigArn: arn }))
    .ReplicationTableStatistics;
const metric = async (arn: string, MetricName: string, minutes: number, order = 'TimestampAscending') => {
  const now = simulator.clock.now() / 1000;
  const Value = `123456789012:${arn.split(':').at(-1)}`;
  const Metric = { Namespace: 'AWS/DMS', MetricName, Dimensions: [{ Name: 'ReplicationConfigId', Value }] };
  const { MetricDataResults } = await ask(
    simulator,
    'GetMetricData',
    {
      MetricDataQueries: [{ Id: 'm', MetricStat: { Metric, Period: 60, Stat: 'Average' } }],
      StartTime: now - minutes * 60,
      EndTime: now,
      ScanBy: order,
    },
    { service: 'GraniteServiceVersion20100801' },
  );
  return MetricDataResults[0].Values as number[];
};

test('a look shows the same with and without looks before it', async () => {
  const live = async (isWatched: boolean) => {
    const other = await startDmsSimulator({ speed: 0, seed: 7 });
    const arn = other.createReplication({ status: 'created', identifier: 'watched' });
    const named = { ReplicationConfigArn: arn };
    const wait = async (minutes: number) => {
      for (let n = 0; n < minutes; n++) {
        other.clock.advance({ minutes: 1 });
        if (isWatched) await look(other, arn);
      }
    };
    await ask(other, 'StartReplication', { ...named, StartReplicationType: 'start-replication' });
    await wait(90);
    await ask(other, 'StopReplication', named);
    other.clock.advance({ seconds: 91 });
    const around = await look(other, arn);
    await wait(10);
    const { ReplicationTableStatistics: rows } = await ask(other, 'DescribeReplicationTableStatistics', named);
    const row = await look(other, arn);
    await other.close();
    return [around, row, rows];
  };
  const [unwatched, watched] = [await live(false), await live(true)];
  expect(unwatched).toEqual(watched);
  expect(unwatched[1]).toMatchObject({
    ReplicationStats: { ElapsedTimeMillis: expect.any(Number), TablesLoading: 0 },
  });
  expect(unwatched[1].ReplicationStats.ElapsedTimeMillis).toBeGreaterThan(3000_000);
});

test('the default duration of each step lies in the range seen on AWS', () => {
  const minutes = (...[least, most]: [number, number]) => [least * 60, most * 60] as const;
  const seen: Readonly<Record<string, readonly [number, number]>> = {
    initializing: minutes(2, 5),
    preparing_metadata_resources: minutes(15, 20),
    testing_connection: minutes(2, 5),
    fetching_metadata: minutes(1, 5),
    calculating_capacity: minutes(1, 2),
    provisioning_capacity: minutes(12, 20),
    replication_starting: minutes(1, 2),
    modifying: minutes(1, 3),
    stopping: minutes(1, 15),
  };
  for (const [step, [least, most]] of Object.entries(seen)) {
    const seconds = defaultDurations[step as keyof typeof defaultDurations];
    expect([step, seconds >= least && seconds <= most]).toEqual([step, true]);
  }
});

describe('a full load', () => {
  test('that is resumed after its end stops again', async () => {
    const arn = created({ status: 'stopped', replicationType: 'full-load' });
    await start(arn);
    pass(5);
    expect(await look(simulator, arn)).toMatchObject({
      Status: 'stopped',
      StopReason: 'Stop Reason FULL_LOAD_ONLY_FINISHED',
    });
  });

  test.each([
    ['StopTaskCachedChangesNotApplied', 'Stop Reason STOPPED_AFTER_FULL_LOAD'],
    ['StopTaskCachedChangesApplied', 'Stop Reason STOPPED_AFTER_CACHED_EVENTS'],
  ])('with the setting %s stops with %s', async (setting, reason) => {
    const { ReplicationConfig } = await ask(simulator, 'CreateReplicationConfig', {
      ...config('loaded'),
      ReplicationSettings: JSON.stringify({ FullLoadSettings: { [setting]: true } }),
    });
    const arn = ReplicationConfig.ReplicationConfigArn;
    await start(arn, 'start-replication');
    pass(120);
    expect(await look(simulator, arn)).toMatchObject({ Status: 'stopped', StopReason: reason });
  });

  test('is not cut short by a stop position', async () => {
    const arn = created({ status: 'created' });
    const at = new Date(simulator.clock.now() + 45 * 60_000).toISOString().slice(0, 19);
    await start(arn, 'start-replication', { CdcStopPosition: `server_time:${at}` });
    pass(46);
    expect(await look(simulator, arn)).toMatchObject({
      Status: 'running',
      ReplicationStats: { FullLoadProgressPercent: expect.any(Number) },
    });
    pass(20);
    expect(await look(simulator, arn)).toMatchObject({ Status: 'stopped' });
    expect((await tables(arn))[0]).toMatchObject({ FullLoadRows: 50_000 });
  });

  test('that is reloaded counts from zero', async () => {
    const arn = created();
    await stop(arn);
    pass(3);
    expect((await tables(arn))[0].Inserts).toBeGreaterThan(80_000);
    await start(arn, 'reload-target');
    pass(3);
    const [loading] = await tables(arn);
    expect(loading).toMatchObject({ Inserts: 0, TableState: 'Full load' });
    pass(20);
    const [after] = await tables(arn);
    expect(after.Inserts).toBeGreaterThan(0);
    expect(after.Inserts).toBeLessThan(20 * 60 * 12);
    const { ReplicationStats: stats } = await look(simulator, arn);
    expect(stats.FreshStartDate).toBe(stats.StartDate);
  });
});

test('a row shows its update time and the progress of a load', async () => {
  const arn = created({ status: 'created', tables: 40 });
  const before = await look(simulator, arn);
  await start(arn, 'start-replication');
  pass(47);
  const { ReplicationUpdateTime, ReplicationStats: stats } = await look(simulator, arn);
  expect(ReplicationUpdateTime).toBeGreaterThan(before.ReplicationUpdateTime);
  expect(stats.TablesLoading).toBe(8);
  expect(stats.TablesLoaded + stats.TablesLoading + stats.TablesQueued).toBe(40);
});

test.each(['postgres', 'sqlserver', 'oracle'] as const)('a resume fails if the log of %s is gone', async (engine) => {
  const arn = created({ status: 'stopped', source: { engine, logRetentionSeconds: 3600 } });
  pass(120);
  await start(arn);
  pass(5);
  expect(await look(simulator, arn)).toMatchObject({
    Status: 'failed',
    FailureMessages: [expect.stringContaining('no longer available on the source')],
  });
});

test.each([
  ['passed', { Passed: 12, Failed: 0 }],
  ['failed', { Passed: 11, Failed: 1 }],
] as const)('an assessment that has %s counts its results', async (status, statistic) => {
  const arn = created({ status: 'created' });
  simulator.onAssessment(arn, status);
  await start(arn, 'start-replication', { PremigrationAssessmentSettings: '{}' });
  pass(10);
  const [assessment] = (await look(simulator, arn)).PremigrationAssessmentStatuses;
  expect(assessment).toMatchObject({
    ResultStatistic: statistic,
    AssessmentProgress: { IndividualAssessmentCompletedCount: 12 },
  });
});

describe('the checkpoint', () => {
  test('stays pinned by a transaction that is open over a stop', async () => {
    const arn = created();
    simulator.changeSource(arn, { openTransaction: true });
    pass(60);
    const shown = [await position(arn)];
    for (let n = 0; n < 2; n++) {
      await stop(arn);
      pass(3);
      shown.push(await position(arn));
      await start(arn);
      pass(30);
      shown.push(await position(arn));
    }
    expect(new Set(shown).size).toBe(1);
    simulator.changeSource(arn, { openTransaction: false });
    pass(1);
    expect(await position(arn)).toBeGreaterThan(shown[0] ?? 0);
  });

  test('and the counts keep growing through 250 changes of the source', async () => {
    const arn = created();
    const [before] = await tables(arn);
    const at = await position(arn);
    for (let n = 0; n < 250; n++) simulator.changeSource(arn, { bytesPerSecond: 1000 + n });
    pass(10);
    expect(await position(arn)).toBeGreaterThan(at);
    expect((await tables(arn))[0].Inserts).toBeGreaterThan(before.Inserts);
  });

  test('of a failed replication is the position at which it failed', async () => {
    const arn = created();
    pass(10);
    const running = await position(arn);
    simulator.fail(arn, ['Disk is gone']);
    expect(await position(arn)).toBeGreaterThan(running + 29 * 2000);
  });

  test.each([
    [false, true],
    [true, false],
  ])(
    'and the previous stop, with `startClearsStop` %s, are kept in the row by a start: %s',
    async (startClearsStop, isKept) => {
      await restart({ uncertain: { startClearsStop } });
      const arn = created({ status: 'stopped' });
      await start(arn);
      const row = await look(simulator, arn);
      const { StopReason, ReplicationLastStopTime, ReplicationDeprovisionTime, RecoveryCheckpoint } = row;
      const fields = [StopReason, ReplicationLastStopTime, ReplicationDeprovisionTime, RecoveryCheckpoint];
      expect([...fields, row.ReplicationStats.StopDate].map((each) => each !== undefined)).toEqual(
        Array.from({ length: 5 }, () => isKept),
      );
    },
  );
});

describe('a run', () => {
  test('that DMS restarts continues from the previous position', async () => {
    const arn = created();
    const [[before], at] = [await tables(arn), await position(arn)];
    simulator.restart(arn);
    pass(5);
    expect(await look(simulator, arn)).toMatchObject({ Status: 'running' });
    expect((await tables(arn))[0].Inserts).toBeGreaterThan(before.Inserts);
    expect(await position(arn)).toBeGreaterThan(at);
  });

  test('after deprovisioning continues from its checkpoint if resumeAfterDeprovision is set', async () => {
    await restart({ uncertain: { resumeAfterDeprovision: true } });
    const arn = created({ status: 'deprovisioned' });
    await start(arn);
    pass(60);
    expect(await look(simulator, arn)).toMatchObject({
      Status: 'running',
      ReplicationStats: { FullLoadProgressPercent: 100, TablesLoaded: 3 },
    });
    expect((await tables(arn))[0]).toMatchObject({ TableState: 'Table completed', ValidationState: 'Validated' });
    const gone = created({ status: 'deprovisioned', source: { logRetentionSeconds: 3600 } });
    await start(gone);
    pass(60);
    expect((await look(simulator, gone)).FailureMessages[0]).toContain('Error 1236');
  });

  test('fails after the configured running time', async () => {
    const arn = created({ status: 'stopped' });
    simulator.failAfterRunning(arn, 300, ['Out of memory']);
    await start(arn);
    simulator.clock.advance({ seconds: 90 + 299 });
    expect((await look(simulator, arn)).Status).toBe('running');
    simulator.clock.advance({ seconds: 1 });
    expect(await look(simulator, arn)).toMatchObject({ Status: 'failed', FailureMessages: ['Out of memory'] });
  });

  test('with a commit time stops once changes of that time are applied, not when the clock reaches it', async () => {
    const arn = created({ status: 'stopped', source: { catchUp: 2 } });
    pass(60);
    const at = new Date(simulator.clock.now() - 60_000).toISOString().slice(0, 19);
    await start(arn, 'resume-processing', { CdcStopPosition: `commit_time:${at}` });
    pass(20);
    expect((await look(simulator, arn)).Status).toBe('running');
    pass(60);
    expect((await look(simulator, arn)).StopReason).toBe('Stop Reason STOPPED_AT_COMMIT_TIME');
  });
});

describe('the target', () => {
  test('holds the rows that the statistics show as loaded and inserted', async () => {
    const arn = created({ status: 'created' });
    expect(simulator.targetRows(arn)).toBe(0);
    await start(arn, 'start-replication');
    pass(90);
    const rows = await tables(arn);
    const sum = rows.reduce((total, row) => total + row.FullLoadRows + row.AppliedInserts, 0);
    expect(Math.abs(simulator.targetRows(arn) - sum)).toBeLessThan(4);
  });

  test('that was replaced is complete again after a reload', async () => {
    const arn = created();
    simulator.repointTarget(arn);
    await stop(arn);
    pass(3);
    await start(arn, 'reload-target');
    pass(20);
    expect(simulator.targetRows(arn)).toBeGreaterThan(150_000);
  });

  test('lacks skipped, failed, missing and cancelled rows, as the statistics show', async () => {
    const arn = created({ tables: { count: 4, skippedPercent: 50, inError: 1, missing: 1, cancelled: 1 } });
    pass(60);
    const rows = await tables(arn);
    const sum = rows.reduce((total, row) => total + row.FullLoadRows + row.AppliedInserts, 0);
    expect(Math.abs(simulator.targetRows(arn) - sum)).toBeLessThan(4);
    expect(rows.map((row) => [row.FullLoadRows, row.AppliedInserts > 0, row.FullLoadErrorRows])).toEqual([
      [50_000, false, 1],
      [50_000, true, 0],
      [0, false, 0],
      [0, false, 0],
    ]);
    expect(rows[1].AppliedInserts / rows[1].Inserts).toBeCloseTo(0.5, 1);
    // DMS captures two of the four tables, and applies half of the rows of one.
    expect(await metric(arn, 'CDCThroughputRowsSource', 5)).toEqual(
      [10, 10, 10, 10, 10].map((n) => expect.closeTo(n, 5)),
    );
    expect((await metric(arn, 'CDCThroughputRowsTarget', 5))[0]).toBeCloseTo(2.5, 5);
  });
});

describe('metrics', () => {
  test('of a backlog show many waiting changes and a high capacity utilization', async () => {
    const arn = created({ source: { catchUp: 0.5 } });
    pass(60);
    const [waiting, load] = [await metric(arn, 'CDCIncomingChanges', 5), await metric(arn, 'CapacityUtilization', 5)];
    expect(waiting[0]).toBeGreaterThan(1000);
    expect(Math.min(...load)).toBeGreaterThan(20);
    const quiet = created();
    pass(10);
    expect((await metric(quiet, 'CapacityUtilization', 5))[0]).toBeLessThan(20);
  });

  test('of the past do not change', async () => {
    const arn = created();
    pass(10);
    simulator.changeSource(arn, { openTransaction: true });
    pass(30);
    const latency = await metric(arn, 'CDCLatencySource', 20);
    expect(Math.max(...latency)).toBeGreaterThan(25 * 60);
    const throughput = await metric(arn, 'CDCThroughputRowsTarget', 20);
    simulator.changeSource(arn, { openTransaction: false, bytesPerSecond: 0 });
    pass(1);
    expect((await metric(arn, 'CDCLatencySource', 21)).slice(0, 19)).toEqual(latency.slice(0, 19));
    await stop(arn);
    pass(3);
    await start(arn, 'reload-target');
    pass(4);
    expect((await metric(arn, 'CDCThroughputRowsTarget', 28)).slice(0, 19)).toEqual(throughput.slice(0, 19));
  });

  test('come in the requested order', async () => {
    const arn = created({ status: 'stopped' });
    pass(100);
    await start(arn);
    pass(20);
    const [first] = await metric(arn, 'CDCLatencySource', 30);
    expect((await metric(arn, 'CDCLatencySource', 30, 'TimestampDescending')).at(-1)).toBe(first);
  });
});

test('the limit of CloudWatch values counts all queries of a request', async () => {
  const Metric = { Namespace: 'AWS/DMS', MetricName: 'CDCLatencySource', Dimensions: [] };
  const MetricDataQueries = Array.from({ length: 100 }, (_, n) => ({
    Id: `m${n}`,
    MetricStat: { Metric, Period: 60, Stat: 'Average' },
  }));
  const EndTime = simulator.clock.now() / 1000;
  const asked = (minutes: number) =>
    refusal(
      simulator,
      'GetMetricData',
      { MetricDataQueries, StartTime: EndTime - minutes * 60, EndTime },
      { service: 'GraniteServiceVersion20100801' },
    );
  expect([await asked(1000), await asked(1100)]).toEqual([
    'accepted',
    'ValidationError: Too many data points are asked for',
  ]);
});

test('a start time in the future counts as now if start times are accepted', async () => {
  await restart({ uncertain: { customStartPoint: true } });
  const arn = created({ status: 'created', replicationType: 'cdc' });
  await start(arn, 'start-replication', { CdcStartTime: simulator.clock.now() / 1000 + 86_400 });
  pass(60);
  expect(Math.min(...(await metric(arn, 'CDCLatencyTarget', 10)))).toBeGreaterThanOrEqual(0);
  expect((await tables(arn))[0].Inserts).toBeGreaterThan(0);
});

describe('overlapping changes', () => {
  test('a failure during deprovisioning does not interrupt it', async () => {
    const arn = created({ status: 'deprovisioning' });
    simulator.fail(arn, ['Gone']);
    pass(10);
    expect(await look(simulator, arn)).toMatchObject({
      Status: 'failed',
      ProvisionData: { ProvisionState: 'deprovisioned' },
    });
  });

  test('a modification that overlaps the end of the 48 hours finishes first', async () => {
    const arn = created({ status: 'stopped', durations: { modifying: 900 } });
    simulator.clock.advance({ hours: 47, minutes: 59 });
    simulator.modify(arn);
    pass(5);
    expect((await look(simulator, arn)).ProvisionData.ProvisionState).toBe('provisioned');
    pass(30);
    expect(await look(simulator, arn)).toMatchObject({
      Status: 'stopped',
      ProvisionData: { ProvisionState: 'deprovisioned' },
    });
  });

  test('a failed modification changes neither the stop nor the deprovisioning after 48 hours', async () => {
    const arn = created({ status: 'stopped' });
    const { StopReason, ReplicationDeprovisionTime } = await look(simulator, arn);
    simulator.clock.advance({ hours: 8 });
    simulator.onStep(arn, 'modifying', ['No luck']);
    simulator.modify(arn);
    pass(5);
    expect(await look(simulator, arn)).toMatchObject({
      Status: 'failed',
      FailureMessages: ['No luck'],
      StopReason,
      ReplicationDeprovisionTime,
    });
    simulator.clock.advance({ hours: 40 });
    expect((await look(simulator, arn)).ProvisionData.ProvisionState).toBe('deprovisioned');
  });

  test('a start that is aborted in provisioning_capacity ends deprovisioned', async () => {
    await restart({ uncertain: { stopAbortsStart: true } });
    const arn = created({ status: 'provisioning_capacity' });
    await stop(arn);
    pass(5);
    expect(await look(simulator, arn)).toMatchObject({
      Status: 'stopped',
      ProvisionData: { ProvisionState: 'deprovisioned' },
    });
  });

  test('a deleted config leaves the quota, and a rename to a taken identifier is rejected', async () => {
    await restart({ uncertain: { quota: 1 } });
    const { ReplicationConfig } = await ask(simulator, 'CreateReplicationConfig', config('first'));
    await ask(simulator, 'DeleteReplicationConfig', { ReplicationConfigArn: ReplicationConfig.ReplicationConfigArn });
    pass(60);
    expect(await refusal(simulator, 'CreateReplicationConfig', config('second'))).toBe('accepted');
    created({ identifier: 'other', status: 'stopped' });
    const ARN = (await ask(simulator, 'DescribeReplicationConfigs')).ReplicationConfigs[0].ReplicationConfigArn;
    const renamed = { ReplicationConfigArn: ARN, ReplicationConfigIdentifier: 'other' };
    expect(await refusal(simulator, 'ModifyReplicationConfig', renamed)).toContain('ResourceAlreadyExistsFault');
  });

  test('faults name a replication by the last part of its ARN', async () => {
    const { ReplicationConfig } = await ask(simulator, 'CreateReplicationConfig', {
      ...config('by-name'),
      ResourceIdentifier: 'BYARN',
    });
    const named = { ReplicationConfigArn: ReplicationConfig.ReplicationConfigArn };
    expect(await refusal(simulator, 'StopReplication', named)).toContain("'BYARN'");
    await start(ReplicationConfig.ReplicationConfigArn, 'start-replication');
    expect(
      await refusal(simulator, 'StartReplication', { ...named, StartReplicationType: 'resume-processing' }),
    ).toContain('Replication Config: BYARN is in INITIALIZING state');
    expect(await refusal(simulator, 'DeleteReplicationConfig', named)).toContain('Replication Config BYARN ');
  });
});

test.each([
  ['refused', 'accepted', 'MaxRecords must be between 20 and 100'],
  ['clamped', 'accepted', 'accepted'],
] as const)('a MaxRecords out of bounds is %s if `maxRecordsOutOfBounds` says so', async (how, within, outside) => {
  await restart({ uncertain: { maxRecordsOutOfBounds: how } });
  for (let n = 0; n < 30; n++) created();
  expect(await refusal(simulator, 'DescribeReplications', { MaxRecords: 20 })).toBe(within);
  expect(await refusal(simulator, 'DescribeReplications', { MaxRecords: 5 })).toContain(outside);
  if (how === 'refused') return;
  expect((await ask(simulator, 'DescribeReplications', { MaxRecords: 5 })).Replications).toHaveLength(20);
});

test('the answer to a stop shows the previous status if configured', async () => {
  await restart({ uncertain: { stopAnswers: 'status-before' } });
  const arn = created();
  expect((await stop(arn)).Replication.Status).toBe('running');
  expect((await look(simulator, arn)).Status).toBe('stopping');
});

test('changed mappings, settings, capacity and endpoints are checked like new ones', async () => {
  const arn = created({ status: 'stopped' });
  const modify = (change: object) =>
    refusal(simulator, 'ModifyReplicationConfig', { ReplicationConfigArn: arn, ...change });
  expect(await modify({ TableMappings: '{' })).toContain('Invalid Table Mappings document');
  expect(await modify({ ReplicationSettings: '{' })).toContain('Invalid task settings json');
  expect(await modify({ ComputeConfig: { MaxCapacityUnits: 3 } })).toContain('must be one of');
  const fresh = created({ status: 'created' });
  const SourceEndpointArn = 'arn:aws:dms:eu-west-1:123456789012:endpoint:TARGET9';
  expect(
    await refusal(simulator, 'ModifyReplicationConfig', { ReplicationConfigArn: fresh, SourceEndpointArn }),
  ).toContain('must be of type SOURCE');
  expect(await modify({ TableMappings: mappings(['include', 'shop', '%1']) })).toBe('accepted');
});

test('a row must match all filters of a request, and a reload takes at most ten tables', async () => {
  const arn = created({ tables: 12, identifier: 'one' });
  created({ identifier: 'two' });
  const filtered = async (...Filters: object[]) =>
    (await ask(simulator, 'DescribeReplicationTableStatistics', { ReplicationConfigArn: arn, Filters }))
      .ReplicationTableStatistics.length;
  expect(
    await filtered({ Name: 'schema-name', Values: ['shop'] }, { Name: 'table-name', Values: ['table_00001'] }),
  ).toBe(1);
  expect(
    await filtered({ Name: 'schema-name', Values: ['none'] }, { Name: 'table-name', Values: ['table_00001'] }),
  ).toBe(0);
  const Filters = [
    { Name: 'replication-config-arn', Values: [arn] },
    { Name: 'replication-config-id', Values: ['two'] },
  ];
  expect((await ask(simulator, 'DescribeReplications', { Filters })).Replications).toEqual([]);
  const TablesToReload = (count: number) =>
    Array.from({ length: count }, (_, n) => ({
      SchemaName: 'shop',
      TableName: `table_${String(n + 1).padStart(5, '0')}`,
    }));
  const reload = (count: number) =>
    refusal(simulator, 'ReloadReplicationTables', { ReplicationConfigArn: arn, TablesToReload: TablesToReload(count) });
  expect([await reload(10), await reload(11)]).toEqual([
    'accepted',
    'InvalidParameterValueException: TablesToReload must name 1 to 10 tables',
  ]);
});
