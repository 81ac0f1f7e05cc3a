import { createServer } from 'node:http';
import * as sdk from '@aws-sdk/client-database-migration-service';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { toDmsApiError } from '../../src/aws/errors.js';
import { createAwsDmsApi, createDmsClient } from '../../src/aws/index.js';
import { DmsApiError, type CarriedOut, type DmsApiErrorKind } from '../../src/dms/api.js';
import { parseReplicationConfigArn } from '../../src/dms/arn.js';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';
import { startTimeCheckingDms, listen } from '../support/http-servers.js';
import { uncertain } from '../support/stage.js';

afterEach(() => vi.restoreAllMocks());

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

/** Errors that AWS documents, and whether a call that fails with one may have been carried out. */
const documented: readonly (readonly [kind: DmsApiErrorKind, wasCarriedOut: CarriedOut, names: readonly string[]])[] = [
  ['not-found', 'no', ['ResourceNotFoundFault']],
  ['invalid-state', 'no', ['InvalidResourceStateFault']],
  ['access-denied', 'no', ['AccessDeniedException', 'AccessDeniedFault', 'AccessDenied']],
  ['access-denied', 'no', ['NotAuthorized', 'OptInRequired']],
  ['credentials', 'no', ['ExpiredTokenException', 'ExpiredToken', 'UnrecognizedClientException']],
  ['credentials', 'no', ['InvalidClientTokenId', 'InvalidSignatureException', 'SignatureDoesNotMatch']],
  ['credentials', 'no', ['MissingAuthenticationToken', 'MissingAuthenticationTokenException']],
  ['credentials', 'no', ['IncompleteSignature', 'IncompleteSignatureException']],
  ['throttled', 'no', ['ThrottlingException', 'Throttling', 'ThrottledException', 'RequestLimitExceeded']],
  ['throttled', 'no', ['TooManyRequestsException', 'RequestThrottled', 'RequestThrottledException', 'SlowDown']],
  ['unavailable', 'no', ['RequestExpired', 'RequestTimeTooSkewed', 'RequestInTheFuture']],
  ['unavailable', 'unknown', ['InternalFailure', 'InternalError', 'InternalServerError']],
  ['unavailable', 'unknown', ['ServiceUnavailable', 'ServiceUnavailableException', 'RequestAbortedException']],
  ['unavailable', 'unknown', ['RequestTimeout', 'RequestTimeoutException']],
  ['rejected', 'no', ['InvalidParameterValueException', 'InvalidParameterCombinationException']],
  ['rejected', 'no', ['ValidationError', 'ValidationException', 'MissingParameter', 'UnknownOperationException']],
  ['rejected', 'no', ['MalformedHttpRequestException', 'RequestEntityTooLargeException', 'SerializationException']],
];
const rows = documented.flatMap(([kind, wasCarriedOut, names]) =>
  names.map((name) => [name, kind, wasCarriedOut] as const),
);

/** An error as the SDK throws it for an answer of AWS. */
const answeredError = (name: string, message = '', httpStatusCode = 400) =>
  Object.assign(new Error(message), { name, $fault: 'client', $metadata: { httpStatusCode } });

