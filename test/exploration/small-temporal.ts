/**
 * What this package uses of Temporal, in one process: executions with one open run for each id, activities with retries and time-outs, updates,
 * children, cancellation, resets, continue-as-new, and workers that die. It exists to be explored: whatever waits for the network waits for its turn
 * in a schedule that the test decides. Time is the test's own.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  RetryState,
  TerminatedFailure,
  TimeoutFailure,
  TimeoutType,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import { WorkflowFailedError, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';

type Workflow = (...args: any[]) => Promise<unknown>;
type Activities = Readonly<Record<string, (input: any) => Promise<unknown>>>;

/** Who decides what happens next. */
export interface Fate {
  /** Waits for its turn. */
  turn(what: string): Promise<void>;
  /** What becomes of a request, and how long it is on its way. */
  request(what: string): { readonly fate: 'arrives' | 'is lost' | 'loses its answer'; readonly seconds: number };
}

export interface ActivityOptions {
  readonly startToCloseTimeout: number;
  readonly scheduleToCloseTimeout?: number;
  readonly heartbeatTimeout?: number;
  readonly cancellationType?: string;
  readonly retry?: { readonly initialInterval?: number; readonly maximumAttempts?: number };
}

interface AttemptInfo {
  readonly worker: Worker;
  readonly caller: string;
  readonly context: unknown;
}

const inExecution = new AsyncLocalStorage<Execution>();
const inScope = new AsyncLocalStorage<Scope>();
const inAttempt = new AsyncLocalStorage<AttemptInfo>();

/** A request or its answer got lost on the way. */
export class Lost extends Error {}

class ContinueAsNew extends Error {
  constructor(readonly args: readonly unknown[]) {
    super('Continued as new');
  }
}

/** As a payload goes through Temporal. */
const carried = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));
const never = () => new Promise<never>(() => {});
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

