import { describe, expect, test } from 'vitest';
import { createAwsDmsApi, createDmsClient } from '../../src/aws/index.js';
import { DmsApiError } from '../../src/dms/api.js';
import { parseReplicationConfigArn } from '../../src/dms/arn.js';
import { uncertain } from '../support/stage.js';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';

async function withSimulator(
  act: (simulator: DmsSimulator, arn: ReturnType<typeof parseReplicationConfigArn>) => Promise<void>,
) {
  const simulator = await startDmsSimulator({ uncertain });
  try {
    await act(simulator, parseReplicationConfigArn(simulator.createReplication()));
  } finally {
    await simulator.close();
  }
}

const apiOf = (simulator: DmsSimulator, more: object = {}) =>
  createAwsDmsApi({ clientFor: ({ region }) => createDmsClient({ ...simulator.clientConfig(region), ...more }) });

async function errorOf(promise: Promise<unknown>): Promise<DmsApiError> {
  const err = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (err instanceof DmsApiError) return err;
  throw new Error(`Not a DmsApiError: ${String(err)}`);
}

describe('an error of AWS, through the real SDK', () => {
  test.each([
    ['ResourceNotFoundFault', 400, 'not-found'],
    ['InvalidResourceStateFault', 400, 'invalid-state'],
    ['AccessDenied', 403, 'access-denied'],
    ['AccessDeniedException', 403, 'access-denied'],
    ['AccessDeniedFault', 400, 'access-denied'],
    ['ExpiredTokenException', 400, 'access-denied'],
    ['UnrecognizedClientException', 400, 'access-denied'],
    ['ThrottlingException', 400, 'throttled'],
    ['InvalidParameterValueException', 400, 'rejected'],
    ['InvalidParameterCombinationException', 400, 'rejected'],
    ['SomethingNew', 400, 'rejected'],
    ['InternalFailure', 500, 'unavailable'],
    ['SomethingNew', 503, 'unavailable'],
  ])('%s with HTTP status %i is %s', async (name, status, kind) => {
    await withSimulator(async (simulator, arn) => {
      simulator.fault({ operation: 'StopReplication', type: 'error', name, message: 'in its own words', status });
      const error = await errorOf(apiOf(simulator).stopReplication(arn));
      expect(error).toMatchObject({ kind, awsName: name, message: 'in its own words', requestId: expect.any(String) });
      expect(simulator.count('StopReplication')).toBe(1);
    });
  });

  test('a broken connection, a request that hangs and a signal are "unavailable"', async () => {
    await withSimulator(async (simulator, arn) => {
      simulator.fault({ operation: 'StopReplication', type: 'connection-reset' });
      expect((await errorOf(apiOf(simulator).stopReplication(arn))).kind).toBe('unavailable');
      simulator.fault({ operation: 'StopReplication', type: 'hang', times: 2 });
      const impatient = apiOf(simulator, { requestHandler: { requestTimeout: 100, throwOnRequestTimeout: true } });
      expect(await errorOf(impatient.stopReplication(arn))).toMatchObject({
        kind: 'unavailable',
        awsName: 'TimeoutError',
      });
      const signal = AbortSignal.timeout(50);
      expect((await errorOf(apiOf(simulator).stopReplication(arn, { signal }))).kind).toBe('unavailable');
    });
  });

  test('a look over a connection that breaks is tried once more, a stop is not', async () => {
    await withSimulator(async (simulator, arn) => {
      simulator.fault({ operation: 'DescribeReplications', type: 'connection-reset' });
      expect((await apiOf(simulator).describeReplication(arn)).status).toBe('running');
      expect(simulator.count('DescribeReplications')).toBe(2);
      simulator.fault({ operation: 'StopReplication', type: 'connection-reset' });
      await errorOf(apiOf(simulator).stopReplication(arn));
      expect(simulator.count('StopReplication')).toBe(1);
    });
  });

  test.each([
    [
      "The request signature we calculated does not match the signature you provided.\n\nThe Canonical String for this request should have been\n'POST\n/\n\nhost:dms\nx-amz-security-token:SECRET\n'",
      'The request signature we calculated does not match the signature you provided.',
    ],
    [
      "Authorization header requires 'Credential' parameter. Authorization=AWS4-HMAC-SHA256 SECRET",
      /^Authorization header requires/,
    ],
    ['Authorization=AWS4-HMAC-SHA256 Credential=SECRET/eu-west-1', 'no message'],
    [
      'User: x is not authorized to perform: dms:StopReplication',
      'User: x is not authorized to perform: dms:StopReplication',
    ],
  ])('keeps nothing of the signed request: %j', async (message, kept) => {
    await withSimulator(async (simulator, arn) => {
      simulator.fault({ operation: 'StopReplication', type: 'error', name: 'SignatureDoesNotMatch', message });
      const error = await errorOf(apiOf(simulator).stopReplication(arn));
      expect(error.message).toEqual(typeof kept === 'string' ? kept : expect.stringMatching(kept));
      expect(JSON.stringify(error) + error.message).not.toContain('SECRET');
    });
  });

  test('missing credentials are "access-denied"', async () => {
    await withSimulator(async (simulator, arn) => {
      const credentials = () => Promise.reject(Object.assign(new Error('none'), { name: 'CredentialsProviderError' }));
      const error = await errorOf(apiOf(simulator, { credentials }).describeReplication(arn));
      expect(error.kind).toBe('access-denied');
    });
  });
});

