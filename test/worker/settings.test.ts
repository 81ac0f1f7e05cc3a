import { expect, test } from 'vitest';
import { readSettings } from '../../src/worker/settings.js';

test.each(['', ' ', ' , '])('an allow-list without an entry counts as unset: "%s"', (value) => {
  expect(readSettings({ TEMPORAL_DMS_ALLOW: value }).allow).toBeUndefined();
});

test('an allow-list with an entry allows that entry alone', () => {
  const allowed = 'arn:aws:dms:eu-west-1:123456789012:replication-config:orders-*';
  expect(readSettings({ TEMPORAL_DMS_ALLOW: ` ${allowed} ,` }).allow).toEqual([allowed]);
});

test('metrics go nowhere by default', () => expect(readSettings({}).metrics).toBeNull());

test.each([
  ['prometheus://0.0.0.0:9464', { prometheus: { bindAddress: '0.0.0.0:9464' } }],
  ['http://collector:4317', { otel: { url: 'http://collector:4317', http: false } }],
  ['https://collector:4318/v1/metrics', { otel: { url: 'https://collector:4318/v1/metrics', http: true } }],
])('metrics go where "%s" says', (value, metrics) =>
  expect(readSettings({ TEMPORAL_DMS_METRICS: value }).metrics).toMatchObject(metrics),
);

test('histograms of metrics have buckets of seconds', () => {
  const { metrics } = readSettings({ TEMPORAL_DMS_METRICS: 'prometheus://0.0.0.0:9464' });
  const buckets = metrics !== null && 'prometheus' in metrics ? metrics.prometheus.histogramBucketOverrides : {};
  for (const name of ['dms_stop_duration_seconds', 'dms_cutover_writes_stopped_seconds'])
    expect(buckets?.[name]?.slice(0, 2)).toEqual([1, 2]);
});

test.each(['statsd', 'prometheus://', 'prometheus://localhost', 'ftp://collector'])(
  '"%s" is no place for metrics',
  (value) => expect(() => readSettings({ TEMPORAL_DMS_METRICS: value })).toThrow('TEMPORAL_DMS_METRICS'),
);
