import { Context } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import { DmsApiError } from '../../dms/api.js';
import type { ReplicationConfigArn } from '../../dms/arn.js';
import type { Replication } from '../../dms/replication.js';
import { operationCommands } from '../../contract/commands.js';
import { dmsFailure, type FailureSubject } from '../../contract/failures.js';
import type { OperationPhase, RetryableType } from '../../contract/progress.js';
import { LookDelayed, type Look, type LookOptions } from '../../watch/index.js';
import { failureOfRequest, awsErrorDetails, mayEndOperation, isShutdown } from './api-failures.js';
import { NO_DEADLINE, type AttemptOptions, type Deadline } from './attempt-options.js';
import { retryableFailure } from './retryable-failure.js';
import type { WorkerContext } from './worker-context.js';

const HEARTBEAT_SECONDS = 5;
/** Longest wait of an attempt for a look. */
const LONGEST_LOOK_SECONDS = 60;
/** Seconds of start-to-close that a wait for a look leaves for the request. */
const REQUEST_SECONDS = 10;
/** Reason of a missing answer when nothing is wrong. */
export const NO_TURN_REASON = 'many operations share the requests to DMS';
/** Seconds without an answer, past the deadline, after which the activity times out. */
const LAST_LOOK_SECONDS = 30;
/** Shortest wait for a look, even if the activity has less time left. */
const SHORTEST_LOOK_SECONDS = 3;

/** Running attempt of an activity on one replication: its time, its looks, its memory, and its failures. */
export class Attempt {
  readonly operationId: string | undefined;
  phase: OperationPhase;
  /** Status in the last look, of this attempt or before it. */
  status: string | null;
  /** True if DMS accepted a call of this operation, or may have. Then only the deadline ends the operation. */
  mayHaveCalled: boolean;
  /** True if the ledger may know the operation. Only the ledger can tell then whether an earlier attempt has called. */
  mayHaveBegun: boolean;
  /** Asks the ledger whether an earlier attempt has called. Default: false, for activities that never call. */
  hasEarlierAttemptCalled: () => Promise<boolean> = () => Promise.resolve(false);
  readonly deadline: Deadline;
  /** True while the deadline counts. False once only time must pass. */
  isDeadlineActive = true;
  /**
   * `elapsedSeconds` from which missing answers count, never before the deadline. `null`: the newest request was
   * answered.
   */
  unansweredSince: number | null;
  readonly #context = Context.current();
  readonly #beganAt = performance.now();
  #memory: unknown = this.#context.info.heartbeatDetails;

  constructor(
    readonly worker: WorkerContext,
    readonly arn: ReplicationConfigArn,
    { operationId, phase, mayHaveCalled = false, lastStatus, deadline = NO_DEADLINE }: AttemptOptions,
  ) {
    this.operationId = operationId;
    this.phase = phase;
    this.mayHaveCalled = mayHaveCalled;
    this.mayHaveBegun = mayHaveCalled;
    this.status = lastStatus ?? null;
    this.deadline = deadline;
    this.unansweredSince = deadline.seconds;
  }

  get number(): number {
    return this.#context.info.attempt;
  }

  /** Fencing token: the server-side time at which this attempt was scheduled, in ms. */
  get token(): number {
    return this.#context.info.currentAttemptScheduledTimestampMs;
  }

  get taskQueue(): string {
    return this.#context.info.taskQueue;
  }

  /** Workflow that the activity belongs to. */
  get workflowExecution() {
    return this.#context.info.workflowExecution;
  }

  get signal(): AbortSignal {
    return this.#context.cancellationSignal;
  }

