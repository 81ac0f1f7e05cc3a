import { CancellationScope, log, upsertMemo, uuid4, workflowInfo } from '@temporalio/workflow';
import { findDmsFailure, withCheckpoint } from '../operations/failures.js';
import type { OperationInput, OperationKind } from '../operations/inputs.js';
import { memoKeys, operationWorkflowId } from '../operations/names.js';
import type { BegunOperation, ContinuedStart, RecordOperation, StopInDoubt } from '../operations/protocol.js';
import type { CheckpointRecord } from '../operations/records.js';
import { readArn } from '../operations/refusals.js';
import { changingActivities, cleaningActivities } from './activity-proxies.js';
import { isCancelled, unwrapped } from './failures.js';
import { runAsChild } from './run-as-child.js';
import { Tracker } from './tracker.js';

/** What an operation has done so far, for whoever has to end it when it is cut short. */
export interface Trail {
  begun: BegunOperation | null;
  /** A stop that was asked for or found under way. */
  stop: StopInDoubt | null;
  /** Another replication's record, once DMS is to be asked to go on from there. */
  continued: ContinuedStart | null;
  /** False while an accepted call may still have its effect unrecorded. */
  clearsCall: boolean;
  awsRequestIds: readonly string[];
}

/**
 * Runs an operation in the workflow whose id is the lock, begins it, and sees to it that it ends in the ledger however it ends. Under any other
 * workflow id it is run as a child with that one.
 */
export async function runOperation<Result>(
  kind: OperationKind,
  input: OperationInput,
  act: (begun: BegunOperation, tracker: Tracker, trail: Trail) => Promise<Result>,
): Promise<Result> {
  const lock = operationWorkflowId(readArn(input));
  const tracker = new Tracker(input);
  const trail: Trail = { begun: null, stop: null, continued: null, clearsCall: true, awsRequestIds: [] };
  try {
    const isLock = workflowInfo().workflowId === lock;
    if (!isLock) tracker.followChild(lock);
    const result = isLock
      ? await run(kind, input, act, tracker, trail)
      : await runAsChild<Result>(kind, input, { reports: true });
    tracker.enter('done', 'Recorded');
    return result;
  } catch (err) {
    const ended = await endInLedger(err, trail, tracker);
    tracker.fail(ended);
    throw ended;
  }
}

async function run<Result>(
  kind: OperationKind,
  input: OperationInput,
  act: (begun: BegunOperation, tracker: Tracker, trail: Trail) => Promise<Result>,
  tracker: Tracker,
  trail: Trail,
): Promise<Result> {
  const operationId = typeof input.operationId === 'string' ? input.operationId : uuid4();
  showIdentity(kind, operationId);
  const parentWorkflowId = workflowInfo().parent?.workflowId ?? null;
  const activities = changingActivities('Check the input, look once, note the operation in the ledger');
  const begun = await activities['dms.beginOperation']({ kind, input, operationId, parentWorkflowId });
  trail.begun = begun;
  return begun.repeated === null ? act(begun, tracker, trail) : (begun.repeated as Result);
}

/** Clients and steps put the memo there when they start the workflow; one started by name does it itself. */
function showIdentity(kind: OperationKind, operationId: string): void {
  const memo = workflowInfo().memo ?? {};
  if (memo[memoKeys.kind] === kind && memo[memoKeys.operationId] === operationId) return;
  upsertMemo({ [memoKeys.kind]: kind, [memoKeys.operationId]: operationId });
}

/** Notes in the ledger how it ended, and returns what the caller is to see. */
async function endInLedger(err: unknown, trail: Trail, tracker: Tracker): Promise<unknown> {
  const { begun, stop, continued, clearsCall, awsRequestIds } = trail;
  const ended = unwrapped(err);
  if (begun === null) return ended;
  tracker.fail(ended); // the ledger may not answer for minutes
  const failure = findDmsFailure(ended);
  const { plan, operation } = begun;
  const about = { replicationConfigArn: plan.replicationConfigArn, operation, awsRequestIds, continued };
  const failed = (more: Pick<RecordOperation & { readonly end: 'failed' }, 'stop' | 'clearsCall'>): RecordOperation => {
    const failureType = failure?.type ?? (ended instanceof Error ? ended.name : 'Error');
    const failureMessage = ended instanceof Error ? ended.message : String(ended);
    return { end: 'failed', failureType, failureMessage, ...about, ...more };
  };
  let checkpoint: CheckpointRecord | null;
  if (failure?.type === 'DmsReplicationFailed') {
    const doubt = stop ?? { intent: 'pause', outcome: 'already-stopped', before: null, settleSeconds: 10 };
    const seen = failure.details[0].replication ?? null;
    tracker.enter('recording', failure.message, 'failed');
    const activities = changingActivities('Record the failed replication');
    checkpoint = await noted(activities, failed({ stop: { ...doubt, seen }, clearsCall: true }));
  } else {
    // Bounded: an operation that is over anyway does not wait for a ledger out of reach. What it asked of DMS is noted there already.
    const activities = cleaningActivities('Note in the ledger how it ended');
    const mayClear = clearsCall || failure?.type === 'DmsStopReverted';
    const cancelled: RecordOperation = { end: 'cancelled', ...about, stop, clearsCall };
    checkpoint = await noted(activities, isCancelled(err) ? cancelled : failed({ stop: null, clearsCall: mayClear }));
  }
  return failure !== undefined && checkpoint !== null ? withCheckpoint(failure, checkpoint) : ended;
}

async function noted(
  activities: ReturnType<typeof changingActivities>,
  how: RecordOperation,
): Promise<CheckpointRecord | null> {
  try {
    const { checkpoint } = await CancellationScope.nonCancellable(() => activities['dms.recordOperation'](how));
    return checkpoint;
  } catch (err) {
    // Its pending call, if any, stays in the ledger for the next operation to find; how the operation ended is what the caller must see.
    log.warn('The ledger does not know how this operation ended', { error: String(err), end: how.end });
    return null;
  }
}
