import { ApplicationFailure } from '@temporalio/common';
import { SETTLE_GRACE_SECONDS, resumeDeadline, stopMark } from '../dms/checkpoint.js';
import { factsOf, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { stopReasonCode } from '../dms/stop-reasons.js';
import type { StopIntent } from '../operations/inputs.js';
import { RECORD_VERSION } from '../operations/ledger-entries.js';
import type { OperationEnd, RecordReply, RecordRequest } from '../operations/ledger-messages.js';
import type { ContinuedStart, RecordedOperation, RecordOperation, StopInDoubt } from '../operations/protocol.js';
import type { CheckpointDraft, CheckpointRecord, OperationRef, PendingCall, Settled } from '../operations/records.js';
import type { TableStatisticsSummary, Warning } from '../operations/results.js';
import { beginStopWait, judgeSettling, type StopWaitMemory } from '../operations/stop-wait.js';
import { tableWarnings } from '../operations/tables.js';
import { endpointsUnknown, stopWarnings } from '../operations/warnings.js';
import type { Attempt } from './attempt.js';
import { tellContinued } from './continued.js';
import type { Environment } from './environment.js';
import { readEndpoints } from './endpoints.js';
import { readTableSummary } from './table-statistics.js';

/** Statistics of ten thousand tables take about a minute. */
const STATISTICS_SECONDS = 75;
/** Of what is told of a failure, so much is kept. */
const MESSAGE_LENGTH = 500;
/** How long the record of a failed replication waits to be described: many a failure has no stop reason and no stop time at all. */
const FAILED_SECONDS = 30;

/** Puts the end of an operation into the ledger. A checkpoint goes first; what else there is to know about the stop is added to it. */
export function recordOperation(environment: Environment, request: RecordOperation): Promise<RecordedOperation> {
  const { operation } = request;
  const about = { operationId: operation.operationId, phase: 'recording', accepted: true } as const;
  const attempt = environment.attempt(request, 'dms.recordOperation', about);
  const runId = request.finishedBy === undefined ? attempt.runId : operation.runId;
  const recorder = new Recorder(attempt, operation, runId);
  return attempt.keptAlive(() => {
    switch (request.end) {
      case 'stopped':
        return recorder.stopped(request);
      case 'resumed':
        return recorder.resumed(request);
      case 'failed':
      case 'cancelled':
        return recorder.cutShort(request);
    }
  });
}

type Ended<End extends RecordOperation['end']> = Extract<RecordOperation, { readonly end: End }>;

class Recorder {
  /** Why it is not recorded where the endpoints lead to, although it was to be. */
  #endpointProblem: string | null = null;

  constructor(
    private readonly attempt: Attempt,
    private readonly operation: OperationRef,
    private readonly runId: string | undefined,
  ) {}

  async stopped(request: Ended<'stopped'>): Promise<RecordedOperation> {
    const { replication, outcome, intent, settled, awsRequestIds, finishedBy, lagAtStop } = request;
    const ended = { outcome, failureType: null, awsRequestIds, finishedBy, lagAtStop };
    const recorded = (this.attempt.memory as CheckpointRecord | null | undefined) ?? null;
    const checkpoint = recorded ?? (await this.#checkpoint(replication, intent, settled, ended));
    const { tables, warnings: aboutTables } = await this.#tables(replication).catch((err: unknown) => {
      this.attempt.remember(checkpoint);
      throw err;
    });
    const warnings = [
      ...stopWarnings(checkpoint, replication, Date.now()),
      ...endpointsUnknown(this.#endpointProblem, 'a resume can not tell whether they were changed'),
      ...aboutTables,
      ...(await this.#endpointWarnings()),
    ];
    const { operationId } = this.operation;
    return { checkpoint, result: { outcome, operationId, checkpoint, replication, tables, warnings } };
  }

  async resumed({ result, awsRequestIds, continued }: Ended<'resumed'>): Promise<RecordedOperation> {
    const { outcome, startReplicationType, progress, resumedFrom } = result;
    // The record of another replication has another ledger's number.
    const isOwn = resumedFrom?.replicationConfigArn === this.attempt.arn.arn;
    const checkpointSequence = isOwn ? resumedFrom.sequence : null;
    const ended = { outcome, failureType: null, awsRequestIds, startReplicationType, progress, checkpointSequence };
    await this.#record({ type: 'finished', operation: this.operation, clearsCall: true, ...ended });
    if (continued?.isStarted === true) await tellContinued(this.attempt, this.operation, continued, 'started');
    const warnings = [...result.warnings, ...(await this.#endpointWarnings())];
    return { checkpoint: null, result: { ...result, warnings } };
  }

  async cutShort(request: Ended<'failed'> | Ended<'cancelled'>): Promise<RecordedOperation> {
    const { continued = null } = request;
    const { pendingCall, ...recorded } = await this.#cutShort(request);
    const far = continued === null ? null : howFar(continued, pendingCall);
    if (continued !== null && far !== null) await tellContinued(this.attempt, this.operation, continued, far);
    return recorded;
  }

  /** A stop that is over by now is recorded all the same; one that is not stays in the ledger as a pending call. */
  async #cutShort(
    request: Ended<'failed'> | Ended<'cancelled'>,
  ): Promise<RecordedOperation & Pick<RecordReply, 'pendingCall'>> {
    const { stop, clearsCall, awsRequestIds } = request;
    const isFailed = request.end === 'failed';
    const failureType = isFailed ? request.failureType : 'CancelledFailure';
    const failureMessage = isFailed ? (request.failureMessage?.slice(0, MESSAGE_LENGTH) ?? null) : null;
    const over = stop === null ? null : await this.#stopThatIsOver(stop);
    if (stop === null || over === null) {
      const ended = { outcome: null, failureType, failureMessage, awsRequestIds };
      const finished = { type: 'finished', operation: this.operation, clearsCall, ...ended } as const;
      const { pendingCall } = await this.#record(finished);
      return { checkpoint: null, result: null, pendingCall };
    }
    const checkpoint = await this.#checkpoint(over.replication, stop.intent, over.settled, {
      outcome: isFailed ? null : stop.outcome,
      failureType: isFailed ? failureType : null,
      failureMessage,
      awsRequestIds,
      finishedBy: request.finishedBy,
      lagAtStop: stop.lagAtStop,
    });
    return { checkpoint, result: null };
  }

  /** The settled look at a stop that has come to an end, if it has. */
  async #stopThatIsOver(stop: StopInDoubt): Promise<SettledStop | null> {
    const { attempt } = this;
    const remembered: StopMemory = (attempt.memory as StopMemory | undefined) ?? beginStopWait(stop.before !== null);
    const { over, ...memory } = remembered;
    if (over !== undefined) return over;
    const isPatienceOver = attempt.elapsedSeconds >= (stop.seen === null ? SETTLE_GRACE_SECONDS : FAILED_SECONDS);
    const look = await attempt.look().catch((err: unknown) => {
      if (!(err instanceof ApplicationFailure) || attempt.signal.aborted) throw err;
      if (err.nonRetryable === true || isPatienceOver) return null;
      throw err;
    });
    if (look === null || !isOver(look.replication, stop)) {
      // A failed replication may be gone or running again by now: what was seen then is all there is.
      return stop.seen === null ? null : { replication: stop.seen, settled: 'grace-expired' };
    }
    const rules = { settleSeconds: stop.settleSeconds, selfRestartGraceSeconds: 0, before: stop.before };
    const { elapsedSeconds } = attempt;
    const judged = judgeSettling(memory, { ...look, elapsedSeconds }, rules);
    if (judged.verdict.type === 'settled' || isPatienceOver) {
      const settled = judged.verdict.type === 'settled' ? judged.verdict.settled : 'grace-expired';
      const found: SettledStop = { replication: look.replication, settled };
      // What is found now is what is recorded, however long the ledger takes.
      attempt.remember({ ...judged.memory, over: found } satisfies StopMemory);
      return found;
    }
    attempt.remember(judged.memory);
    attempt.phase = 'settling';
    throw attempt.stillWaiting(judged.verdict.why, Math.min(2, judged.verdict.lookInSeconds ?? 2));
  }

  async #checkpoint(
    replication: Replication,
    intent: StopIntent,
    settled: Settled,
    {
      lagAtStop = null,
      ...ended
    }: OperationEnd & { readonly finishedBy?: string | undefined } & Pick<CheckpointRecord, 'lagAtStop'>,
  ): Promise<CheckpointRecord> {
    const { operation } = this;
    const { endpoints, problem } = await readEndpoints(this.attempt, replication);
    this.#endpointProblem = problem;
    const draft = { ...draftCheckpoint(operation, replication, intent, settled), lagAtStop, endpoints };
    const { checkpoint } = await this.#record({
      type: 'stopped',
      operation,
      checkpoint: draft,
      taskQueue: this.attempt.taskQueue,
      archives: this.attempt.environment.archive !== null,
      resumeWithinSeconds: draft.resumeBy === null ? null : (Date.parse(draft.resumeBy) - Date.now()) / 1000,
      ...ended,
    });
    if (checkpoint === null) throw new Error('The ledger recorded a stop without answering what it recorded');
    return checkpoint;
  }

  /** The statistics are lost when DMS deprovisions, so they are kept; but they never fail a stop. */
  async #tables(
    replication: Replication,
  ): Promise<{ readonly tables: TableStatisticsSummary | null; readonly warnings: readonly Warning[] }> {
    const unavailable = (why: string): readonly Warning[] => [
      { code: 'statistics-unavailable', message: `Table statistics: ${why}` },
    ];
    const { status, provisionState } = lifecycleState(replication);
    if (factsOf(status).stop === 'never-started') return { tables: null, warnings: unavailable('it never ran') };
    if (provisionState === 'deprovisioned') {
      return { tables: null, warnings: unavailable('DMS has deprovisioned it, and they are gone') };
    }
    const { attempt, operation } = this;
    const { summary, problem } = await readTableSummary(attempt, STATISTICS_SECONDS, true);
    const warnings = problem === null ? [] : unavailable(problem);
    if (summary === null) return { tables: null, warnings };
    await this.#record({ type: 'tables', operation, tables: summary });
    return { tables: summary, warnings: [...tableWarnings(summary), ...warnings] };
  }

  async #endpointWarnings(): Promise<readonly Warning[]> {
    const host = await this.attempt.environment.dms.endpointOverride(this.attempt.arn);
    if (host === null) return [];
    return [{ code: 'endpoint-override', message: `Requests went to ${host}, which is not AWS's own endpoint` }];
  }

  #record(request: RecordRequest): Promise<RecordReply> {
    return this.attempt.askLedger((ledger) => ledger.record({ runId: this.runId, ...request }));
  }
}

