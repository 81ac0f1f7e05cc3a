import { DmsApiError } from '../dms/api.js';
import type { ReplicationConfigArn } from '../dms/arn.js';
import type { Replication } from '../dms/replication.js';
import { retryable } from '../operations/failures.js';
import { secondsBetweenLooks, type Look } from '../watch/index.js';
import { apiFailure } from './api-failures.js';
import { currentAttempt, type Attempt } from './attempt.js';
import type { Environment } from './environment.js';

/** How often a held attempt asks for a look. */
const SWEEP_SECONDS = 2;
/** What a wait leaves of start-to-close for its last request. */
const RESERVE_SECONDS = 15;
/** How long a wait whose deadline has passed tries to get its last look. */
const LAST_LOOK_SECONDS = 30;

/** A wait, as a loop of looks over any number of attempts. */
export interface Wait<Memory, Result> {
  readonly arn: ReplicationConfigArn;
  readonly operationId: string | undefined;
  readonly deadlineSeconds: number;
  /** A call of this operation was accepted: denied requests no longer end it. */
  readonly accepted: boolean;
  /** What it is in before the first look. */
  readonly phase: string;
  /** What is remembered before the first look. */
  readonly begin: Memory;
  lastStatus(memory: Memory): string | null;
  judge(
    memory: Memory,
    look: Look,
    elapsedSeconds: number,
  ): Judgement<Memory, Result> | Promise<Judgement<Memory, Result>>;
  /** The terminal failure when the deadline has passed. */
  timedOut(end: {
    readonly elapsedSeconds: number;
    readonly status: string | null;
    readonly replication: Replication | null;
    readonly error: DmsApiError | null;
  }): unknown;
}

export type Judgement<Memory, Result> =
  | { readonly done: Result }
  | {
      readonly memory: Memory;
      readonly phase: string;
      readonly why: string;
      /** When another look is worth it; `null`: at the usual interval. */
      readonly lookInSeconds: number | null;
      /** False once what is waited for has been seen, and only time must pass. */
      readonly underDeadline: boolean;
    };

/**
 * One attempt of a wait. It returns when the wait is over, and otherwise fails: for good past the deadline, else retryably, with the last status.
 * It is held over many looks while the worker has a place for it; it ends early when the status changes, and the first attempt after its first
 * look, so that what the pending activity shows is never old.
 */
export async function holdAttempt<Memory, Result>(
  environment: Environment,
  wait: Wait<Memory, Result>,
): Promise<Result> {
  const attempt = currentAttempt();
  const place = attempt.number === 1 ? null : environment.takeHold();
  try {
    return await new HeldAttempt(environment, wait, attempt, place !== null).run();
  } finally {
    place?.release();
  }
}

class HeldAttempt<Memory, Result> {
  #memory: Memory;
  #phase: string;
  #statusAtFirst: string | null;
  readonly #holdSeconds: number;

  constructor(
    private readonly environment: Environment,
    private readonly wait: Wait<Memory, Result>,
    private readonly attempt: Attempt,
    isHeld: boolean,
  ) {
    this.#memory = (attempt.memory as Memory | undefined) ?? wait.begin;
    this.#phase = wait.phase;
    this.#statusAtFirst = wait.lastStatus(this.#memory);
    const hold = environment.holdSeconds * (0.8 + 0.2 * Math.random());
    this.#holdSeconds = isHeld ? Math.min(hold, attempt.secondsLeft() - RESERVE_SECONDS) : 0;
  }

  async run(): Promise<Result> {
    for (let lookIn = 0; ;) {
      const look = await this.#look(lookIn);
      const elapsed = this.attempt.elapsedSeconds();
      const judgement = await this.wait.judge(this.#memory, look, elapsed);
      if ('done' in judgement) return judgement.done;
      this.#keep(judgement.memory);
      this.#phase = judgement.phase;
      const timeLeft = judgement.underDeadline ? this.wait.deadlineSeconds - elapsed : Infinity;
      if (timeLeft <= 0) {
        const { replication } = look;
        throw this.wait.timedOut({ elapsedSeconds: elapsed, status: replication.status, replication, error: null });
      }
      const status = this.wait.lastStatus(this.#memory);
      const wanted = judgement.lookInSeconds ?? Infinity;
      const next = Math.min(SWEEP_SECONDS, wanted, timeLeft);
      const isChanged = status !== this.#statusAtFirst;
      if (this.attempt.number === 1 || isChanged || this.attempt.heldSeconds() + next > this.#holdSeconds) {
        const between = this.#holdSeconds > 0 || isChanged ? 0.1 : Math.min(secondsBetweenLooks(elapsed), wanted);
        throw this.#stillWaiting(judgement.why, Math.min(between, timeLeft));
      }
      lookIn = next;
    }
  }

  async #look(inSeconds: number): Promise<Look> {
    const { environment, wait, attempt } = this;
    try {
      return await environment.watcher(wait.arn).look(wait.arn, { inSeconds, signal: attempt.signal });
    } catch (err) {
      if (attempt.isShutdown(err)) throw this.#stillWaiting('the worker that watched it is shutting down', 0.1);
      throw this.#lookFailed(err);
    }
  }

  #lookFailed(err: unknown): unknown {
    const { wait, attempt } = this;
    const elapsedSeconds = attempt.elapsedSeconds();
    const status = wait.lastStatus(this.#memory);
    const failure = apiFailure(err, {
      subject: { replicationConfigArn: wait.arn.arn, operationId: wait.operationId, elapsedSeconds },
      phase: this.#phase,
      status,
      attempt: attempt.number,
      elapsedSeconds,
      accepted: wait.accepted,
    });
    const isFinal = failure instanceof Error && 'nonRetryable' in failure && failure.nonRetryable === true;
    const isOver = elapsedSeconds >= wait.deadlineSeconds + LAST_LOOK_SECONDS;
    if (err instanceof DmsApiError && !isFinal && isOver) {
      return wait.timedOut({ elapsedSeconds, status, replication: null, error: err });
    }
    return failure;
  }

  #keep(memory: Memory): void {
    if (JSON.stringify(memory) !== JSON.stringify(this.#memory)) this.attempt.remember(memory);
    this.#memory = memory;
  }

  #stillWaiting(why: string, delaySeconds: number): unknown {
    const elapsedSeconds = Math.round(this.attempt.elapsedSeconds());
    const status = this.wait.lastStatus(this.#memory);
    const shown = status === null ? '' : `: "${status}"`;
    return retryable('DmsStillWaiting', `${this.#phase}${shown} after ${elapsedSeconds} s; ${why}`, delaySeconds, {
      phase: this.#phase,
      status,
      elapsedSeconds,
      retryInSeconds: delaySeconds,
    });
  }
}
