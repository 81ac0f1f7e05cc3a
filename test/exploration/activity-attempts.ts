/** Runs activities as a server does: attempts, retries, timeouts and cancels. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  noopMetricMeter,
  RetryState,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { asPayload, inAttempt, never, sleep, type Execution, type ExecutionServer, type Scope } from './execution.js';
import { Lost } from './small-temporal.js';

/** Simulated time until a running attempt learns of a cancel. On a real server its next heartbeat tells it. */
const CANCEL_ARRIVES_MS = 1000;

export interface ActivityOptions {
  readonly startToCloseTimeout: number;
  readonly scheduleToCloseTimeout?: number;
  readonly heartbeatTimeout?: number;
  readonly cancellationType?: string;
  readonly retry?: { readonly initialInterval?: number; readonly maximumAttempts?: number };
}

export async function runActivity(
  temporal: ExecutionServer,
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
  const trying = isTried ? cancelled.then((err) => Promise.reject(failed(err, RetryState.CANCEL_REQUESTED))) : never();
  let scheduledAt: number | null = null;
  const expiresAt = Date.now() + (options.scheduleToCloseTimeout ?? Infinity);
  let beat: unknown;
  const attempts = async (): Promise<unknown> => {
    for (let attempt = 1; ; attempt++) {
      // The server does not retry activities of a closed workflow.
      if (!by.isOpen) return never();
      if (scope.isCancelled) throw failed(new CancelledFailure('Cancelled'), RetryState.CANCEL_REQUESTED);
      const attemptAt = temporal.scheduleAttempt(by.workflowId);
      scheduledAt ??= attemptAt;
      await temporal.fate.turn(`begin ${type} ${attempt} of ${by.runId}`);
      const { worker } = temporal;
      let beatAt = Date.now();
      const abort = new AbortController();
      cancelled.then(
        (err) => setTimeout(() => abort.abort(err), CANCEL_ARRIVES_MS),
        () => {},
      );
      const info = {
        attempt,
        activityType: type,
        inWorkflow: true,
        taskQueue: 'dms',
        heartbeatDetails: asPayload(beat),
        scheduledTimestampMs: scheduledAt,
        currentAttemptScheduledTimestampMs: attemptAt,
        startToCloseTimeoutMs: options.startToCloseTimeout,
        workflowExecution: { workflowId: by.workflowId, runId: by.runId },
      };
      const context = {
        info,
        cancellationSignal: abort.signal,
        metricMeter: noopMetricMeter,
        sleep: (ms: number) => Promise.race([sleep(ms), cancelOf(abort.signal)]),
        heartbeat: (details: unknown) => {
          if (!worker.isAlive || worker.isFrozen) return;
          beatAt = Date.now();
          beat = asPayload(details);
        },
      };
      const caller = `${by.workflowId} ${by.runId}`;
      const impl = worker.activities[type];
      if (impl === undefined) throw new Error(`No activity ${type}`);
      const work = inAttempt.run({ worker, caller, context }, async () => impl(asPayload(input)));
      const ended = work.then(
        (value) => ({ value }),
        (err: unknown) => ({ err }),
      );
      const done = await Promise.race([
        ended.then(async (end) => {
          await worker.whileFrozen();
          if (!worker.isAlive) return never();
          await temporal.fate.turn(`end ${type} ${attempt} of ${by.runId}`);
          return worker.isAlive ? end : never();
        }),
        timeOut(() => beatAt, options, expiresAt),
      ]);
      if ('value' in done) return asPayload(done.value);
      const { err } = done;
      if (err instanceof CancelledFailure) throw failed(err, RetryState.CANCEL_REQUESTED);
      if (err instanceof TimeoutFailure && err.timeoutType === TimeoutType.SCHEDULE_TO_CLOSE)
        throw failed(err, RetryState.TIMEOUT);
      if (!(err instanceof ApplicationFailure) && !(err instanceof TimeoutFailure) && !(err instanceof Lost)) {
        temporal.reportBug(err);
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

/** Rejects once the attempt learns of its cancel. */
function cancelOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

/** Resolves when the server times out an attempt. The attempt itself goes on. */
async function timeOut(
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
