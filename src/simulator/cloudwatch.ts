import { AwsFault } from './model.js';
import type { SimulatedReplication } from './replication.js';

type Metric = (replication: SimulatedReplication, time: number, seconds: number) => number;

/** How long CDC spins up: after the first value there is none for this long. */
const SPIN_UP_SECONDS = 600;
/** More values than this are refused, as CloudWatch does. */
const MAX_VALUES = 100_800;

const rowsBetween =
  (which: 'captured' | 'applied'): Metric =>
  ({ source }, time, seconds) =>
    Math.max(0, source.rows(time)[which] - source.rows(time - seconds)[which]) / seconds;

/** The metrics of a serverless replication, at a moment. Latencies are in seconds. */
const metrics: Readonly<Record<string, Metric>> = {
  CDCLatencySource: ({ source }, time) => Math.round(time - source.capturedAt(time)),
  CDCLatencyTarget: ({ source }, time) => Math.round(time - source.appliedAt(time)),
  CDCIncomingChanges: ({ source }, time) => Math.round(source.rows(time).captured - source.rows(time).applied),
  CDCThroughputRowsSource: rowsBetween('captured'),
  CDCThroughputRowsTarget: rowsBetween('applied'),
  CapacityUtilization({ source }, time) {
    const behind = time - source.appliedAt(time);
    return source.settings.bytesPerSecond === 0 ? 1 : Math.min(95, 10 + behind / 10);
  },
};

interface MetricQuery {
  readonly Id: string;
  readonly MetricStat?: {
    readonly Metric?: {
      readonly Namespace?: string;
      readonly MetricName?: string;
      readonly Dimensions?: readonly { readonly Name: string; readonly Value: string }[];
    };
    readonly Period?: number;
    readonly Stat?: string;
  };
  readonly Label?: string;
  readonly ReturnData?: boolean;
}

/** `GetMetricData` of `AWS/DMS` with the dimension ReplicationConfigId (`<account>:<config id>`). */
export function getMetricData(
  input: Readonly<Record<string, unknown>>,
  find: (id: string) => SimulatedReplication | undefined,
  now: number,
): Record<string, unknown> {
  const { MetricDataQueries: queries, StartTime: start, EndTime: end, ScanBy: order } = input;
  if (!Array.isArray(queries) || typeof start !== 'number' || typeof end !== 'number') {
    throw new AwsFault('ValidationException', 'MetricDataQueries, StartTime and EndTime are required');
  }
  if (end <= start) throw new AwsFault('ValidationException', 'StartTime must be less than EndTime');
  const results = (queries as readonly MetricQuery[])
    .filter(({ ReturnData }) => ReturnData !== false)
    .map((query) => {
      const values = valuesOf(query, start, Math.min(end, now), find);
      if (order !== 'TimestampAscending') values.reverse();
      const label = query.Label ?? query.MetricStat?.Metric?.MetricName ?? query.Id;
      const [Timestamps, Values] = [values.map(([at]) => at), values.map(([, value]) => value)];
      return { Id: query.Id, Label: label, Timestamps, Values, StatusCode: 'Complete' };
    });
  return { MetricDataResults: results, Messages: [] };
}

function valuesOf(
  { MetricStat: asked }: MetricQuery,
  start: number,
  end: number,
  find: (id: string) => SimulatedReplication | undefined,
): [at: number, value: number][] {
  const { Metric: metric, Period: period } = asked ?? {};
  if (metric === undefined || typeof period !== 'number' || period < 60 || period % 60 !== 0) {
    throw new AwsFault(
      'ValidationException',
      'Each query takes a MetricStat with a Metric, and a Period that is a multiple of 60',
    );
  }
  if ((end - start) / period > MAX_VALUES)
    throw new AwsFault('ValidationException', 'Too many data points are asked for');
  const [dimension, ...others] = metric.Dimensions ?? [];
  const measure = metrics[metric.MetricName ?? ''];
  const isOurs = metric.Namespace === 'AWS/DMS' && dimension?.Name === 'ReplicationConfigId' && others.length === 0;
  const replication = isOurs ? find(dimension.Value) : undefined;
  if (replication === undefined || measure === undefined) return [];
  const values: [number, number][] = [];
  for (let at = Math.floor(start / period) * period; at < end; at += period) {
    const run = replication.source.runAt(Math.min(at + period, end) - 0.001);
    if (run === null || run.from >= at + period) continue;
    const isFirst = run.from >= at;
    if (!isFirst && at - run.from < SPIN_UP_SECONDS) continue;
    // A first value is that of the beginning, when the whole gap is still to be caught up.
    values.push([at, measure(replication, isFirst ? run.from : Math.min(at + period, end), period)]);
  }
  return values;
}
