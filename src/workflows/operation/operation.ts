import { CancellationScope, log, upsertMemo, uuid4, workflowInfo } from '@temporalio/workflow';
import type { StopMark } from '../../dms/checkpoint.js';
import type { ReplicationLag } from '../../dms/lag.js';
import { findDmsFailure, withCheckpoint } from '../../contract/failures.js';
import type { OperationInput, OperationKind, StopIntent } from '../../contract/inputs.js';
import { wantedOperation } from '../../rules/joining.js';
import { memoKeys, operationWorkflowId } from '../../contract/names.js';
import { isPlain } from '../../contract/schema-parts.js';
import type { DmsActivities, RecordOperation } from '../../contract/activity-protocol.js';
import type { OperationRef } from '../../contract/ledger-state.js';
import { cleaningActivities, soughtActivities } from './activity-proxies.js';
import { isCancelled, unwrapFailure } from './failures.js';
import { runAsChild } from './run-as-child.js';
import { countOperation } from '../metrics.js';
import { ProgressReporter } from './progress-reporter.js';

/** Seconds an ended operation waits for its ledger: after a cancel, and otherwise. A cancelled one ends within 5 s. */
const [CANCEL_SECONDS, END_SECONDS] = [4.5, 60];
/** Maximum length of an owner in an input. */
const MAX_OWNER = 256;

/** Running operation: its identity, its plan and its state. */
export interface RunningOperation<Plan> {
  readonly operation: OperationRef;
  readonly plan: Plan;
  readonly tracker: ProgressReporter;
  readonly state: OperationState;
}

/** Facts that an operation gathers for the record of its end, also after a failure or a cancel. */
export interface OperationState {
  /** True if the ledger may know of the operation. */
  mayHaveBegun: boolean;
  /** True if DMS answered the newest call of the operation. */
  isAnswered: boolean;
  awsRequestIds: readonly string[];
  readonly intent: StopIntent;
  readonly settleSeconds: number;
  /** Last stop before the operation's own call. `null`: no call yet. */
  before: StopMark | null;
  lagAtStop: ReplicationLag | null;
}

/** Input with its defaults, and the details of its requester. */
interface Validated<Plan> {
  readonly plan: Plan;
  readonly requester: Pick<OperationRef, 'requestedBy' | 'reason' | 'owner' | 'deadline'>;
}

/**
 * Runs an operation in its operation workflow, and records its end, also after a failure or a cancel.
 *
 * A workflow with any other id runs the operation workflow as its child.
 */
export async function runOperation<
  Plan extends { readonly replicationConfigArn: string; readonly intent?: StopIntent; readonly settleSeconds?: number },
  Result extends { readonly outcome: string },
>(
  kind: OperationKind,
  input: OperationInput,
  validate: (input: unknown) => Validated<Plan>,
  act: (run: RunningOperation<Plan>) => Promise<Result>,
): Promise<Result> {
  const tracker = new ProgressReporter(isPlain(input) ? input : {});
  let run: RunningOperation<Plan> | null = null;
  try {
    const { plan, requester } = validate(input);
    const lock = operationWorkflowId(plan.replicationConfigArn);
    tracker.offerCommands(plan.replicationConfigArn);
    if (workflowInfo().workflowId !== lock) {
      tracker.followChild(lock);
      const { taskQueue, parent } = workflowInfo();
      const owner = requester.owner ?? ownerOf(parent?.workflowId);
      return finish(tracker, await runAsChild<Result>(kind, { ...input, owner }, { taskQueue, reports: true }));
    }
    run = { operation: operationRefOf(kind, input, requester), plan, tracker, state: initialState(plan) };
    const result = await act(run);
    countOperation(kind, result.outcome);
    return finish(tracker, result);
  } catch (err) {
    const wasCancelled = isCancelled(err);
    const ended = await recordEnd(unwrapFailure(err), run, wasCancelled);
    if (run !== null) countOperation(kind, wasCancelled ? 'cancelled' : (findDmsFailure(ended)?.type ?? 'Error'));
    tracker.fail(ended);
    throw ended;
  }
}

