import { formatCheckpoint } from './checkpoint-format.js';
import { writtenBetween, SourceLog, type Total } from './source-log.js';
import type { SourceSettings, Written } from './source-settings.js';

/** Minimum seconds from a write until it is applied. */
const LEAST_LAG = 0.4;
/** Minimum seconds from a write until it is captured. */
const LEAST_CAPTURE_LAG = 0.2;
/** Seconds by which the checkpoint lags while running. A stop flushes it. */
const CHECKPOINT_LAG = 30;
/** Seconds from the start of CDC until the first checkpoint is shown. */
const FIRST_CHECKPOINT = 10;
const MAX_RUNS = 100;

/** Transaction that pins the checkpoint while it is open. `position` is the applied position when it was opened. */
interface Transaction {
  readonly position: number;
  readonly opened: number;
  closed: number;
}

interface Run {
  /** Start of CDC. A change of `catchUp` splits a run into parts, which share this start. */
  readonly began: number;
  readonly from: number;
  until: number | null;
  /** Position up to which everything had been applied at `from`. */
  readonly applied: number;
  /** Position of the checkpoint at the start of CDC. */
  readonly checkpoint: number;
  readonly catchUp: number;
}

/**
 * Source database with a growing log, and the progress of a replication in it.
 *
 * A position in the log is a time of the source. The position stands for all writes up to that time.
 *
 * All values are computed from the runs so far, so callers can ask for any time.
 */
export class Source {
  settings: SourceSettings;
  /** Writes to its log. */
  readonly log: SourceLog;
  /** True if the present target has no rows of the full load. */
  isTargetEmpty = false;
  /** Total at the position from which rows are counted. */
  #counted: Total;
  /** Total at the position from which the present target has rows. */
  #inTarget: Total;
  #applied: number;
  #runs: Run[] = [];
  #transactions: Transaction[] = [];

  constructor(
    settings: SourceSettings,
    private readonly created: number,
  ) {
    this.settings = settings;
    this.#applied = created;
    this.log = new SourceLog(settings, created);
    this.#counted = this.log.totalAt(created);
    this.#inTarget = this.#counted;
  }

  /** Changes the settings from `now` on. Earlier writes and progress stay. */
  change(settings: Partial<SourceSettings>, now: number): void {
    const { catchUp } = this.settings;
    this.settings = { ...this.settings, ...settings };
    this.log.change(this.settings, now);
    const run = this.#runs.at(-1);
    if (this.settings.catchUp === catchUp || run === undefined || !this.isRunning) return;
    this.end(now);
    this.#push({ ...run, from: now, until: null, applied: this.#applied, catchUp: this.settings.catchUp });
  }

