/** The steps that a replication goes through, and how long they take. */
/** What a start goes through before it runs, in this order. */
export const startSteps = [
  'initializing',
  'preparing_metadata_resources',
  'testing_connection',
  'fetching_metadata',
  'calculating_capacity',
  'provisioning_capacity',
  'replication_starting',
] as const;
export type StartStep = (typeof startSteps)[number];

/** Whatever takes its time, and may fail or hang. */
export const steps = [...startSteps, 'modifying', 'deleting', 'deprovisioning'] as const;
export type Step = (typeof steps)[number];

/** How long each step takes, in simulated seconds. */
export interface Durations extends Readonly<Record<StartStep, number>> {
  readonly stopping: number;
  readonly modifying: number;
  readonly deleting: number;
  readonly deprovisioning: number;
  readonly fullLoad: number;
  /** A premigration assessment. */
  readonly assessing: number;
  /** From the end of a full load until DMS deprovisions by itself. */
  readonly idleAfterFullLoad: number;
  /** From `stopped` until stop reason, stop time and deprovision time are those of this stop. */
  readonly describingStop: number;
  /** From `stopped` until the checkpoint is the final one. */
  readonly flushingCheckpoint: number;
  /** From `running` until a table's validation is over. */
  readonly validating: number;
  /** From the first value of a metric after CDC began until the next. */
  readonly spinningUp: number;
}

/** From reports of real runs; a provision takes about forty minutes. */
export const usualDurations: Durations = {
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
