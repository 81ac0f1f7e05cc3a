import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { workflowInfo } from '@temporalio/workflow';
import type * as fc from 'fast-check';
import { vi } from 'vitest';
import { createDmsActivities } from '../../src/activities/index.js';
import { ReplicationClient } from '../../src/client/index.js';
import { DmsApiError } from '../../src/dms/api.js';
import type { OperationKind, StopIntent } from '../../src/operations/inputs.js';
import {
  ledgerWorkflowId,
  memoKeys,
  messageNames,
  operationWorkflowId,
  workflowTypes,
} from '../../src/operations/names.js';
import type { Ledger } from '../../src/operations/records.js';
import { dmsReplicationLedger, dmsResumeReplication, dmsStopReplication } from '../../src/workflows/index.js';
import {
  releaseReplication,
  reserveReplication,
  resumeReplication,
  stopReplication,
} from '../../src/workflows/steps.js';
import { SmallDms, smallDmsApi } from './small-dms.js';
import type { Execution } from './execution.js';
import { clientOf } from './small-client.js';
import { callerOfAttempt, Lost, SmallTemporal } from './small-temporal.js';

export const arn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';
const lock = operationWorkflowId(arn);
const ledgerId = ledgerWorkflowId(arn);
const MOST_TURNS = 100_000;
const MOST_HOURS = 60 * 24;

/** An operation that somebody wants. */
export interface Asked {
  readonly kind: OperationKind;
  /** By the client, as the step of a host, by a host that reserves the replication for a stop and a resume, or by name under another id. */
  readonly via: 'client' | 'host' | 'reserving host' | 'name';
  readonly intent: StopIntent;
  readonly operationId: string | null;
  readonly preempt: boolean;
}

/** After so many turns; or while the note of a call, or a call, is on its way for the so manieth time. */
export type Moment = { readonly turn: number } | { readonly note: number } | { readonly call: number };

export const disturbances = [
  'the worker is killed',
  'the operation is terminated',
  'the operation is cancelled',
  'the operation is reset',
  'the host is terminated',
  'the host is cancelled',
  'the ledger is continued as new',
  'the ledger is cancelled',
  'the reservation is broken',
] as const;

export interface Disturbance {
  readonly what: (typeof disturbances)[number];
  /** How far back a reset goes. */
  readonly back: number;
  /** What somebody wants right after it. */
  readonly next: Asked | null;
}

export interface Event {
  readonly at: Moment;
  readonly act: () => void;
}

interface Input {
  readonly replicationConfigArn: string;
}

/** Whose workflow was told that the replication is reserved for it. */
let holder: string | null = null;

const workflows = {
  dmsStopReplication,
  dmsResumeReplication,
  dmsReplicationLedger,
  host: (kind: OperationKind, input: Input) => (kind === 'stop' ? stopReplication(input) : resumeReplication(input)),
  async reservingHost(input: Input) {
    const { workflowId } = workflowInfo();
    await reserveReplication({ replicationConfigArn: arn, reason: 'several steps' });
    holder = workflowId;
    try {
      await stopReplication(input);
      await resumeReplication({ replicationConfigArn: arn, verifyProgressSeconds: 0 });
    } finally {
      if (holder === workflowId) holder = null;
      await releaseReplication({ replicationConfigArn: arn });
    }
  },
};

/** What became of an operation that somebody wanted. */
export interface Ended {
  readonly asked: Asked;
  /** Of its host, if it has one. */
  readonly id: string;
  readonly value?: unknown;
  readonly err?: unknown;
}

/** One replication with everything around it, in which the given schedule decides what happens next. */
export class World {
  readonly dms = new SmallDms(arn);
  readonly temporal: SmallTemporal;
  readonly ended: Ended[] = [];
  readonly violations: string[] = [];
  readonly trace: string[] = [];
  readonly #hosts: Execution[] = [];
  readonly #inFlight = new Set<{ readonly by: string; readonly sentAt: number }>();
  readonly #fates: number[];
  #wanted = 0;
  #events: readonly Event[] = [];
  readonly #passed = { turn: -1, note: 0, call: 0 };

