/**
 * Unfinished calls.
 *
 * A call is **unfinished** when its operation ended without recording the outcome. The ledger follows the call as the
 * operation would have, and records the outcome in the operation's name.
 *
 * The ledger drops the note once the call can no longer land and looks show no effect of it.
 */
import { CancellationScope, condition, sleep } from '@temporalio/workflow';
import { SETTLE_GRACE_SECONDS, SETTLE_SECONDS } from '../../dms/checkpoint.js';
import { statusFacts } from '../../dms/lifecycle.js';
import { STALE_SECONDS } from '../../dms/staleness.js';
import { markMissing } from '../../ledger/closing.js';
import { findDmsFailure, type DmsFailure, type DmsFailureType } from '../../contract/failures.js';
import { endWithoutEffect, operationOf, secondsCallMayLand } from '../../ledger/calls.js';
import { findOperation } from '../../ledger/entries.js';
import type { RecordOperation } from '../../contract/activity-protocol.js';
import type { PendingCall } from '../../contract/ledger-state.js';
import { recordResumedFrom } from '../../rules/resume-checks.js';
import { soughtActivities, soughtWaits } from '../operation/activity-proxies.js';
import type { LedgerRun } from './ledger-run.js';
import { isCancelled } from '../operation/failures.js';
import { untilRunning, untilStopped } from '../operation/waits.js';

/** Longest time that one attempt of a wait is held. */
const HOLD_SECONDS = 30;
/** Seconds for which the ledger follows a call whose effect shows. */
const FOLLOW_SECONDS = 30 * 86_400;
/** Seconds for which looks must show no effect of a call that can no longer land. */
const NO_EFFECT_SECONDS = SETTLE_GRACE_SECONDS + STALE_SECONDS;

/** Outcome of a followed call. `nothing`: failure type of a call that was never carried out, or was undone. */
type Followed = { readonly record: OutcomeOf<RecordOperation> } | { readonly noEffect: DmsFailureType };
/** Members of a union, each without the facts that `recordCall` adds. */
type OutcomeOf<Union> = Union extends unknown
  ? Omit<Union, 'replicationConfigArn' | 'operation' | 'finishedBy' | 'awsRequestIds' | 'isAnswered'>
  : never;

/** Follows the call to its end, and records the outcome. */
export async function finishCall(ledgerRun: LedgerRun, call: PendingCall): Promise<void> {
  const { replicationConfigArn } = ledgerRun.ledger;
  const { taskQueue, firstRunId } = call;
  try {
    if (!call.isAbandoned) {
      const where = { holdSeconds: 0, taskQueue };
      const idle = soughtWaits('Wait until its workflow has ended', where, replicationConfigArn, showOf(ledgerRun));
      await idle['dms.awaitIdle']({ replicationConfigArn, firstRunId });
    }
    for (;;) {
      const followed = await (call.kind === 'stop' ? followStop(ledgerRun, call) : followStart(ledgerRun, call));
      if ('record' in followed) return await recordCall(ledgerRun, call, followed.record);
      // An unanswered call may land after these looks.
      const seconds = secondsCallMayLand(call, now());
      if (seconds > 0) await sleep(seconds * 1000, { summary: 'Wait until the call can no longer land' });
      else return dropNote(ledgerRun, call, followed.noEffect);
    }
  } catch (err) {
    if (isCancelled(err)) throw err;
    const type = findDmsFailure(err)?.type;
    // The note stays. The ledger looks a day later whether the replication was deleted.
    if (type === 'DmsReplicationNotFound' || type === 'DmsReplicationDeleting')
      ledgerRun.ledger = markMissing(ledgerRun.ledger, now());
    throw err;
  }
}

async function followStop(ledgerRun: LedgerRun, call: PendingCall): Promise<Followed> {
  const { replicationConfigArn } = ledgerRun.ledger;
  const { operationId, before } = call;
  const stop = {
    replicationConfigArn,
    operationId,
    before,
    lastStatus: before.status,
    mayHaveCalled: true,
    hasRun: true,
  };
  const follow = async (stopTimeoutSeconds: number, hasSeenStop: boolean) =>
    untilStopped(placeOf(ledgerRun, call), {
      ...stop,
      hasSeenStop,
      stopTimeoutSeconds,
      settleSeconds: SETTLE_SECONDS,
      selfRestartGraceSeconds: 0,
    });
  try {
    const stopped = await follow(effectTimeoutSeconds(call), false).catch((err: unknown) => {
      const failure = findDmsFailure(err);
      if (failure?.type !== 'DmsStopTimedOut' || isActive(failure)) throw err;
      return follow(FOLLOW_SECONDS, true);
    });
    if (stopped.end !== 'settled') return { noEffect: 'DmsStopReverted' };
    const { settled, replication, dmsTime } = stopped;
    const intent = call.intent ?? 'pause';
    return { record: { end: 'stopped', outcome: 'stopped', intent, settled, replication, dmsTime, lagAtStop: null } };
  } catch (err) {
    const failure = findDmsFailure(err);
    switch (failure?.type) {
      case 'DmsReplicationFailed':
        return { record: failedReplication(call, failure) };
      case 'DmsStopReverted':
        return { noEffect: 'DmsStopReverted' };
      case 'DmsStopTimedOut':
        if (!endedByLook(failure)) throw err;
        return { noEffect: isActive(failure) ? 'DmsStopReverted' : 'DmsStopTimedOut' };
      default:
        throw err;
    }
  }
}

