import type { MetricMeter } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { DmsApiError, type DmsApi } from '../../src/dms/api.js';
import { parseReplicationConfigArn } from '../../src/dms/arn.js';
import { ObservedDmsApi } from '../../src/activities/runtime/observed-dms-api.js';

const arn = parseReplicationConfigArn('arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS');

/** Meter that remembers what a counter was told. */
function counting() {
  const told: unknown[] = [];
  const meter = { createCounter: () => ({ add: (_: number, tags: unknown) => void told.push(tags) }) };
  return { told, meter: meter as unknown as MetricMeter };
}

test.each([
  [null, 'ok', true],
  [new DmsApiError('throttled', 'ThrottlingException', 'slow down'), 'throttled', true],
  [new DmsApiError('not-found', 'ResourceNotFoundFault', 'no'), 'not-found', true],
  [new DmsApiError('unavailable', 'TimeoutError', 'silence'), 'unavailable', false],
  [new DmsApiError('credentials', 'CredentialsProviderError', 'none'), 'credentials', false],
  [new TypeError('a bug'), 'error', false],
])('a request that ends with %s counts as %s, and is an answer of DMS: %s', async (failure, result, isAnswer) => {
  const { told, meter } = counting();
  const stopReplication = async () => {
    if (failure !== null) throw failure;
    return { dmsTime: 0, replication: null, requestId: null };
  };
  const observed = new ObservedDmsApi({ stopReplication } as unknown as DmsApi);
  const environment = new MockActivityEnvironment({}, { metricMeter: meter });
  const ended = await environment.run(() => observed.stopReplication(arn).catch((err: unknown) => err));
  if (failure !== null) expect(ended).toBe(failure);
  expect(told).toMatchObject([{ operation: 'stopReplication', result, account: '123456789012', region: 'eu-west-1' }]);
  expect(observed.lastAnswerAt !== null).toBe(isAnswer);
});

test('an API that can not read endpoints stays one', () =>
  expect(new ObservedDmsApi({} as DmsApi).describeEndpoints).toBeUndefined());

test('a request outside an activity is answered, and not counted', async () => {
  const stopReplication = async () => ({ dmsTime: 0, replication: null, requestId: null });
  const observed = new ObservedDmsApi({ stopReplication } as unknown as DmsApi);
  expect(await observed.stopReplication(arn)).toMatchObject({ dmsTime: 0 });
});
