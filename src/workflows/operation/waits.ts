import type { ResumePlan, StopPlan } from '../../contract/inputs.js';
import { workflowInfo } from '@temporalio/workflow';
import { nobodyLooked } from '../../contract/failure-messages.js';
import type {
  AwaitRunning,
  AwaitStopped,
  RunningReplication,
  StoppedReplication,
} from '../../contract/activity-protocol.js';
import { SETTLE_GRACE_SECONDS } from '../../dms/checkpoint.js';
import { soughtRetry, waitingActivities } from './activity-proxies.js';
import { isTimedOut } from './failures.js';
import { untilKnown, type Sought } from './missing-worker.js';
import { waitWithNudges } from './nudges.js';

/** Hold time and task queue of the worker that serves a wait. `onMissing`: called if it lacks the activity. */
interface WaitPlace extends Pick<Sought, 'taskQueue' | 'onMissing'> {
  readonly holdSeconds: number;
}

/** Waits until a stop has settled, or until looks show that the replication runs or never ran. */
export function untilStopped(
  place: WaitPlace,
  stop: AwaitStopped & Pick<StopPlan, 'stopTimeoutSeconds' | 'settleSeconds' | 'selfRestartGraceSeconds'>,
): Promise<StoppedReplication> {
  const { settleSeconds, selfRestartGraceSeconds } = stop;
  const summary = 'Wait until it is stopped and its checkpoint has settled';
  const seconds = stop.stopTimeoutSeconds;
  const end = { activityType: 'dms.awaitStopped', seconds, failureType: 'DmsStopTimedOut' } as const;
  return withLastLook(place, stop, end, (secondsLeft) => {
    const timeoutSeconds = secondsLeft + SETTLE_GRACE_SECONDS + settleSeconds + selfRestartGraceSeconds;
    const activities = waitingActivities(summary, { ...place, timeoutSeconds }, soughtRetry);
    return activities['dms.awaitStopped']({ ...stop, stopTimeoutSeconds: secondsLeft });
  });
}

/** Waits until a replication runs, then watches for movement. */
export function untilRunning(
  place: WaitPlace,
  start: AwaitRunning & Pick<ResumePlan, 'startTimeoutSeconds' | 'verifyProgressSeconds'>,
): Promise<RunningReplication> {
  const summary = 'Wait until it runs, then look for movement and an early death';
  const seconds = start.startTimeoutSeconds;
  const end = { activityType: 'dms.awaitRunning', seconds, failureType: 'DmsStartTimedOut' } as const;
  return withLastLook(place, start, end, (secondsLeft) => {
    const timeoutSeconds = secondsLeft + start.verifyProgressSeconds;
    const activities = waitingActivities(summary, { ...place, timeoutSeconds }, soughtRetry);
    return activities['dms.awaitRunning']({ ...start, startTimeoutSeconds: secondsLeft });
  });
}

/**
 * Seconds after which a try of a wait proves that a worker has the activity. An attempt that is not held looks once and
 * ends. The next attempt may reach a worker without the activity.
 */
const PROVEN_AFTER_SECONDS = 5;

/** End of a wait: its deadline, and its failure if no worker looked until long past that. */
interface WaitEnd {
  readonly activityType: 'dms.awaitStopped' | 'dms.awaitRunning';
  readonly seconds: number;
  readonly failureType: 'DmsStopTimedOut' | 'DmsStartTimedOut';
}

/**
 * Waits, and takes one more look if the schedule-to-close timeout fires. That timeout fires only if no worker ran until
 * long past the deadline. Throws if no worker takes that look either.
 *
 * Throws `DmsWorkerMissing` after five minutes if the workers do not know the activity. Each try
 * gets only the remaining time. Like the last look, a try knows nothing of earlier attempts.
 */
async function withLastLook<Result>(
  { taskQueue, onMissing }: WaitPlace,
  { replicationConfigArn, operationId, lastStatus: status }: AwaitStopped | AwaitRunning,
  { activityType, seconds, failureType }: WaitEnd,
  waitFor: (secondsLeft: number) => Promise<Result>,
): Promise<Result> {
  const begunAt = Date.now();
  const sought = { replicationConfigArn, taskQueue, onMissing };
  const secondsLeft = () => Math.max(0, seconds - (Date.now() - begunAt) / 1000);
  const wait = () =>
    untilKnown(activityType, { ...sought, provenAfterSeconds: PROVEN_AFTER_SECONDS }, () => waitFor(secondsLeft()));
  try {
    return await waitWithNudges(replicationConfigArn, wait, taskQueue);
  } catch (err) {
    if (!isTimedOut(err)) throw err;
  }
  try {
    return await untilKnown(activityType, sought, () => waitFor(0));
  } catch (err) {
    if (!isTimedOut(err)) throw err;
    const subject = { replicationConfigArn, operationId, status };
    throw nobodyLooked(failureType, subject, taskQueue ?? workflowInfo().taskQueue);
  }
}
