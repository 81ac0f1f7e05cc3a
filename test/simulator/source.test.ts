import { afterEach, describe, expect, test } from 'vitest';
import {
  startDmsSimulator,
  type DmsSimulator,
  type Engine,
  type SimulatedReplicationOptions,
} from '../../src/simulator/index.js';
import { ask, config, look, mappings, refusal } from '../support/dms-http.js';

let simulator: DmsSimulator;
afterEach(() => simulator.close());

async function created(options: SimulatedReplicationOptions = {}): Promise<string> {
  simulator = await startDmsSimulator({ speed: 0 });
  return simulator.createReplication(options);
}

const pass = (minutes: number) => simulator.clock.advance({ minutes });
const checkpoint = async (arn: string): Promise<string> => (await look(simulator, arn)).RecoveryCheckpoint;
const start = (arn: string, StartReplicationType = 'resume-processing') =>
  ask(simulator, 'StartReplication', { ReplicationConfigArn: arn, StartReplicationType });
const stop = (arn: string) => ask(simulator, 'StopReplication', { ReplicationConfigArn: arn });
/** Returns the position in MySQL's binary log. */
const position = (text: string) => Number(/:(\d+):-1:/.exec(text)?.[1]);

async function tables(arn: string, more: object = {}): Promise<any[]> {
  const { ReplicationTableStatistics: rows } = await ask(simulator, 'DescribeReplicationTableStatistics', {
    ReplicationConfigArn: arn,
    ...more,
  });
  return rows;
}