describe('the meaning of an error', () => {
  test.each(rows)('%s is %s, and the call may have been carried out: %s', (name, kind, wasCarriedOut) =>
    expect(toDmsApiError(answeredError(name))).toMatchObject({ kind, wasCarriedOut, awsName: name }),
  );

  test('that AWS declares for other calls only is that the call may have been carried out', () => {
    const declared = Object.entries(sdk)
      .filter(
        ([, value]) =>
          typeof value === 'function' && value.prototype instanceof sdk.DatabaseMigrationServiceServiceException,
      )
      .map(([name]) => name);
    expect(declared).toContain('KMSKeyNotAccessibleFault');
    const forThese = ['ResourceNotFoundFault', 'InvalidResourceStateFault', 'AccessDeniedFault'];
    for (const name of declared.filter((each) => !forThese.includes(each))) {
      expect(toDmsApiError(answeredError(name)), name).toMatchObject({ kind: 'rejected', wasCarriedOut: 'unknown' });
    }
  });

  test.each([
    [
      'InvalidSignatureException',
      'Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z',
      'unavailable',
    ],
    ['InvalidSignatureException', 'Signature not yet current: 20260101T001000Z is still later than', 'unavailable'],
    ['SignatureDoesNotMatch', 'Signature expired: 20260101T000000Z is now earlier than', 'unavailable'],
    ['InvalidSignatureException', 'The request signature we calculated does not match', 'credentials'],
    ['SignatureDoesNotMatch', 'The request signature we calculated does not match', 'credentials'],
    ['ExpiredTokenException', 'The security token included in the request is expired', 'credentials'],
  ])('%s with the text "%s" is %s, and the call was not carried out', (name, text, kind) =>
    expect(toDmsApiError(answeredError(name, text))).toMatchObject({ kind, wasCarriedOut: 'no' }),
  );

  test.each([
    ['an unknown 4xx', answeredError('SomethingNew'), 'rejected', 'unknown'],
    ['HTTP 408', answeredError('SomethingNew', '', 408), 'unavailable', 'unknown'],
    ['HTTP 429', answeredError('SomethingNew', '', 429), 'throttled', 'no'],
    ['an unknown 5xx', answeredError('SomethingNew', '', 503), 'unavailable', 'unknown'],
    ['a refused connection', Object.assign(new Error(), { code: 'ECONNREFUSED' }), 'unavailable', 'no'],
    ['a name that is not found', Object.assign(new Error(), { code: 'ENOTFOUND' }), 'unavailable', 'no'],
    ['a name server that is down', Object.assign(new Error(), { code: 'EAI_AGAIN' }), 'unavailable', 'no'],
    ['no connection', Object.assign(new Error(), { code: 'ETIMEDOUT', syscall: 'connect' }), 'unavailable', 'no'],
    [
      'a broken connection',
      Object.assign(new Error(), { code: 'ECONNRESET', syscall: 'read' }),
      'unavailable',
      'unknown',
    ],
    ['a time-out', Object.assign(new Error(), { name: 'TimeoutError' }), 'unavailable', 'unknown'],
    ['something thrown that is no error', 'a string', 'unavailable', 'unknown'],
  ])('is decided without a name that AWS documents: %s', (_, err, kind, wasCarriedOut) =>
    expect(toDmsApiError(err)).toMatchObject({ kind, wasCarriedOut }),
  );

  test('of a request that was never sent is that it was not carried out', () => {
    const unsent = { hasCredentials: true, isSent: false, secrets: [] };
    expect(toDmsApiError(new Error('no endpoint'), unsent)).toMatchObject({ kind: 'unavailable', wasCarriedOut: 'no' });
    const without = { ...unsent, hasCredentials: false };
    const failed = toDmsApiError(new Error('the provider failed'), without);
    expect(failed).toMatchObject({ kind: 'credentials', wasCarriedOut: 'no' });
    const given = Object.assign(new Error(), { name: 'AbortError' });
    expect(toDmsApiError(given, without)).toMatchObject({ kind: 'unavailable', wasCarriedOut: 'no' });
  });

  test.each([
    ['throttled', 'no'],
    ['invalid-state', 'no'],
    ['access-denied', 'no'],
    ['credentials', 'no'],
    ['not-found', 'no'],
    ['unavailable', 'unknown'],
    ['rejected', 'unknown'],
  ] as const)('of the kind %s has this default for "carried out": %s', (kind, wasCarriedOut) =>
    expect(new DmsApiError(kind, 'Name', 'message')).toMatchObject({ wasCarriedOut }),
  );
});

