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
import { waitingActivities } from './activity-proxies.js';
import { isTimedOut } from './failures.js';
import { waitWithNudges } from './nudges.js';

/** Hold time and task queue of the worker that serves a wait. */
interface WaitPlace {
  readonly holdSeconds: number;
  readonly taskQueue?: string | undefined;
}

/** Waits until a stop has settled, or until looks show that the replication runs or never ran. */
export function untilStopped(
  { holdSeconds, taskQueue }: WaitPlace,
  stop: AwaitStopped & Pick<StopPlan, 'stopTimeoutSeconds' | 'settleSeconds' | 'selfRestartGraceSeconds'>,
): Promise<StoppedReplication> {
  const { settleSeconds, selfRestartGraceSeconds } = stop;
  const wait = (stopTimeoutSeconds: number) =>
    waitingActivities('Wait until it is stopped and its checkpoint has settled', {
      holdSeconds,
      taskQueue,
      timeoutSeconds: stopTimeoutSeconds + SETTLE_GRACE_SECONDS + settleSeconds + selfRestartGraceSeconds,
    })['dms.awaitStopped']({ ...stop, stopTimeoutSeconds });
  return withLastLook(
    'DmsStopTimedOut',
    { ...stop, taskQueue },
    () => wait(stop.stopTimeoutSeconds),
    () => wait(0),
  );
}

/** Waits until a replication runs, then watches for movement. */
export function untilRunning(
  { holdSeconds, taskQueue }: WaitPlace,
  start: AwaitRunning & Pick<ResumePlan, 'startTimeoutSeconds' | 'verifyProgressSeconds'>,
): Promise<RunningReplication> {
  const wait = (startTimeoutSeconds: number) =>
    waitingActivities('Wait until it runs, then look for movement and an early death', {
      holdSeconds,
      taskQueue,
      timeoutSeconds: startTimeoutSeconds + start.verifyProgressSeconds,
    })['dms.awaitRunning']({ ...start, startTimeoutSeconds });
  return withLastLook(
    'DmsStartTimedOut',
    { ...start, taskQueue },
    () => wait(start.startTimeoutSeconds),
    () => wait(0),
  );
}

/**
 * Waits, and takes one more look if the schedule-to-close timeout fires. That timeout fires only if no worker ran until
 * long past the deadline. Throws if no worker takes that look either.
 */
async function withLastLook<Result>(
  type: 'DmsStopTimedOut' | 'DmsStartTimedOut',
  {
    replicationConfigArn,
    operationId,
    lastStatus: status,
    taskQueue,
  }: (AwaitStopped | AwaitRunning) & Pick<WaitPlace, 'taskQueue'>,
  wait: () => Promise<Result>,
  lastLook: () => Promise<Result>,
): Promise<Result> {
  try {
    return await waitWithNudges(replicationConfigArn, wait, taskQueue);
  } catch (err) {
    if (!isTimedOut(err)) throw err;
  }
  try {
    return await lastLook();
  } catch (err) {
    if (!isTimedOut(err)) throw err;
    const subject = { replicationConfigArn, operationId, status };
    throw nobodyLooked(type, subject, taskQueue ?? workflowInfo().taskQueue);
  }
}