describe('a checkpoint', () => {
  test.each<[Engine, RegExp]>([
    [
      'mysql',
      /^checkpoint:V1#27#mysql-bin-changelog\.\d{6}:\d+:-1:\d+:\d+:mysql-bin-changelog\.\d{6}:\d+#0#0#\*#0#93$/,
    ],
    ['mysql-dollar', /^checkpoint:V1#27#\$\.\d{6}:\d+:-1:/],
    ['postgres', /^checkpoint:V1#34#[0-9A-F]{8}\/[0-9A-F]{8}#0#0#\*#0#121$/],
    [
      'sqlserver',
      /^checkpoint:V1#156#[0-9a-f]{8}:[0-9a-f]{8}:[0-9a-f]{4}#0#217#[0-9a-f]{8}:[0-9a-f]{8}:[0-9a-f]{4}#0#213$/,
    ],
    ['oracle', /^checkpoint:V1#48084#[0-9A-F]{20}#0#0#\*#0#31989$/],
  ])('of %s has the format of its engine, and moves on', async (engine, spelling) => {
    const arn = await created({ source: { engine } });
    const before = await checkpoint(arn);
    expect(before).toMatch(spelling);
    pass(10);
    expect(await checkpoint(arn)).toMatch(spelling);
    expect(await checkpoint(arn)).not.toBe(before);
  });

  test('is absent before CDC, lags while running, and jumps once stopped', async () => {
    const arn = await created({ status: 'created', durations: { fullLoad: 3600 } });
    await start(arn, 'start-replication');
    pass(60);
    expect(await look(simulator, arn)).toMatchObject({
      Status: 'running',
      ReplicationStats: { FullLoadProgressPercent: expect.any(Number) },
    });
    expect(await checkpoint(arn)).toBeUndefined();
    pass(60);
    const running = position(await checkpoint(arn));
    await stop(arn);
    const stopping = position(await checkpoint(arn));
    simulator.clock.advance({ seconds: 91 });
    expect(position(await checkpoint(arn))).toBe(stopping);
    simulator.clock.advance({ seconds: 6 });
    const final = position(await checkpoint(arn));
    // The jump covers half a minute of 2,000 bytes a second, and the writes while stopping.
    expect(running).toBe(stopping);
    expect(final - stopping).toBeGreaterThan(30 * 2000);
    expect(final - stopping).toBeLessThan(130 * 2000);
  });

  test('falls short of the end of the source when there is a backlog', async () => {
    const arn = await created({ source: { catchUp: 0.5 } });
    pass(60);
    const before = position(await checkpoint(arn));
    await stop(arn);
    pass(3);
    const [row] = await tables(arn);
    expect(row.AppliedInserts).toBeLessThan(row.Inserts);
    expect(position(await checkpoint(arn)) - before).toBeLessThan(5 * 60 * 2000);
  });

  test('is parked while writes are filtered, and pinned by an open transaction', async () => {
    const arn = await created();
    const running = await checkpoint(arn);
    simulator.changeSource(arn, { filteredWrites: true });
    pass(10);
    const parked = await checkpoint(arn);
    // The checkpoint never goes back. It stays at the last replicated write.
    expect(position(parked)).toBeGreaterThan(position(running) + 29 * 2000);
    expect(position(parked)).toBeLessThan(position(running) + 31 * 2000);
    const [before] = await tables(arn);
    pass(60);
    expect(await checkpoint(arn)).toBe(parked);
    expect((await tables(arn))[0].Inserts).toBe(before.Inserts);
    simulator.changeSource(arn, { filteredWrites: false });
    pass(10);
    expect(position(await checkpoint(arn))).toBeGreaterThan(position(parked) + 70 * 60 * 2000);
    expect((await tables(arn))[0].Inserts).toBeGreaterThan(before.Inserts);
    const other = simulator.createReplication();
    simulator.changeSource(other, { openTransaction: true });
    const pinned = position(await checkpoint(other));
    pass(60);
    expect(position(await checkpoint(other)) - pinned).toBeLessThan(31 * 2000);
    await stop(other);
    pass(3);
    expect(position(await checkpoint(other)) - pinned).toBeLessThan(31 * 2000);
  });
});

describe('a resume', () => {
  test('from a position older than the log reaches running, then fails', async () => {
    const arn = await created({ status: 'stopped', source: { logRetentionSeconds: 24 * 3600 } });
    pass(23 * 60);
    await start(arn);
    pass(5);
    expect((await look(simulator, arn)).Status).toBe('running');
    await stop(arn);
    pass(25 * 60);
    await start(arn);
    simulator.clock.advance({ seconds: 95 });
    expect((await look(simulator, arn)).Status).toBe('running');
    pass(1);
    const row = await look(simulator, arn);
    expect(row).toMatchObject({ Status: 'failed', StopReason: 'Stop Reason FATAL_ERROR' });
    expect(row.FailureMessages[0]).toContain('Error 1236');
  });

  test('that is repeated after the log is gone fails each time, and keeps the checkpoint', async () => {
    const arn = await created({ status: 'stopped', source: { logRetentionSeconds: 3600 } });
    const before = await checkpoint(arn);
    pass(120);
    for (let n = 0; n < 3; n++) {
      await start(arn);
      pass(3);
      expect((await look(simulator, arn)).Status).toBe('failed');
    }
    expect(await checkpoint(arn)).toBe(before);
  });

  test('of an unfinished load loads again before CDC begins', async () => {
    const arn = await created({ status: 'created', durations: { fullLoad: 3600 } });
    await start(arn, 'start-replication');
    pass(60);
    await stop(arn);
    pass(3);
    await start(arn);
    pass(5);
    const loading = await look(simulator, arn);
    expect(loading.ReplicationStats.FullLoadProgressPercent).toBeLessThan(20);
    expect(loading.RecoveryCheckpoint).toBeUndefined();
    pass(60);
    expect(await look(simulator, arn)).toMatchObject({
      Status: 'running',
      RecoveryCheckpoint: expect.any(String),
      ReplicationStats: { FullLoadProgressPercent: 100 },
    });
  });

  test('against an empty target looks healthy, although the target lacks rows', async () => {
    const arn = await created();
    pass(60);
    const [before] = await tables(arn);
    const rows = simulator.targetRows(arn);
    await stop(arn);
    pass(3);
    simulator.repointTarget(arn);
    expect(simulator.targetRows(arn)).toBe(0);
    await start(arn);
    pass(5);
    const [after] = await tables(arn);
    expect(await look(simulator, arn)).toMatchObject({ Status: 'running', FailureMessages: [] });
    expect(after.AppliedInserts).toBeGreaterThan(before.AppliedInserts);
    expect(simulator.targetRows(arn)).toBeGreaterThan(0);
    expect(simulator.targetRows(arn)).toBeLessThan(rows / 2);
  });
});

describe('table statistics', () => {
  test('count captured and applied rows at the rates of the source', async () => {
    const arn = await created({
      tables: 1,
      source: { bytesPerSecond: 1000, rates: { inserts: 10, updates: 5, deletes: 2 } },
    });
    const [before] = await tables(arn);
    pass(10);
    const [after] = await tables(arn);
    const gained = (member: string) => after[member] - before[member];
    expect(['Inserts', 'Updates', 'Deletes', 'AppliedInserts'].map(gained)).toEqual([6000, 3000, 1200, 6000]);
    expect(after.Inserts).toBeGreaterThanOrEqual(after.AppliedInserts);
  });

  test('keep their counts when the source changes its rates', async () => {
    const arn = await created({ tables: 1, source: { bytesPerSecond: 1000 } });
    const [before] = await tables(arn);
    simulator.changeSource(arn, { rates: { inserts: 0, updates: 1, deletes: 0 } });
    pass(10);
    const [after] = await tables(arn);
    // Writes of the last moment before the change were not captured yet.
    expect(after.Inserts - before.Inserts).toBeLessThan(3);
    expect(after.Updates - before.Updates).toBe(600);
  });

  test("use a table's own rates, and share the source's rates among the other tables", async () => {
    const rates = { 'shop.orders': { inserts: 100, updates: 0, deletes: 0 } };
    const names = ['shop.orders', 'shop.customers', 'stock.items'];
    const arn = await created({ tables: { names, rates }, source: { bytesPerSecond: 1000 } });
    const before = await tables(arn);
    const rows = simulator.targetRows(arn);
    pass(10);
    const after = await tables(arn);
    expect(after.map((row, n) => [row.SchemaName, row.TableName, row.Inserts - before[n].Inserts])).toEqual([
      ['shop', 'orders', 60_000],
      ['shop', 'customers', 1800],
      ['stock', 'items', 1800],
    ]);
    expect(simulator.targetRows(arn) - rows).toBe(63_600);
    expect(() =>
      simulator.createReplication({ tables: { names, rates: { 'shop.gone': rates['shop.orders'] } } }),
    ).toThrow('tables.rates names shop.gone, which the source does not have');
  });

  test('show loading, errors, skipped rows, and validation that progresses', async () => {
    const arn = await created({
      status: 'created',
      tables: {
        count: 10,
        inError: 1,
        mismatched: 2,
        withoutKey: 1,
        suspended: 1,
        notValidated: 1,
        missing: 1,
        cancelled: 1,
        skippedPercent: 10,
      },
    });
    expect(await tables(arn)).toEqual([]);
    await start(arn, 'start-replication');
    const states = async (member: string) => new Set((await tables(arn)).map((row) => row[member]));
    const odd = ['Table error', 'Table does not exist', 'Table cancelled'];
    expect(await states('TableState')).toEqual(new Set([...odd, 'Before load']));
    pass(44);
    expect((await states('TableState')).has('Full load')).toBe(true);
    pass(9);
    expect(await states('TableState')).toEqual(new Set([...odd, 'Table completed']));
    expect((await states('ValidationState')).has('Pending records')).toBe(true);
    pass(60);
    const rows = await tables(arn);
    expect(rows.map((row) => row.ValidationState).slice(0, 7)).toEqual([
      'Table error',
      'Mismatched records',
      'Mismatched records',
      'No primary key',
      'Suspended records',
      'Error',
      'Validated',
    ]);
    expect(rows[1].ValidationFailedRecords).toBeGreaterThan(0);
    expect(rows[6].AppliedInserts / rows[6].Inserts).toBeCloseTo(0.9, 1);
    expect(await look(simulator, arn)).toMatchObject({
      ReplicationStats: { TablesLoaded: 7, TablesErrored: 3, TablesQueued: 0 },
    });
  });

  test('show tables that come into error or fail validation while they are replicated, until they recover', async () => {
    const arn = await created();
    const [before] = await tables(arn);
    expect(before.TableState).toBe('Table completed');
    simulator.changeTables(arn, { inError: 1, mismatched: 1 });
    const [failed] = await tables(arn);
    pass(60);
    const [later, mismatched, sound] = await tables(arn);
    expect(later).toMatchObject({ TableState: 'Table error', AppliedInserts: failed.AppliedInserts });
    expect(later.Inserts).toBeGreaterThan(failed.Inserts);
    expect(mismatched).toMatchObject({ TableState: 'Table completed', ValidationState: 'Mismatched records' });
    expect(sound).toMatchObject({ TableState: 'Table completed', ValidationState: 'Validated' });
    simulator.changeTables(arn, { inError: 0, mismatched: 0 });
    const states = (await tables(arn)).map(({ TableState }: { TableState: string }) => TableState);
    expect(states).toEqual(['Table completed', 'Table completed', 'Table completed']);
  });

  test('of twenty thousand tables come in pages, and can be filtered by schema and table', async () => {
    const arn = await created({ tables: 20_000 });
    let count = 0;
    for (let Marker: string | undefined; ;) {
      const answer = await ask(simulator, 'DescribeReplicationTableStatistics', {
        ReplicationConfigArn: arn,
        MaxRecords: 500,
        Marker,
      });
      count += answer.ReplicationTableStatistics.length;
      if (answer.Marker === undefined) break;
      Marker = answer.Marker;
    }
    expect(count).toBe(20_000);
    const by = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });
    expect(await tables(arn, by('table-name', 'table_00007', 'table_19999'))).toHaveLength(2);
    expect(await tables(arn, by('schema-name', 'nowhere'))).toEqual([]);
    expect(
      await refusal(simulator, 'DescribeReplicationTableStatistics', {
        ReplicationConfigArn: arn,
        ...by('owner', 'x'),
      }),
    ).toContain('not supported');
  });

  test('stand still while the replication is stopped', async () => {
    const arn = await created();
    await stop(arn);
    pass(3);
    const stopped = await tables(arn);
    pass(600);
    expect(await tables(arn)).toEqual(stopped);
  });

  test('show a reload, and only a running replication accepts one', async () => {
    const arn = await created();
    const reload = (TableName: string, more: object = {}) =>
      refusal(simulator, 'ReloadReplicationTables', {
        ReplicationConfigArn: arn,
        TablesToReload: [{ SchemaName: 'shop', TableName }],
        ...more,
      });
    expect(await reload('table_00002')).toBe('accepted');
    expect((await tables(arn))[1]).toMatchObject({ TableState: 'Table is being reloaded', FullLoadReloaded: true });
    pass(5);
    expect((await tables(arn))[1]).toMatchObject({ TableState: 'Table completed', FullLoadReloaded: true });
    expect((await tables(arn))[0]).toMatchObject({ FullLoadReloaded: false });
    expect(await reload('table_00009')).toContain('does not exist');
    expect(await reload('table_00001', { ReloadOption: 'all' })).toContain("Value 'all' at 'reloadOption'");
    await stop(arn);
    expect(await reload('table_00001')).toContain('InvalidResourceStateFault');
  });
});

describe('validation', () => {
  const reload = (arn: string, ReloadOption: string) =>
    ask(simulator, 'ReloadReplicationTables', {
      ReplicationConfigArn: arn,
      TablesToReload: [{ SchemaName: 'shop', TableName: 'table_00002' }],
      ReloadOption,
    });
  const states = async (arn: string) => (await tables(arn)).map((row) => row.ValidationState);

  test('of a table is repeated by validate-only and by data-reload', async () => {
    const arn = await created();
    await reload(arn, 'validate-only');
    expect(await states(arn)).toEqual(['Validated', 'Pending revalidation', 'Validated']);
    expect((await tables(arn))[1]).toMatchObject({ TableState: 'Table completed' });
    simulator.clock.advance({ seconds: 60 });
    expect((await states(arn))[1]).toBe('Pending records');
    pass(1);
    expect((await states(arn))[1]).toBe('Validated');
    await reload(arn, 'data-reload');
    expect((await tables(arn))[1]).toMatchObject({ TableState: 'Table is being reloaded' });
    // A tenth of a full load, then two minutes of validation.
    simulator.clock.advance({ seconds: 61 });
    expect((await tables(arn))[1]).toMatchObject({
      TableState: 'Table completed',
      ValidationState: 'Pending revalidation',
    });
    pass(2);
    expect((await states(arn))[1]).toBe('Validated');
  });

  test('is done only if the settings of the config enable it', async () => {
    const unasked = await created({ tables: { validation: false } });
    await reload(unasked, 'validate-only');
    expect(new Set(await states(unasked))).toEqual(new Set(['Not enabled']));
    const { ReplicationConfig } = await ask(simulator, 'CreateReplicationConfig', config('unasked'));
    const arn = ReplicationConfig.ReplicationConfigArn;
    await start(arn, 'start-replication');
    pass(120);
    expect(new Set(await states(arn))).toEqual(new Set(['Not enabled']));
    await stop(arn);
    pass(3);
    const ReplicationSettings = '{"ValidationSettings":{"EnableValidation":true}}';
    await ask(simulator, 'ModifyReplicationConfig', { ReplicationConfigArn: arn, ReplicationSettings });
    pass(3);
    await start(arn);
    pass(10);
    expect(new Set(await states(arn))).toEqual(new Set(['Validated']));
  });
});

describe('table mappings', () => {
  const names = ['shop.orders', 'shop.order_lines', 'shop.audit_1', 'shop.audit_2', 'stock.items'];
  const runWith = async (TableMappings: string, more: object = {}) => {
    simulator = await startDmsSimulator({ speed: 0, tables: { names } });
    const { ReplicationConfig } = await ask(simulator, 'CreateReplicationConfig', {
      ...config('mapped'),
      TableMappings,
      ...more,
    });
    const arn: string = ReplicationConfig.ReplicationConfigArn;
    await start(arn, 'start-replication');
    pass(60);
    return arn;
  };

  test.each([
    [[['include', '%', '%']], names],
    [[['include', 'shop', '%']], names.slice(0, 4)],
    [
      [
        ['include', 'shop', '%'],
        ['exclude', 'shop', 'audit%'],
      ],
      ['shop.orders', 'shop.order_lines'],
    ],
    // An exclusion wins in any order of the rules.
    [
      [
        ['exclude', '%', 'audit__'],
        ['include', '%', '%'],
      ],
      ['shop.orders', 'shop.order_lines', 'stock.items'],
    ],
    [[['include', 's%p', '%r%s']], ['shop.orders', 'shop.order_lines']],
    [[['include', '%', '%[_][2-9]']], ['shop.audit_2']],
    [[['include', '%', 'audit_[13]']], ['shop.audit_1']],
    [
      [
        ['explicit', 'stock', 'items'],
        ['explicit', 'shop', '%'],
      ],
      ['stock.items'],
    ],
  ] as [[string, string, string][], string[]][])('of %j select %j', async (rules, selected) => {
    const arn = await runWith(mappings(...rules));
    expect((await tables(arn)).map((row) => `${row.SchemaName}.${row.TableName}`)).toEqual(selected);
  });

  test('that select nothing make a start fail unless FailOnNoTablesCaptured is false', async () => {
    const nothing = mappings(['include', 'SHOP', '%']);
    const arn = await runWith(nothing);
    expect(await look(simulator, arn)).toMatchObject({
      Status: 'failed',
      FailureMessages: [expect.stringMatching(/^Last Error  No tables were found .* Error Level FATAL$/)],
    });
    await simulator.close();
    const ReplicationSettings = '{"ErrorBehavior":{"FailOnNoTablesCaptured":false}}';
    const other = await runWith(nothing, { ReplicationSettings });
    expect(await look(simulator, other)).toMatchObject({ Status: 'running' });
    expect(await tables(other)).toEqual([]);
  });

  test('that were changed apply from the next run on', async () => {
    const arn = await runWith(mappings(['include', 'shop', '%']));
    await stop(arn);
    pass(3);
    await ask(simulator, 'ModifyReplicationConfig', {
      ReplicationConfigArn: arn,
      TableMappings: mappings(['include', 'stock', '%']),
    });
    pass(3);
    await start(arn);
    pass(5);
    expect((await tables(arn)).map((row) => row.TableName)).toEqual(['items']);
  });

  test.each([
    ['{', 'Invalid Table Mappings document. Invalid json'],
    ['[]', 'Valid Table mappings is required'],
    ['{"rules":[]}', 'Valid Table mappings is required'],
    ['{"rules":[{"rule-type":"transformation"}]}', 'Valid Table mappings is required'],
    ['{"rules":[{"rule-type":"selection","rule-action":"include"}]}', 'needs an object-locator'],
    [mappings(['imagine', '%', '%']), 'A rule-action is include, exclude or explicit'],
  ])('of %s are refused', async (TableMappings, said) => {
    simulator = await startDmsSimulator({ speed: 0 });
    expect(await refusal(simulator, 'CreateReplicationConfig', config('refused', { TableMappings }))).toContain(said);
  });

  test('with fifty wildcards are matched without exponential backtracking', async () => {
    const TableMappings = mappings(['include', '%', `${'%a'.repeat(50)}%b`]);
    simulator = await startDmsSimulator({ speed: 0, tables: { names: [`shop.${'a'.repeat(200)}`] } });
    expect(await refusal(simulator, 'CreateReplicationConfig', config('busy', { TableMappings }))).toBe('accepted');
  });
});

describe('metrics', () => {
  const valuesOf = async (arn: string, MetricName: string, minutes: number) => {
    const now = simulator.clock.now() / 1000;
    const [, , , , accountId, , id] = arn.split(':');
    const input = {
      MetricDataQueries: [
        {
          Id: 'm1',
          MetricStat: {
            Metric: {
              Namespace: 'AWS/DMS',
              MetricName,
              Dimensions: [{ Name: 'ReplicationConfigId', Value: `${accountId}:${id}` }],
            },
            Period: 60,
            Stat: 'Average',
          },
        },
      ],
      StartTime: now - minutes * 60,
      EndTime: now,
      ScanBy: 'TimestampAscending',
    };
    const { MetricDataResults } = await ask(simulator, 'GetMetricData', input, {
      service: 'GraniteServiceVersion20100801',
    });
    return MetricDataResults[0].Values as number[];
  };

  test('begin with the whole gap after a resume, pause while CDC spins up, and end with the run', async () => {
    const arn = await created({ status: 'stopped' });
    pass(200);
    await start(arn);
    pass(60);
    const latency = await valuesOf(arn, 'CDCLatencySource', 120);
    expect(latency[0]).toBeGreaterThan(200 * 60 - 1);
    expect(latency[0]).toBeLessThan(203 * 60);
    expect(latency.length).toBeLessThan(52);
    expect(latency.at(-1)).toBeLessThan(2);
    await stop(arn);
    pass(30);
    expect(await valuesOf(arn, 'CDCLatencySource', 25)).toEqual([]);
  });

  test.each([
    ['CDCLatencyTarget', 0, 1],
    // 2,000 bytes a second with ten rows in every thousand.
    ['CDCThroughputRowsSource', 20, 20],
    ['CDCThroughputRowsTarget', 20, 20],
    ['CDCIncomingChanges', 0, 10],
    ['CapacityUtilization', 1, 95],
    ['Invented', undefined, undefined],
  ])('named %s have values from %s to %s at the default load', async (name, least, most) => {
    const arn = await created();
    pass(30);
    const values = await valuesOf(arn, name, 10);
    if (least === undefined || most === undefined) return expect(values).toEqual([]);
    expect(values).toHaveLength(10);
    for (const value of values) expect(value >= least - 0.01 && value <= most + 0.01).toBe(true);
  });

  test('show a lag that grows while catchUp is below 1, and shrinks afterwards', async () => {
    const arn = await created();
    simulator.changeSource(arn, { catchUp: 0.5 });
    pass(60);
    const grown = (await valuesOf(arn, 'CDCLatencyTarget', 3)).at(-1) ?? 0;
    expect(grown).toBeGreaterThan(25 * 60);
    simulator.changeSource(arn, { catchUp: 20 });
    pass(30);
    expect((await valuesOf(arn, 'CDCLatencyTarget', 3)).at(-1)).toBeLessThan(5);
  });
});
