/** Metrics that activities count, by the meter of the running activity. docs/metrics.md names them all. */
import { Context } from '@temporalio/activity';
import { noopMetricMeter, type MetricMeter } from '@temporalio/common';

/** Counts a request to DMS. `result`: `ok`, or the kind of the error. */
export function countRequest(tags: {
  readonly operation: string;
  readonly result: string;
  readonly account: string;
  readonly region: string;
}): void {
  currentMeter().createCounter('dms_requests', '1', 'Requests to DMS, by operation and result').add(1, tags);
}

/** Number of held attempts of each activity type in this process. The meter of an activity has its type as a tag. */
const held = new Map<string, number>();

/** Counts an attempt that is held, or that gives its slot back. */
export function countHeld(change: 1 | -1): void {
  const { activityType } = Context.current().info;
  const count = (held.get(activityType) ?? 0) + change;
  held.set(activityType, count);
  currentMeter().createGauge('dms_held_waits', 'int', '1', 'Attempts of waits that a worker holds').set(count);
}

/**
 * Shows that a record of a replication waits for the archive.
 *
 * Uses the server's time at which the attempt was scheduled. A later `dms_archive_empty_at` is then always greater.
 */
export function showArchiveWaiting(replication: string): void {
  const ms = Context.current().info.currentAttemptScheduledTimestampMs;
  currentMeter()
    .createGauge('dms_archive_waiting_at', 'float', 's', 'Newest time at which records waited for the archive')
    .set(ms / 1000, { replication });
}

/** Returns the meter of the running activity. A sweep runs with the meter of the activity that started it. */
function currentMeter(): MetricMeter {
  try {
    return Context.current().metricMeter;
  } catch {
    return noopMetricMeter; // not in an activity, such as in a script that uses the API alone
  }
}
