import type { StopMark } from '../dms/checkpoint.js';
import type { AwaitStopped, BegunOperation, StoppedReplication } from '../operations/protocol.js';
import { SETTLE_GRACE_SECONDS } from '../operations/stop-wait.js';
import { waitingActivities } from './activity-proxies.js';
import { withLastLook } from './last-look.js';

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

/** Waits until a stop is over and described. */
export function finishStop(begun: BegunOperation, stop: StopToFinish): Promise<StoppedReplication> {
  const wait = (request: AwaitStopped, timeoutSeconds: number) =>
    waitingActivities('Wait until it is stopped and its checkpoint has settled', {
      holdSeconds: begun.holdSeconds,
      timeoutSeconds,
    })['dms.awaitStopped'](request);
  const settling = SETTLE_GRACE_SECONDS + stop.settleSeconds + stop.selfRestartGraceSeconds;
  return withLastLook(
    'DmsStopTimedOut',
    stop,
    () => wait(stop, stop.stopTimeoutSeconds + settling),
    () => wait({ ...stop, stopTimeoutSeconds: 0 }, settling),
  );
}
