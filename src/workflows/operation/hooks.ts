import { ApplicationFailure, proxyActivities, TimeoutFailure, workflowInfo } from '@temporalio/workflow';

/** Failure types by which SDKs report that a worker does not know an activity. */
const NOT_REGISTERED = ['NotFoundError', 'ActivityNotRegisteredError'];
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
  /** Longest time of all attempts together. */
  readonly totalSeconds: number;
  /** Longest time until a worker picks the hook up. Default: no limit of its own. */
  readonly startSeconds?: number;
}

/** Calls a hook. An activity type that its worker does not know fails at once, without retries. */
export function callHook(
  { activityType, taskQueue }: Hook,
  request: object,
  { summary, attemptSeconds, totalSeconds, startSeconds }: HookTimes,
): Promise<unknown> {
  const activities = proxyActivities<Record<string, (request: object) => Promise<unknown>>>({
    startToCloseTimeout: attemptSeconds * 1000,
    scheduleToCloseTimeout: totalSeconds * 1000,
    retry: { nonRetryableErrorTypes: NOT_REGISTERED },
    summary,
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
  if (cause instanceof ApplicationFailure && NOT_REGISTERED.includes(cause.type ?? ''))
    return `no activity ${activityType} is registered on the worker of the task queue ${queue}`;
  if (cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START')
    return `no worker of the task queue ${queue} took ${activityType}`;
  const message = cause instanceof Error ? cause.message : String(cause);
  return `${activityType} failed: ${message.slice(0, MESSAGE_LENGTH)}`;
}
