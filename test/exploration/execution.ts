/** A run of a workflow, its cancellation scopes, and what its code finds by the async context it runs in. */
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
    super('Continued as new');
  }
}

/** As a payload goes through Temporal. */
export const carried = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));
export const never = () => new Promise<never>(() => {});
export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export class Scope {
  readonly cancelRequested: Promise<never>;
  isCancelled = false;
  #cancel: (err: Error) => void = () => {};

  /** `within`: the scope that cancels this one along with itself. */
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

/** The server of an execution, as far as its code reaches it. */
export interface ExecutionServer {
  readonly fate: Fate;
  readonly worker: Worker;
  bug(err: unknown): void;
  uuid(): string;
  pause(what: string): Promise<void>;
  latest(workflowId: string): Execution | undefined;
  scheduleAttempt(workflowId: string): number;
  continued(from: Execution, args: readonly unknown[]): void;
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
  /** How each activity and child ended, in their order: what a reset starts from. */
  readonly outcomes: { readonly value?: unknown; readonly err?: unknown }[] = [];
  scheduled = 0;
  /** So many things had ended when a cancel was asked for: no reset goes back to after it. */
  untilCancel = Infinity;
  /** Its history is long: it is to continue as new. */
  isLong = false;
  readonly startedAt = Date.now();
  closedAt = Infinity;
  /** The server keeps it no longer. */
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
      if (err instanceof ContinueAsNew) this.world.continued(this, err.args);
      else if (this.root.isCancelled && (err instanceof CancelledFailure || isCancelledActivity(err)))
        this.close('CANCELLED', undefined, new CancelledFailure('The workflow was cancelled'));
      else if (
        err instanceof ApplicationFailure ||
        err instanceof ActivityFailure ||
        err instanceof ChildWorkflowFailure
      )
        this.close('FAILED', undefined, err);
      else this.world.bug(err);
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
    if (err === undefined) this.#end.resolve(carried(value));
    else this.#end.reject(err);
  }

  /** Something that a workflow waits for: delivered while it is open, kept for a reset, and taken from before the reset. */
  async awaited<T>(work: () => Promise<T>): Promise<T> {
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

/** A process that runs activities, until it is killed. While it is frozen it stands still. */
export class Worker {
  isAlive = true;
  frozenUntil = -Infinity;
  activities: Activities = {};

  get isFrozen(): boolean {
    return Date.now() < this.frozenUntil;
  }

  async thawed(): Promise<void> {
    while (this.isFrozen) await sleep(this.frozenUntil - Date.now());
  }
}

export type Activities = Readonly<Record<string, (input: any) => Promise<unknown>>>;