async function followStart(ledgerRun: LedgerRun, call: PendingCall): Promise<Followed> {
  const { replicationConfigArn } = ledgerRun.ledger;
  const { operationId, startReplicationType, before } = call;
  const place = placeOf(ledgerRun, call);
  const wait = { replicationConfigArn, operationId, before, mayHaveCalled: true, verifyProgressSeconds: 0 };
  try {
    const startTimeoutSeconds = effectTimeoutSeconds(call);
    const running = await untilRunning(place, { ...wait, startTimeoutSeconds }).catch((err: unknown) => {
      const failure = findDmsFailure(err);
      if (failure?.type !== 'DmsStartTimedOut' || !isActive(failure)) throw err;
      return untilRunning(place, { ...wait, startTimeoutSeconds: FOLLOW_SECONDS });
    });
    const from = recordResumedFrom(ledgerRun.ledger.checkpoints[0], startReplicationType, before.stop);
    const result = { outcome: 'resumed', operationId, resumedFrom: from, startReplicationType, ...running } as const;
    return { record: { end: 'resumed', result } };
  } catch (err) {
    const failure = findDmsFailure(err);
    switch (failure?.type) {
      case 'DmsReplicationFailed':
      case 'DmsStartReverted':
        return { noEffect: failure.type };
      case 'DmsStartTimedOut':
        if (!endedByLook(failure)) throw err;
        return { noEffect: 'DmsStartTimedOut' };
      default:
        throw err;
    }
  }
}

/** Returns the longest time to wait for a look that shows an effect. After that, the call counts as without effect. */
function effectTimeoutSeconds(call: PendingCall): number {
  return secondsCallMayLand(call, now()) + NO_EFFECT_SECONDS;
}

function dropNote(ledgerRun: LedgerRun, call: PendingCall, failureType: DmsFailureType): void {
  if (ledgerRun.ledger.pendingCall?.token === call.token)
    ledgerRun.ledger = endWithoutEffect(ledgerRun.ledger, call, failureType, now());
}

function failedReplication(call: PendingCall, failure: DmsFailure) {
  const before = call.before.stop;
  const seen = failure.details[0].replication ?? null;
  const about = {
    before,
    seen,
    settleSeconds: SETTLE_SECONDS,
    lagAtStop: null,
    intent: call.intent ?? 'pause',
  } as const;
  return { end: 'failed-replication', failureMessage: failure.message, ...about } as const;
}

async function recordCall(ledgerRun: LedgerRun, call: PendingCall, how: OutcomeOf<RecordOperation>): Promise<void> {
  const { replicationConfigArn } = ledgerRun.ledger;
  const { awsRequestIds = [] } = findOperation(ledgerRun.ledger, call) ?? {};
  const operation = operationOf(call);
  const { isAnswered, taskQueue } = call;
  const about = { replicationConfigArn, operation, finishedBy: 'ledger', awsRequestIds, isAnswered } as const;
  const sought = { replicationConfigArn, taskQueue, onMissing: showOf(ledgerRun) };
  const recording = soughtActivities('Record what was left unfinished', sought);
  await unlessMoving(ledgerRun, () => recording['dms.recordOperation']({ ...about, ...how }));
}

/**
 * Does work that no change of the ledger cancels. A move does: the next run does the work again, on the new task queue.
 * A record that is sent twice is written once.
 */
async function unlessMoving(ledgerRun: LedgerRun, work: () => Promise<unknown>): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    const scope = new CancellationScope();
    let isDone = false;
    const working = scope.run(work).finally(() => void (isDone = true));
    const watching = condition(() => isDone || ledgerRun.isMoving).then(() => {
      if (!isDone) scope.cancel();
    });
    await Promise.all([working, watching]);
  });
}

/**
 * True if a look past the deadline ended the wait. Only then does the failure carry `failureMessages`.
 *
 * A wait that no look ended proves nothing: DMS did not answer, or no worker ran.
 */
function endedByLook({ details: [{ failureMessages }] }: DmsFailure): boolean {
  return failureMessages !== undefined;
}

/** True if the wait ended while the replication ran or started. */
function isActive(failure: DmsFailure): boolean {
  return statusFacts(failure.details[0].status ?? '').phase === 'active';
}

/** Returns the hold time and task queue of a call's waits. `onMissing` shows that workers lack the activity. */
function placeOf(ledgerRun: LedgerRun, { taskQueue }: PendingCall) {
  return { holdSeconds: HOLD_SECONDS, taskQueue, onMissing: showOf(ledgerRun) };
}

/** Returns the function that shows why the call can't be finished. */
function showOf(ledgerRun: LedgerRun) {
  return (problem: string | null) => ledgerRun.showProblem('finish a call', problem);
}

function now(): string {
  return new Date().toISOString();
}
