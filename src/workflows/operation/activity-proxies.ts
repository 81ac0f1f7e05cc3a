import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { DmsActivities } from '../../contract/activity-protocol.js';

/** Retries of activities whose failure sets no delay. Every retryable failure of this package sets its own. */
const retry = { initialInterval: 2000, backoffCoefficient: 1 };

/** Seconds that the backstop of a wait adds, for when no worker runs. The wait decides its deadline itself. */
const BACKSTOP_SECONDS = 15 * 60;

/**
 * Returns the activities that change DMS or the ledger. A look, two updates of the ledger and a call fit into an
 * attempt.
 *
 * A cancelled workflow goes on at once. The attempt that is left over can't change anything: the ledger rejects its
 * token once the operation's end is recorded. A call that it noted before is followed by the ledger.
 */
export function changingActivities(summary: string, taskQueue?: string) {
  return proxyActivities<DmsActivities>({
    startToCloseTimeout: 150_000,
    heartbeatTimeout: 20_000,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    priority: { priorityKey: 1 },
    summary,
    retry,
    ...(taskQueue === undefined ? {} : { taskQueue }),
  });
}

/** Returns the same activities for an operation that is over. They don't wait for a ledger that can't be reached. */
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

/** Returns the archive activity. An archive may be out of reach for long, and nobody waits for it. */
export function archivingActivities(taskQueue: string | null) {
  return proxyActivities<Pick<DmsActivities, 'dms.archiveRecord'>>({
    startToCloseTimeout: 60_000,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    priority: { priorityKey: 5 },
    summary: 'Copy the record into the archive',
    retry: { initialInterval: 2000, backoffCoefficient: 2, maximumInterval: 120_000 },
    ...(taskQueue === null ? {} : { taskQueue }),
  });
}

/** Longest delay of the next look after a worker was killed. A held attempt sends heartbeats, and any other is shorter. */
const WAIT_HEARTBEAT_SECONDS = 45;

/** Returns the activities that wait. A cancelled workflow goes on at once, because the attempt that is left over only reads. */
export function waitingActivities(
  summary: string,
  wait: { readonly holdSeconds: number; readonly timeoutSeconds?: number; readonly taskQueue?: string | undefined },
) {
  const { holdSeconds, timeoutSeconds, taskQueue } = wait;
  return proxyActivities<DmsActivities>({
    startToCloseTimeout: (Math.max(holdSeconds, 5) + 15) * 1000,
    heartbeatTimeout: WAIT_HEARTBEAT_SECONDS * 1000,
    ...(timeoutSeconds === undefined ? {} : { scheduleToCloseTimeout: (timeoutSeconds + BACKSTOP_SECONDS) * 1000 }),
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    priority: { priorityKey: 5 },
    summary,
    retry,
    ...(taskQueue === undefined ? {} : { taskQueue }),
  });
}
