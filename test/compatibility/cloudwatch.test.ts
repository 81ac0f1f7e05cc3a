/** Reads the metrics of a replication with CloudWatch's own clients. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';
import { ask } from '../support/dms-http.js';
import { misfits } from '../support/sdk-shapes.js';
import { awsEnvironment, awsPython, installPackage, run, runPython } from './support.js';

/** Id, times in epoch seconds, and values of each metric. */
type Result = readonly [id: string, times: readonly number[], values: readonly number[]];

const MINUTES = 30;
const metrics = [
  'CDCLatencySource',
  'CDCLatencyTarget',
  'CDCIncomingChanges',
  'CDCThroughputRowsSource',
  'CDCThroughputRowsTarget',
  'CapacityUtilization',
];
const queries = metrics.map((MetricName, n) => ({
  Id: `m${n}`,
  MetricStat: {
    Metric: {
      Namespace: 'AWS/DMS',
      MetricName,
      Dimensions: [{ Name: 'ReplicationConfigId', Value: '123456789012:orders' }],
    },
    Period: 60,
    Stat: 'Average',
  },
}));

let simulator: DmsSimulator;
/** Creates a replication that was resumed a quarter of an hour ago, after a gap of five hours. */
beforeAll(async () => {
  simulator = await startDmsSimulator({ speed: 0 });
  const arn = simulator.createReplication({ resourceIdentifier: 'orders', status: 'stopped' });
  simulator.clock.advance({ hours: 5 });
  simulator.start(arn);
  simulator.clock.advance({ minutes: 15 });
});
afterAll(() => simulator.close());

const end = () => simulator.clock.now() / 1000;

/** Checks the metrics that a client has read. */
function check(results: readonly Result[]): void {
  expect(results.map(([id]) => id)).toEqual(queries.map(({ Id }) => Id));
  const [latency] = results;
  const [first = 0, ...others] = latency?.[2] ?? [];
  // First the whole gap, then no values for a while, then values of almost 0.
  expect(first).toBeGreaterThan(5 * 3600);
  expect(others.length).toBeGreaterThan(0);
  expect(others.length).toBeLessThan(10);
  expect(Math.max(...others)).toBeLessThan(2);
  for (const [, times, values] of results) {
    expect(times).toEqual(latency?.[1]);
    expect(values).toHaveLength(times.length);
    for (const at of times) expect(at % 60 === 0 && at > end() - MINUTES * 60 && at < end()).toBe(true);
  }
}

test('the AWS SDK for JavaScript reads the metrics', async () => {
  const folder = await installPackage('@aws-sdk/client-cloudwatch', '3.1124.0');
  const sdk = await import(pathToFileURL(join(folder, 'dist-cjs', 'index.js')).href);
  const client = new sdk.CloudWatchClient(simulator.clientConfig());
  const { MetricDataResults: results } = await client.send(
    new sdk.GetMetricDataCommand({
      MetricDataQueries: queries,
      StartTime: new Date((end() - MINUTES * 60) * 1000),
      EndTime: new Date(end() * 1000),
      ScanBy: 'TimestampAscending',
    }),
  );
  const wrong = client.send(
    new sdk.GetMetricDataCommand({ MetricDataQueries: queries, StartTime: new Date(1e12), EndTime: new Date(0) }),
  );
  await expect(wrong).rejects.toThrow('StartTime must be less than EndTime');
  client.destroy();
  const input = { MetricDataQueries: queries, StartTime: end() - MINUTES * 60, EndTime: end() };
  const answer = await ask(simulator, 'GetMetricData', input, { service: 'GraniteServiceVersion20100801' });
  expect(answer.MetricDataResults).toHaveLength(queries.length);
  expect(misfits(sdk['GetMetricDataOutput$'], answer, 'answer')).toEqual([]);
  check(
    results.map((each: { Id: string; Timestamps: Date[]; Values: number[] }) => [
      each.Id,
      each.Timestamps.map((at) => at.getTime() / 1000),
      each.Values,
    ]),
  );
});

test('boto3 reads the metrics', async () => {
  const program = await awsPython();
  check(await runPython(program('python'), 'metrics', simulator.endpoint, { queries, end: end(), minutes: MINUTES }));
});

test('the AWS CLI reads the metrics', async () => {
  const program = await awsPython();
  const input = {
    MetricDataQueries: queries,
    StartTime: end() - MINUTES * 60,
    EndTime: end(),
    ScanBy: 'TimestampAscending',
  };
  const args = ['cloudwatch', 'get-metric-data', '--output', 'json', '--cli-input-json', JSON.stringify(input)];
  const { stdout } = await run(program('aws'), args, { env: awsEnvironment(simulator.endpoint) });
  const { MetricDataResults: results } = JSON.parse(stdout);
  check(
    results.map((each: { Id: string; Timestamps: number[]; Values: number[] }) => [
      each.Id,
      each.Timestamps,
      each.Values,
    ]),
  );
});

test('the AWS SDK for Go reads the metrics, by Smithy RPC v2 CBOR', async ({ skip }) => {
  const go = await run('go', ['version']).catch(() => null);
  if (go === null) return skip('There is no Go, so its SDK is not tried');
  const cwd = fileURLToPath(new URL('go', import.meta.url));
  const read = (start: number, stop: number) => {
    const program = spawn('go', ['run', './metrics', simulator.endpoint], { cwd });
    program.stdin.end(JSON.stringify({ queries, start, end: stop }));
    return Promise.all([text(program.stdout), text(program.stderr)]);
  };
  const [answer] = await read(end() - MINUTES * 60, end());
  check(JSON.parse(answer));
  const [, wrong] = await read(end(), 0);
  expect(wrong).toContain('ValidationError: StartTime must be less than EndTime');
});
