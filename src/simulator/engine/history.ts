/** Recent past of a replication, for stale looks. */
import type { Config, Row, View } from './model.js';
import type { Source } from './source.js';

/** Maximum age of a stale look, in simulated seconds. Every replication keeps this much of its past. */
export const REMEMBERED_SECONDS = 120;
/** Maximum number of periods that a replication keeps. Bounds the memory if its status changes often. */
const MAX_PERIODS = 50;

/** State of a replication at one time, as far as looks can show it. */
export interface Moment extends View {
  readonly config: Config;
}

/** Period in which only values that follow from time changed. `until` is its end, `last` the state at its end. */
interface Period {
  readonly until: number;
  readonly last: Moment;
}

/** Keeps the state of a replication at each of its changes, and computes the states in between. All times are epoch seconds. */
export class History {
  #periods: Period[] = [];

  constructor(
    private readonly source: Source,
    /** Writes the statistics of a running replication into its row. */
    private readonly run: (row: Row, time: number) => void,
  ) {}

  /** Keeps `now`, the state before a change at `until`. Of several changes at one time only the first is kept. */
  add(until: number, now: Moment): void {
    const newest = this.#periods.at(-1);
    if (newest !== undefined && newest.until >= until) return;
    const kept = this.#periods.filter((each) => each.until > until - REMEMBERED_SECONDS);
    this.#periods = [...kept.slice(1 - MAX_PERIODS), { until, last: copyOf(now) }];
  }

  /** Returns the state at a time. `now` is the present state. */
  at(time: number, now: Moment): Moment {
    const index = this.#periods.findIndex(({ until }) => until > time);
    const [before, { last }] =
      index === -1
        ? [this.#periods.at(-1), { last: now }]
        : [this.#periods[index - 1], this.#periods[index] ?? { last: now }];
    const then = { ...copyOf(last), time: Math.min(last.time, time) };
    if (then.row.Status === 'running') this.#runOn(then.row, time, before?.last.row.RecoveryCheckpoint);
    return then;
  }

  /** Updates statistics and checkpoint of a running row. Until CDC has a checkpoint of its own, the row shows the previous one. */
  #runOn(row: Row, time: number, checkpointBefore: string | undefined): void {
    this.run(row, time);
    if (this.source.runAt(time) === null) return;
    const checkpoint = this.source.runningCheckpoint(time) ?? checkpointBefore;
    if (checkpoint === undefined) delete row.RecoveryCheckpoint;
    else row.RecoveryCheckpoint = checkpoint;
  }
}

/** Copies a state. The copy shares long texts with the original, because nobody changes them. */
function copyOf(moment: Moment): Moment {
  const { row, config } = moment;
  const { PremigrationAssessmentStatuses: assessments } = row;
  return {
    ...moment,
    config: { ...config },
    row: {
      ...row,
      FailureMessages: [...row.FailureMessages],
      ReplicationStats: { ...row.ReplicationStats },
      ...(assessments === undefined ? {} : { PremigrationAssessmentStatuses: structuredClone(assessments) }),
    },
  };
}
