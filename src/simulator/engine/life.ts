import { History, type Moment } from './history.js';
import type { Config, Row, TableSettings } from './model.js';
import { ShownRow } from './row.js';
import { isAtRest } from './rules.js';
import { Schedule } from './schedule.js';
import type { SourceSettings } from './source-settings.js';
import { Source } from './source.js';
import type { Durations, Step } from './steps.js';
import { Tables } from './tables.js';
import type { Uncertain } from './uncertain.js';

export const HOUR = 3600;

/** Replication in simulated time: its row, its history, and its scheduled events, such as deprovisioning. All times are epoch seconds. */
export class Life {
  readonly source: Source;
  readonly tables: Tables;
  /** Steps that fail with the given messages, or never end (`null`). */
  readonly troubledSteps = new Map<Step, readonly string[] | null>();
  /** True once the replication was started. */
  hasRow = false;
  /** Time up to which rows have moved. */
  movedUntil: number;
  protected readonly shown: ShownRow;
  protected readonly schedule = new Schedule();
  readonly #history: History;
  #time: number;

  constructor(
    readonly config: Config,
    tables: TableSettings,
    source: SourceSettings,
    readonly durations: Durations,
    readonly uncertain: Uncertain,
    time: number,
  ) {
    this.#time = time;
    this.movedUntil = time;
    this.source = new Source(source, time);
    this.tables = new Tables(tables, config);
    this.shown = new ShownRow(config, uncertain, time);
    this.#history = new History(this.source, (row, at) => this.shown.run(row, at, durations.fullLoad, this.tables));
  }

  get arn(): string {
    return this.config.ReplicationConfigArn;
  }

  get time(): number {
    return this.#time;
  }

  get row(): Row {
    return this.shown.row;
  }

  get now(): Moment {
    const { row, movedUntil: time, hasRow, config } = this;
    return { row, time, hasRow, config };
  }

  /** Returns the state that looks showed at a time in the last two minutes. */
  at(time: number): Moment {
    return this.#history.at(time, this.now);
  }

  /** Runs all events that are due at `now`, then moves the time there. */
  advance(now: number): void {
    for (let due = this.schedule.take(now); due !== null; due = this.schedule.take(now)) {
      this.#moveTo(due.at);
      this.remember();
      due.apply();
    }
    this.#moveTo(now);
  }

  #moveTo(time: number): void {
    this.#time = Math.max(this.#time, time);
    const { Status: status } = this.row;
    if (status === 'running' || status === 'stopping') this.movedUntil = this.#time;
    if (status !== 'running') return;
    this.shown.run(this.row, this.#time, this.durations.fullLoad, this.tables);
    const checkpoint = this.source.isRunning ? this.source.runningCheckpoint(this.#time) : null;
    if (checkpoint !== null) this.row.RecoveryCheckpoint = checkpoint;
  }

  /** Adds the present state to the history. Changes of the row call this first. */
  protected remember(): void {
    this.#history.add(this.#time, this.now);
  }

  protected enter(status: string): void {
    this.shown.enter(status, this.#time);
  }

  protected after(seconds: number, apply: () => void): void {
    this.schedule.add(this.#time + seconds, apply);
  }

  /** Ends the run. The row shows the stop's reason and times, and its final checkpoint, a moment later. */
  protected stopped(reason: string): void {
    const stoppedAt = this.#time;
    const hadCheckpoint = this.source.isRunning;
    this.schedule.clear();
    this.source.end(stoppedAt);
    this.enter('stopped');
    // The stop has aborted a start that was provisioning its capacity.
    if (this.shown.is('provisioning')) this.shown.provision('deprovisioned', 0);
    this.after(this.durations.describingStop, () => {
      this.row.StopReason = reason;
      this.row.ReplicationLastStopTime = stoppedAt;
      this.row.ReplicationStats = { ...this.row.ReplicationStats, StopDate: stoppedAt };
      const finishedLoad = reason.endsWith('FULL_LOAD_ONLY_FINISHED');
      this.untilDeprovisioned(stoppedAt + (finishedLoad ? this.durations.idleAfterFullLoad : 48 * HOUR));
    });
    if (hadCheckpoint)
      this.after(
        this.durations.flushingCheckpoint,
        () => (this.row.RecoveryCheckpoint = this.source.finalCheckpoint(stoppedAt)),
      );
  }

  protected untilDeprovisioned(at: number): void {
    this.row.ReplicationDeprovisionTime = at;
    this.schedule.add(at, () => this.deprovision(at));
  }

  protected deprovision(at: number): void {
    // DMS does not deprovision a replication while it works on it: try again a minute later.
    if (!isAtRest(this.row.Status)) return this.after(60, () => this.deprovision(this.#time));
    this.shown.provision('deprovisioning', this.row.ProvisionData.ProvisionedCapacityUnits);
    if (this.uncertain.deprovisionShownIn === 'status') this.row.Status = 'deprovisioning';
    if (this.troubledSteps.get('deprovisioning') === null) return;
    this.schedule.add(at + this.durations.deprovisioning, () => this.#deprovisioned());
  }

  #deprovisioned(): void {
    this.shown.provision('deprovisioned', 0);
    if (this.uncertain.deprovisionShownIn === 'status') this.row.Status = 'deprovisioned';
    this.shown.forget();
  }
}
