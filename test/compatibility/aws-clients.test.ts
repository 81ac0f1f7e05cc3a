/** Runs AWS's own clients against the simulator. Each takes a replication through its whole life. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as sdk from '@aws-sdk/client-database-migration-service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator, type DmsSimulatorOptions } from '../../src/simulator/index.js';
import { config, mappings } from '../support/dms-http.js';
import { awsEnvironment, awsPython, run, runPython } from './support.js';

let simulator: DmsSimulator;
let program: (name: string) => string;
beforeAll(async () => {
  program = await awsPython();
});
beforeAll(async () => {
  simulator = await startDmsSimulator({ speed: 0 });
});
afterAll(() => simulator.close());

const environment = () => awsEnvironment(simulator.endpoint);

const tableMappings = mappings(['include', 'shop', '%']);

const wholeLife = [
  'created',
  'initializing',
  'running',
  'is in RUNNING state and cannot start',
  '3 tables',
  'stopping',
  'stopped',
  'Stop Reason NORMAL',
  'checkpoint:V1',
  'datetime',
  'running',
  'Table is being reloaded',
  'modifying',
  'stopped',
  32,
  'deleting',
  'ResourceNotFoundFault',
];

test('boto3 takes a replication through its whole life', async () => {
  expect(await runPython(program('python'), 'life', simulator.endpoint, { tableMappings })).toEqual(wholeLife);
});

/** Expects that a program has seen the whole life, and the metrics. It prints one thing in each line. */
function expectWholeLife(stdout: string): void {
  const seen = stdout.trimEnd().split('\n');
  expect(seen.filter((each) => each !== 'metrics read')).toEqual(wholeLife.map(String));
  expect(seen).toContain('metrics read');
}

