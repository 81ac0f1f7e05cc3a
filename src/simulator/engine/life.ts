import { History, type StateAtTime } from './history.js';
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

/**
 * Replication in simulated time: its row, its history, and its scheduled events, such as deprovisioning.
 *
 * All times are epoch seconds. Invariant: every change of the row calls `remember` first.
 */
export class Life {
  readonly source: Source;
  readonly tables: Tables;
  /** Steps that fail with the given messages, or never end (`null`). */
  readonly troubledSteps = new Map<Step, readonly string[] | null>();
  /** True once a start was accepted. */
  hasRow = false;
  /** Time up to which changes were replicated. */
  replicatedUntil: number;
  /** Number of earlier databases behind the target endpoint. */
  targetsBefore = 0;
  protected readonly shown: ShownRow;
  protected readonly schedule = new Schedule();
  readonly #history: History;
  #time: number;

  constructor(
    readonly config: Config,
    tables: TableSettings,
    source: SourceSettings,
    public durations: Durations,
    readonly uncertain: Uncertain,
    time: number,
  ) {
    this.#time = time;
    this.replicatedUntil = time;
    this.source = new Source(source, time);
    this.tables = new Tables(tables, config);
    this.shown = new ShownRow(config, uncertain, time);
    this.#history = new History(this.source, (row, at) =>
      this.shown.updateStatistics(row, at, this.durations.fullLoad, this.tables),
    );
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

  get now(): StateAtTime {
    const { row, replicatedUntil: time, hasRow, config, targetsBefore } = this;
    return { row, time, hasRow, config, targetsBefore };
  }

  /** Returns the state that looks showed at a time in the last two minutes. */
  at(time: number): StateAtTime {
    return this.#history.at(time, this.now);
  }

  /** Runs all events that are due at `now`, then moves the time there. */
  advance(now: number): void {
    for (let due = this.schedule.take(now); due !== null; due = this.schedule.take(now)) {
      this.#moveTo(due.at);
      this.addToHistory();
      due.apply();
    }
    this.#moveTo(now);
  }

  #moveTo(time: number): void {
    this.#time = Math.max(this.#time, time);
    const { Status: status } = this.row;
    if (status === 'running' || status === 'stopping') this.replicatedUntil = this.#time;
    if (status !== 'running') return;
    this.shown.updateStatistics(this.row, this.#time, this.durations.fullLoad, this.tables);
    const checkpoint = this.source.isRunning ? this.source.runningCheckpoint(this.#time) : null;
    if (checkpoint !== null) this.row.RecoveryCheckpoint = checkpoint;
  }

  /** Adds the present state to the history. Must be called before each change of the row. */
  protected addToHistory(): void {
    this.#history.add(this.#time, this.now);
  }

  protected enter(status: string): void {
    this.shown.enter(status, this.#time);
  }

  protected scheduleAfter(seconds: number, apply: () => void): void {
    this.schedule.add(this.#time + seconds, apply);
  }

  /** Ends the run. The row shows the reason, the times and the final checkpoint of the stop seconds later. */
  protected endRun(reason: string): void {
    const stoppedAt = this.#time;
    const hadCheckpoint = this.source.isRunning;
    this.schedule.clear();
    this.source.end(stoppedAt);
    this.enter('stopped');
    // A stop can abort a start whose capacity is still being provisioned.
    if (this.shown.hasProvisionState('provisioning')) this.shown.provision('deprovisioned', 0);
    this.scheduleAfter(this.durations.describingStop, () => {
      this.row.StopReason = reason;
      this.row.ReplicationLastStopTime = stoppedAt;
      this.row.ReplicationStats = { ...this.row.ReplicationStats, StopDate: stoppedAt };
      const finishedLoad = reason.endsWith('FULL_LOAD_ONLY_FINISHED');
      this.scheduleDeprovisioning(stoppedAt + (finishedLoad ? this.durations.idleAfterFullLoad : 48 * HOUR));
    });
    if (hadCheckpoint)
      this.scheduleAfter(
        this.durations.flushingCheckpoint,
        () => (this.row.RecoveryCheckpoint = this.source.finalCheckpoint(stoppedAt)),
      );
  }

  protected scheduleDeprovisioning(at: number): void {
    this.row.ReplicationDeprovisionTime = at;
    this.schedule.add(at, () => this.deprovision(at));
  }

  protected deprovision(at: number): void {
    // DMS deprovisions only a replication at rest. Any other one is tried again a minute later.
    if (!isAtRest(this.row.Status)) return this.scheduleAfter(60, () => this.deprovision(this.#time));
    this.shown.provision('deprovisioning', this.row.ProvisionData.ProvisionedCapacityUnits);
    if (this.uncertain.deprovisionShownIn === 'status' && this.row.Status === 'stopped')
      this.row.Status = 'deprovisioning';
    if (this.troubledSteps.get('deprovisioning') === null) return;
    this.schedule.add(at + this.durations.deprovisioning, () => this.#finishDeprovisioning());
  }

  #finishDeprovisioning(): void {
    this.shown.provision('deprovisioned', 0);
    if (this.row.Status === 'deprovisioning') this.row.Status = 'deprovisioned';
    this.shown.dropStatistics();
  }
}
