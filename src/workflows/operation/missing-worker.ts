import { ApplicationFailure, ActivityFailure, sleep, workflowInfo } from '@temporalio/workflow';
import { activityMissing } from '../../contract/failure-messages.js';
import { isTimedOut } from './failures.js';

/** Failure types by which SDKs report that a worker does not know an activity. */
export const NOT_REGISTERED = ['NotFoundError', 'ActivityNotRegisteredError'];
/** Longest time for which an activity is tried on workers that do not know it. Another worker may know it. */
const MISSING_SECONDS = 300;
/** First pause between two tries, and default of the longest one, in seconds. */
const [FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS] = [2, 15];
/** Default of `provenAfterSeconds`. */
const PROVEN_AFTER_SECONDS = 60;
/** Words of such a failure. Users' activities may fail with a type of {@link NOT_REGISTERED}, too. */
const SAYS_SO = /not registered|unable to find activity/i;

/** True if an activity failed because its worker does not know it. */
export function isNotRegistered(err: unknown): boolean {
  const cause = err instanceof ActivityFailure ? err.cause : err;
  return (
    cause instanceof ApplicationFailure && NOT_REGISTERED.includes(cause.type ?? '') && SAYS_SO.test(cause.message)
  );
}

/** Activity that workers may not know. */
export interface Sought {
  readonly replicationConfigArn: string;
  /** Task queue of the activity. Default: that of the workflow. */
  readonly taskQueue?: string | undefined;
  /** Called with a sentence that says what is missing, and with `null` before each new try. */
  readonly onMissing?: ((problem: string | null) => void) | undefined;
  /** Longest time between two tries, in seconds. Default 15. */
  readonly longestPauseSeconds?: number;
  /** Seconds after which a try proves that a worker has the activity. Default 60. */
  readonly provenAfterSeconds?: number;
}

/**
 * Runs an activity again and again while the workers of its task queue do not know it. Throws `DmsWorkerMissing` after
 * five minutes.
 *
 * The activity must fail at once on such a worker: {@link NOT_REGISTERED} belongs to its retry policy. `run` learns
 * whether it is a later try. An attempt on another worker may have acted before that.
 */
export async function untilKnown<T>(
  activityType: string,
  {
    replicationConfigArn,
    taskQueue = workflowInfo().taskQueue,
    onMissing,
    longestPauseSeconds = LONGEST_PAUSE_SECONDS,
    provenAfterSeconds = PROVEN_AFTER_SECONDS,
  }: Sought,
  run: (isLaterTry: boolean) => Promise<T>,
): Promise<T> {
  const missing = `No worker of the task queue "${taskQueue}" has the activity ${activityType}`;
  let missingSince: number | null = null;
  let pause = FIRST_PAUSE_SECONDS;
  for (let isLaterTry = false; ; isLaterTry = true) {
    const triedAt = Date.now();
    // Another worker may know it now. If none does, that shows at once.
    if (isLaterTry) onMissing?.(null);
    try {
      return await run(isLaterTry);
    } catch (err) {
      // Earlier versions tried workers without the activity until a timeout. Such a timeout is final.
      if (isTimedOut(err) || !isNotRegistered(err)) throw err;
      if (missingSince === null || Date.now() - triedAt > provenAfterSeconds * 1000)
        [missingSince, pause] = [Date.now(), FIRST_PAUSE_SECONDS];
      if (Date.now() - missingSince >= MISSING_SECONDS * 1000)
        throw activityMissing(
          replicationConfigArn,
          taskQueue,
          `${missing}. It was tried for ${MISSING_SECONDS / 60} minutes`,
          ' Or run the operation again on the task queue of a worker that has them.',
        );
      onMissing?.(`${missing}. It is tried until ${isoAfter(missingSince, MISSING_SECONDS)}`);
      await sleep(pause * 1000, { summary: `Wait for a worker that has ${activityType}` });
      pause = Math.min(longestPauseSeconds, pause * 2);
    }
  }
}

function isoAfter(time: number, seconds: number): string {
  return new Date(time + seconds * 1000).toISOString();
}