/** Whether DMS goes on from the other replication's record. `null`: it may, and what is claimed stays so. */
function howFar({ isStarted }: ContinuedStart, pendingCall: PendingCall | null | undefined) {
  if (isStarted !== null) return isStarted ? ('started' as const) : null;
  // From when the end was recorded on no attempt that was left behind can note its call any more.
  return pendingCall === null || pendingCall?.kind === 'stop' ? ('released' as const) : null;
}

interface SettledStop {
  readonly replication: Replication;
  readonly settled: Settled;
}

/** What is remembered from attempt to attempt, until it is found. */
type StopMemory = StopWaitMemory & { readonly over?: SettledStop };

/** A cancelled stop is over only once it is stopped; how one that failed meanwhile ended is for the next operation to say. */
function isOver(replication: Replication, { seen }: StopInDoubt): boolean {
  const { status } = lifecycleState(replication);
  return status === 'stopped' || (status === 'failed' && seen !== null);
}

function draftCheckpoint(
  { operationId, requestedBy, reason, workflowId, runId }: OperationRef,
  replication: Replication,
  intent: StopIntent,
  settled: Settled,
): CheckpointDraft {
  const { lastStopTime, replicationCreateTime, freshStartDate } = stopMark(replication);
  const { replicationConfigArn, recoveryCheckpoint, stopReason, status, replicationType } = replication;
  const { sourceEndpointArn, targetEndpointArn } = replication;
  return {
    version: RECORD_VERSION,
    replicationConfigArn,
    operationId,
    intent,
    recoveryCheckpoint,
    settled,
    stopReason,
    stopReasonCode: stopReasonCode(stopReason),
    status,
    stoppedAt: lastStopTime,
    ...resumeDeadline(replication),
    replicationType,
    sourceEndpointArn,
    targetEndpointArn,
    replicationCreateTime,
    freshStartDate,
    requestedBy,
    reason,
    workflowId,
    runId,
  };
}