test('the AWS SDK for Java takes a replication through its whole life, and reads its metrics', async ({ skip }) => {
  const tools = await Promise.all(['java', 'mvn'].map((tool) => run(tool, ['-version']).catch(() => null)));
  if (tools.includes(null)) return skip('There is no Java or no Maven, so the AWS SDK for Java is not tried');
  const folder = await mkdtemp(join(tmpdir(), 'temporal-dms-'));
  try {
    const source = fileURLToPath(new URL('java', import.meta.url));
    const paths = join(folder, 'paths');
    await run('mvn', ['-q', '-B', '-f', source, 'dependency:build-classpath', `-Dmdep.outputFile=${paths}`]);
    const classpath = await readFile(paths, 'utf8');
    const args = ['-cp', classpath, join(source, 'Life.java'), simulator.endpoint, tableMappings];
    expectWholeLife((await run('java', args)).stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the AWS SDK for Go takes a replication through its whole life, and reads its metrics', async ({ skip }) => {
  const go = await run('go', ['version']).catch(() => null);
  if (go === null) return skip('There is no Go, so the AWS SDK for Go is not tried');
  await using stage = await startStage({ speed: 0 });
  const cwd = fileURLToPath(new URL('go', import.meta.url));
  const { stdout } = await run('go', ['run', './life', stage.simulator.endpoint, tableMappings], { cwd });
  expectWholeLife(stdout);
});

/** Starts a simulator of one test. */
async function startStage(
  options: DmsSimulatorOptions,
): Promise<AsyncDisposable & { readonly simulator: DmsSimulator }> {
  const own = await startDmsSimulator(options);
  return { simulator: own, [Symbol.asyncDispose]: () => own.close() };
}

test('the Python example of docs/simulator.md stops a replication', async () => {
  const page = await readFile(new URL('../../docs/simulator.md', import.meta.url), 'utf8');
  const script = /```py\n(.*?)```/s.exec(page)?.[1] ?? '';
  simulator.reset();
  simulator.createReplication();
  const { stdout } = await run(program('python'), ['-c', script], { env: environment() });
  expect(stdout).toBe('stopping\n');
  simulator.reset();
});

test('the AWS CLI takes a replication through its whole life', async () => {
  const cli = async (command: string, ...args: string[]): Promise<any> => {
    const { stdout } = await run(program('aws'), ['dms', command, '--output', 'json', ...args], { env: environment() });
    return stdout === '' ? {} : JSON.parse(stdout);
  };
  const { SourceEndpointArn: source, TargetEndpointArn: target } = config('by-cli');
  const endpoints = ['--source-endpoint-arn', source, '--target-endpoint-arn', target];
  const kind = ['--replication-config-identifier', 'by-cli', '--replication-type', 'full-load-and-cdc'];
  const how = ['--compute-config', 'MaxCapacityUnits=16', '--table-mappings', tableMappings];
  const created = await cli('create-replication-config', ...kind, ...endpoints, ...how);
  const arn: string = created.ReplicationConfig.ReplicationConfigArn;
  const named = ['--replication-config-arn', arn];
  const look = async () =>
    (await cli('describe-replications', '--filters', `Name=replication-config-arn,Values=${arn}`)).Replications[0];
  const seen: unknown[] = [(await look()).Status];
  const start = (type: string) => cli('start-replication', ...named, '--start-replication-type', type);
  seen.push((await start('start-replication')).Replication.Status);
  simulator.clock.advance({ hours: 1 });
  const said = (err: unknown) =>
    /An error occurred \((\w+)\) when calling the \w+ operation(?: \(reached max retries: \d+\))?: (.*)/.exec(
      (err as { stderr: string }).stderr,
    ) ?? [];
  seen.push((await look()).Status);
  seen.push(await start('resume-processing').catch((err: unknown) => said(err)[2]?.slice(-36)));
  seen.push(
    `${(await cli('describe-replication-table-statistics', ...named)).ReplicationTableStatistics.length} tables`,
  );
  seen.push((await cli('stop-replication', ...named)).Replication.Status);
  simulator.clock.advance({ minutes: 3 });
  const stopped = await look();
  seen.push(stopped.Status, stopped.StopReason, stopped.RecoveryCheckpoint.slice(0, 13));
  // Version 1 of the CLI prints times in their wire format, as numbers.
  seen.push(typeof stopped.ReplicationDeprovisionTime === 'number' ? 'datetime' : 'not a time');
  await start('resume-processing');
  simulator.clock.advance({ minutes: 3 });
  seen.push((await look()).Status);
  await cli('reload-replication-tables', ...named, '--tables-to-reload', 'SchemaName=shop,TableName=table_00001');
  seen.push((await cli('describe-replication-table-statistics', ...named)).ReplicationTableStatistics[0].TableState);
  await cli('stop-replication', ...named);
  simulator.clock.advance({ minutes: 3 });
  await cli('modify-replication-config', ...named, '--compute-config', 'MaxCapacityUnits=32');
  seen.push((await look()).Status);
  simulator.clock.advance({ minutes: 3 });
  seen.push((await look()).Status);
  seen.push((await cli('describe-replication-configs')).ReplicationConfigs[0].ComputeConfig.MaxCapacityUnits);
  await cli('delete-replication-config', ...named);
  seen.push((await look()).Status);
  simulator.clock.advance({ minutes: 5 });
  seen.push(await look().catch((err: unknown) => said(err)[1]));
  expect(seen).toEqual(wholeLife);
});

describe('the AWS SDK for JavaScript', () => {
  const client = () => new sdk.DatabaseMigrationServiceClient({ ...simulator.clientConfig(), maxAttempts: 1 });

  test('pages through replications, configs and tables', async () => {
    const arns = Array.from({ length: 250 }, () =>
      simulator.createReplication({ status: 'stopped', tables: 600, region: 'us-west-2' }),
    );
    const paged = {
      client: new sdk.DatabaseMigrationServiceClient(simulator.clientConfig('us-west-2')),
      pageSize: 100,
    };
    const count = async <Page>(pages: AsyncIterable<Page>, size: (page: Page) => number) => {
      let [all, number] = [0, 0];
      for await (const each of pages) [all, number] = [all + size(each), number + 1];
      return [all, number];
    };
    expect(
      await count(sdk.paginateDescribeReplications(paged, {}), ({ Replications }) => Replications?.length ?? 0),
    ).toEqual([250, 3]);
    const configs = sdk.paginateDescribeReplicationConfigs(paged, {});
    expect(await count(configs, ({ ReplicationConfigs }) => ReplicationConfigs?.length ?? 0)).toEqual([250, 3]);
    const tables = sdk.paginateDescribeReplicationTableStatistics(paged, { ReplicationConfigArn: arns[0] });
    expect(await count(tables, ({ ReplicationTableStatistics }) => ReplicationTableStatistics?.length ?? 0)).toEqual([
      600, 6,
    ]);
  });

  test('takes a replication through its whole life', async () => {
    const dms = client();
    const { ReplicationConfig } = await dms.send(
      new sdk.CreateReplicationConfigCommand(config('by-sdk') as sdk.CreateReplicationConfigCommandInput),
    );
    const named = { ReplicationConfigArn: ReplicationConfig?.ReplicationConfigArn ?? '' };
    const look = async () => {
      const Filters = [{ Name: 'replication-config-arn', Values: [named.ReplicationConfigArn] }];
      const { Replications } = await dms.send(new sdk.DescribeReplicationsCommand({ Filters }));
      return Replications?.[0];
    };
    const start = (StartReplicationType: string) =>
      dms.send(new sdk.StartReplicationCommand({ ...named, StartReplicationType }));
    const stop = () => dms.send(new sdk.StopReplicationCommand(named));
    const tables = () => dms.send(new sdk.DescribeReplicationTableStatisticsCommand(named));
    const seen: unknown[] = [(await look())?.Status, (await start('start-replication')).Replication?.Status];
    simulator.clock.advance({ hours: 1 });
    seen.push(
      (await look())?.Status,
      await start('resume-processing').catch((err: Error) => err.message.slice(-36)),
      `${(await tables()).ReplicationTableStatistics?.length} tables`,
      (await stop()).Replication?.Status,
    );
    simulator.clock.advance({ minutes: 3 });
    const stopped = await look();
    seen.push(stopped?.Status, stopped?.StopReason, stopped?.RecoveryCheckpoint?.slice(0, 13));
    seen.push(stopped?.ReplicationDeprovisionTime instanceof Date ? 'datetime' : 'not a time');
    await start('resume-processing');
    simulator.clock.advance({ minutes: 3 });
    seen.push((await look())?.Status);
    await dms.send(
      new sdk.ReloadReplicationTablesCommand({
        ...named,
        TablesToReload: [{ SchemaName: 'shop', TableName: 'table_00001' }],
      }),
    );
    seen.push((await tables()).ReplicationTableStatistics?.[0]?.TableState);
    await stop();
    simulator.clock.advance({ minutes: 3 });
    const { ReplicationConfig: modified } = await dms.send(
      new sdk.ModifyReplicationConfigCommand({ ...named, ComputeConfig: { MaxCapacityUnits: 32 } }),
    );
    seen.push((await look())?.Status);
    simulator.clock.advance({ minutes: 3 });
    seen.push((await look())?.Status, modified?.ComputeConfig?.MaxCapacityUnits);
    await dms.send(new sdk.DeleteReplicationConfigCommand(named));
    seen.push((await look())?.Status);
    simulator.clock.advance({ minutes: 5 });
    seen.push(await look().catch((err: Error) => err.name));
    expect(seen).toEqual(wholeLife);
  });
});
