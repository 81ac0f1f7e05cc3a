/**
 * World of one cutover that runs as a workflow: a small Temporal, a small DMS for each replication, and an application.
 *
 * Hooks and DMS fail at random. Workers are killed. People send requests, also at the wrong time.
 */
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import type * as fc from 'fast-check';
import { WorkflowNotFoundError } from '@temporalio/client';
import { vi } from 'vitest';
import { Calls } from './calls.js';
import { dmsPort } from './dms-port.js';
import { inExecution, sleep, type Execution } from './execution.js';
import { Looks } from './looks.js';
import {
  createDmsActivities,
  cutoverHookNames,
  cutoverWorkflowId,
  dmsCutover,
  dmsReplicationLedger,
  dmsResumeReplication,
  dmsStopReplication,
  isDmsFailure,
  ledgerWorkflowId,
  messageNames,
  type CutoverContext,
  type CutoverHookName,
  type CutoverInput,
  type CutoverPhase,
  type CutoverRequestName,
  type CutoverResult,
  type CutoverStatus,
  type CutoverTraffic,
  type DmsApi,
  type Ledger,
  type TableStatistics,
} from './package-api.js';
import { SmallApplication, type HookObserver } from './small-application.js';
import { clientOf } from './small-client.js';
import { DMS, SmallDms } from './small-dms.js';
import { SmallTemporal } from './small-temporal.js';
import type { Trouble } from './trouble.js';

const CUTOVER_ID = 'orders';
const workflowId = cutoverWorkflowId(CUTOVER_ID);
const MOST_TURNS = 20_000;
const MOST_HOURS = 72;
/** Seconds between two looks of the person who answers what the cutover asks. */
const PERSON_SECONDS = 45;
/** Longest time for which that person waits until the gates are met. */
const PATIENCE_SECONDS = 1800;
/** Longest time of one attempt of a hook, and its attempts. */
const [HOOK_SECONDS, HOOK_ATTEMPTS] = [20, 2];
/** Seconds that the end of a hook that hangs, and of a cancelled stop, may add to the time with writes stopped. */
const INTERRUPT_SECONDS = 45;

/** Longest time until DMS has started a replication again that it has stopped by itself. */
const SETTLE_SECONDS = 300;

/** Event that disturbs the cutover. */
export interface CutoverDisturbance {
  readonly what:
    | 'the worker is killed'
    | 'the cutover is terminated'
    | 'the cutover is cancelled'
    | 'the cutover is continued as new'
    | 'AWS gives no answer'
    | 'the stop fails'
    | 'DMS stops it for a while'
    | CutoverRequestName;
  /** Turns after the phase was entered for the first time. */
  readonly at: { readonly phase: CutoverPhase; readonly turns: number };
  readonly pick: number;
}

export interface CutoverChoices {
  readonly replications: number;
  readonly approvers: number;
  readonly writesStoppedSeconds: number;
  readonly onVerifyFailed: 'ask' | 'switch-back';
  readonly hooks: readonly CutoverHookName[];
  readonly hasLagGate: boolean;
}

/** Random numbers that decide the course of a world. Nothing goes wrong once a list ends. */
export interface CutoverLuck {
  readonly trouble: Trouble;
  readonly fates: readonly number[];
  readonly hooks: readonly number[];
  readonly looks: readonly number[];
  readonly calls: readonly number[];
  readonly gates: readonly number[];
  readonly people: readonly number[];
}

interface Replication {
  readonly arn: string;
  readonly dms: SmallDms;
  readonly port: DmsApi;
  readonly calls: Calls;
  tablesReadAt: number;
  hasTablesInError: boolean;
}