  /** Seconds since this attempt began. */
  get attemptSeconds(): number {
    return (performance.now() - this.#beganAt) / 1000;
  }

  /**
   * Seconds since the activity was scheduled. The server's clock measures the time before this attempt. The worker's
   * monotonic clock measures the attempt. The two clocks are never compared.
   */
  get elapsedSeconds(): number {
    const { currentAttemptScheduledTimestampMs: now, scheduledTimestampMs: begun } = this.#context.info;
    return Math.max(0, (now - begun) / 1000) + this.attemptSeconds;
  }

  /** Time at which the activity was scheduled, ISO 8601, by the server's clock. */
  get since(): string {
    return new Date(this.#context.info.scheduledTimestampMs).toISOString();
  }

  /** Seconds until the activity times out if no answer comes. `Infinity` while the deadline doesn't count. */
  get secondsLeftForAnswer(): number {
    if (!this.isDeadlineActive) return Infinity;
    const { elapsedSeconds, deadline, unansweredSince } = this;
    return (unansweredSince ?? Math.max(deadline.seconds, elapsedSeconds)) + LAST_LOOK_SECONDS - elapsedSeconds;
  }

  /** Seconds left of start-to-close. */
  get secondsLeft(): number {
    return this.#context.info.startToCloseTimeoutMs / 1000 - this.attemptSeconds;
  }

  /** Memory that an earlier attempt left. */
  get memory(): unknown {
    return this.#memory;
  }

  /** Keeps a memory for the next attempt, even if the worker is killed. */
  remember(memory: unknown): void {
    this.#memory = memory;
    this.#context.heartbeat(memory);
  }

  /** Sends heartbeats while the work goes on, so that a killed worker is noticed and a cancel arrives. */
  async withHeartbeat<T>(work: () => Promise<T>, everySeconds = HEARTBEAT_SECONDS): Promise<T> {
    const beat = setInterval(() => this.#context.heartbeat(this.#memory), everySeconds * 1000);
    try {
      return await work();
    } finally {
      clearInterval(beat);
    }
  }

  /** Returns the next look at the replication. See `ReplicationWatcher`. */
  async look(when: Pick<LookOptions, 'inSeconds' | 'intervalSeconds'> = {}): Promise<Look> {
    const askedAt = this.elapsedSeconds;
    const seconds = Math.min(LONGEST_LOOK_SECONDS, this.secondsLeft - REQUEST_SECONDS, this.secondsLeftForAnswer);
    const withinSeconds = Math.max(SHORTEST_LOOK_SECONDS, seconds);
    try {
      const { watcher } = this.worker.accountRegion(this.arn);
      const look = await watcher.look(this.arn, { ...when, withinSeconds, signal: this.signal });
      this.worker.credentialOutages.end(this.arn);
      this.status = look.replication.status;
      return look;
    } catch (err) {
      throw await this.#failureOf(err, askedAt);
    }
  }

  /** Waits for a turn or a place that many share. Fails retryably after `withinSeconds`. A later attempt waits on. */
  async waitAtMost<T>(withinSeconds: number, why: string, take: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const askedAt = this.elapsedSeconds;
    const seconds = Math.min(withinSeconds, Math.max(SHORTEST_LOOK_SECONDS, this.secondsLeftForAnswer));
    const patience = AbortSignal.timeout(Math.round(seconds * 1000));
    try {
      return await take(AbortSignal.any([patience, this.signal]));
    } catch (err) {
      if (!patience.aborted) throw await this.#failureOf(err);
      throw this.#failOrTimeOut(null, askedAt, () => this.stillWaiting(why, 0.1));
    }
  }

  get subject(): FailureSubject & { readonly elapsedSeconds: number } {
    const { operationId, status, elapsedSeconds, taskQueue } = this;
    return { replicationConfigArn: this.arn.arn, operationId, status, elapsedSeconds, operationTaskQueue: taskQueue };
  }

  /** Returns what an error means. Before a denial ends the activity, asks whether an earlier attempt has called. */
  async #failureOf(err: unknown, askedAt?: number): Promise<unknown> {
    if (mayEndOperation(err) && !this.mayHaveCalled) this.mayHaveCalled = await this.hasEarlierAttemptCalled();
    return this.failure(err, askedAt);
  }

  /** Returns the activity's failure for a failed request or a worker's shutdown. Returns any other error unchanged. */
  failure(err: unknown, askedAt = this.elapsedSeconds): unknown {
    if (isShutdown(err)) return this.stillWaiting('this worker is shutting down; another worker continues', 0.1);
    const answer = err instanceof LookDelayed ? err.throttled : err;
    if (answer !== null && !(answer instanceof DmsApiError)) return err;
    return this.#failOrTimeOut(answer, askedAt, () =>
      answer === null ? this.stillWaiting(NO_TURN_REASON, 0.1) : failureOfRequest(answer, this),
    );
  }

  /** Returns the failure of a request that the ledger defers. Terminal `LAST_LOOK_SECONDS` after the deadline. */
  ledgerBusy(why: string, seconds: number): ApplicationFailure {
    return this.#failOrTimeOut(null, this.elapsedSeconds, () => this.stillWaiting(why, seconds), why);
  }

  /** Returns the failure of an attempt without the ledger's answer. Terminal `LAST_LOOK_SECONDS` past the deadline. */
  ledgerOutage(why: string, seconds: number): ApplicationFailure {
    return this.#failOrTimeOut(null, this.elapsedSeconds, () => this.retryable('DmsUnavailable', why, seconds), why);
  }

  /**
   * Returns a failure, or the timeout of the activity if answers were missing for too long past its deadline.
   * `askedAt`: start of the wait for an answer.
   */
  #failOrTimeOut(
    answer: DmsApiError | null,
    askedAt: number,
    fail: () => ApplicationFailure,
    why?: string,
  ): ApplicationFailure {
    const { elapsedSeconds, deadline } = this;
    if (elapsedSeconds >= deadline.seconds) this.unansweredSince ??= Math.max(deadline.seconds, askedAt);
    const failure = fail();
    return this.secondsLeftForAnswer <= 0 && failure.nonRetryable !== true
      ? this.timedOut(answer, undefined, why)
      : failure;
  }

  /** Returns the failure of an activity past its deadline, with the last status and the reason for no newer one. */
  timedOut(err: DmsApiError | null, replication?: Replication, why?: string): ApplicationFailure {
    const { failure, what, hint, again } = this.deadline;
    const { arn, region } = this.arn;
    const answer = err === null ? null : `last answer: ${err.awsName}: ${err.message}`;
    const because = why ?? answer;
    return dmsFailure(
      failure,
      { ...this.subject, replication, awsError: err === null ? undefined : awsErrorDetails(err) },
      `${arn} in ${region} was still "${this.status ?? 'not seen'}" ${Math.round(this.elapsedSeconds)} s ${what}${because === null ? '' : ` (${because})`}`,
      again === undefined ? hint : `${hint}: ${operationCommands(again.kind, this.subject, { intent: again.intent })}.`,
    );
  }

  /** Returns the retryable failure of a wait that is not over. Nothing is wrong. */
  stillWaiting(why: string, delaySeconds: number): ApplicationFailure {
    const seen = this.status === null ? '' : `: "${this.status}"`;
    const message = `${this.phase}${seen} after ${Math.round(this.elapsedSeconds)} s; ${why}`;
    return this.retryable('DmsStillWaiting', message, delaySeconds);
  }

  /** Returns a failure that Temporal retries after the given delay. */
  retryable(type: RetryableType, message: string, delaySeconds: number): ApplicationFailure {
    const { phase, status, since, elapsedSeconds } = this;
    return retryableFailure(type, message, { phase, status, since, elapsedSeconds, retryInSeconds: delaySeconds });
  }
}
