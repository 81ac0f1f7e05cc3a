/** Run of a workflow, its cancellation scopes, and the async contexts by which workflow code finds them. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { ActivityFailure, ApplicationFailure, CancelledFailure, ChildWorkflowFailure } from '@temporalio/common';
import type { Fate } from './luck.js';

export type Workflow = (...args: any[]) => Promise<unknown>;

export interface AttemptInfo {
  readonly worker: Worker;
  readonly caller: string;
  readonly context: unknown;
}

export const inExecution = new AsyncLocalStorage<Execution>();
export const inScope = new AsyncLocalStorage<Scope>();
export const inAttempt = new AsyncLocalStorage<AttemptInfo>();

export class ContinueAsNew extends Error {
  constructor(readonly args: readonly unknown[]) {
    super('Continue as new');
  }
}

/** Copies a value as a payload would be: through JSON. */
export const asPayload = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));
export const never = () => new Promise<never>(() => {});
export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export class Scope {
  readonly cancelRequested: Promise<never>;
  isCancelled = false;
  #cancel: (err: Error) => void = () => {};

  /** `within`: the outer scope, which cancels this one, too. `null`: none. */
  constructor(within: Scope | null = null) {
    this.cancelRequested = new Promise((_, reject) => (this.#cancel = reject));
    this.cancelRequested.catch(() => {});
    within?.cancelRequested.catch(() => this.cancel());
    if (within?.isCancelled) this.cancel();
  }

  static current(): Scope {
    return inScope.getStore() ?? execution().root;
  }

  static nonCancellable<T>(work: () => Promise<T>): Promise<T> {
    return new Scope().run(work);
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return inScope.run(this, async () => work());
  }

  cancel(): void {
    this.isCancelled = true;
    this.#cancel(new CancelledFailure('Cancelled'));
  }
}

export class PublicScope extends Scope {
  constructor() {
    super(Scope.current());
  }
}

export function execution(): Execution {
  const found = inExecution.getStore();
  if (found === undefined) throw new Error('Not in a workflow');
  return found;
}

type Handler = { readonly handle: (input: any) => unknown; readonly validate: (input: any) => void };

/** Part of the small Temporal that executions use. */
export interface ExecutionServer {
  readonly fate: Fate;
  readonly worker: Worker;
  reportBug(err: unknown): void;
  uuid(): string;
  waitForTurn(what: string): Promise<void>;
  latest(workflowId: string): Execution | undefined;
  scheduleAttempt(workflowId: string): number;
  continueAsNew(from: Execution, args: readonly unknown[]): void;
  start(
    type: string,
    workflowId: string,
    args: readonly unknown[],
    options?: { memo?: Record<string, unknown>; parent?: Execution | null },
  ): Execution;
}

/** One run of a workflow. Nothing is delivered to it once it is closed. */
export class Execution {
  readonly root = new Scope();
  readonly handlers = new Map<string, Handler>();
  readonly conditions = new Set<{ readonly holds: () => boolean; readonly go: () => void }>();
  status: 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'TERMINATED' | 'CONTINUED_AS_NEW' = 'RUNNING';
  readonly result: Promise<unknown>;
  /** Outcomes of activities and children, in the order of their scheduling. A reset keeps the first of them. */
  readonly outcomes: { readonly value?: unknown; readonly err?: unknown }[] = [];
  scheduled = 0;
  /** Number of outcomes at the time of the first cancel. A reset always goes back to before the cancel. */
  untilCancel = Infinity;
  /** True if Temporal suggests to continue as new. */
  isLong = false;
  readonly startedAt = Date.now();
  closedAt = Infinity;
  /** True once the retention has removed the execution. */
  isForgotten = false;
  #end: { resolve: (value: unknown) => void; reject: (err: unknown) => void } = {
    resolve() {},
    reject() {},
  };

  constructor(
    readonly world: ExecutionServer,
    readonly workflowId: string,
    readonly runId: string,
    readonly firstRunId: string,
    readonly type: string,
    readonly args: readonly unknown[],
    readonly memo: Record<string, unknown>,
    readonly parent: Execution | null,
    readonly replayed: readonly ({ readonly value?: unknown; readonly err?: unknown } | undefined)[] = [],
  ) {
    this.result = new Promise((resolve, reject) => (this.#end = { resolve, reject }));
    this.result.catch(() => {});
  }

  get isOpen(): boolean {
    return this.status === 'RUNNING';
  }

  async run(workflow: Workflow): Promise<void> {
    try {
      const value = await inExecution.run(this, () => inScope.run(this.root, () => workflow(...this.args)));
      this.close('COMPLETED', value);
    } catch (err) {
      if (err instanceof ContinueAsNew) this.world.continueAsNew(this, err.args);
      else if (this.root.isCancelled && (err instanceof CancelledFailure || isCancelledActivity(err)))
        this.close('CANCELLED', undefined, new CancelledFailure('The workflow was cancelled'));
      else if (
        err instanceof ApplicationFailure ||
        err instanceof ActivityFailure ||
        err instanceof ChildWorkflowFailure
      )
        this.close('FAILED', undefined, err);
      else this.world.reportBug(err);
    }
  }

  cancel(): void {
    this.untilCancel = Math.min(this.untilCancel, this.outcomes.length);
    this.root.cancel();
  }

  close(status: Execution['status'], value?: unknown, err?: Error): void {
    if (!this.isOpen) return;
    this.status = status;
    this.closedAt = Date.now();
    this.conditions.clear();
    if (err === undefined) this.#end.resolve(asPayload(value));
    else this.#end.reject(err);
  }

  /**
   * Runs an activity or a child, and keeps its outcome for a reset. After a reset, returns the outcome from before.
   *
   * Never returns once the execution is closed.
   */
  async awaitOutcome<T>(work: () => Promise<T>): Promise<T> {
    const number = this.scheduled++;
    const before = this.replayed[number];
    const outcome =
      before ??
      (await work().then(
        (value) => ({ value }),
        (err: unknown) => ({ err }),
      ));
    if (!this.isOpen) return never();
    this.outcomes[number] = outcome;
    if ('err' in outcome) throw outcome.err;
    return outcome.value as T;
  }
}

const isCancelledActivity = (err: unknown) => err instanceof ActivityFailure && err.cause instanceof CancelledFailure;

/** Process that runs activities until it is killed. It may be frozen for a while. */
export class Worker {
  isAlive = true;
  frozenUntil = -Infinity;
  activities: Activities = {};

  get isFrozen(): boolean {
    return Date.now() < this.frozenUntil;
  }

  async whileFrozen(): Promise<void> {
    while (this.isFrozen) await sleep(this.frozenUntil - Date.now());
  }
}

export type Activities = Readonly<Record<string, (input: any) => Promise<unknown>>>;
