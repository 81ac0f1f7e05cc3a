/**
 * Small Temporal in one process, with everything that this package uses.
 *
 * The replica has executions, activities with retries and timeouts, updates, child workflows, cancellation, resets,
 * continue-as-new, and workers that die. An id has one open run. Every request over the network waits for its turn in a
 * schedule that the test decides. Time is simulated.
 */
import { ApplicationFailure, TerminatedFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Fate } from './luck.js';
import {
  asPayload,
  Execution,
  inAttempt,
  inExecution,
  inScope,
  never,
  sleep,
  Worker,
  type Activities,
  type Workflow,
} from './execution.js';

/** Update that an activity has sent. */
export interface SentUpdate {
  readonly workflowId: string;
  readonly name: string;
  readonly input: unknown;
}

/** Returns true if a request is a call that changes DMS. `what` is then `<kind> for <caller>`. */
export function isCall(what: string): boolean {
  return what.includes(' for ');
}

/** Error of a request that was lost, or whose answer was lost. */
export class Lost extends Error {}

export class SmallTemporal {
  worker = new Worker();
  readonly executions: Execution[] = [];
  /** Bugs of the package: errors that a real worker would log, and retry for ever. */
  readonly bugs: unknown[] = [];
  /** Updates that activities have sent. Disturbances deliver some of them again. */
  readonly sentUpdates: SentUpdate[] = [];
  /** Number of updates whose second delivery is under way. */
  updatesOnTheirWay = 0;
  readonly #lastAttemptAt = new Map<string, number>();
  #runs = 0;
  #uuids = 0;

  constructor(
    readonly fate: Fate,
    private readonly workflows: Readonly<Record<string, Workflow>>,
    private readonly activitiesOf: (world: SmallTemporal) => Activities,
  ) {
    this.worker.activities = activitiesOf(this);
  }

  reportBug(err: unknown): void {
    this.bugs.push(err);
  }

  uuid(): string {
    return `uuid-${++this.#uuids}`;
  }

  /** Kills the worker, and starts another one. */
  killWorker(): void {
    this.worker.isAlive = false;
    this.worker = new Worker();
    this.worker.activities = this.activitiesOf(this);
  }

  /**
   * Freezes the worker for some seconds, and starts another one that takes its tasks.
   *
   * Afterwards the frozen worker goes on with its attempts.
   */
  freezeWorker(seconds: number): void {
    this.worker.frozenUntil = Date.now() + seconds * 1000;
    this.worker = new Worker();
    this.worker.activities = this.activitiesOf(this);
  }

  /** Forgets executions that have been closed for at least these seconds, as the server's retention does. */
  forget(seconds: number): void {
    for (const each of this.executions) each.isForgotten ||= Date.now() - each.closedAt >= seconds * 1000;
  }

  latest(workflowId: string): Execution | undefined {
    return this.executions.findLast((each) => each.workflowId === workflowId && !each.isForgotten);
  }

