import { AwsFault } from '../engine/aws-fault.js';
import type { SimulatedReplication } from '../engine/replication.js';
import { totalOf } from '../engine/tables.js';

type Metric = (replication: SimulatedReplication, time: number, seconds: number) => number;

/** Maximum number of values in an answer. CloudWatch also refuses more. */
const MAX_VALUES = 100_800;
const MAX_QUERIES = 500;

const rowsBetween =
  (which: 'captured' | 'applied'): Metric =>
  ({ source, tables }, time, seconds) => {
    const at = (moment: number) => (which === 'captured' ? source.capturedAt(moment) : source.appliedAt(moment));
    return totalOf(tables.sum(which, source.log.between(at(time - seconds), at(time)))) / seconds;
  };

/** Metrics of a serverless replication at a time. Latencies are in seconds. */
const metrics: Readonly<Record<string, Metric>> = {
  // An open transaction keeps the latency growing, although capturing goes on.
  CDCLatencySource: ({ source }, time) =>
    Math.round(time - Math.min(source.capturedAt(time), source.openTransactionPosition(time) ?? Infinity)),
  CDCLatencyTarget: ({ source }, time) => Math.round(time - source.appliedAt(time)),
  CDCIncomingChanges({ source, tables }, time) {
    const waiting = source.log.between(source.appliedAt(time), source.capturedAt(time));
    return Math.round(totalOf(tables.sum('captured', waiting)));
  },
  CDCThroughputRowsSource: rowsBetween('captured'),
  CDCThroughputRowsTarget: rowsBetween('applied'),
  CapacityUtilization({ source }, time) {
    const behind = time - source.appliedAt(time);
    return source.log.bytesPerSecondAt(time) === 0 ? 1 : Math.min(95, 10 + behind / 10);
  },
};

interface MetricQuery {
  readonly Id: string;
  readonly Label: string | null;
  readonly ReturnData: boolean;
  readonly Period: number;
  readonly Metric: {
    readonly Namespace: string;
    readonly MetricName: string;
    readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
  };
}

/** Reads a query from an unknown client. Throws a `ValidationError` if the query is invalid. */
function readQuery(query: unknown): MetricQuery {
  const { Id, Label, ReturnData, MetricStat } = recordOf(query);
  const { Metric, Period } = recordOf(MetricStat);
  const { Namespace, MetricName, Dimensions } = recordOf(Metric);
  if (typeof Id !== 'string' || typeof Period !== 'number' || Period < 60 || Period % 60 !== 0) {
    const what = 'Each query takes an Id and a MetricStat with a Metric, and a Period that is a multiple of 60';
    throw new AwsFault('ValidationError', what);
  }
  const dimensions = (Array.isArray(Dimensions) ? Dimensions : []).map((each) => {
    const { Name, Value } = recordOf(each);
    return { Name: String(Name), Value: String(Value) };
  });
  return {
    Id,
    Label: typeof Label === 'string' ? Label : null,
    ReturnData: ReturnData !== false,
    Period,
    Metric: { Namespace: textOf(Namespace), MetricName: textOf(MetricName), Dimensions: dimensions },
  };
}

/** Returns the config ids in the dimensions of a query. A dimension's value is `<account>:<config id>`. */
export function configIdsOf(query: unknown): readonly string[] {
  const { Dimensions: dimensions } = recordOf(recordOf(recordOf(query)['MetricStat'])['Metric']);
  if (!Array.isArray(dimensions)) return [];
  return dimensions.flatMap((each) => {
    const value = recordOf(each)['Value'];
    return typeof value === 'string' ? [value.slice(value.indexOf(':') + 1)] : [];
  });
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Answers `GetMetricData` for `AWS/DMS` with the dimension ReplicationConfigId (`<account>:<config id>`). */
export function getMetricData(
  input: Readonly<Record<string, unknown>>,
  find: (id: string) => SimulatedReplication | undefined,
  now: number,
): Record<string, unknown> {
  const { MetricDataQueries: queries, StartTime: start, EndTime: end, ScanBy: order } = input;
  if (!Array.isArray(queries) || typeof start !== 'number' || typeof end !== 'number') {
    throw new AwsFault('ValidationError', 'MetricDataQueries, StartTime and EndTime are required');
  }
  if (end <= start) throw new AwsFault('ValidationError', 'StartTime must be less than EndTime');
  if (queries.length > MAX_QUERIES) throw new AwsFault('ValidationError', `At most ${MAX_QUERIES} queries are taken`);
  const wanted = queries.map(readQuery).filter(({ ReturnData }) => ReturnData);
  const points = wanted.reduce((sum, { Period }) => sum + (Math.min(end, now) - start) / Period, 0);
  if (points > MAX_VALUES) throw new AwsFault('ValidationError', 'Too many data points are asked for');
  const results = wanted.map((query) => {
    const values = valuesOf(query, start, Math.min(end, now), find);
    if (order !== 'TimestampAscending') values.reverse();
    const label = query.Label ?? query.Metric.MetricName;
    const [Timestamps, Values] = [values.map(([at]) => at), values.map(([, value]) => value)];
    return { Id: query.Id, Label: label, Timestamps, Values, StatusCode: 'Complete' };
  });
  return { MetricDataResults: results, Messages: [] };
}

function valuesOf(
  { Metric: metric, Period: period }: MetricQuery,
  start: number,
  end: number,
  find: (id: string) => SimulatedReplication | undefined,
): [at: number, value: number][] {
  const [dimension, ...others] = metric.Dimensions;
  const measure = Object.hasOwn(metrics, metric.MetricName) ? metrics[metric.MetricName] : undefined;
  const isOurs = metric.Namespace === 'AWS/DMS' && dimension?.Name === 'ReplicationConfigId' && others.length === 0;
  const replication = isOurs ? find(dimension.Value) : undefined;
  if (replication === undefined || measure === undefined) return [];
  const values: [number, number][] = [];
  for (let at = Math.floor(start / period) * period; at < end; at += period) {
    const run = replication.source.runAt(Math.min(at + period, end) - 0.001);
    if (run === null || run.began >= at + period) continue;
    const isFirst = run.began >= at;
    if (!isFirst && at - run.began < replication.durations.spinningUp) continue;
    // The first value shows the start of CDC, when the whole gap is still open.
    values.push([at, measure(replication, isFirst ? run.began : Math.min(at + period, end), period)]);
  }
  return values;
}
