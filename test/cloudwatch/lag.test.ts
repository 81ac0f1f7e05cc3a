import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createCloudWatchLag } from '../../src/cloudwatch/index.js';
import { parseReplicationConfigArn } from '../../src/index.js';
import { listen } from '../support/http-servers.js';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';

let simulator: DmsSimulator;
beforeEach(async () => {
  simulator = await startDmsSimulator({ speed: 1 });
});
afterEach(() => simulator.close());

const readers = () => {
  const asked: string[] = [];
  const clientFor = ({ accountId, region }: { accountId: string; region: string }) => {
    asked.push(`${accountId} ${region}`);
    return new CloudWatchClient({ ...simulator.clientConfig(region, accountId), maxAttempts: 1 });
  };
  const source = createCloudWatchLag({ clientFor });
  const read = (arn: string) => source.read(parseReplicationConfigArn(arn), AbortSignal.timeout(5000));
  return { asked, read };
};

test('the lag of a replication comes from recent metrics, through one client for each account and region', async () => {
  const { read, asked } = readers();
  const arn = simulator.createReplication();
  const lag = await read(arn);
  expect(lag).toEqual({ sourceSeconds: expect.any(Number), targetSeconds: expect.any(Number), at: expect.any(String) });
  expect(Date.now() - Date.parse(lag?.at ?? '')).toBeLessThan(3 * 60_000);
  await read(arn);
  expect(asked).toEqual(['123456789012 eu-west-1']);
  const there = simulator.createReplication({ region: 'us-east-1', accountId: '210987654321' });
  expect(await read(there)).toMatchObject({ sourceSeconds: expect.any(Number) });
  expect(asked).toEqual(['123456789012 eu-west-1', '210987654321 us-east-1']);
});

test('the lag is null for a replication without metrics', async () => {
  const { read } = readers();
  expect(await read('arn:aws:dms:eu-west-1:123456789012:replication-config:NONE')).toBeNull();
});

test('the lag grows while a transaction is open', async () => {
  const { read } = readers();
  const arn = simulator.createReplication();
  simulator.changeSource(arn, { openTransaction: true });
  const before = await read(arn);
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 600_000);
  simulator.clock.advance({ minutes: 10 });
  const behind = await read(arn);
  vi.restoreAllMocks();
  expect((behind?.sourceSeconds ?? 0) - (before?.sourceSeconds ?? 0)).toBeGreaterThan(400);
});

test('a CloudWatch error keeps its own words, without secrets', async () => {
  const arn = parseReplicationConfigArn(simulator.createReplication());
  const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  const credentials = { accessKeyId: 'SIMULATED123456789012', secretAccessKey };
  const source = createCloudWatchLag({
    clientFor: ({ region }) => new CloudWatchClient({ ...simulator.clientConfig(region), credentials, maxAttempts: 1 }),
  });
  const message = `not for ${secretAccessKey}`;
  simulator.fault({ operation: 'GetMetricData', type: 'error', name: 'AccessDenied', message });
  const failed = source.read(arn, AbortSignal.timeout(5000));
  await expect(failed).rejects.toThrow('AccessDenied: not for ***');
});

test('a worker with a wrong clock asks by the AWS clock after the first answer', async () => {
  const asked: number[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push((JSON.parse(body) as { EndTime: number }).EndTime * 1000);
      response.end(JSON.stringify({ MetricDataResults: [] }));
    });
  });
  await using metrics = await listen(server);
  const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret' };
  const { endpoint } = metrics;
  const source = createCloudWatchLag({
    clientFor: ({ region }) => new CloudWatchClient({ region, endpoint, credentials, maxAttempts: 1 }),
  });
  const arn = parseReplicationConfigArn('arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS');
  const now = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(now - 47 * 3_600_000);
  for (let n = 0; n < 2; n++) await source.read(arn, AbortSignal.timeout(5000));
  vi.restoreAllMocks();
  expect(Math.abs((asked[1] ?? 0) - now)).toBeLessThan(60_000);
});
