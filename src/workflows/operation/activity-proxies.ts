import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { RetryPolicy } from '@temporalio/common';
import type { DmsActivities } from '../../contract/activity-protocol.js';
import { NOT_REGISTERED, untilKnown, type Sought } from './missing-worker.js';

/** Retries of activities whose failure sets no delay. Every retryable failure of this package sets its own. */
const retry = { initialInterval: 2000, backoffCoefficient: 1 };

/**
 * Seconds by which the schedule-to-close timeout of a wait exceeds its deadline. The timeout fires only if no worker
 * runs.
 */
const BACKSTOP_SECONDS = 15 * 60;

/**
 * Returns the activities that change DMS or the ledger. An attempt has time for a look, two updates of the ledger and a
 * call.
 *
 * A cancelled workflow doesn't wait for its attempt. Once the operation's end is recorded, the ledger rejects that
 * attempt's token. The ledger follows a call that the attempt has noted.
 */
export function changingActivities(summary: string, taskQueue?: string, retryPolicy: RetryPolicy = retry) {
  return proxyActivities<DmsActivities>({
    startToCloseTimeout: 150_000,
    heartbeatTimeout: 20_000,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    priority: { priorityKey: 1 },
    summary,
    retry: retryPolicy,
    ...(taskQueue === undefined ? {} : { taskQueue }),
  });
}

/** Retries of activities that workers may not know. */
export const soughtRetry = { ...retry, nonRetryableErrorTypes: NOT_REGISTERED };

/**
 * Returns {@link changingActivities} that fail after five minutes with `DmsWorkerMissing` if the workers of the task
 * queue do not know them. A later try says in its request that the operation may have begun.
 */
export function soughtActivities(summary: string, sought: Sought): DmsActivities {
  return seeking(changingActivities(summary, sought.taskQueue, soughtRetry), sought);
}

/** Activities whose requests say whether the operation may have begun. */
const BEGINNING: ReadonlySet<string> = new Set(['dms.requestStop', 'dms.requestStart']);

function seeking(activities: DmsActivities, sought: Sought): DmsActivities {
  const functions = activities as unknown as Readonly<Record<string, (request: unknown) => Promise<unknown>>>;
  const get = (_: object, activityType: string) => (request: object) =>
    untilKnown(activityType, sought, async (isLaterTry) =>
      functions[activityType]?.(
        isLaterTry && BEGINNING.has(activityType) ? { ...request, mayHaveBegun: true } : request,
      ),
    );
  return new Proxy({}, { get }) as DmsActivities;
}

/** Returns {@link changingActivities} for an operation that is over. They fail after `withinSeconds`. */
export function cleaningActivities(summary: string, withinSeconds: number) {
  return proxyActivities<DmsActivities>({
    startToCloseTimeout: withinSeconds * 1000,
    scheduleToCloseTimeout: withinSeconds * 1000,
    heartbeatTimeout: 20_000,
    priority: { priorityKey: 1 },
    summary,
    retry,
  });
}

/**
 * Returns activities that only read, for a workflow that does not wait long for them. They fail after 30 s, or after
 * `maximumAttempts` with the failure of the last.
 */
export function quickActivities(summary: string, taskQueue?: string, maximumAttempts?: number) {
  return proxyActivities<DmsActivities>({
    startToCloseTimeout: 15_000,
    scheduleToCloseTimeout: 30_000,
    priority: { priorityKey: 1 },
    summary,
    retry: { ...retry, ...(maximumAttempts === undefined ? {} : { maximumAttempts }) },
    ...(taskQueue === undefined ? {} : { taskQueue }),
  });
}

/** Returns the nudge activity. A nudge tries workers until it finds the one that holds the wait, for at most 10 s. */
export function nudgingActivities(taskQueue?: string) {
  return proxyActivities<Pick<DmsActivities, 'dms.nudge'>>({
    startToCloseTimeout: 5000,
    scheduleToCloseTimeout: 10_000,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    priority: { priorityKey: 1 },
    summary: 'Look at once',
    retry: { maximumAttempts: 20 },
    ...(taskQueue === undefined ? {} : { taskQueue }),
  });
}

/**
 * Returns the archive activity. An archive may be unavailable for long, and no operation waits for it. It fails as
 * {@link soughtActivities} do.
 */
export function archivingActivities({ taskQueue, ...sought }: Sought) {
  const activities = proxyActivities<DmsActivities>({
    startToCloseTimeout: 60_000,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    priority: { priorityKey: 5 },
    summary: 'Copy the record into the archive',
    retry: { ...soughtRetry, backoffCoefficient: 2, maximumInterval: 120_000 },
    ...(taskQueue === undefined ? {} : { taskQueue }),
  });
  return seeking(activities, { taskQueue, ...sought });
}

/**
 * Heartbeat timeout of a wait: the longest delay of the next look after a worker was killed. Attempts that are not held
 * are shorter than this.
 */
const WAIT_HEARTBEAT_SECONDS = 45;

interface Wait {
  readonly holdSeconds: number;
  readonly timeoutSeconds?: number;
  readonly taskQueue?: string | undefined;
}

/**
 * Returns the activities that wait. A cancelled workflow doesn't wait for its attempt, because the attempt only reads.
 */
export function waitingActivities(summary: string, wait: Wait, retryPolicy: RetryPolicy = retry) {
  const { holdSeconds, timeoutSeconds, taskQueue } = wait;
  return proxyActivities<DmsActivities>({
    startToCloseTimeout: (Math.max(holdSeconds, 5) + 15) * 1000,
    heartbeatTimeout: WAIT_HEARTBEAT_SECONDS * 1000,
    ...(timeoutSeconds === undefined ? {} : { scheduleToCloseTimeout: (timeoutSeconds + BACKSTOP_SECONDS) * 1000 }),
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    priority: { priorityKey: 5 },
    summary,
    retry: retryPolicy,
    ...(taskQueue === undefined ? {} : { taskQueue }),
  });
}

/** Returns {@link waitingActivities} that fail as {@link soughtActivities} do. */
export function soughtWaits(
  summary: string,
  wait: Wait,
  replicationConfigArn: string,
  onMissing: Sought['onMissing'] = () => {},
): DmsActivities {
  const { taskQueue } = wait;
  return seeking(waitingActivities(summary, wait, soughtRetry), { replicationConfigArn, taskQueue, onMissing });
}
