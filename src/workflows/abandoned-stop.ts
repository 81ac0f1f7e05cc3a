import { CancellationScope } from '@temporalio/workflow';
import { factsOf } from '../dms/lifecycle.js';
import { giveUp, operationOf } from '../operations/abandoned.js';
import { findDmsFailure, type DmsFailure, type DmsFailureType } from '../operations/failures.js';
import { findOperation } from '../operations/ledger-entries.js';
import type { PendingCall } from '../operations/records.js';
import { noteMissing, type Book } from './book.js';
import { changingActivities, waitingActivities } from './activity-proxies.js';
import { isCancelled } from './failures.js';

import { finishStop } from './unfinished-stop.js';

const HOLD_SECONDS = 30;
/** How long a stop that DMS accepted is followed. */
const FOLLOW_SECONDS = 30 * 86_400;
/** Looks may be old for a minute: a stop that shows nowhere after so long was never made, or is undone. */
const SHOWS_SECONDS = 120;

/** Once no operation is open any more, waits for the end of the stop and records it. */
export async function finishAbandoned(book: Book, call: PendingCall): Promise<void> {
  const { replicationConfigArn } = book.ledger;
  const { taskQueue } = call;
  try {
    await waitingActivities('Wait until no operation is open', { holdSeconds: 0, taskQueue })['dms.awaitIdle']({
      replicationConfigArn,
    });
    const finish = (stopTimeoutSeconds: number, sawStop: boolean) =>
      finishStop(call, {
        replicationConfigArn,
        finishedBy: 'ledger',
        holdSeconds: HOLD_SECONDS,
        stopTimeoutSeconds,
        sawStop,
        taskQueue,
      });
    const checkpoint = await finish(SHOWS_SECONDS, false).catch((err: unknown) => {
      const failure = findDmsFailure(err);
      if (failure?.type !== 'DmsStopTimedOut' || isRunning(failure)) throw err;
      return finish(FOLLOW_SECONDS, true);
    });
    if (checkpoint === null) cameToNothing(book, call, 'DmsStopReverted');
  } catch (err) {
    if (isCancelled(err)) throw err;
    await failed(book, call, err);
  }
}

/** Its wait ended while it was simply running. */
function isRunning(failure: DmsFailure | undefined): boolean {
  return factsOf(failure?.details[0].status ?? '').phase === 'active';
}

async function failed(book: Book, call: PendingCall, err: unknown): Promise<void> {
  const failure = findDmsFailure(err);
  switch (failure?.type) {
    case 'DmsReplicationFailed': {
      const { before, intent } = call;
      const seen = failure.details[0].replication ?? null;
      const stop = { intent: intent ?? 'pause', outcome: 'stopped', before, settleSeconds: 10, seen } as const;
      const { awsRequestIds = [] } = findOperation(book.ledger, call) ?? {};
      await CancellationScope.nonCancellable(() =>
        changingActivities('Record the failed replication', call.taskQueue)['dms.recordOperation']({
          end: 'failed',
          finishedBy: 'ledger',
          replicationConfigArn: book.ledger.replicationConfigArn,
          operation: operationOf(call),
          failureType: failure.type,
          failureMessage: failure.message,
          stop,
          clearsCall: true,
          awsRequestIds,
        }),
      );
      return;
    }
    case 'DmsStopReverted':
    case 'DmsReplicationDeleting':
    case 'DmsReplicationNotFound':
      cameToNothing(book, call, failure.type);
      if (failure.type === 'DmsReplicationNotFound') noteMissing(book);
      return;
    case 'DmsStopTimedOut':
      if (!isRunning(failure)) throw err;
      cameToNothing(book, call, 'DmsStopReverted');
      return;
    default:
      throw err;
  }
}

function cameToNothing(book: Book, call: PendingCall, failureType: DmsFailureType): void {
  if (book.ledger.pendingCall === call) {
    book.ledger = giveUp(book.ledger, call, failureType, new Date().toISOString());
  }
}
