import type { ReplicationConfigArn } from '../dms/arn.js';
import { resumeDeadline, stopMark, type StopMark } from '../dms/checkpoint.js';
import { lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { stopReasonCode } from '../dms/stop-reasons.js';
import { retryable } from '../operations/failures.js';
import type { StopIntent } from '../operations/inputs.js';
import type { RecordReply, RecordRequest } from '../operations/ledger-messages.js';
import type { RecordedOperation, RecordOperation } from '../operations/protocol.js';
import type { CheckpointDraft, CheckpointRecord, OperationRef, Settled } from '../operations/records.js';
import type { TableStatisticsSummary, Warning } from '../operations/results.js';
import { beginStopWait, judgeStop, type StopWaitMemory } from '../operations/stop-wait.js';
import { stopWarnings, tableWarnings } from '../operations/warnings.js';
import { currentAttempt } from './attempt.js';
import type { Environment } from './environment.js';
import { readTableSummary } from './table-statistics.js';

/** Statistics of ten thousand tables take about a minute. */
const STATISTICS_SECONDS = 75;

/** Puts the end of an operation into the ledger. A checkpoint goes first; what else there is to know about the stop is added to it. */
export function recordOperation(environment: Environment, request: RecordOperation): Promise<RecordedOperation> {
  const arn = environment.target(request, 'dms.recordOperation');
  return currentAttempt().keptAlive(() => {
    const recorder = new Recorder(environment, arn, request.operation);
    switch (request.end) {
      case 'stopped':
        return recorder.stopped(request);
      case 'resumed':
        return recorder.resumed(request);
      case 'failed':
        return recorder.failed(request);
      case 'cancelled':
        return recorder.cancelled(request);
    }
  });
}

class Recorder {
  constructor(
    private readonly environment: Environment,
    private readonly arn: ReplicationConfigArn,
    private readonly operation: OperationRef,
  ) {}

  async stopped(request: Extract<RecordOperation, { end: 'stopped' }>): Promise<RecordedOperation> {
    const { replication, outcome, intent, settled, awsRequestIds } = request;
    const draft = draftCheckpoint(this.operation, replication, intent, settled);
    const checkpoint = await this.#recordCheckpoint(draft, { outcome, failureType: null, awsRequestIds });
    const { tables, warnings } = await this.#tables(replication);
    return {
      checkpoint,
      result: {
        outcome,
        operationId: this.operation.operationId,
        checkpoint,
        replication,
        tables,
        warnings: [
          ...stopWarnings(checkpoint, replication, Date.now()),
          ...warnings,
          ...(await this.#endpointWarnings()),
        ],
      },
    };
  }

  async resumed(request: Extract<RecordOperation, { end: 'resumed' }>): Promise<RecordedOperation> {
    const { outcome, resumedFrom, startReplicationType, progress, replication, warnings, awsRequestIds } = request;
    await this.#record({
      type: 'finished',
      operation: this.operation,
      outcome,
      failureType: null,
      awsRequestIds,
      startReplicationType,
      progress,
      checkpointSequence: resumedFrom?.sequence ?? null,
      clearsCall: true,
    });
    return {
      checkpoint: null,
      result: {
        outcome,
        operationId: this.operation.operationId,
        resumedFrom,
        startReplicationType,
        progress,
        replication,
        warnings: [...warnings, ...(await this.#endpointWarnings())],
      },
    };
  }

  async failed(request: Extract<RecordOperation, { end: 'failed' }>): Promise<RecordedOperation> {
    const { replication, failureType, awsRequestIds, clearsCall } = request;
    if (replication !== null) {
      const draft = draftCheckpoint(this.operation, replication, 'pause', 'agreed');
      const checkpoint = await this.#recordCheckpoint(draft, { outcome: null, failureType, awsRequestIds });
      return { checkpoint, result: null };
    }
    await this.#finishWithout(failureType, clearsCall, awsRequestIds);
    return { checkpoint: null, result: null };
  }

  /** A stop that is over by now is recorded all the same; one that is not stays in the ledger as a pending call. */
  async cancelled({
    stop,
    clearsCall,
    awsRequestIds,
  }: Extract<RecordOperation, { end: 'cancelled' }>): Promise<RecordedOperation> {
    const end = stop === null ? null : await this.#stopThatIsOver(stop);
    if (stop === null || end === null) {
      await this.#finishWithout('CancelledFailure', clearsCall, awsRequestIds);
      return { checkpoint: null, result: null };
    }
    const draft = draftCheckpoint(this.operation, end.replication, stop.intent, end.settled);
    const checkpoint = await this.#recordCheckpoint(draft, { outcome: stop.outcome, failureType: null, awsRequestIds });
    return { checkpoint, result: null };
  }

  async #stopThatIsOver(stop: {
    readonly before: StopMark | null;
    readonly settleSeconds: number;
  }): Promise<{ readonly replication: Replication; readonly settled: Settled } | null> {
    const attempt = currentAttempt();
    const { replication, wallClock } = await this.environment.watcher(this.arn).look(this.arn);
    if (lifecycleState(replication).status !== 'stopped') return null;
    const remembered = (attempt.memory as StopWaitMemory | undefined) ?? beginStopWait(stop.before !== null);
    const look = { replication, elapsedSeconds: attempt.elapsedSeconds(), wallClock };
    const rules = { settleSeconds: stop.settleSeconds, selfRestartGraceSeconds: 0, before: stop.before };
    const { memory, verdict } = judgeStop(remembered, look, rules);
    if (verdict.type === 'settled') return { replication, settled: verdict.settled };
    if (verdict.type !== 'wait') return null;
    attempt.remember(memory);
    const delay = Math.min(2, verdict.lookInSeconds ?? 2);
    const details = {
      phase: 'settling',
      status: replication.status,
      elapsedSeconds: look.elapsedSeconds,
      retryInSeconds: delay,
    };
    throw retryable('DmsStillWaiting', `cancelled; ${verdict.why}`, delay, details);
  }

  async #recordCheckpoint(
    draft: CheckpointDraft,
    ended: {
      readonly outcome: string | null;
      readonly failureType: string | null;
      readonly awsRequestIds: readonly string[];
    },
  ): Promise<CheckpointRecord> {
    const { operation } = this;
    const { checkpoint } = await this.#record({ type: 'stopped', operation, checkpoint: draft, ...ended });
    if (checkpoint === null) throw new Error('The ledger recorded a stop without answering what it recorded');
    return checkpoint;
  }

  #finishWithout(failureType: string, clearsCall: boolean, awsRequestIds: readonly string[]): Promise<RecordReply> {
    return this.#record({
      type: 'finished',
      operation: this.operation,
      outcome: null,
      failureType,
      awsRequestIds,
      startReplicationType: null,
      progress: null,
      checkpointSequence: null,
      clearsCall,
    });
  }

  /** The statistics are lost when DMS deprovisions, so they are kept; but they never fail a stop. */
  async #tables(
    replication: Replication,
  ): Promise<{ readonly tables: TableStatisticsSummary | null; readonly warnings: readonly Warning[] }> {
    const unavailable = (why: string): Warning => ({
      code: 'statistics-unavailable',
      message: `Table statistics: ${why}`,
    });
    const { status, provisionState } = lifecycleState(replication);
    if (status === 'created') return { tables: null, warnings: [unavailable('it never ran')] };
    if (provisionState === 'deprovisioned')
      return { tables: null, warnings: [unavailable('DMS has deprovisioned it, and they are gone')] };
    const { summary, problem } = await readTableSummary(this.environment.dms, this.arn, {
      withinSeconds: STATISTICS_SECONDS,
    });
    const warnings = problem === null ? [] : [unavailable(problem)];
    if (summary === null) return { tables: null, warnings };
    await this.#record({ type: 'tables', operation: this.operation, tables: summary });
    return { tables: summary, warnings: [...tableWarnings(summary), ...warnings] };
  }

  async #endpointWarnings(): Promise<readonly Warning[]> {
    const host = await this.environment.dms.endpointOverride(this.arn);
    if (host === null) return [];
    return [{ code: 'endpoint-override', message: `Requests went to ${host}, which is not AWS's own endpoint` }];
  }

  #record(request: RecordRequest): Promise<RecordReply> {
    const ledger = this.environment.ledger(this.arn.arn);
    const { operationId } = this.operation;
    const subject = { replicationConfigArn: this.arn.arn, operationId, phase: 'recording', mayGiveUp: false };
    return this.environment.askLedger(ledger, subject, () => ledger.record(request));
  }
}

function draftCheckpoint(
  operation: OperationRef,
  replication: Replication,
  intent: StopIntent,
  settled: Settled,
): CheckpointDraft {
  const mark = stopMark(replication);
  return {
    version: 1,
    replicationConfigArn: replication.replicationConfigArn,
    operationId: operation.operationId,
    intent,
    recoveryCheckpoint: replication.recoveryCheckpoint,
    settled,
    stopReason: replication.stopReason,
    stopReasonCode: stopReasonCode(replication.stopReason),
    status: replication.status,
    stoppedAt: mark.lastStopTime,
    ...resumeDeadline(replication),
    replicationType: replication.replicationType,
    sourceEndpointArn: replication.sourceEndpointArn,
    targetEndpointArn: replication.targetEndpointArn,
    replicationCreateTime: mark.replicationCreateTime,
    freshStartDate: mark.freshStartDate,
    requestedBy: operation.requestedBy,
    reason: operation.reason,
    workflowId: operation.workflowId,
    runId: operation.runId,
  };
}