  /** `fates`: what becomes of each request, in percent of chance; `delays`: in which turns time passes although there is something to do. */
  constructor(
    private readonly scheduler: Pick<fc.Scheduler, 'schedule' | 'waitOne' | 'count'>,
    fates: readonly number[],
    private readonly delays: readonly number[],
  ) {
    // Of the world before.
    vi.clearAllTimers();
    holder = null;
    this.#fates = [...fates];
    const turn = async (what: string) => {
      await scheduler.schedule(Promise.resolve(), what);
      this.trace.push(what);
    };
    const request = (what: string) => {
      const drawn = this.#fates.shift() ?? 99;
      const fate = drawn < 4 ? 'is lost' : drawn < 8 ? 'loses its answer' : 'arrives';
      const isCall = what.includes(' for ');
      const isNote = what.startsWith(messageNames.aboutTo);
      if (isCall) this.#passed.call++;
      if (isNote) this.#passed.note++;
      // Calls and their notes are often slow, so that others come in between.
      const isSlow = drawn >= 8 && drawn < (isCall || isNote ? 60 : 20);
      const seconds = isSlow ? drawn % (isNote ? 5 : 20) : 0;
      if (drawn < 8 || isSlow) this.trace.push(`${what} ${fate}${seconds > 0 ? ` after ${seconds} s` : ''}`);
      return { fate, seconds } as const;
    };
    this.temporal = new SmallTemporal({ turn, request }, workflows, (temporal) => {
      const dms = smallDmsApi(this.dms, (what, effect) => this.#call(temporal, what, effect), callerOfAttempt);
      return createDmsActivities({ dms, client: clientOf(temporal) as never, looksPerSecond: 1e6 }) as never;
    });
  }

  get ledger(): Ledger | null {
    const { handlers } = this.temporal.latest(ledgerId) ?? {};
    return (handlers?.get(messageNames.ledger)?.handle(undefined) as Ledger | undefined) ?? null;
  }

  get isOver(): boolean {
    const open = this.temporal.executions.filter((each) => each.isOpen && each.type !== workflowTypes.ledger);
    return open.length === 0 && this.ended.length === this.#wanted;
  }

  want(asked: Asked): void {
    const { kind, via, intent, operationId, preempt } = asked;
    const input = {
      replicationConfigArn: arn,
      ...(operationId === null ? {} : { operationId }),
      ...(kind === 'stop' ? { intent, selfRestartGraceSeconds: 0, preempt } : { verifyProgressSeconds: 0 }),
    };
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
    by[via]().then(
      (value: unknown) => this.ended.push({ asked, id, value }),
      (err: unknown) => this.ended.push({ asked, id, err }),
    );
  }

  disturb({ what, back, next }: Disturbance): void {
    const { temporal } = this;
    const operation = temporal.latest(lock);
    const ledger = temporal.latest(ledgerId);
    const host = this.#hosts.find(({ isOpen }) => isOpen);
    this.trace.push(what);
    const how: Record<Disturbance['what'], () => void> = {
      'the worker is killed': () => temporal.killWorker(),
      'the operation is terminated': () => operation && temporal.terminate(operation),
      'the operation is cancelled': () => operation?.cancel(),
      'the operation is reset': () => operation && temporal.reset(operation, back),
      'the host is terminated': () => host && temporal.terminate(host),
      'the host is cancelled': () => host?.cancel(),
      'the ledger is continued as new': () => void (ledger && (ledger.isLong = true)),
      'the ledger is cancelled': () => ledger?.cancel(),
      'the reservation is broken': () => {
        if (ledger === undefined) return;
        holder = null;
        void temporal.update(ledgerId, messageNames.breakReservation, { by: 'ada', reason: 'its host is gone' });
      },
    };
    how[what]();
    if (next !== null) this.want(next);
  }

  /** Lets these events come about, and goes on until the given holds. Moments that never come are left out. */
  async until(what: string, holds: () => boolean, events: readonly Event[] = []): Promise<void> {
    const deadline = Date.now() + MOST_HOURS * 3_600_000;
    this.#events = events;
    for (this.#passed.turn = 0; this.#isExpecting() || !holds(); this.#passed.turn++) {
      this.#comeAbout();
      await turnOfLoop();
      this.temporal.settle();
      await turnOfLoop();
      this.#comeAbout();
      const { turn } = this.#passed;
      const timePasses = (this.delays[turn] ?? 99) < 8 && vi.getTimerCount() > 0;
      if (this.scheduler.count() > 0 && !timePasses) await this.scheduler.waitOne();
      else if (vi.getTimerCount() > 0) vi.advanceTimersToNextTimer();
      const [bug] = this.temporal.bugs;
      if (bug !== undefined) throw bug;
      if (Date.now() > deadline || turn > MOST_TURNS)
        throw new Error(`In vain until ${what}:\n${this.trace.slice(-60).join('\n')}`);
    }
  }

  #isExpecting(): boolean {
    return this.#events.some(({ at }) => 'turn' in at);
  }

  #comeAbout(): void {
    const { turn, note, call } = this.#passed;
    const isDue = ({ at }: Event) =>
      'turn' in at ? at.turn <= turn : 'note' in at ? at.note <= note : at.call <= call;
    const due = this.#events.filter(isDue);
    this.#events = this.#events.filter((each) => !due.includes(each));
    for (const { act } of due) act();
  }

  async #call<T>(temporal: SmallTemporal, what: string, effect: () => T): Promise<T> {
    const by = callerOfAttempt();
    const changes = what.includes(' for ');
    const sentAt = Date.now();
    const flight = { by, sentAt };
    if (changes) this.#inFlight.add(flight);
    const land = () => {
      this.#inFlight.delete(flight);
      // A request that its client has given up is not taken any more.
      if (isGivenUp(sentAt)) throw new Lost(`${what} timed out`);
      if (changes) this.#judge(what, by);
      return effect();
    };
    try {
      return await temporal.carry(what, land);
    } catch (err) {
      throw err instanceof Lost ? new DmsApiError('unavailable', 'TimeoutError', err.message) : err;
    } finally {
      this.#inFlight.delete(flight);
    }
  }

  /** A call that changes DMS has landed: it must be the one that the ledger knows of, and nobody else's while the replication is reserved. */
  #judge(what: string, by: string): void {
    const operation = this.temporal.executions.find(({ runId }) => by.endsWith(` ${runId}`));
    const { pendingCall = null, reservation = null } = this.ledger ?? {};
    const operationId = operation?.memo[memoKeys.operationId];
    if (pendingCall === null || pendingCall.operationId !== operationId)
      this.violations.push(`${what} landed while the ledger knew of ${pendingCall?.operationId ?? 'no call'}`);
    for (const { by: other, sentAt } of this.#inFlight)
      if (other !== by && !isGivenUp(sentAt))
        this.violations.push(`${what} landed while a call for ${other} was on its way`);
    const isHeld = holder !== null && reservation?.workflowId === holder;
    if (isHeld && operation?.parent?.workflowId !== holder)
      this.violations.push(`${what} landed while the replication was reserved for ${holder}`);
  }
}

function isGivenUp(sentAt: number): boolean {
  return Date.now() - sentAt > 15_000;
}