export class CutoverRunWorld implements HookObserver {
  readonly violations: string[] = [];
  readonly trace: string[] = [];
  readonly application: SmallApplication;
  readonly #temporal: SmallTemporal;
  readonly #replications: readonly Replication[];
  readonly #input: CutoverInput;
  readonly #fates: number[];
  readonly #gates: number[];
  /** Newest lag that was read of each replication. */
  readonly #lags = new Map<string, number>();
  readonly #people: number[];
  /** Turn in which a phase was seen first. */
  readonly #phases = new Map<CutoverPhase, number>();
  #disturbances: readonly CutoverDisturbance[];
  #turn = 0;
  #approvedAt = -Infinity;
  /** Newest answer of `whereIsTraffic` since the last attempt to switch. */
  #told: CutoverTraffic | null = null;
  /** True if a person has said that the cutover need not go on. It then ends undecided. */
  #isGivenUp = false;
  /** Token of the cutover for which a limit of stopped writes runs. */
  #limited = '';
  readonly #notified = new Set<string>();
  #hasSwitched = '';

  constructor(
    private readonly scheduler: Pick<fc.Scheduler, 'schedule' | 'waitOne' | 'count'>,
    private readonly choices: CutoverChoices,
    luck: CutoverLuck,
    disturbances: readonly CutoverDisturbance[],
  ) {
    vi.clearAllTimers();
    this.#disturbances = disturbances;
    this.#fates = [...luck.fates];
    this.#gates = [...luck.gates];
    this.#people = [...luck.people];
    const trace = (what: string) => void this.trace.push(`${new Date().toISOString().slice(8, 19)} ${what}`);
    this.application = new SmallApplication([...luck.hooks], this, trace);
    const turn = async (what: string) => {
      await scheduler.schedule(Promise.resolve(), what);
      trace(what);
    };
    const workflows = { dmsCutover, dmsStopReplication, dmsResumeReplication, dmsReplicationLedger };
    const fate = { turn, request: () => this.#fate(), redeliverAfter: () => null };
    const create = (temporal: SmallTemporal) => ({
      ...createDmsActivities({
        dms: this.#port(),
        client: clientOf(temporal) as never,
        looksPerSecond: 1e6,
        lag: {
          // eslint-disable-next-line typescript/require-await
          read: async ({ arn }) => this.#readLag(arn, temporal.workerDeathProbe()),
        },
      }),
      ...this.application.activities(temporal),
    });
    // The first worker begins to work only with the first workflow.
    this.#temporal = new SmallTemporal(fate, workflows, (temporal) => create(temporal) as never);
    const observer = { sent() {}, landing() {}, tookEffect() {} };
    this.#replications = Array.from({ length: choices.replications }, (_, n) => {
      const arn = `arn:aws:dms:eu-west-1:123456789012:replication-config:R${n}`;
      const dms = new SmallDms(arn);
      const looks = new Looks(dms, luck.trouble, [...luck.looks], trace);
      const calls = new Calls(dms, luck.trouble, [...luck.calls], trace, observer);
      const port = dmsPort(this.#temporal, dms, looks, calls, { started() {} });
      return { arn, dms, port, calls, tablesReadAt: -Infinity, hasTablesInError: false };
    });
    this.#input = this.#inputOf(choices);
  }

