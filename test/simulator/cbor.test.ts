/** CloudWatch over Smithy RPC v2 CBOR, byte by byte. */
import { decode, encode, Tagged } from 'cborg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';

let simulator: DmsSimulator;
beforeEach(async () => void (simulator = await startDmsSimulator({ speed: 0 })));
afterEach(() => simulator.close());

const scope = 'SIMULATED123456789012/20260101/eu-west-1/monitoring/aws4_request';
const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
const time = (seconds: number) => new Tagged(1, seconds);

async function ask(operation: string, body: Uint8Array) {
  const response = await fetch(`${simulator.endpoint}/service/GraniteServiceVersion20100801/operation/${operation}`, {
    method: 'POST',
    headers: { authorization, 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' },
    body,
  });
  expect(response.headers.get('smithy-protocol')).toBe('rpc-v2-cbor');
  expect(response.headers.get('content-type')).toBe('application/cbor');
  const answer: unknown = decode(new Uint8Array(await response.arrayBuffer()), { tags: Tagged.preserve(1) });
  return { status: response.status, answer };
}

test('CloudWatch answers CBOR with CBOR, and marks its times', async () => {
  const arn = simulator.createReplication({ resourceIdentifier: 'orders' });
  simulator.clock.advance({ hours: 1 });
  const now = simulator.clock.now() / 1000;
  const Dimensions = [{ Name: 'ReplicationConfigId', Value: '123456789012:orders' }];
  const Metric = { Namespace: 'AWS/DMS', MetricName: 'CDCLatencyTarget', Dimensions };
  const MetricDataQueries = [{ Id: 'm', MetricStat: { Metric, Period: 60, Stat: 'Average' } }];
  const input = { MetricDataQueries, StartTime: time(now - 300), EndTime: time(now) };
  expect(arn).toContain('orders');
  expect(await ask('GetMetricData', encode(input))).toEqual({
    status: 200,
    answer: {
      MetricDataResults: [
        {
          Id: 'm',
          Label: 'CDCLatencyTarget',
          StatusCode: 'Complete',
          Timestamps: [1, 2, 3, 4, 5].map((minute) => time(now - minute * 60)),
          Values: Array.from({ length: 5 }, () => expect.any(Number)),
        },
      ],
      Messages: [],
    },
  });
});

test.each([
  ['GetMetricData', encode({}), 400, 'ValidationError', 'MetricDataQueries, StartTime and EndTime are required'],
  ['GetMetricData', new Uint8Array([0xff]), 400, 'SerializationException', 'The request is not valid CBOR'],
  ['GetMetricData', encode({ StartTime: 2n ** 60n }), 400, 'SerializationException', 'The request is not valid CBOR'],
  ['GetMetricData', encode([]), 400, 'SerializationException', 'The request is not a CBOR object'],
  [
    'ListMetrics',
    encode({}),
    404,
    'UnknownOperationException',
    'GraniteServiceVersion20100801.ListMetrics is not known',
  ],
])('%s with %j is answered with status %i: %s', async (operation, body, status, type, message) => {
  expect(await ask(operation, body)).toEqual({
    status,
    answer: { __type: type, message: expect.stringContaining(message) },
  });
});
