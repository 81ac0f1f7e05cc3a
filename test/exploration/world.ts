import { setImmediate as turnOfLoop } from 'node:timers/promises';
import type * as fc from 'fast-check';
import { vi } from 'vitest';
import { arn } from './arn.js';
import { reservedFor, toInput, workflows, type Asked, type Ended } from './asked.js';
import { Calls } from './calls.js';
import { dmsPort } from './dms-port.js';
import { disturb, disturbances, type Disturbance } from './disturbances.js';
import { inExecution, type Execution } from './execution.js';
import { Judge, type Violation } from './judge.js';
import { Looks } from './looks.js';
import {
  createDmsActivities,
  ledgerWorkflowId,
  messageNames,
  operationWorkflowId,
  ReplicationClient,
  workflowTypes,
  type Ledger,
} from './package-api.js';
import { clientOf } from './small-client.js';
import { SmallDms } from './small-dms.js';
import { isCall, SmallTemporal } from './small-temporal.js';
import type { Event, Luck } from './luck.js';
import { verdictOf } from './verdict.js';

const ledgerId = ledgerWorkflowId(arn);
const MOST_TURNS = 100_000;
const MOST_HOURS = 24;
/** Maximum number of turns without any event. */
const MOST_IDLE = 20;

/** Error of a wait that has taken too many turns or hours. */
export class Endless extends Error {}

/** Moves the time to the next timer. Returns the milliseconds. */
function passTime(): number {
  const before = Date.now();
  vi.advanceTimersToNextTimer();
  return Date.now() - before;
}

/**
 * World of one replication: a small DMS, a small Temporal, and everybody who asks for operations.
 *
 * `scheduler` decides which waiting step runs next.
 */
export class World {
  readonly dms: SmallDms;
  readonly temporal: SmallTemporal;
  readonly ended: Ended[] = [];
  readonly trace: string[] = [];
  readonly #judge: Judge;
  readonly #looks: Looks;
  readonly #calls: Calls;
  readonly #hosts: Execution[] = [];
  readonly #unsealedAt: number[] = [];
  readonly #fates: number[];
  readonly #endless: Violation[] = [];
  #wanted = 0;
  #idle = 0;
  #events: readonly Event[] = [];
  readonly #passed = { turn: -1, update: 0, call: 0 };

