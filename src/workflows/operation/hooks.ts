import { type ActivityCancellationType, proxyActivities, TimeoutFailure, workflowInfo } from '@temporalio/workflow';
import { isNotRegistered, NOT_REGISTERED } from './missing-worker.js';

/** Maximum length of a hook's failure message. */
const MESSAGE_LENGTH = 500;

/** Activity of the user's, called by name. */
export interface Hook {
  readonly activityType: string;
  readonly taskQueue?: string | null | undefined;
}

interface HookTimes {
  readonly summary: string;
  /** Longest time of an attempt. */
  readonly attemptSeconds: number;
  /** Longest time of all attempts together. Default: no limit of its own. */
  readonly totalSeconds?: number;
  /** Maximum number of attempts. Default: no limit of its own. */
  readonly attempts?: number;
  /** Longest time between two heartbeats. Default: the activity sends none. */
  readonly heartbeatSeconds?: number;
  /** Default: a cancelled workflow doesn't wait for the attempt. */
  readonly cancellationType?: ActivityCancellationType;
  /** Longest time until a worker picks the hook up. Default: no limit of its own. */
  readonly startSeconds?: number;
}

/** Calls a hook. An activity type that its worker does not know fails at once, without retries. */
export function callHook(
  { activityType, taskQueue }: Hook,
  request: object,
  { summary, attemptSeconds, totalSeconds, startSeconds, attempts, heartbeatSeconds, cancellationType }: HookTimes,
): Promise<unknown> {
  const activities = proxyActivities<Record<string, (request: object) => Promise<unknown>>>({
    startToCloseTimeout: attemptSeconds * 1000,
    retry: {
      nonRetryableErrorTypes: NOT_REGISTERED,
      ...(attempts === undefined ? {} : { maximumAttempts: attempts }),
    },
    summary,
    ...(cancellationType === undefined ? {} : { cancellationType }),
    ...(totalSeconds === undefined ? {} : { scheduleToCloseTimeout: totalSeconds * 1000 }),
    ...(heartbeatSeconds === undefined ? {} : { heartbeatTimeout: heartbeatSeconds * 1000 }),
    ...(startSeconds === undefined ? {} : { scheduleToStartTimeout: startSeconds * 1000 }),
    ...(taskQueue == null ? {} : { taskQueue }),
  });
  const activity = activities[activityType];
  if (activity === undefined) throw new TypeError(`There is no activity type "${activityType}"`);
  return activity(request);
}

/** Returns the reason a hook failed, with at most 500 characters of its message. */
export function hookProblem({ activityType, taskQueue }: Hook, err: unknown): string {
  const cause = err instanceof Error && err.cause instanceof Error ? err.cause : err;
  const queue = taskQueue ?? workflowInfo().taskQueue;
  if (isNotRegistered(cause))
    return `no activity ${activityType} is registered on the worker of the task queue ${queue}`;
  if (cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START')
    return `no worker of the task queue ${queue} started ${activityType} in time. Start a worker that serves it`;
  const message = cause instanceof Error ? cause.message : String(cause);
  return `${activityType} failed: ${message.slice(0, MESSAGE_LENGTH)}`;
}
