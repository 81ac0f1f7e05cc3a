import { look } from '../support/look.js';
import { DmsApiError, type Accepted, type Replication } from './package-api.js';

const iso = (ms: number) => new Date(ms).toISOString();

/** Seconds that a step of the replication's life takes. */
const STOPPING = 25;
const DESCRIBING = 6;
const INITIALIZING = 10;
const STARTING = 20;
const FAILING = 5;

/** Actors other than an operation. */
export const SOMEONE = 'someone at the console';
export const DMS = 'DMS';

/** A stop that took effect. */
export interface Stop {
  /** The execution whose call it was, {@link SOMEONE} or {@link DMS}. */
  readonly by: string;
  readonly askedAt: number;
  /** Time at which the replication stops, or stops and fails. */
  stoppedAt: number;
  reason: string;
  isFailed: boolean;
  readonly checkpoint: string;
}

/** A start that took effect. */
export interface Start {
  readonly by: string;
  readonly at: number;
}

/** State of the replication from a time on, until the next state begins. */
interface State {
  readonly from: number;
  readonly status: string;
  /** Stop that the replication is in, even before the row shows it. `null`: not stopped. */
  readonly stop: Stop | null;
  readonly row: Replication;
  readonly start: Start | null;
}

/**
 * Small DMS with one replication, written independently of the package's lifecycle.
 *
 * The world keeps every past state, for old looks and for the judge. A change plans its future states, and drops the planned
 * states of the change before.
 */
export class SmallDms {
  /** Stops that took effect, oldest first. */
  readonly stops: Stop[] = [];
  #states: State[];
  #hiddenUntil = -Infinity;

  constructor(arn: string) {
    const now = Date.now();
    const born = iso(now - 86_400_000);
    const row = look({
      replicationConfigArn: arn,
      status: 'running',
      stopReason: null,
      recoveryCheckpoint: null,
      replicationLastStopTime: null,
      replicationCreateTime: born,
      replicationStats: statistics({ freshStartDate: born, startDate: born }),
    });
    this.#states = [{ from: now - 86_400_000, status: 'running', stop: null, row, start: null }];
  }

  /** Starts an outage: DMS fails every request for these seconds. */
  startOutage(seconds: number): void {
    this.#hiddenUntil = Date.now() + seconds * 1000;
  }

  /** Throws during an outage. */
  requireAnswer(): void {
    if (Date.now() >= this.#hiddenUntil) return;
    throw new DmsApiError('unavailable', 'ServiceUnavailable', 'The request has failed');
  }

  get status(): string {
    return this.at(Date.now()).status;
  }

  /** Returns how often the replication has entered a status. */
  count(status: string): number {
    return this.#states.filter((each) => each.from <= Date.now() && each.status === status).length;
  }

  /** Starts that took effect, oldest first. */
  get starts(): readonly Start[] {
    return this.#states.flatMap(({ from, start }) => (start === null || from > Date.now() ? [] : [start]));
  }

  /** Returns the state at a time. */
  at(time: number): State {
    const found = this.#states.findLast(({ from }) => from <= time) ?? this.#states[0];
    if (found === undefined) throw new Error('A replication is in some state');
    return found;
  }

  /** Returns true if a state for which `holds` is true existed between the two times. */
  heldBetween(from: number, to: number, holds: (state: State) => boolean): boolean {
    const during = this.#states.filter((each) => each.from > from && each.from <= to);
    return [this.at(from), ...during].some(holds);
  }

  stop(by: string): Accepted {
    this.#require(['running'], "' state and cannot be stopped.");
    const now = Date.now();
    const checkpoint = `checkpoint:V1#${this.stops.length + 1}`;
    const stoppedAt = now + STOPPING * 1000;
    const stop: Stop = { by, askedAt: now, stoppedAt, reason: 'NORMAL', isFailed: false, checkpoint };
    this.stops.push(stop);
    this.#plan(now, { status: 'stopping' });
    this.#rest(stop);
    return { replication: this.at(now).row, requestId: `stop-${this.stops.length}`, dmsTime: now };
  }

  start(by: string, type: string): Accepted {
    this.#require(['stopped', 'failed'], "' state and cannot start");
    if (type === 'start-replication') {
      const said = 'Start Type : START_REPLICATION, valid only for replications that run for the first time';
      throw new DmsApiError('rejected', 'InvalidParameterCombinationException', said);
    }
    this.#begin(by, Date.now(), type === 'reload-target');
    return { replication: this.at(Date.now()).row, requestId: `start-${this.starts.length}`, dmsTime: Date.now() };
  }

  /** Stops or starts the replication at the console, if DMS would accept that now. */
  atConsole(what: 'stop' | 'start'): void {
    const { status } = this;
    if (what === 'stop' && status === 'running') this.stop(SOMEONE);
    if (what === 'start' && (status === 'stopped' || status === 'failed')) this.start(SOMEONE, 'resume-processing');
  }

  /** Stops a running or stopping replication with an error. DMS starts it again after these seconds. */
  stopForAWhile(seconds: number): void {
    if (this.status !== 'running' && this.status !== 'stopping') return;
    if (this.status === 'running') this.stop(DMS);
    const stop = this.stops.at(-1);
    if (stop === undefined) return;
    stop.reason = 'RECOVERABLE_ERROR';
    this.#drop(Date.now());
    this.#rest(stop);
    this.#begin(DMS, stop.stoppedAt + seconds * 1000, false);
  }

  /** Makes a stopping replication fail. */
  failWhileStopping(): void {
    const stop = this.stops.at(-1);
    if (this.status !== 'stopping' || stop === undefined) return;
    stop.stoppedAt = Date.now() + FAILING * 1000;
    stop.reason = 'FATAL_ERROR';
    stop.isFailed = true;
    this.#drop(Date.now());
    this.#plan(stop.stoppedAt, { ...stopFields(stop), status: 'failed', failureMessages: ['The task failed'] }, stop);
  }

  /** Plans the end of a stop. The row shows the previous stop for some more seconds. */
  #rest(stop: Stop): void {
    const { recoveryCheckpoint } = stopFields(this.stops.findLast((each) => each !== stop) ?? null);
    this.#plan(stop.stoppedAt, { status: 'stopped', recoveryCheckpoint }, stop);
    this.#plan(stop.stoppedAt + DESCRIBING * 1000, { ...stopFields(stop), status: 'stopped' }, stop);
  }

