/** Recent past of a replication, for stale looks. */
import type { Config, Row, View } from './model.js';
import type { Source } from './source.js';

/** Maximum age of a stale look, in simulated seconds. Every replication keeps this much of its past. */
export const REMEMBERED_SECONDS = 120;
/** Maximum number of periods that a replication keeps. Bounds the memory if its status changes often. */
const MAX_PERIODS = 50;

/** State of a replication at one time, as far as looks can show it. */
export interface StateAtTime extends View {
  readonly config: Config;
  /** Number of earlier databases behind the target endpoint. */
  readonly targetsBefore: number;
}

/** Period without events, so every state in it follows from `last` and the time. `last` is the state at `until`. */
interface Period {
  readonly until: number;
  readonly last: StateAtTime;
}

/** Keeps the state of a replication before each change, and computes states in between. All times are epoch seconds. */
export class History {
  #periods: Period[] = [];

  constructor(
    private readonly source: Source,
    /** Writes the statistics of a running replication into its row. */
    private readonly run: (row: Row, time: number) => void,
  ) {}

  /** Keeps `now`, the state before a change at `until`. Of several changes at one time, keeps only the first. */
  add(until: number, now: StateAtTime): void {
    const newest = this.#periods.at(-1);
    if (newest !== undefined && newest.until >= until) return;
    const kept = this.#periods.filter((each) => each.until > until - REMEMBERED_SECONDS);
    this.#periods = [...kept.slice(1 - MAX_PERIODS), { until, last: copyOf(now) }];
  }

  /** Returns the state at a time. `now` is the present state. */
  at(time: number, now: StateAtTime): StateAtTime {
    const index = this.#periods.findIndex(({ until }) => until > time);
    const [before, { last }] =
      index === -1
        ? [this.#periods.at(-1), { last: now }]
        : [this.#periods[index - 1], this.#periods[index] ?? { last: now }];
    const then = { ...copyOf(last), time: Math.min(last.time, time) };
    if (then.row.Status === 'running') this.#runOn(then.row, time, before?.last.row.RecoveryCheckpoint);
    return then;
  }

  /**
   * Updates the statistics and the checkpoint of a running row.
   *
   * Until CDC shows its first checkpoint, the row keeps the previous one.
   */
  #runOn(row: Row, time: number, checkpointBefore: string | undefined): void {
    this.run(row, time);
    if (this.source.runAt(time) === null) return;
    const checkpoint = this.source.runningCheckpoint(time) ?? checkpointBefore;
    if (checkpoint === undefined) delete row.RecoveryCheckpoint;
    else row.RecoveryCheckpoint = checkpoint;
  }
}

/** Copies a state. Long texts stay shared with the original, because texts never change. */
function copyOf(moment: StateAtTime): StateAtTime {
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
