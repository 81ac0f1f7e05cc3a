import type { StopMark } from '../dms/checkpoint.js';
import type { AwaitStopped, BegunOperation, StoppedReplication } from '../operations/protocol.js';
import { SETTLE_GRACE_SECONDS } from '../operations/stop-wait.js';
import { waitingActivities } from './activity-proxies.js';
import { isTimedOut, unseen } from './failures.js';

export interface StopToFinish {
  readonly replicationConfigArn: string;
  readonly operationId: string;
  readonly before: StopMark | null;
  readonly sawStop: boolean;
  readonly accepted: boolean;
  readonly lastStatus: string;
  readonly stopTimeoutSeconds: number;
  readonly settleSeconds: number;
  readonly selfRestartGraceSeconds: number;
}

/** Waits until a stop is over and described. When no worker ran until past the deadline, one more look decides. */
export async function finishStop(begun: BegunOperation, stop: StopToFinish): Promise<StoppedReplication> {
  const wait = (request: AwaitStopped, timeoutSeconds: number) =>
    waitingActivities('Wait until it is stopped and its checkpoint has settled', {
      holdSeconds: begun.holdSeconds,
      timeoutSeconds,
    })['dms.awaitStopped'](request);
  const settling = SETTLE_GRACE_SECONDS + stop.settleSeconds + stop.selfRestartGraceSeconds;
  try {
    return await wait(stop, stop.stopTimeoutSeconds + settling);
  } catch (err) {
    if (!isTimedOut(err)) throw err;
  }
  try {
    return await wait({ ...stop, stopTimeoutSeconds: 0 }, settling);
  } catch (err) {
    throw isTimedOut(err) ? unseen('DmsStopTimedOut', stop) : err;
  }
}
