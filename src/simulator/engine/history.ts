/** The recent past of a replication, for looks that are older than the looks before them. */
import type { Config, Row, View } from './model.js';
import type { Source } from './source.js';

/** Simulated seconds of the past that every replication remembers: the highest age of a stale look. */
export const REMEMBERED_SECONDS = 120;
/** Bounds what a replication remembers when its status changes all the time. */
const MAX_PERIODS = 50;

/** Everything that looks can show of a replication at one time. */
export interface Moment extends View {
  readonly config: Config;
}

/** Time in which nothing changed but what follows from time itself: the end of it, and what was shown then. */
interface Period {
  readonly until: number;
  readonly last: Moment;
}

/** Remembers a replication at each of its changes, and computes what it showed in between. All times are epoch seconds. */
export class History {
  #periods: Period[] = [];

  constructor(
    private readonly source: Source,
    /** Writes the statistics of a running replication into its row. */
    private readonly run: (row: Row, time: number) => void,
  ) {}

  /** Remembers `now`, which changes at `until`. Several changes at one time end one period. */
  add(until: number, now: Moment): void {
    const newest = this.#periods.at(-1);
    if (newest !== undefined && newest.until >= until) return;
    const kept = this.#periods.filter((each) => each.until > until - REMEMBERED_SECONDS);
    this.#periods = [...kept.slice(1 - MAX_PERIODS), { until, last: copyOf(now) }];
  }

  /** The replication as it was at a time, when it is as in `now` since the last change. */
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

  /** Until CDC has a checkpoint of its own, the row shows the one before. */
  #runOn(row: Row, time: number, checkpointBefore: string | undefined): void {
    this.run(row, time);
    if (this.source.runAt(time) === null) return;
    const checkpoint = this.source.runningCheckpoint(time) ?? checkpointBefore;
    if (checkpoint === undefined) delete row.RecoveryCheckpoint;
    else row.RecoveryCheckpoint = checkpoint;
  }
}

/** Shares long texts with the original, which never changes them. */
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
