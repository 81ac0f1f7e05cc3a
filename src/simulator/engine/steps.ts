/** Steps that a start goes through until `running`, in this order. */
export const startSteps = [
  'initializing',
  'preparing_metadata_resources',
  'testing_connection',
  'fetching_metadata',
  'calculating_capacity',
  'provisioning_capacity',
  'replication_starting',
] as const;
/** Step of a start: a status between the request and `running`. */
export type StartStep = (typeof startSteps)[number];

/** Steps that take time, and may fail or hang. */
export const steps = [...startSteps, 'modifying', 'deleting', 'deprovisioning'] as const;
/** Step that takes time, and may fail or hang. */
export type Step = (typeof steps)[number];

/** Durations of the steps, in simulated seconds. A whole start takes 2,520 by default. */
export interface Durations extends Readonly<Record<StartStep, number>> {
  /** Time from the accepted stop until `stopped`. Default 90. */
  readonly stopping: number;
  /** Time of a modification. Default 120. */
  readonly modifying: number;
  /** Time of a deletion. Default 120. */
  readonly deleting: number;
  /** Time from the deprovision time until `deprovisioned`. Default 300. */
  readonly deprovisioning: number;
  /** Time of a full load. Default 600. */
  readonly fullLoad: number;
  /** Time of a premigration assessment. Default 240. */
  readonly assessing: number;
  /** Time from the end of a full load until DMS deprovisions by itself. Default 300. */
  readonly idleAfterFullLoad: number;
  /** Time from `stopped` until the row shows the stop's reason, stop time and deprovision time. Default 3. */
  readonly describingStop: number;
  /** Time from `stopped` until the row shows the final checkpoint. Default 6. */
  readonly flushingCheckpoint: number;
  /** Time of a table's validation, counted from `running` or from the end of its load. Default 120. */
  readonly validating: number;
  /** Time from a metric's first value, at the start of CDC, until its next value. Default 600. */
  readonly spinningUp: number;
}

/** Default durations, from reports of real runs. A start takes about forty minutes. */
export const defaultDurations: Durations = {
  initializing: 180,
  preparing_metadata_resources: 900,
  testing_connection: 180,
  fetching_metadata: 240,
  calculating_capacity: 90,
  provisioning_capacity: 840,
  replication_starting: 90,
  stopping: 90,
  modifying: 120,
  deleting: 120,
  deprovisioning: 300,
  fullLoad: 600,
  assessing: 240,
  idleAfterFullLoad: 300,
  describingStop: 3,
  flushingCheckpoint: 6,
  validating: 120,
  spinningUp: 600,
};