  #inputOf({ approvers, writesStoppedSeconds, onVerifyFailed, hooks, hasLagGate }: CutoverChoices): CutoverInput {
    const hook = (activityType: string) => ({ activityType, timeoutSeconds: HOOK_SECONDS, attempts: HOOK_ATTEMPTS });
    return {
      cutoverId: CUTOVER_ID,
      replicationConfigArns: this.#replications.map(({ arn }) => arn),
      requestedBy: 'ada',
      reason: 'move to Aurora',
      writesStoppedSeconds,
      verifySeconds: 60,
      onVerifyFailed: hooks.includes('switchToSource') ? onVerifyFailed : 'ask',
      gates: { lag: hasLagGate ? { maxSeconds: 5, samples: 2, everySeconds: 30, timeoutSeconds: 3600 } : 'ignore' },
      approval: approvers === 0 ? { required: false } : { approvers },
      hooks: Object.fromEntries(hooks.map((name) => [name, hook(name)])) as unknown as CutoverInput['hooks'],
    };
  }

  /** Runs the cutover to its end, again after it was terminated. Returns how it ended. */
  async run(): Promise<string> {
    this.#start();
    void this.#answer();
    await this.#until('the cutover has ended', () => this.#execution()?.isOpen === false && !this.#startsAgain);
    // DMS may be about to start a replication again that it has stopped by itself.
    let isSettled = false;
    void sleep(SETTLE_SECONDS * 1000).then(() => (isSettled = true));
    await this.#until('nothing is on its way', () => isSettled && this.#isQuiet);
    return this.#atEnd();
  }

  #start(): void {
    this.#temporal.start('dmsCutover', workflowId, [this.#input]);
  }

  #execution(): Execution | undefined {
    return this.#temporal.latest(workflowId);
  }

  #startsAgain = false;

  #terminate(open: Execution): void {
    this.#temporal.terminate(open);
    this.#startsAgain = true;
    void sleep(20_000).then(() => {
      this.#startsAgain = false;
      this.#start();
    });
  }

  #status(): CutoverStatus | null {
    const open = this.#execution();
    const query = open?.handlers.get(messageNames.cutover);
    if (open === undefined || query === undefined) return null;
    return inExecution.run(open, () => query.handle(undefined)) as CutoverStatus;
  }

  #ledger(arn: string): Ledger | null {
    const found = this.#temporal.latest(ledgerWorkflowId(arn));
    const query = found?.handlers.get(messageNames.ledger);
    if (found === undefined || query === undefined) return null;
    return inExecution.run(found, () => query.handle(undefined)) as Ledger;
  }

  get #isQuiet(): boolean {
    const isOpen = this.#temporal.executions.some(({ isOpen, type }) => isOpen && type !== 'dmsReplicationLedger');
    const calls = this.#replications.flatMap((each) => each.calls.onTheirWay);
    return !isOpen && calls.length === 0 && this.application.onTheirWay === 0;
  }

  // Requests

  #fate() {
    const drawn = this.#fates.shift() ?? 99;
    const fate: 'is lost' | 'loses its answer' | 'arrives' =
      drawn < 4 ? 'is lost' : drawn < 8 ? 'loses its answer' : 'arrives';
    return { fate, seconds: drawn >= 8 && drawn < 30 ? drawn % 6 : 0 };
  }

  /** Returns a port that hands each request to the DMS of its replication. */
  #port(): DmsApi {
    const of = (arn: unknown): Replication => {
      const found = this.#replications.find((each) => each.arn === (arn as { readonly arn: string }).arn);
      if (found === undefined) throw new Error(`No replication ${String(arn)}`);
      return found;
    };
    return {
      describeReplication: (arn, options) => of(arn).port.describeReplication(arn, options),
      listReplications: (arn, marker, options) => of(arn).port.listReplications(arn, marker, options),
      stopReplication: (arn, options) => of(arn).port.stopReplication(arn, options),
      startReplication: (arn, request, options) => of(arn).port.startReplication(arn, request, options),
      describeTableStatistics: (arn, marker, options) => this.#readTables(of(arn), arn, marker, options),
      endpointOverride: () => Promise.resolve(null),
    };
  }

  async #readTables(replication: Replication, ...asked: Parameters<DmsApi['describeTableStatistics']>) {
    const isDead = this.#temporal.workerDeathProbe();
    const page = await replication.port.describeTableStatistics(...asked);
    const isInError = (this.#gates.shift() ?? 0) >= 950;
    if (!isDead()) [replication.tablesReadAt, replication.hasTablesInError] = [Date.now(), isInError];
    return { ...page, items: [tableThatIs(isInError ? 'Table error' : 'Table completed')] };
  }

  #readLag(arn: string, isDead: () => boolean) {
    const sourceSeconds = (this.#gates.shift() ?? 0) >= 850 ? 600 : 1;
    if (!isDead()) this.#lags.set(arn, sourceSeconds);
    return { sourceSeconds, targetSeconds: 1, at: new Date().toISOString() };
  }

  // Observations of hooks

  begun(hook: CutoverHookName, context: CutoverContext, attempt: number): void {
    if (hook === 'notify') this.#notified.add(`${context.token} ${context.phase}`);
    const status = this.#status();
    if (status === null || status.token !== context.token) return; // an attempt of a run that was terminated
    if (hook === 'fence') this.#requireMayFence(status, attempt);
    if (hook === 'switchToTarget') this.#requireMaySwitch(status, attempt);
    if (hook === 'unfence' && this.#told !== 'source')
      this.violations.push(`unfence was called after whereIsTraffic has answered ${this.#told}`);
    if (hook === 'switchToTarget' || hook === 'switchToSource') this.#told = null;
  }

  told(traffic: CutoverTraffic): void {
    this.#told = traffic;
  }

  changed(hook: string): void {
    const { isFenced, traffic } = this.application;
    const isOnTarget = traffic === 'target' || traffic === 'both';
    if (!isFenced && isOnTarget) this.violations.push(`two writers after ${hook}`);
  }

  #requireMayFence({ undo, token }: CutoverStatus, attempt: number): void {
    if (!undo.includes('let the source take writes again')) this.violations.push('the fence has no way back');
    this.#requireReserved('fence');
    if (attempt > 1 || this.#limited === token) return;
    this.#limited = token;
    for (const { arn, tablesReadAt, hasTablesInError } of this.#replications) {
      if (tablesReadAt < this.#approvedAt)
        this.violations.push(`fenced without a reading of ${arn} since the approval`);
      if (this.choices.hasLagGate && (this.#lags.get(arn) ?? Infinity) > 5)
        this.violations.push(`fenced although the newest lag of ${arn} is ${this.#lags.get(arn)} s`);
      if (hasTablesInError) this.violations.push(`fenced although the newest reading of ${arn} has a table in error`);
    }
    void this.#requireReturn(token);
  }

  /** Requires that the cutover goes back once writes were stopped for too long, unless the switch has begun. */
  async #requireReturn(token: string): Promise<void> {
    await sleep((this.choices.writesStoppedSeconds + INTERRUPT_SECONDS) * 1000);
    const status = this.#status();
    if (status === null || status.token !== token || this.#execution()?.isOpen !== true) return;
    const { phase, cause } = status;
    const isForward = cause === null && ['fencing', 'draining', 'stopping', 'judging', 'syncing'].includes(phase);
    if (isForward) this.violations.push(`writes are stopped for too long in ${phase}`);
  }

  #requireMaySwitch({ writesStoppedAt, token, approvals }: CutoverStatus, attempt: number): void {
    if (!this.application.isFenced) this.violations.push('the switch began while the source was not fenced');
    this.#requireReserved('the switch');
    for (const { arn, dms } of this.#replications) {
      const ledger = this.#ledger(arn);
      if (dms.status !== 'stopped') this.violations.push(`the switch began while ${arn} was ${dms.status}`);
      if (ledger?.sealed == null || ledger.checkpoints[0]?.intent !== 'final')
        this.violations.push(`the switch began without a recorded final stop of ${arn}`);
    }
    if (attempt > 1 || this.#hasSwitched === token) return;
    this.#hasSwitched = token;
    const late = Date.parse(writesStoppedAt ?? '') + this.choices.writesStoppedSeconds * 1000;
    if (Date.now() > late + 1000) this.violations.push('the switch began after writes were stopped for too long');
    if (approvals.length < this.choices.approvers) this.violations.push('the switch began without the approvals');
  }

  #requireReserved(what: string): void {
    for (const { arn } of this.#replications) {
      const owner = this.#ledger(arn)?.reservation?.workflowId;
      if (owner !== workflowId)
        this.violations.push(`${what} began while ${arn} was reserved for ${owner ?? 'nobody'}`);
    }
  }

  // People

  /** Answers what the cutover asks, with the truth, until it has ended. */
  async #answer(): Promise<void> {
    for (;;) {
      await sleep(PERSON_SECONDS * 1000);
      if (this.#execution()?.isOpen !== true) {
        if (this.#startsAgain) continue;
        return;
      }
      const status = this.#status();
      if (status === null) continue;
      const { allowed, phase } = status;
      const by = `approver ${status.timeline.length}`;
      if (allowed.includes('approve')) await this.#send('approve', { by, reason: 'good', confirm: CUTOVER_ID });
      else if (allowed.includes('decide')) await this.#decide(phase);
      else if (phase === 'validating' && Date.now() - Date.parse(status.since) > PATIENCE_SECONDS * 1000)
        await this.#send('abort', { by, reason: 'it is never ready' });
    }
  }

  async #decide(phase: CutoverPhase): Promise<void> {
    const said = { by: 'ada', reason: 'looked' };
    const { traffic } = this.application;
    if (phase === 'verifying') return void (await this.#send('decide', { ...said, traffic: 'target' }));
    if (traffic === 'both' || traffic === 'neither') this.application.move(this.#drawn() < 500 ? 'target' : 'source');
    const side = this.application.traffic;
    if (phase === 'switch-unknown') return void (await this.#send('decide', { ...said, traffic: side }));
    if (!this.#notified.has(`${this.#status()?.token} return-failed`) && this.choices.hooks.includes('notify'))
      this.violations.push('nobody was notified of a way back that failed');
    if (side === 'source') return void (await this.#send('decide', { ...said, undo: 'retry' }));
    // To stay is accepted once `whereIsTraffic` has told so.
    if (await this.#send('decide', { ...said, traffic: 'target' })) return;
    if (this.#told !== 'target') return void (await this.#send('decide', { ...said, undo: 'retry' }));
    this.application.move('source');
  }

  #drawn(): number {
    return this.#people.shift() ?? 0;
  }

  /** Sends a request. Returns false if the cutover refuses it. An accepted one is in the timeline. */
  async #send(name: CutoverRequestName, request: object): Promise<boolean> {
    this.trace.push(`dms.${name} ${JSON.stringify(request)}`);
    const before = this.#status()?.timeline.length ?? 0;
    const open = this.#execution();
    try {
      await this.#temporal.update(workflowId, messageNames[name], request);
    } catch (err) {
      const { cause } = err as Error;
      this.trace.push(`dms.${name} is refused: ${String(cause)}`);
      const isRefusal = err instanceof WorkflowNotFoundError || isDmsFailure(cause, 'DmsCutoverRefused');
      if (!isRefusal) this.violations.push(`dms.${name} fails otherwise: ${String(cause ?? err)}`);
      const after = this.#execution() === open ? this.#status()?.timeline.length : before;
      if (after !== before) this.violations.push(`dms.${name} was refused, and changed something`);
      return false;
    }
    const timeline = this.#status()?.timeline ?? [];
    if (!timeline.slice(before).some(({ by }) => by !== null)) this.violations.push(`dms.${name} was dropped`);
    if (name === 'approve') this.#approvedAt = Date.now();
    if ('confirm' in request && request.confirm !== CUTOVER_ID)
      this.violations.push('the approval of another cutover was accepted');
    return true;
  }

  #request(name: CutoverRequestName): Promise<boolean> {
    const pick = this.#drawn();
    const said = { by: `person ${pick % 3}`, reason: 'because' };
    switch (name) {
      case 'approve':
        return this.#send(name, { ...said, confirm: pick % 10 === 0 ? 'another' : CUTOVER_ID });
      case 'change':
        // Less time, so that the limit of the choices still holds.
        return this.#send(name, { ...said, writesStoppedSeconds: this.choices.writesStoppedSeconds - (pick % 60) });
      case 'decide':
        return Promise.resolve(false); // only the truth, by the person who looks
      default:
        return this.#send(name, said);
    }
  }

  // Disturbances

  #disturb({ what, pick }: CutoverDisturbance): void {
    this.trace.push(what);
    const open = this.#execution();
    const replication = this.#replications[pick % this.#replications.length];
    if (open?.isOpen !== true) return;
    switch (what) {
      case 'the worker is killed':
        return this.#temporal.killWorker();
      case 'the cutover is terminated':
        return this.#terminate(open);
      case 'the cutover is cancelled':
        return this.#cancel(open);
      case 'the cutover is continued as new':
        open.isLong = true;
        return;
      case 'AWS gives no answer':
        return replication?.dms.startOutage(20 + (pick % 200));
      case 'the stop fails':
        return replication?.dms.failWhileStopping();
      case 'DMS stops it for a while':
        return replication?.dms.stopForAWhile(8 + (pick % 40));
      default:
        void this.#request(what);
    }
  }

  #cancel(open: Execution): void {
    this.#isGivenUp ||= this.#status()?.allowed.includes('decide') === true;
    open.cancel();
  }

  // Time

  async #until(what: string, holds: () => boolean): Promise<void> {
    const deadline = Date.now() + MOST_HOURS * 3_600_000;
    for (let idle = 0; !holds(); this.#turn++) {
      if (Date.now() > deadline || this.#turn > MOST_TURNS || idle > 20) {
        this.violations.push(`gave up waiting until ${what}: ${JSON.stringify(this.#status()).slice(0, 400)}`);
        return;
      }
      await turnOfLoop();
      this.#temporal.settle();
      await turnOfLoop();
      this.#runDue();
      if (this.scheduler.count() > 0) await this.scheduler.waitOne();
      else if (vi.getTimerCount() > 0) vi.advanceTimersToNextTimer();
      else idle++;
      const [bug] = this.#temporal.bugs;
      if (bug !== undefined) throw bug;
    }
  }

  #runDue(): void {
    const phase = this.#status()?.phase;
    if (phase !== undefined && !this.#phases.has(phase)) this.#phases.set(phase, this.#turn);
    const due = this.#disturbances.filter(
      ({ at }) => (this.#phases.get(at.phase) ?? Infinity) + at.turns <= this.#turn,
    );
    if (due.length === 0) return;
    this.#disturbances = this.#disturbances.filter((each) => !due.includes(each));
    for (const each of due) this.#disturb(each);
  }

  // Verdict

  async #atEnd(): Promise<string> {
    const ended = this.#execution();
    const { isFenced, traffic } = this.application;
    const isWrong = (what: string) => void this.violations.push(what);
    const result = await ended?.result.then(
      (value) => value as CutoverResult,
      (err: unknown) => err as Error & { readonly type?: string },
    );
    const isUndecided = result instanceof Error && result.type === 'DmsCutoverUndecided';
    if (isUndecided) {
      if (!this.#isGivenUp) isWrong('undecided, although nobody has cancelled a decision');
      return 'undecided';
    }
    if (result instanceof Error && ended?.status !== 'CANCELLED') isWrong(`failed: ${String(result)}`);
    const given = result === undefined || result instanceof Error ? null : result;
    // A cutover that was terminated after its switch had released the replications. The next one changes nothing.
    const isAfterSwitch = given?.cause?.code === 'preflight' && traffic === 'target' && this.#hasSwitched !== '';
    const outcome = isAfterSwitch ? 'switched' : (given?.outcome ?? 'returned');
    for (const { arn, dms } of this.#replications) {
      const ledger = this.#ledger(arn);
      if (ledger?.reservation != null) isWrong(`${outcome}, and ${arn} is still reserved`);
      const wanted = outcome === 'switched' ? ['stopped', true] : ['running', false];
      const isOwnFailure = dms.status === 'failed' && dms.stops.at(-1)?.by === DMS;
      const found = [isOwnFailure ? 'running' : dms.status, ledger?.sealed != null];
      if (found.join() !== wanted.join()) isWrong(`${outcome}, and ${arn} is ${found.join()}, not ${wanted.join()}`);
    }
    const side = outcome === 'switched' ? 'target' : 'source';
    if (traffic !== side) isWrong(`${outcome}, and the application uses ${traffic}`);
    if (outcome === 'returned' && isFenced) isWrong('returned, and the source is still fenced');
    return given === null ? 'cancelled' : `${given.outcome} ${given.cause?.code ?? ''}`.trim();
  }
}

/** All hooks, and only those that a cutover needs. */
export const hookChoices: readonly (readonly CutoverHookName[])[] = [
  cutoverHookNames,
  ['fence', 'unfence', 'isDrained', 'switchToTarget', 'whereIsTraffic'],
];

/** Returns the row of a table in a state. */
function tableThatIs(tableState: string): TableStatistics {
  return { tableState, tableName: 'orders', schemaName: 'shop', validationState: 'Validated' } as TableStatistics;
}