describe('the adapter', () => {
  test('routes by the region in the ARN, and tells when an endpoint is not one of AWS', async () => {
    await withSimulator(async (simulator) => {
      const api = apiOf(simulator);
      for (const region of ['eu-west-1', 'us-east-2']) {
        const arn = parseReplicationConfigArn(simulator.createReplication({ region }));
        expect(await api.describeReplication(arn)).toMatchObject({ replicationConfigArn: arn.arn, status: 'running' });
        expect(await api.endpointOverride(arn)).toBe('127.0.0.1');
      }
    });
  });

  test('tells a config that never ran and has no row from one that is not there', async () => {
    const simulator = await startDmsSimulator({ uncertain, rowBeforeFirstRun: false });
    const arn = parseReplicationConfigArn(simulator.createReplication({ status: 'created' }));
    expect(await apiOf(simulator).describeReplication(arn)).toMatchObject({
      status: 'created',
      recoveryCheckpoint: null,
    });
    const missing = parseReplicationConfigArn(arn.arn.replace(/[^:]+$/, 'NOSUCH'));
    expect((await errorOf(apiOf(simulator).describeReplication(missing))).kind).toBe('not-found');
    await simulator.close();
  });

  test('takes a fault for a missing row for what the config says', async () => {
    await withSimulator(async (simulator, arn) => {
      const fault = { type: 'error', name: 'ResourceNotFoundFault', message: 'No replication' } as const;
      simulator.fault({ operation: 'DescribeReplications', ...fault });
      expect(await apiOf(simulator).describeReplication(arn)).toMatchObject({ status: 'created' });
      simulator.fault({ operation: 'DescribeReplications', ...fault });
      simulator.fault({ operation: 'DescribeReplicationConfigs', ...fault });
      expect((await errorOf(apiOf(simulator).describeReplication(arn))).kind).toBe('not-found');
    });
  });

  test('gives times as ISO 8601 with milliseconds, and pages on', async () => {
    await withSimulator(async (simulator, arn) => {
      for (let n = 0; n < 120; n++) simulator.createReplication({ status: 'stopped', tables: 600 });
      const first = await apiOf(simulator).listReplications(arn, null);
      const second = await apiOf(simulator).listReplications(arn, first.marker);
      expect([first.items.length, second.items.length, second.marker]).toEqual([100, 21, null]);
      const stopped = second.items.at(-1);
      expect(stopped?.replicationLastStopTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      const tables = parseReplicationConfigArn(stopped?.replicationConfigArn ?? '');
      const page = await apiOf(simulator).describeTableStatistics(tables, null);
      expect([page.items.length, page.marker === null]).toEqual([500, false]);
    });
  });
});