  /** Closes the open transaction, if any. Then opens a new one if `isOpen` is true. */
  transaction(isOpen: boolean, now: number): void {
    for (const each of this.#transactions) each.closed = Math.min(each.closed, now);
    if (!isOpen) return;
    const opened = { position: this.appliedAt(now), opened: now, closed: Infinity };
    this.#transactions = [...this.#transactions.slice(-MAX_RUNS), opened];
  }

  /**
   * Begins again, with a full load or with CDC alone. Counts rows from `from` on.
   *
   * A full load covers earlier writes. CDC alone leaves them out.
   */
  restart(now: number, from = now): void {
    this.end(now);
    this.#applied = Math.min(now, from);
    this.#counted = this.log.totalAt(this.#applied);
    this.#inTarget = this.#counted;
    this.isTargetEmpty = false;
  }

  /**
   * Starts CDC from its last position. `loaded`: starts at `now`, after a full load.
   *
   * `stuck`: CDC applies nothing.
   */
  begin(now: number, { loaded = false, stuck = false } = {}): void {
    this.end(now);
    if (loaded) this.restart(now);
    const { catchUp } = this.settings;
    const [applied, checkpoint] = [this.#applied, this.#pinToTransaction(this.#applied, now)];
    this.#push({ began: now, from: now, until: null, applied, checkpoint, catchUp: stuck ? 0 : catchUp });
  }

  #push(run: Run): void {
    this.#runs = [...this.#runs.slice(1 - MAX_RUNS), run];
  }

  end(now: number): void {
    const run = this.#runs.at(-1);
    if (run === undefined || run.until !== null) return;
    this.#applied = this.appliedAt(now);
    run.until = now;
  }

  /** Replaces the target with an empty one, without the rows applied so far. DMS does not notice. */
  emptyTarget(now: number): void {
    this.#inTarget = this.log.totalAt(this.appliedAt(now));
    this.isTargetEmpty = true;
  }

  /** Returns the writes applied to the present target. */
  targetRows(now: number): Written {
    return writtenBetween(this.#inTarget, this.log.totalAt(this.appliedAt(now)));
  }

  get isRunning(): boolean {
    return this.#runs.at(-1)?.until === null;
  }

  /** Returns true if the source no longer keeps the log that CDC needs to go on. */
  isLogGone(now: number): boolean {
    const { logRetentionSeconds } = this.settings;
    return logRetentionSeconds !== null && now - this.#applied > logRetentionSeconds;
  }

  /** Returns the position up to which everything was applied at a time. */
  appliedAt(time: number): number {
    const run = this.#runs.findLast(({ from }) => from <= time);
    if (run === undefined) return this.created;
    const until = Math.min(time, run.until ?? time);
    return Math.max(run.applied, Math.min(until - LEAST_LAG, run.applied + (until - run.from) * run.catchUp));
  }

  /**
   * Returns the position up to which everything was captured at a time.
   *
   * Capturing is twice as fast as applying, and never behind it.
   */
  capturedAt(time: number): number {
    const run = this.#runs.findLast(({ from }) => from <= time);
    if (run === undefined) return this.created;
    const until = Math.min(time, run.until ?? time);
    if (run.catchUp === 0) return run.applied;
    const captured = run.applied + (until - run.from) * run.catchUp * 2;
    return Math.max(this.appliedAt(time), Math.min(until - LEAST_CAPTURE_LAG, captured));
  }

  /** Returns the run in progress at a time. `null`: CDC did not run then. */
  runAt(time: number): { readonly began: number; readonly until: number | null } | null {
    const run = this.#runs.findLast(({ from }) => from <= time);
    return run === undefined || (run.until !== null && run.until < time) ? null : run;
  }

  /** Returns the checkpoint that running CDC shows at a time. `null`: it has not shown one yet. */
  runningCheckpoint(now: number): string | null {
    const run = this.#runs.findLast(({ from }) => from <= now);
    if (run === undefined || now - run.began < FIRST_CHECKPOINT) return null;
    const replicated = this.log.lastReplicated(this.#pinToTransaction(this.appliedAt(now) - CHECKPOINT_LAG, now));
    return this.#formatCheckpoint(Math.max(run.checkpoint, replicated));
  }

  /** Returns the final checkpoint of a stop: the applied position, or that of an open transaction. */
  finalCheckpoint(stopped: number): string {
    return this.#formatCheckpoint(this.#pinToTransaction(this.#applied, stopped));
  }

  /** Returns the position of the oldest transaction that was open at a time. `null`: none was open. */
  openTransactionPosition(time: number): number | null {
    return this.#openAt(time)?.position ?? null;
  }

  #openAt(time: number): Transaction | undefined {
    return this.#transactions.find(({ opened, closed }) => opened <= time && time < closed);
  }

  /** Returns the writes captured and applied since the counting began. */
  rows(now: number): { readonly captured: Written; readonly applied: Written } {
    return {
      captured: writtenBetween(this.#counted, this.log.totalAt(this.capturedAt(now))),
      applied: writtenBetween(this.#counted, this.log.totalAt(this.appliedAt(now))),
    };
  }

  #pinToTransaction(position: number, time: number): number {
    return Math.min(position, this.#openAt(time)?.position ?? Infinity);
  }

  #formatCheckpoint(position: number): string {
    return formatCheckpoint[this.settings.engine](Math.floor(this.log.totalAt(position).bytes));
  }
}
