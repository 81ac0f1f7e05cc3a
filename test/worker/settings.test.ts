import { expect, test } from 'vitest';
import { readSettings } from '../../src/worker/settings.js';

test.each(['', ' ', ' , '])('an allow-list without an entry counts as unset: "%s"', (value) => {
  expect(readSettings({ TEMPORAL_DMS_ALLOW: value }).allow).toBeUndefined();
});

test('an allow-list with an entry allows that entry alone', () => {
  const allowed = 'arn:aws:dms:eu-west-1:123456789012:replication-config:orders-*';
  expect(readSettings({ TEMPORAL_DMS_ALLOW: ` ${allowed} ,` }).allow).toEqual([allowed]);
});
