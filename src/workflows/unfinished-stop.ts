import { CancellationScope } from '@temporalio/workflow';
import { operationOf } from '../operations/abandoned.js';
import type { CheckpointRecord, PendingCall } from '../operations/records.js';
import { changingActivities } from './activity-proxies.js';
import { untilStopped } from './waits.js';

/** How somebody finishes a stop that DMS accepted and whose operation died. */
export interface Finishing {
  readonly replicationConfigArn: string;
  /** Who: `ledger`, or an operation id. */
  readonly finishedBy: string;
  readonly holdSeconds: number;
  readonly stopTimeoutSeconds: number;
  /** A look has shown that it was stopping or stopped. */
  readonly sawStop: boolean;
  /** What the last look showed, if there was one. */
  readonly lastStatus?: string;
  readonly taskQueue?: string | undefined;
}

/** Waits for its end and records it, in the name of the operation that began it. `null`: DMS has undone it by itself. */
export async function finishStop(call: PendingCall, finishing: Finishing): Promise<CheckpointRecord | null> {
  const operation = operationOf(call);
  const { before, intent } = call;
  const { operationId } = operation;
  const { finishedBy, holdSeconds, taskQueue, ...wait } = finishing;
  const { replicationConfigArn } = wait;
  const stopped = await untilStopped(
    { holdSeconds, taskQueue },
    {
      operationId,
      before,
      accepted: true,
      selfRestartGraceSeconds: 0,
      ...wait,
    },
  );
  if (stopped.end !== 'settled') return null;
  const { checkpoint } = await CancellationScope.nonCancellable(() =>
    changingActivities('Record the stop that was never recorded', taskQueue)['dms.recordOperation']({
      ...stopped,
      end: 'stopped',
      replicationConfigArn,
      operation,
      finishedBy,
      intent: intent ?? 'pause',
      outcome: 'stopped',
      awsRequestIds: [],
    }),
  );
  return checkpoint;
}
