import { expect, test } from 'vitest';
import { DmsApiError, type DmsApiErrorKind } from '../../src/dms/api.js';

test.each<[DmsApiErrorKind, string]>([
  ['unavailable', 'unknown'],
  ['rejected', 'unknown'],
  ['not-found', 'no'],
  ['invalid-state', 'no'],
  ['access-denied', 'no'],
  ['credentials', 'no'],
  ['throttled', 'no'],
])('a request that failed with %s was carried out: %s, by default', (kind, wasCarriedOut) => {
  expect(new DmsApiError(kind, 'AFault', 'why')).toMatchObject({
    name: 'DmsApiError',
    kind,
    message: 'why',
    requestId: null,
    wasCarriedOut,
  });
});

test('an explicit effect of a failed request overrides the default of its kind', () => {
  expect(new DmsApiError('rejected', 'AFault', 'why', 'r', 'no').wasCarriedOut).toBe('no');
});
