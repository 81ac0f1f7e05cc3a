import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { DmsActivities } from '../../contract/activity-protocol.js';

/** Every retryable failure sets its own delay; this one is for those that can't. */
const retry = { initialInterval: 2000, backoffCoefficient: 1 };

/** The backstop of a wait for when no worker runs: it decides its deadline itself. */
const BACKSTOP_SECONDS = 15 * 60;

/**
 * Activities that change DMS or the ledger. A look, two updates of the ledger and a call fit into an attempt.
 *
 * A cancelled workflow goes on at once. The attempt that is left over can't change anything any more, because the ledger rejects its token once the
 * end of the operation is recorded; a call that it has noted by then is followed by the ledger.
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

/** The same for what is over, which must not wait for a ledger that can't be reached. */
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

/** A nudge tries workers until it finds the one that holds the wait, and is not worth more than some seconds. */
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

/** An archive may be out of reach for long, and nobody waits for it. */
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

/** The longest that a killed worker delays the next look. A held attempt sends heartbeats, and any other is shorter. */
const WAIT_HEARTBEAT_SECONDS = 45;

/** Activities that wait. A cancelled workflow goes on at once; the attempt that is left over only reads. */
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
