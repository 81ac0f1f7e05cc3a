/** Metrics that workflows count. Temporal's SDK counts nothing during a replay. docs/metrics.md names them all. */
import { metricMeter } from '@temporalio/workflow';
import type { StopIntent } from '../contract/inputs.js';

// Meters exist only while a workflow runs. Importing this file must work elsewhere, too, so each call makes its metric.
const counter = (name: string, description: string) => metricMeter.createCounter(name, '1', description);
const seconds = (name: string, description: string) => metricMeter.createHistogram(name, 'float', 's', description);

/** Gauge of a time, as Unix time in seconds. `null` shows nothing. */
const time = (name: string, description: string) => ({
  show(at: string | null, tags: Readonly<Record<string, string>>): void {
    const ms = Date.parse(at ?? '');
    if (ms >= 0) metricMeter.createGauge(name, 'float', 's', description).set(ms / 1000, tags);
  },
});

/** Counts the end of an operation. `outcome`: its outcome, or its failure type. */
export function countOperation(kind: string, outcome: string): void {
  counter('dms_operations', 'Operations that ended, by kind and outcome').add(1, { kind, outcome });
}

/** Times of a stop, in ms. `stoppedAt` is by DMS's clock, the others are by Temporal's. */
interface StopTimes {
  readonly calledAt: number;
  readonly stoppedAt: number;
  /** Seconds from the stop until a look saw it settled, without the settling itself. By DMS's clock. */
  readonly detectionSeconds: number;
  readonly recordedAt: number;
}

/** Measures a stop that this operation called. Two clocks may differ, so a negative time counts as none. */
export function measureStop({ calledAt, stoppedAt, detectionSeconds, recordedAt }: StopTimes): void {
  const duration = seconds(
    'dms_stop_duration_seconds',
    'Time from the call of a stop until DMS stopped, until a look saw that, and until it was recorded',
  );
  const measure = (value: number, until: string) => duration.record(Math.max(0, value), { until });
  measure((stoppedAt - calledAt) / 1000, 'stopped');
  measure(detectionSeconds, 'detected');
  measure((recordedAt - calledAt) / 1000, 'recorded');
}

/** Counts a record that was written. */
export function countRecord(intent: StopIntent): void {
  counter('dms_records', 'Records written into ledgers, by intent').add(1, { intent });
}

/** Counts a record that left the queue of the archive. */
export function countArchived(result: 'copied' | 'given-up'): void {
  counter('dms_records_archived', 'Records that left the queue of the archive, by result').add(1, { result });
}

/**
 * Shows whether records of a replication wait for its archive. The newest of both times tells, over all workers.
 *
 * Each attempt to copy also sets `dms_archive_waiting_at`. So a broken archive keeps reporting.
 */
export function showArchiveQueue(replication: string, isWaiting: boolean, now: string): void {
  const tags = { replication };
  if (isWaiting) time('dms_archive_waiting_at', 'Newest time at which records waited for the archive').show(now, tags);
  else time('dms_archive_empty_at', 'Newest time at which no record waited for the archive').show(now, tags);
}

/** Whole hours for which warnings are counted apart. */
const HOURS = [0, 1, 3, 6, 12, 24, 48];

/** Counts a warning of the deadline guard. */
export function countDeadlineWarning(resumeBy: string, now: number): void {
  const hours = (Date.parse(resumeBy) - now) / 3_600_000;
  const bucket = HOURS.find((each) => hours <= each) ?? HOURS.at(-1);
  counter('dms_deadline_warnings', 'Warnings of the deadline guard, by hours left').add(1, {
    hours_left: String(bucket),
  });
}

/**
 * Shows until when a guarded replication can be resumed, or that no guard runs for its newest stop.
 *
 * A guard runs while its `dms_resume_by` is later than each `dms_resume_by_ended`, over all workers. Both are the end
 * of a resume window. A later stop has a later window, so an older `dms_resume_by_ended` does not hide its
 * guard.
 */
export function showResumeWindow(
  replication: string,
  { guardedUntil, newestResumeBy }: { readonly guardedUntil: string | null; readonly newestResumeBy: string | null },
): void {
  const tags = { replication };
  if (guardedUntil !== null)
    time('dms_resume_by', 'End of the resume window that a deadline guard watches').show(guardedUntil, tags);
  else
    time('dms_resume_by_ended', 'End of the newest resume window that no deadline guard watches any more').show(
      newestResumeBy,
      tags,
    );
}

/** Counts the phase that a cutover enters. */
export function countCutoverPhase(phase: string): void {
  counter('dms_cutover_phases', 'Phases that cutovers entered').add(1, { phase });
}

/**
 * Shows when a cutover last stopped and resumed writes.
 *
 * A worker keeps what it showed last, also after another worker has taken the cutover over. So the state is two times,
 * and the newest time of all workers counts.
 */
export function showWrites(cutoverId: string, stoppedAt: string | null, resumedAt: string | null): void {
  const tags = { cutover_id: cutoverId };
  time('dms_cutover_writes_stopped_at', 'Time at which a cutover began to stop writes').show(stoppedAt, tags);
  time('dms_cutover_writes_resumed_at', 'Time at which writes went on, on the source or the target').show(
    resumedAt,
    tags,
  );
}

/**
 * Measures for how long a cutover that has ended stopped writes. `null`: it did not, or writes are still stopped.
 * `outcome`: that of the result, or `undecided`.
 */
export function measureCutover(outcome: string, stoppedSeconds: number | null): void {
  if (stoppedSeconds === null) return;
  const what = 'Time for which a cutover stopped writes, by outcome';
  seconds('dms_cutover_writes_stopped_seconds', what).record(stoppedSeconds, { outcome });
}
