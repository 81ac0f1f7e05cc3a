import { CancelledFailure, Context } from '@temporalio/activity';

const HEARTBEAT_SECONDS = 5;

/** The running attempt of an activity, and how long the activity has been at it over all its attempts. */
export interface Attempt {
  readonly number: number;
  readonly signal: AbortSignal;
  /** Since the activity was scheduled. By the server's clock up to this attempt, then by a monotonic one: two clocks are never compared. */
  elapsedSeconds(): number;
  /** In this attempt. */
  heldSeconds(): number;
  /** What is left of start-to-close. */
  secondsLeft(): number;
  /** What an earlier attempt remembered. */
  readonly memory: unknown;
  /** Kept for the next attempt, even if the worker is killed. */
  remember(memory: unknown): void;
  /** Sends a heartbeat every few seconds while the work goes on, so that a killed worker is noticed and a cancel arrives. */
  keptAlive<T>(work: () => Promise<T>): Promise<T>;
  /** The worker is shutting down; the attempt ends, the activity does not. */
  isShutdown(err: unknown): boolean;
}

export function currentAttempt(): Attempt {
  const context = Context.current();
  const { info } = context;
  const begun = performance.now();
  const heldSeconds = () => (performance.now() - begun) / 1000;
  const before = Math.max(0, (info.currentAttemptScheduledTimestampMs - info.scheduledTimestampMs) / 1000);
  let memory: unknown = info.heartbeatDetails;
  return {
    number: info.attempt,
    signal: context.cancellationSignal,
    elapsedSeconds: () => before + heldSeconds(),
    heldSeconds,
    secondsLeft: () => info.startToCloseTimeoutMs / 1000 - heldSeconds(),
    memory,
    remember: (newest) => {
      memory = newest;
      context.heartbeat(memory);
    },
    keptAlive: async (work) => {
      const beat = setInterval(() => context.heartbeat(memory), HEARTBEAT_SECONDS * 1000);
      try {
        return await work();
      } finally {
        clearInterval(beat);
      }
    },
    isShutdown: (err) => err instanceof CancelledFailure && err.message === 'WORKER_SHUTDOWN',
  };
}