class Scope {
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

class PublicScope extends Scope {
  constructor() {
    super(Scope.current());
  }
}

function execution(): Execution {
  const found = inExecution.getStore();
  if (found === undefined) throw new Error('Not in a workflow');
  return found;
}

type Handler = { readonly handle: (input: any) => unknown; readonly validate: (input: any) => void };

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
  #end: { resolve: (value: unknown) => void; reject: (err: unknown) => void } = {
    resolve() {},
    reject() {},
  };

  constructor(
    readonly world: SmallTemporal,
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

/** A process that runs activities, until it is killed. */
export class Worker {
  isAlive = true;
  activities: Activities = {};
}

export class SmallTemporal {
  worker = new Worker();
  readonly executions: Execution[] = [];
  /** Errors that Temporal would log and retry for ever: mistakes of the package. */
  readonly bugs: unknown[] = [];
  #runs = 0;
  #uuids = 0;

  constructor(
    private readonly fate: Fate,
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

  latest(workflowId: string): Execution | undefined {
    return this.executions.findLast((each) => each.workflowId === workflowId);
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

  async activity(
    by: Execution,
    type: string,
    input: unknown,
    options: ActivityOptions,
    scope: Scope,
  ): Promise<unknown> {
    const failed = (cause: Error, retryState: RetryState) =>
      new ActivityFailure('Activity failed', type, `${type}-${by.scheduled}`, retryState, 'worker', cause);
    const isTried = options.cancellationType === 'TRY_CANCEL' || options.cancellationType === undefined;
    const cancelled = scope.cancelRequested.catch((err: Error) => err);
    const trying = isTried
      ? cancelled.then((err) => Promise.reject(failed(err, RetryState.CANCEL_REQUESTED)))
      : never();
    const scheduledAt = Date.now();
    const expiresAt = scheduledAt + (options.scheduleToCloseTimeout ?? Infinity);
    let beat: unknown;
    const attempts = async (): Promise<unknown> => {
      for (let attempt = 1; ; attempt++) {
        // A closed workflow's activities are not tried again.
        if (!by.isOpen) return never();
        if (scope.isCancelled) throw failed(new CancelledFailure('Cancelled'), RetryState.CANCEL_REQUESTED);
        const attemptAt = Date.now();
        await this.fate.turn(`begin ${type} ${attempt} of ${by.runId}`);
        const { worker } = this;
        let beatAt = Date.now();
        const abort = new AbortController();
        cancelled.then(
          (err) => setTimeout(() => abort.abort(err), 1000),
          () => {},
        );
        const info = {
          attempt,
          activityType: type,
          inWorkflow: true,
          taskQueue: 'dms',
          heartbeatDetails: carried(beat),
          scheduledTimestampMs: scheduledAt,
          currentAttemptScheduledTimestampMs: attemptAt,
          startToCloseTimeoutMs: options.startToCloseTimeout,
          workflowExecution: { workflowId: by.workflowId, runId: by.runId },
        };
        const context = {
          info,
          cancellationSignal: abort.signal,
          heartbeat: (details: unknown) => {
            if (!worker.isAlive) return;
            beatAt = Date.now();
            beat = carried(details);
          },
        };
        const caller = `${by.workflowId} ${by.runId}`;
        const impl = worker.activities[type];
        if (impl === undefined) throw new Error(`No activity ${type}`);
        const work = inAttempt.run({ worker, caller, context }, async () => impl(carried(input)));
        const ended = work.then(
          (value) => ({ value }),
          (err: unknown) => ({ err }),
        );
        const done = await Promise.race([
          ended.then(async (end) => {
            if (!worker.isAlive) return never();
            await this.fate.turn(`end ${type} ${attempt} of ${by.runId}`);
            return worker.isAlive ? end : never();
          }),
          this.#timeOut(() => beatAt, options, expiresAt),
        ]);
        if ('value' in done) return carried(done.value);
        const { err } = done;
        if (err instanceof CancelledFailure) throw failed(err, RetryState.CANCEL_REQUESTED);
        if (err instanceof TimeoutFailure && err.timeoutType === TimeoutType.SCHEDULE_TO_CLOSE)
          throw failed(err, RetryState.TIMEOUT);
        if (!(err instanceof ApplicationFailure) && !(err instanceof TimeoutFailure) && !(err instanceof Lost)) {
          this.bug(err);
          return never();
        }
        const { nonRetryable = false, nextRetryDelay } =
          err instanceof ApplicationFailure ? err : { nextRetryDelay: undefined };
        if (nonRetryable) throw failed(err, RetryState.NON_RETRYABLE_FAILURE);
        if (scope.isCancelled) throw failed(err, RetryState.CANCEL_REQUESTED);
        if (attempt === options.retry?.maximumAttempts) throw failed(err, RetryState.MAXIMUM_ATTEMPTS_REACHED);
        const delay = Number(nextRetryDelay ?? options.retry?.initialInterval ?? 1000);
        if (Date.now() + delay > expiresAt) throw failed(err, RetryState.TIMEOUT);
        await Promise.race([sleep(delay), cancelled]);
      }
    };
    const all = attempts();
    all.catch(() => {});
    return Promise.race([all, trying]);
  }

  /** The server gives an attempt up: too long, or no heartbeat. Whatever it is doing it goes on doing. */
  async #timeOut(
    beatAt: () => number,
    { startToCloseTimeout, heartbeatTimeout = Infinity }: ActivityOptions,
    expiresAt: number,
  ): Promise<{ readonly err: unknown }> {
    const endsAt = Date.now() + startToCloseTimeout;
    for (;;) {
      const beatsBy = beatAt() + heartbeatTimeout;
      const [first, type] =
        expiresAt <= Math.min(endsAt, beatsBy)
          ? [expiresAt, TimeoutType.SCHEDULE_TO_CLOSE]
          : beatsBy < endsAt
            ? [beatsBy, TimeoutType.HEARTBEAT]
            : [endsAt, TimeoutType.START_TO_CLOSE];
      if (Date.now() >= first) return { err: new TimeoutFailure('Timed out', undefined, type) };
      await sleep(first - Date.now());
    }
  }

  /** What an update comes to when it arrives. */
  async update(workflowId: string, name: string, input: unknown): Promise<unknown> {
    const open = this.latest(workflowId);
    const handler = open?.handlers.get(name);
    if (!open?.isOpen || handler === undefined) throw new WorkflowNotFoundError('Not open', workflowId, undefined);
    return inExecution.run(open, () =>
      inScope.run(open.root, () => {
        try {
          handler.validate(carried(input));
        } catch (err) {
          if (!(err instanceof ApplicationFailure)) this.bug(err);
          throw new WorkflowUpdateFailedError('Refused', err as Error);
        }
        return carried(handler.handle(carried(input)));
      }),
    );
  }

  /** The client that activities are given, and people use. */
  get client() {
    const isKnown = (workflowId: string) => {
      const found = this.latest(workflowId);
      if (found === undefined) throw new WorkflowNotFoundError('Unknown', workflowId, undefined);
      return found;
    };
    const getHandle = (workflowId: string, runId?: string, { firstExecutionRunId }: FollowOptions = {}) => ({
      cancel: () =>
        this.carry(`cancel ${workflowId}`, () => {
          const open = this.latest(workflowId);
          const isMeant = firstExecutionRunId === undefined || open?.firstRunId === firstExecutionRunId;
          if (!open?.isOpen || !isMeant) throw new WorkflowNotFoundError('Closed', workflowId, runId);
          open.cancel();
        }),
      executeUpdate: (name: string, { args: [input] }: { args: [unknown] }) =>
        this.carry(`${name} to ${workflowId}`, () => this.update(workflowId, name, input)),
      query: (name: string) =>
        this.carry(`${name} of ${workflowId}`, async () => {
          const known = isKnown(workflowId);
          return carried(inExecution.run(known, () => known.handlers.get(name)?.handle(undefined)));
        }),
      describe: () => this.carry(`describe ${workflowId}`, async () => described(isKnown(workflowId))),
      result: () => this.#result(workflowId, runId),
    });
    return {
      workflow: {
        getHandle,
        start: (type: string, { workflowId, args, memo = {} }: StartOptions) =>
          this.carry(`start ${workflowId}`, () => {
            const { firstRunId } = this.start(type, workflowId, args, { memo });
            return { firstExecutionRunId: firstRunId };
          }),
        executeUpdateWithStart: (name: string, request: UpdateWithStart) => {
          const {
            args: [input],
            startWorkflowOperation: { options, workflowTypeOrFunc: type },
          } = request;
          const { workflowId, args } = options;
          return this.carry(`${name} with start to ${workflowId}`, async () => {
            const known = this.latest(workflowId);
            if (known !== undefined && !known.isOpen)
              throw new WorkflowExecutionAlreadyStartedError('Closed', workflowId, type);
            if (known === undefined) this.start(type, workflowId, args);
            return this.update(workflowId, name, input);
          });
        },
      },
      withDeadline: <T>(_: unknown, work: () => Promise<T>) => work(),
      withAbortSignal: <T>(signal: AbortSignal, work: () => Promise<T>) =>
        Promise.race([
          work(),
          new Promise<never>((_, reject) => {
            const stop = () => reject(new Error('Aborted'));
            if (signal.aborted) stop();
            else signal.addEventListener('abort', stop, { once: true });
          }),
        ]),
    };
  }

  pause(what: string): Promise<void> {
    return this.fate.turn(what);
  }

  async #result(workflowId: string, runId?: string): Promise<unknown> {
    const isMeant = (each: Execution) => each.workflowId === workflowId && (!runId || each.runId === runId);
    const found = this.executions.findLast(isMeant);
    if (found === undefined) throw new WorkflowNotFoundError('Unknown', workflowId, runId);
    try {
      return await found.result;
    } catch (err) {
      throw new WorkflowFailedError('Failed', err as Error, RetryState.NON_RETRYABLE_FAILURE);
    }
  }

  /** A request of a worker over the network: late, lost, without an answer, or from a worker that is no more. */
  async carry<T>(what: string, effect: () => T | Promise<T>): Promise<T> {
    const worker = inAttempt.getStore()?.worker;
    const { fate, seconds } = this.fate.request(what);
    if (seconds > 0) await sleep(seconds * 1000);
    await this.fate.turn(`→ ${what}`);
    // What a worker sent before it was killed may arrive all the same.
    if (fate === 'is lost') return worker?.isAlive === false ? never() : Promise.reject(new Lost(`Lost: ${what}`));
    const answer = Promise.resolve().then(effect);
    const ended = await answer.then(
      (value) => ({ value }),
      (err: unknown) => ({ err }),
    );
    await this.fate.turn(`← ${what}`);
    if (worker?.isAlive === false) return never();
    if (fate === 'loses its answer') throw new Lost(`Answer lost: ${what}`);
    if ('err' in ended) throw ended.err;
    return ended.value;
  }
}

interface FollowOptions {
  readonly firstExecutionRunId?: string;
}

interface StartOptions {
  readonly workflowId: string;
  readonly args: readonly unknown[];
  readonly memo?: Record<string, unknown>;
}

interface UpdateWithStart {
  readonly args: [unknown];
  readonly startWorkflowOperation: {
    readonly workflowTypeOrFunc: string;
    readonly options: { readonly workflowId: string; readonly args: readonly unknown[] };
  };
}

function described({ type, workflowId, runId, firstRunId, status, memo, parent }: Execution) {
  return {
    type,
    workflowId,
    runId,
    status: { name: status },
    memo,
    parentExecution: parent === null ? undefined : { workflowId: parent.workflowId },
    raw: { workflowExecutionInfo: { firstRunId } },
  };
}

/** The execution for which the running attempt works. */
export function callerOfAttempt(): string {
  return inAttempt.getStore()?.caller ?? 'nobody';
}

/** In place of `@temporalio/activity`. */
export const activityApi = {
  Context: { current: () => inAttempt.getStore()?.context },
};

/** In place of what `@temporalio/workflow` does; its types and failures stay. */
export const workflowApi = {
  CancellationScope: PublicScope,
  proxyActivities: (options: ActivityOptions) =>
    new Proxy(
      {},
      {
        get: (_, type: string) => (input: unknown) => {
          const by = execution();
          const scope = Scope.current();
          return by.awaited(() => by.world.activity(by, type, carried(input), options, scope));
        },
      },
    ),
  condition: async (holds: () => boolean, timeout?: number): Promise<boolean | undefined> => {
    const by = execution();
    const scope = Scope.current();
    if (holds()) return true;
    const held = new Promise<true>((resolve) => by.conditions.add({ holds, go: () => resolve(true) }));
    const late = timeout === undefined ? never() : sleep(timeout).then(() => false);
    const ended = await Promise.race([held, late, scope.cancelRequested]);
    if (!by.isOpen) return never();
    return timeout === undefined ? undefined : ended;
  },
  sleep: async (ms: number) => {
    const by = execution();
    await Promise.race([sleep(ms), Scope.current().cancelRequested]);
    if (!by.isOpen) return never();
  },
  continueAsNew: async (...args: unknown[]) => {
    throw new ContinueAsNew(args);
  },
  allHandlersFinished: () => true,
  setHandler: (
    { name }: { name: string },
    handle: (input: any) => unknown,
    { validator = () => {} }: { validator?: (input: any) => void } = {},
  ) => void execution().handlers.set(name, { handle, validate: validator }),
  setCurrentDetails: () => {},
  upsertMemo: (memo: Record<string, unknown>) => void Object.assign(execution().memo, carried(memo)),
  workflowInfo: () => {
    const { workflowId, runId, memo, parent, isLong } = execution();
    return {
      workflowId,
      runId,
      memo,
      parent: parent === null ? undefined : { workflowId: parent.workflowId },
      continueAsNewSuggested: isLong,
      historyLength: 0,
      historySize: 0,
    };
  },
  uuid4: () => execution().world.uuid(),
  patched: () => true,
  log: { warn: () => {}, info: () => {}, debug: () => {} },
  executeChild: (type: string, options: { workflowId: string; args: unknown[]; memo?: Record<string, unknown> }) => {
    const by = execution();
    const scope = Scope.current();
    return by.awaited(async () => {
      const { workflowId, args, memo = {} } = options;
      await by.world.pause(`start ${workflowId}`);
      const child = by.world.start(type, workflowId, args, { memo, parent: by });
      scope.cancelRequested.catch(() => child.cancel());
      if (scope.isCancelled) child.cancel();
      try {
        return await child.result;
      } catch (err) {
        throw new ChildWorkflowFailure(
          'default',
          { workflowId, runId: child.runId },
          type,
          RetryState.NON_RETRYABLE_FAILURE,
          err as Error,
        );
      }
    });
  },
};