/** Returns the parent workflow's id as the owner, because the parent's reservation covers the operation, too. */
function ownerOf(hostWorkflowId = ''): string | undefined {
  return hostWorkflowId.length > 0 && hostWorkflowId.length <= MAX_OWNER ? hostWorkflowId : undefined;
}

function finish<Result>(tracker: ProgressReporter, result: Result): Result {
  tracker.enter('done', 'Recorded');
  return result;
}

function initialState({
  intent = 'pause',
  settleSeconds = 10,
}: Pick<RunningOperation<{ intent?: StopIntent; settleSeconds?: number }>, 'plan'>['plan']): OperationState {
  const nothing = { mayHaveBegun: false, isAnswered: false, awsRequestIds: [], before: null, lagAtStop: null };
  return { ...nothing, intent, settleSeconds };
}

/**
 * Returns the identity of the operation. Writes it into the memo unless the starter of the workflow did, as clients do.
 */
function operationRefOf(
  kind: OperationKind,
  input: OperationInput,
  requester: Validated<unknown>['requester'],
): OperationRef {
  const { workflowId, runId, firstExecutionRunId: firstRunId, parent, memo = {} } = workflowInfo();
  const operationId = input.operationId ?? uuid4();
  const { asks } = wantedOperation(kind, input);
  if (
    memo[memoKeys.operationId] !== operationId ||
    memo[memoKeys.kind] !== kind ||
    memo[memoKeys.requestKey] !== asks
  ) {
    upsertMemo({ [memoKeys.kind]: kind, [memoKeys.operationId]: operationId, [memoKeys.requestKey]: asks });
  }
  return {
    kind,
    operationId,
    workflowId,
    runId,
    firstRunId,
    parentWorkflowId: parent?.workflowId ?? null,
    ...requester,
  };
}

/** Records how the operation ended, and returns the error that the caller should see. */
async function recordEnd(
  ended: unknown,
  run: RunningOperation<{ readonly replicationConfigArn: string }> | null,
  wasCancelled: boolean,
): Promise<unknown> {
  if (run === null || !run.state.mayHaveBegun) return ended;
  const { operation, plan, state, tracker } = run;
  tracker.fail(ended); // at once, because the ledger may not answer for minutes
  const { replicationConfigArn } = plan;
  const { awsRequestIds, isAnswered, intent, before, settleSeconds, lagAtStop } = state;
  const about = { replicationConfigArn, operation, finishedBy: null, awsRequestIds, isAnswered };
  const failure = findDmsFailure(ended);
  // Both failures end an operation only before its first call. No ledger can take the record, and no call is
  // unfinished.
  if (failure?.type === 'DmsLedgerClosed' || failure?.type === 'DmsLedgerUnavailable') return ended;
  const failureMessage = ended instanceof Error ? ended.message : String(ended);
  if (failure?.type === 'DmsReplicationFailed') {
    tracker.enter('recording', failure.message, 'failed');
    const seen = failure.details[0].replication ?? null;
    const onMissing = (problem: string | null) => tracker.showProblem(problem);
    const sought = { replicationConfigArn, onMissing };
    const checkpoint = await tryToRecord(soughtActivities('Record the failed replication', sought), {
      ...about,
      end: 'failed-replication',
      failureMessage,
      intent,
      before,
      seen,
      settleSeconds,
      lagAtStop,
    });
    return checkpoint === null ? ended : withCheckpoint(failure, checkpoint);
  }
  const failureType = wasCancelled
    ? 'CancelledFailure'
    : (failure?.type ?? (ended instanceof Error ? ended.name : 'Error'));
  // An operation that is over does not wait long for a ledger that can't be reached.
  const cleaning = cleaningActivities('Record how it ended', wasCancelled ? CANCEL_SECONDS : END_SECONDS);
  await tryToRecord(cleaning, { ...about, end: 'ended', failureType, failureMessage });
  return ended;
}

async function tryToRecord(activities: Pick<DmsActivities, 'dms.recordOperation'>, how: RecordOperation) {
  try {
    const { checkpoint } = await CancellationScope.nonCancellable(() => activities['dms.recordOperation'](how));
    return checkpoint;
  } catch (err) {
    // The ledger finishes a call that is still noted. The caller must see the failure of the operation, not this one.
    log.warn('The end of the operation could not be recorded', { error: String(err), end: how.end });
    return null;
  }
}
