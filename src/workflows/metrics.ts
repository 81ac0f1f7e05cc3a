/** Metrics that workflows count. Temporal's SDK counts nothing during a replay. docs/metrics.md names them all. */
import { metricMeter } from '@temporalio/workflow';
import type { StopIntent } from '../contract/inputs.js';

const operations = metricMeter.createCounter('dms_operations', '1', 'Operations that ended, by kind and outcome');
const stopSeconds = metricMeter.createHistogram(
  'dms_stop_duration_seconds',
  'float',
  's',
  'Time from the call of a stop until DMS stopped, until a look saw that, and until it was recorded',
);
const records = metricMeter.createCounter('dms_records', '1', 'Records written into ledgers, by intent');
const archived = metricMeter.createCounter('dms_records_archived', '1', 'Records copied into the archive, by result');
const warnings = metricMeter.createCounter(
  'dms_deadline_warnings',
  '1',
  'Warnings of the deadline guard, by hours left',
);
const phases = metricMeter.createCounter('dms_cutover_phases', '1', 'Phases that cutovers entered');
const writesStopped = metricMeter.createGauge(
  'dms_cutover_writes_stopped',
  'int',
  '1',
  '1 while a cutover keeps the source from taking writes, else 0',
);
const writesStoppedSeconds = metricMeter.createHistogram(
  'dms_cutover_writes_stopped_seconds',
  'float',
  's',
  'Time for which a cutover stopped writes, by outcome',
);

/** Counts the end of an operation. `outcome`: its outcome, or its failure type. */
export function countOperation(kind: string, outcome: string): void {
  operations.add(1, { kind, outcome });
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
  const measure = (seconds: number, until: string) => stopSeconds.record(Math.max(0, seconds), { until });
  measure((stoppedAt - calledAt) / 1000, 'stopped');
  measure(detectionSeconds, 'detected');
  measure((recordedAt - calledAt) / 1000, 'recorded');
}

/** Counts a record that was written. */
export function countRecord(intent: StopIntent): void {
  records.add(1, { intent });
}

/** Counts a record that left the queue of the archive. */
export function countArchived(result: 'copied' | 'given-up'): void {
  archived.add(1, { result });
}

/** Whole hours for which warnings are counted apart. */
const HOURS = [0, 1, 3, 6, 12, 24, 48];

/** Counts a warning of the deadline guard. */
export function countDeadlineWarning(resumeBy: string, now: number): void {
  const hours = (Date.parse(resumeBy) - now) / 3_600_000;
  const bucket = HOURS.find((each) => hours <= each) ?? HOURS.at(-1);
  warnings.add(1, { hours_left: String(bucket) });
}

/** Counts the phase that a cutover enters. */
export function countCutoverPhase(phase: string): void {
  phases.add(1, { phase });
}

/** Shows whether a cutover keeps writes stopped. Each change of its state shows it, so a new worker soon does, too. */
export function showWritesStopped(cutoverId: string, isStopped: boolean): void {
  writesStopped.set(isStopped ? 1 : 0, { cutover_id: cutoverId });
}

/** Measures for how long a cutover that has ended stopped writes. `null`: it did not. */
export function measureCutover(outcome: string, seconds: number | null): void {
  if (seconds !== null) writesStoppedSeconds.record(seconds, { outcome });
}