describe('an error of AWS, through the real SDK', () => {
  test.each(rows)('%s is %s, and the call may have been carried out: %s', async (name, kind, wasCarriedOut) => {
    await withSimulator(async (simulator, arn) => {
      simulator.fault({ operation: 'StopReplication', type: 'error', name, message: 'in its own words' });
      const error = await errorOf(apiOf(simulator).stopReplication(arn));
      const requestId: unknown = expect.any(String);
      expect(error).toMatchObject({ kind, wasCarriedOut, awsName: name, message: 'in its own words', requestId });
      expect(simulator.count('StopReplication')).toBe(1);
    });
  });

  test('a clock that is off by ten minutes fails a stop as unavailable, and a look corrects it', async () => {
    await using skewed = await startTimeCheckingDms();
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 600_000);
    const arn = parseReplicationConfigArn('arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS');
    const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret' };
    const clientFor = () => createDmsClient({ region: 'eu-west-1', endpoint: skewed.endpoint, credentials });
    const refused = await errorOf(createAwsDmsApi({ clientFor }).stopReplication(arn));
    expect(refused).toMatchObject({ kind: 'unavailable', wasCarriedOut: 'no', awsName: 'InvalidSignatureException' });
    // A look is tried again at once, by the corrected clock.
    expect(await createAwsDmsApi({ clientFor }).listReplications(arn, null)).toMatchObject({ items: [] });
    expect(skewed.requests).toBe(3);
  });

  test.each([
    [400, '{}'],
    [400, ''],
  ])('HTTP %i with the body "%s" may have been carried out', async (status, body) => {
    const server = createServer(
      (asked, answer) => void asked.resume().once('end', () => answer.writeHead(status).end(body)),
    );
    await using dms = await listen(server);
    const arn = parseReplicationConfigArn('arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS');
    const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret' };
    const clientFor = () => createDmsClient({ region: 'eu-west-1', endpoint: dms.endpoint, credentials });
    const error = await errorOf(createAwsDmsApi({ clientFor }).stopReplication(arn));
    expect(error).toMatchObject({ kind: 'rejected', wasCarriedOut: 'unknown' });
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

  test('a broken connection repeats a look once, and never a stop', async () => {
    await withSimulator(async (simulator, arn) => {
      simulator.fault({ operation: 'DescribeReplications', type: 'connection-reset' });
      expect((await apiOf(simulator).describeReplication(arn)).replication.status).toBe('running');
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
});

describe('the adapter', () => {
  test('routes by the region in the ARN, and reports an endpoint that is no AWS endpoint', async () => {
    await withSimulator(async (simulator) => {
      const api = apiOf(simulator);
      for (const region of ['eu-west-1', 'us-east-2']) {
        const arn = parseReplicationConfigArn(simulator.createReplication({ region }));
        const { replication } = await api.describeReplication(arn);
        expect(replication).toMatchObject({ replicationConfigArn: arn.arn, status: 'running' });
        expect(await api.endpointOverride(arn)).toBe('127.0.0.1');
      }
    });
  });

  test('distinguishes a config that never ran from one that does not exist', async () => {
    const simulator = await startDmsSimulator({ uncertain, rowBeforeFirstRun: false });
    const arn = parseReplicationConfigArn(simulator.createReplication({ status: 'created' }));
    const { replication } = await apiOf(simulator).describeReplication(arn);
    expect(replication).toMatchObject({ status: 'created', recoveryCheckpoint: null });
    const missing = parseReplicationConfigArn(arn.arn.replace(/[^:]+$/, 'NOSUCH'));
    expect((await errorOf(apiOf(simulator).describeReplication(missing))).kind).toBe('not-found');
    await simulator.close();
  });

  test("returns the DMS time of an answer, or the worker's when DMS sends none", async () => {
    const dates = ['Wed, 01 Jan 2031 00:00:00 GMT', null];
    const server = createServer((asked, answer) => {
      const date = dates.shift() ?? null;
      answer.sendDate = false;
      if (date !== null) answer.setHeader('date', date);
      asked.resume().once('end', () => answer.end(JSON.stringify({ Replications: [] })));
    });
    await using dms = await listen(server);
    const arn = parseReplicationConfigArn('arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS');
    const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret' };
    const clientFor = () => createDmsClient({ region: 'eu-west-1', endpoint: dms.endpoint, credentials });
    const api = createAwsDmsApi({ clientFor });
    expect((await api.listReplications(arn, null)).dmsTime).toBe(Date.UTC(2031, 0, 1));
    const begunAt = Date.now();
    const { dmsTime } = await api.listReplications(arn, null);
    expect(dmsTime).toBeGreaterThanOrEqual(begunAt);
    expect(dmsTime).toBeLessThanOrEqual(Date.now());
  });

  test('reads the config when DMS faults for a missing row', async () => {
    await withSimulator(async (simulator, arn) => {
      const fault = { type: 'error', name: 'ResourceNotFoundFault', message: 'No replication' } as const;
      simulator.fault({ operation: 'DescribeReplications', ...fault });
      expect((await apiOf(simulator).describeReplication(arn)).replication).toMatchObject({ status: 'created' });
      simulator.fault({ operation: 'DescribeReplications', ...fault });
      simulator.fault({ operation: 'DescribeReplicationConfigs', ...fault });
      expect((await errorOf(apiOf(simulator).describeReplication(arn))).kind).toBe('not-found');
    });
  });

  test('returns ISO 8601 times with milliseconds, and one page at a time', async () => {
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
