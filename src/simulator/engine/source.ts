import { formatCheckpoint } from './checkpoint-format.js';
import { since, SourceLog, type Total } from './source-log.js';
import type { SourceSettings, Written } from './source-settings.js';

/** Least delay from a write until it is applied. */
const LEAST_LAG = 0.4;
/** Least delay from a write until it is captured. */
const LEAST_CAPTURE_LAG = 0.2;
/** While running the checkpoint is that of a while ago; it is flushed once stopped. */
const CHECKPOINT_LAG = 30;
/** A checkpoint is first shown this long after CDC began. */
const FIRST_CHECKPOINT = 10;
const MAX_RUNS = 100;

/** One that pins the checkpoint: what had been applied when it was opened, and the time for which it was open. */
interface Transaction {
  readonly position: number;
  readonly opened: number;
  closed: number;
}

interface Run {
  /** Start of CDC; the same for all parts of a run in which the catching up changed. */
  readonly began: number;
  readonly from: number;
  until: number | null;
  /** Up to which second of the source's log everything had been applied when it began. */
  readonly applied: number;
  /** Checkpoint at that time. */
  readonly checkpoint: number;
  readonly catchUp: number;
}

/**
 * A source database with a log that grows, and how far a replication has come in it. Positions in the log are times of the source: everything
 * that was written up to then. All is computed from the runs so far, so that any moment can be asked for.
 */
export class Source {
  settings: SourceSettings;
  /** Writes to its log. */
  readonly log: SourceLog;
  /** Nothing of the full load is in the target that is there now. */
  isTargetEmpty = false;
  /** Amount written when the counting of rows began, and when the target was exchanged. */
  #counted: Total;
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

  /** From now on it is another one; what was written and applied so far stays. */
  change(settings: Partial<SourceSettings>, now: number): void {
    const { catchUp } = this.settings;
    this.settings = { ...this.settings, ...settings };
    this.log.change(this.settings, now);
    const run = this.#runs.at(-1);
    if (this.settings.catchUp === catchUp || run === undefined || !this.isRunning) return;
    this.end(now);
    this.#push({ ...run, from: now, until: null, applied: this.#applied, catchUp: this.settings.catchUp });
  }

  /** A transaction is opened, or whichever is open is closed. */
  transaction(isOpen: boolean, now: number): void {
    for (const each of this.#transactions) each.closed = Math.min(each.closed, now);
    if (!isOpen) return;
    const opened = { position: this.appliedAt(now), opened: now, closed: Infinity };
    this.#transactions = [...this.#transactions.slice(-MAX_RUNS), opened];
  }

  /** A full load begins, or CDC without one: rows are counted anew, and what was written before `from` comes with the load, or is left out. */
  restart(now: number, from = now): void {
    this.end(now);
    this.#applied = Math.min(now, from);
    this.#counted = this.log.totalAt(this.#applied);
    this.#inTarget = this.#counted;
    this.isTargetEmpty = false;
  }

  /** CDC begins, from where it was or, after a full load, with what is written now. A stuck one applies nothing. */
  begin(now: number, { loaded = false, stuck = false } = {}): void {
    this.end(now);
    if (loaded) this.restart(now);
    const { catchUp } = this.settings;
    const [applied, checkpoint] = [this.#applied, this.#pinned(this.#applied, now)];
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

  /** The target was exchanged for an empty one: what was applied so far is not there, and DMS does not know. */
  emptyTarget(now: number): void {
    this.#inTarget = this.log.totalAt(this.appliedAt(now));
    this.isTargetEmpty = true;
  }

  /** Amount applied to the present target. */
  targetRows(now: number): Written {
    return since(this.#inTarget, this.log.totalAt(this.appliedAt(now)));
  }

  get isRunning(): boolean {
    return this.#runs.at(-1)?.until === null;
  }

  /** Returns true if the log that is needed to go on is gone. */
  isLogGone(now: number): boolean {
    const { logRetentionSeconds } = this.settings;
    return logRetentionSeconds !== null && now - this.#applied > logRetentionSeconds;
  }

  /** Up to which moment of the source everything was applied at a time. */
  appliedAt(time: number): number {
    const run = this.#runs.findLast(({ from }) => from <= time);
    if (run === undefined) return this.created;
    const until = Math.min(time, run.until ?? time);
    return Math.max(run.applied, Math.min(until - LEAST_LAG, run.applied + (until - run.from) * run.catchUp));
  }

  /** Capturing is twice as quick as applying, and never behind it. */
  capturedAt(time: number): number {
    const run = this.#runs.findLast(({ from }) => from <= time);
    if (run === undefined) return this.created;
    const until = Math.min(time, run.until ?? time);
    if (run.catchUp === 0) return run.applied;
    const captured = run.applied + (until - run.from) * run.catchUp * 2;
    return Math.max(this.appliedAt(time), Math.min(until - LEAST_CAPTURE_LAG, captured));
  }

  /** The run that was under way at a time. */
  runAt(time: number): { readonly began: number; readonly until: number | null } | null {
    const run = this.#runs.findLast(({ from }) => from <= time);
    return run === undefined || (run.until !== null && run.until < time) ? null : run;
  }

  /** The checkpoint that is shown while CDC runs, now or then; `null` before the first. */
  runningCheckpoint(now: number): string | null {
    const run = this.#runs.findLast(({ from }) => from <= now);
    if (run === undefined || now - run.began < FIRST_CHECKPOINT) return null;
    const replicated = this.log.lastReplicated(this.#pinned(this.appliedAt(now) - CHECKPOINT_LAG, now));
    return this.#spelled(Math.max(run.checkpoint, replicated));
  }

  /** The checkpoint of a stop: what had been applied by then. */
  finalCheckpoint(stopped: number): string {
    return this.#spelled(this.#pinned(this.#applied, stopped));
  }

  /** Since when the oldest transaction was open that was open at a time; `null`: none was. */
  openSince(time: number): number | null {
    return this.#openAt(time)?.position ?? null;
  }

  #openAt(time: number): Transaction | undefined {
    return this.#transactions.find(({ opened, closed }) => opened <= time && time < closed);
  }

  /** Amounts captured and applied since the counting began. */
  rows(now: number): { readonly captured: Written; readonly applied: Written } {
    return {
      captured: since(this.#counted, this.log.totalAt(this.capturedAt(now))),
      applied: since(this.#counted, this.log.totalAt(this.appliedAt(now))),
    };
  }

  #pinned(position: number, time: number): number {
    return Math.min(position, this.#openAt(time)?.position ?? Infinity);
  }

  #spelled(position: number): string {
    return formatCheckpoint[this.settings.engine](Math.floor(this.log.totalAt(position).bytes));
  }
}