  /** Returns the time at which an attempt is scheduled, in ms. Never returns a time twice for one workflow id. */
  scheduleAttempt(workflowId: string): number {
    const at = Math.max(Date.now(), (this.#lastAttemptAt.get(workflowId) ?? 0) + 1);
    this.#lastAttemptAt.set(workflowId, at);
    return at;
  }

  start(
    type: string,
    workflowId: string,
    args: readonly unknown[],
    { memo = {}, parent = null }: { memo?: Record<string, unknown>; parent?: Execution | null } = {},
  ): Execution {
    if (this.latest(workflowId)?.isOpen) {
      throw new WorkflowExecutionAlreadyStartedError('Already started', workflowId, type);
    }
    const runId = `run-${++this.#runs}`;
    return this.#run(new Execution(this, workflowId, runId, runId, type, asPayload(args), memo, parent));
  }

  #run(execution: Execution): Execution {
    this.executions.push(execution);
    const workflow = this.workflows[execution.type];
    if (workflow === undefined) throw new Error(`No workflow ${execution.type}`);
    void execution.run(workflow);
    return execution;
  }

  continueAsNew(from: Execution, args: readonly unknown[]): void {
    const { workflowId, firstRunId, type, memo, parent } = from;
    from.close('CONTINUED_AS_NEW');
    const next = new Execution(
      this,
      workflowId,
      `run-${++this.#runs}`,
      firstRunId,
      type,
      asPayload(args),
      memo,
      parent,
    );
    this.#run(next);
  }

  /** Resets an execution to before its last `back` outcomes of activities and children. */
  reset(execution: Execution, back: number): void {
    const { workflowId, firstRunId, type, args, memo, parent, outcomes, untilCancel } = execution;
    if (this.latest(workflowId) !== execution || execution.status === 'CONTINUED_AS_NEW') return;
    execution.close('TERMINATED', undefined, new TerminatedFailure('Reset'));
    const kept = outcomes.slice(0, Math.min(untilCancel, Math.max(0, outcomes.length - back)));
    this.#run(new Execution(this, workflowId, `run-${++this.#runs}`, firstRunId, type, args, memo, parent, kept));
  }

  terminate(execution: Execution): void {
    execution.close('TERMINATED', undefined, new TerminatedFailure('Terminated'));
  }

  /** Lets workflows go on whose conditions are now true. */
  settle(): void {
    for (const execution of this.executions) {
      if (!execution.isOpen) continue;
      for (const condition of execution.conditions) {
        if (!inExecution.run(execution, condition.holds)) continue;
        execution.conditions.delete(condition);
        condition.go();
      }
    }
  }

  /** Delivers an update, and returns its reply. `isForged`: the update is not one of the package's own. */
  async update(workflowId: string, name: string, input: unknown, isForged = false): Promise<unknown> {
    const open = this.latest(workflowId);
    const handler = open?.handlers.get(name);
    if (!open?.isOpen || handler === undefined) throw new WorkflowNotFoundError('Not open', workflowId, undefined);
    return inExecution.run(open, () =>
      inScope.run(open.root, () => {
        try {
          handler.validate(asPayload(input));
        } catch (err) {
          if (!(err instanceof ApplicationFailure) && !isForged) this.reportBug(err);
          throw new WorkflowUpdateFailedError('Refused', err as Error);
        }
        try {
          return asPayload(handler.handle(asPayload(input)));
        } catch (err) {
          if (!(err instanceof ApplicationFailure)) this.reportBug(err);
          throw new WorkflowUpdateFailedError('Failed', err as Error);
        }
      }),
    );
  }

  /** Delivers an update, and returns its reply. An activity's update may be delivered again, much later. */
  sendUpdate(workflowId: string, name: string, input: unknown): Promise<unknown> {
    if (inAttempt.getStore() !== undefined) {
      const sent = { workflowId, name, input: asPayload(input) };
      this.sentUpdates.push(sent);
      const seconds = this.fate.redeliverAfter();
      if (seconds !== null) void this.#deliverAgain(sent, seconds);
    }
    return this.update(workflowId, name, input);
  }

  async #deliverAgain({ workflowId, name, input }: SentUpdate, seconds: number): Promise<void> {
    this.updatesOnTheirWay++;
    await sleep(seconds * 1000);
    await this.fate.turn(`→ again ${name}`);
    this.updatesOnTheirWay--;
    await this.update(workflowId, name, input, true).catch(() => {});
  }

  /** Waits for its turn. */
  waitForTurn(what: string): Promise<void> {
    return this.fate.turn(what);
  }

  /** Returns a function that tells whether the worker of the present attempt has died. */
  workerDeathProbe(): () => boolean {
    const worker = inAttempt.getStore()?.worker;
    return () => worker?.isAlive === false;
  }

  /** Carries out a request after its client has given up. Never returns an answer. */
  async sendLate(what: string, seconds: number, effect: () => unknown): Promise<never> {
    await sleep(seconds * 1000);
    await this.fate.turn(`→ late ${what}`);
    effect();
    return never();
  }

  /**
   * Sends a request over the network. The request may be late or lost, and so may its answer. A dead worker gets none.
   *
   * A frozen worker sends a request once it thaws. Calls are the exception: a call follows its note at once.
   */
  async sendRequest<T>(what: string, effect: () => T | Promise<T>, onLost: () => void = () => {}): Promise<T> {
    const worker = inAttempt.getStore()?.worker;
    if (!isCall(what)) await worker?.whileFrozen();
    const { fate, seconds } = this.fate.request(what);
    if (seconds > 0) await sleep(seconds * 1000);
    await this.fate.turn(`→ ${what}`);
    // A request that a worker sent before it was killed may still arrive.
    if (fate === 'is lost') {
      onLost();
      return worker?.isAlive === false ? never() : Promise.reject(new Lost(`Lost: ${what}`));
    }
    const answer = Promise.resolve().then(effect);
    const ended = await answer.then(
      (value) => ({ value }),
      (err: unknown) => ({ err }),
    );
    await this.fate.turn(`← ${what}`);
    await worker?.whileFrozen();
    if (worker?.isAlive === false) return never();
    if (fate === 'loses its answer') throw new Lost(`Answer lost: ${what}`);
    if ('err' in ended) throw ended.err;
    return ended.value;
  }
}

/** Returns the execution of the present attempt as `<workflow id> <run id>`. `nobody`: there is no attempt. */
export function callerOfAttempt(): string {
  return inAttempt.getStore()?.caller ?? 'nobody';
}