  #begin(by: string, at: number, isFresh: boolean): void {
    const start = { by, at };
    const { replicationStats } = this.at(at).row;
    const freshStartDate = isFresh ? iso(at) : (replicationStats?.freshStartDate ?? null);
    const stop = { ...stopFields(this.stops.at(-1) ?? null), recoveryCheckpoint: null };
    this.#plan(at, { ...stop, status: 'initializing', failureMessages: [] }, null, start);
    this.#plan(at + INITIALIZING * 1000, { status: 'replication_starting' });
    const stats = statistics({ freshStartDate, startDate: iso(at + STARTING * 1000) });
    this.#plan(at + STARTING * 1000, { status: 'running', replicationStats: stats });
  }

  #plan(from: number, changes: Partial<Replication>, stop: Stop | null = null, start: Start | null = null): void {
    this.#drop(from);
    const row = { ...this.at(from).row, ...changes };
    this.#states.push({ from, status: row.status, stop, row, start });
  }

  /** Drops the states that are planned for after a time. */
  #drop(time: number): void {
    this.#states = this.#states.filter(({ from }) => from <= time);
  }

  #require(statuses: readonly string[], what: string): void {
    const { status, row } = this.at(Date.now());
    if (!statuses.includes(status)) throw refusal(row, status, what);
  }
}

/** Returns the refusal of a call in a status. `what` is the end of the message. */
export function refusal(row: Replication, status: string, what: string): DmsApiError {
  const message = `Replication for Replication Config, '${row.replicationConfigIdentifier}' is in '${status}${what}`;
  return new DmsApiError('invalid-state', 'InvalidResourceStateFault', message);
}

function stopFields(stop: Stop | null) {
  return {
    stopReason: stop === null ? null : `Stop Reason ${stop.reason}`,
    replicationLastStopTime: stop === null ? null : iso(stop.stoppedAt),
    recoveryCheckpoint: stop?.checkpoint ?? null,
  };
}

function statistics(dates: { readonly freshStartDate: string | null; readonly startDate: string | null }) {
  return {
    fullLoadProgressPercent: 100,
    elapsedTimeMillis: 0,
    tablesLoaded: 1,
    tablesLoading: 0,
    tablesQueued: 0,
    tablesErrored: 0,
    stopDate: null,
    fullLoadStartDate: null,
    fullLoadFinishDate: null,
    ...dates,
  };
}