  constructor(
    private readonly scheduler: Pick<fc.Scheduler, 'schedule' | 'waitOne' | 'count'>,
    private readonly luck: Luck,
  ) {
    // Removes what the world before has left: its timers, and its reservation.
    vi.clearAllTimers();
    reservedFor.holder = null;
    this.dms = new SmallDms(arn);
    this.#fates = [...luck.fates];
    const trace = (what: string) => void this.trace.push(`${new Date().toISOString().slice(11, 19)} ${what}`);
    this.#judge = new Judge(() => ({ ...this.outcome, onTheirWay: this.#calls.onTheirWay, ...reservedFor }));
    this.#looks = new Looks(this.dms, luck.trouble, [...luck.looks], trace);
    this.#calls = new Calls(this.dms, luck.trouble, [...luck.calls], trace, this.#judge);
    const turn = async (what: string) => {
      await scheduler.schedule(Promise.resolve(), what);
      trace(what);
    };
    const request = (what: string) => this.#request(what);
    const updates = [...luck.updates];
    const again = () => {
      const drawn = updates.shift() ?? 0;
      return luck.trouble.replays && drawn >= 850 ? 5 + (drawn % 280) : null;
    };
    this.temporal = new SmallTemporal({ turn, request, redeliverAfter: again }, workflows, (temporal) => {
      const dms = dmsPort(temporal, this.dms, this.#looks, this.#calls, this.#judge);
      return createDmsActivities({ dms, client: clientOf(temporal) as never, looksPerSecond: 1e6 }) as never;
    });
  }

  get ledger(): Ledger | null {
    const found = this.temporal.latest(ledgerId);
    const query = found?.handlers.get(messageNames.ledger);
    if (found === undefined || query === undefined) return null;
    return inExecution.run(found, () => query.handle(undefined)) as Ledger;
  }

  get outcome() {
    const { dms, ledger, ended, temporal } = this;
    const { executions } = temporal;
    return { dms, ledger, ended, executions, unsealedAt: this.#unsealedAt, strayed: this.#judge.strayed };
  }

  /** True once all operations have ended. */
  get isOver(): boolean {
    const open = this.temporal.executions.filter((each) => each.isOpen && each.type !== workflowTypes.ledger);
    return open.length === 0 && this.ended.length === this.#wanted;
  }

  get #isQuiet(): boolean {
    return this.#calls.onTheirWay.length === 0 && this.temporal.updatesOnTheirWay === 0;
  }

  want(asked: Asked): void {
    const { kind, via } = asked;
    const input = toInput(asked);
    const id = `${via}-${this.#wanted++}`;
    const host = (type: string, args: readonly unknown[]) => {
      const execution = this.temporal.start(type, id, args);
      this.#hosts.push(execution);
      return execution.result;
    };
    const by = {
      client: () => {
        const dms = new ReplicationClient({ client: clientOf(this.temporal) as never });
        return kind === 'stop' ? dms.stop(input) : dms.resume(input);
      },
      host: () => host('host', [kind, input]),
      'reserving host': () => host('reservingHost', [{ replicationConfigArn: arn, selfRestartGraceSeconds: 0 }]),
      name: () => host(workflowTypes[kind], [input]),
    };
    const begunAt = Date.now();
    const end = (how: Pick<Ended, 'value' | 'err'>) =>
      void this.ended.push({ asked, id, begunAt, endedAt: Date.now(), ...how });
    by[via]().then(
      (value: unknown) => end({ value }),
      (err: unknown) => end({ err }),
    );
  }

  disturb(disturbance: Disturbance): void {
    const { temporal, dms } = this;
    const { what, next } = disturbance;
    const belongsTo = disturbances[what];
    if (belongsTo === null || this.luck.trouble[belongsTo]) {
      this.trace.push(what);
      disturb(disturbance, {
        temporal,
        dms,
        operation: temporal.latest(operationWorkflowId(arn)),
        ledger: temporal.latest(ledgerId),
        host: this.#hosts.find(({ isOpen }) => isOpen),
        onUnsealed: () => this.#unsealedAt.push(Date.now()),
        onReservationBroken: () => (reservedFor.holder = null),
        trace: (said) => this.trace.push(said),
      });
    }
    if (next !== null) this.want(next);
  }

  /**
   * Runs the world until all operations have ended, no request is on its way, and the ledger has no note.
   *
   * Returns the violations of the rules.
   */
  async run(events: readonly Event[]): Promise<readonly Violation[]> {
    try {
      await this.until('all have ended', () => this.isOver, events);
      await this.until('nothing is on its way', () => this.#isQuiet);
    } catch (err) {
      if (!(err instanceof Endless)) throw err;
      this.#endless.push({ rule: 'endless', what: err.message });
    }
    if (this.#endless.length > 0) return this.violations;
    await this.until('the ledger has no note', () => (this.ledger?.pendingCall ?? null) === null).catch(
      (err: unknown) => {
        if (!(err instanceof Endless)) throw err;
        this.#endless.push({ rule: 'note-stays', what: JSON.stringify(this.ledger?.pendingCall) });
      },
    );
    return this.violations;
  }

  get violations(): readonly Violation[] {
    return [...this.#judge.violations, ...this.#endless, ...verdictOf(this.outcome)];
  }

  /** Runs the events as they become due, until `holds` is true. Leaves out events whose moment never comes. */
  async until(what: string, holds: () => boolean, events: readonly Event[] = []): Promise<void> {
    let deadline = Date.now() + MOST_HOURS * 3_600_000;
    this.#events = events;
    for (this.#passed.turn = 0, this.#idle = 0; this.#isExpecting() || !holds(); this.#passed.turn++) {
      const isLate = Date.now() > deadline || this.#passed.turn > MOST_TURNS || this.#idle > MOST_IDLE;
      if (isLate) throw new Endless(`Gave up waiting until ${what}`);
      this.#runDueEvents();
      await turnOfLoop();
      this.temporal.settle();
      await turnOfLoop();
      this.#runDueEvents();
      // Skips turns without events until the next event that waits for a turn.
      const isIdle = this.scheduler.count() === 0 && holds() && this.#isExpecting();
      const next = this.#nextTurn();
      if (isIdle && next < Infinity) this.#passed.turn = Math.max(this.#passed.turn, next - 1);
      const { turn } = this.#passed;
      const timePasses = (this.luck.delays[turn] ?? 99) < 8 && vi.getTimerCount() > 0;
      if (this.scheduler.count() > 0 && !timePasses) await this.scheduler.waitOne();
      // The next timer may be days away although steps are waiting, so this time does not count for the deadline.
      else if (this.scheduler.count() > 0) deadline += passTime();
      else if (vi.getTimerCount() > 0 && !(holds() && this.#isExpecting())) vi.advanceTimersToNextTimer();
      else if (!this.#isExpecting()) this.#idle++;
      const [bug] = this.temporal.bugs;
      if (bug !== undefined) throw bug;
    }
  }

  #isExpecting(): boolean {
    return this.#events.some((each) => 'turn' in each.at || this.#isDue(each));
  }

  #nextTurn(): number {
    return Math.min(...this.#events.map(({ at }) => ('turn' in at ? at.turn : Infinity)));
  }

  #runDueEvents(): void {
    const due = this.#events.filter((each) => this.#isDue(each));
    this.#events = this.#events.filter((each) => !due.includes(each));
    for (const { act } of due) act();
  }

  #isDue({ at }: Event): boolean {
    const { turn, update, call } = this.#passed;
    if ('turn' in at) return at.turn <= turn;
    if ('ended' in at) return at.ended <= this.ended.length;
    if ('status' in at) return at.nth <= this.dms.count(at.status);
    return 'update' in at ? at.update <= update : at.call <= call;
  }

  #request(what: string) {
    const drawn = this.#fates.shift() ?? 99;
    const fate = drawn < 4 ? 'is lost' : drawn < 8 ? 'loses its answer' : 'arrives';
    const isUpdate = what.includes(` to ${ledgerId}`);
    if (isCall(what)) this.#passed.call++;
    if (isUpdate) this.#passed.update++;
    // Calls, and updates of the ledger, are slow in half of the cases, so that other requests overtake them.
    const isSlow = drawn >= 8 && drawn < (isCall(what) || isUpdate ? 60 : 20);
    const seconds = isSlow ? drawn % (isUpdate ? 5 : 20) : 0;
    if (drawn < 8 || isSlow) this.trace.push(`${what} ${fate}${seconds > 0 ? ` after ${seconds} s` : ''}`);
    return { fate, seconds } as const;
  }
}
