/**
 * What this package uses of Temporal, in one process: executions with one open run for each id, activities with retries and time-outs, updates,
 * children, cancellation, resets, continue-as-new, and workers that die. It exists to be explored: whatever waits for the network waits for its turn
 * in a schedule that the test decides. Time is the test's own.
 */
import { ApplicationFailure, TerminatedFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Fate } from './luck.js';
import {
  carried,
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

/** An update as it was sent. */
export interface SentUpdate {
  readonly workflowId: string;
  readonly name: string;
  readonly input: unknown;
}

/** Whether a request changes DMS. */
export function isCall(what: string): boolean {
  return what.includes(' for ');
}

/** A request or its answer got lost on the way. */
export class Lost extends Error {}

export class SmallTemporal {
  worker = new Worker();
  readonly executions: Execution[] = [];
  /** Errors that Temporal would log and retry for ever: mistakes of the package. */
  readonly bugs: unknown[] = [];
  /** Updates that activities have sent, to be told again. */
  readonly sentUpdates: SentUpdate[] = [];
  /** Updates that arrive once more. */
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

  bug(err: unknown): void {
    this.bugs.push(err);
  }

  uuid(): string {
    return `uuid-${++this.#uuids}`;
  }

  /** The worker dies where it stands; another one takes over. */
  killWorker(): void {
    this.worker.isAlive = false;
    this.worker = new Worker();
    this.worker.activities = this.activitiesOf(this);
  }

  /** The worker stands still; another one takes over what it was to do, and after a while it goes on with what it was doing. */
  freezeWorker(seconds: number): void {
    this.worker.frozenUntil = Date.now() + seconds * 1000;
    this.worker = new Worker();
    this.worker.activities = this.activitiesOf(this);
  }

  /** Forgets what has been closed for a while. */
  forget(seconds: number): void {
    for (const each of this.executions) each.isForgotten ||= Date.now() - each.closedAt >= seconds * 1000;
  }

  latest(workflowId: string): Execution | undefined {
    return this.executions.findLast((each) => each.workflowId === workflowId && !each.isForgotten);
  }

  /** The time at which an attempt is scheduled: no two of one workflow id are equal. */
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
    return this.#run(new Execution(this, workflowId, runId, runId, type, carried(args), memo, parent));
  }

  #run(execution: Execution): Execution {
    this.executions.push(execution);
    const workflow = this.workflows[execution.type];
    if (workflow === undefined) throw new Error(`No workflow ${execution.type}`);
    void execution.run(workflow);
    return execution;
  }

  continued(from: Execution, args: readonly unknown[]): void {
    const { workflowId, firstRunId, type, memo, parent } = from;
    from.close('CONTINUED_AS_NEW');
    const next = new Execution(this, workflowId, `run-${++this.#runs}`, firstRunId, type, carried(args), memo, parent);
    this.#run(next);
  }

  /** Goes back to before the last so many things that it had waited for. */
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

  /** Conditions that have come to hold let their workflows go on. */
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

  /** What an update comes to when it arrives. `isForged`: no code of the package has sent it. */
  async update(workflowId: string, name: string, input: unknown, isForged = false): Promise<unknown> {
    const open = this.latest(workflowId);
    const handler = open?.handlers.get(name);
    if (!open?.isOpen || handler === undefined) throw new WorkflowNotFoundError('Not open', workflowId, undefined);
    return inExecution.run(open, () =>
      inScope.run(open.root, () => {
        try {
          handler.validate(carried(input));
        } catch (err) {
          if (!(err instanceof ApplicationFailure) && !isForged) this.bug(err);
          throw new WorkflowUpdateFailedError('Refused', err as Error);
        }
        try {
          return carried(handler.handle(carried(input)));
        } catch (err) {
          if (!(err instanceof ApplicationFailure)) this.bug(err);
          throw new WorkflowUpdateFailedError('Failed', err as Error);
        }
      }),
    );
  }

  /** What an update of an activity comes to when it arrives. It may arrive once more, long after its sender has gone. */
  sendUpdate(workflowId: string, name: string, input: unknown): Promise<unknown> {
    if (inAttempt.getStore() !== undefined) {
      const sent = { workflowId, name, input: carried(input) };
      this.sentUpdates.push(sent);
      const seconds = this.fate.again();
      if (seconds !== null) void this.#tellAgain(sent, seconds);
    }
    return this.update(workflowId, name, input);
  }

  async #tellAgain({ workflowId, name, input }: SentUpdate, seconds: number): Promise<void> {
    this.updatesOnTheirWay++;
    await sleep(seconds * 1000);
    await this.fate.turn(`→ again ${name}`);
    this.updatesOnTheirWay--;
    await this.update(workflowId, name, input, true).catch(() => {});
  }

  /** Waits for its turn. */
  pause(what: string): Promise<void> {
    return this.fate.turn(what);
  }

  /** Tells, wherever it is called, whether the worker that calls this has died. */
  isDeadHere(): () => boolean {
    const worker = inAttempt.getStore()?.worker;
    return () => worker?.isAlive === false;
  }

  /** A request that nobody waits for any more when it lands. */
  async carryLate(what: string, seconds: number, effect: () => unknown): Promise<never> {
    await sleep(seconds * 1000);
    await this.fate.turn(`→ late ${what}`);
    effect();
    return never();
  }

  /**
   * A request of a worker over the network: late, lost, without an answer, or from a worker that is no more. A frozen worker sends it later, unless
   * it changes DMS: such a call follows its note at once, or not at all.
   */
  async carry<T>(what: string, effect: () => T | Promise<T>, onLost: () => void = () => {}): Promise<T> {
    const worker = inAttempt.getStore()?.worker;
    if (!isCall(what)) await worker?.thawed();
    const { fate, seconds } = this.fate.request(what);
    if (seconds > 0) await sleep(seconds * 1000);
    await this.fate.turn(`→ ${what}`);
    // What a worker sent before it was killed may arrive all the same.
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
    await worker?.thawed();
    if (worker?.isAlive === false) return never();
    if (fate === 'loses its answer') throw new Lost(`Answer lost: ${what}`);
    if ('err' in ended) throw ended.err;
    return ended.value;
  }
}

/** The execution for which the running attempt works. */
export function callerOfAttempt(): string {
  return inAttempt.getStore()?.caller ?? 'nobody';
}
