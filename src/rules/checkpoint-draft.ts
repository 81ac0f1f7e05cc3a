import { resumeDeadline, stopMark } from '../dms/checkpoint.js';
import type { Replication } from '../dms/replication.js';
import { stopReasonCode } from '../dms/stop-reasons.js';
import type { StopIntent } from '../contract/inputs.js';
import { type CheckpointDraft, type Settled, RECORD_VERSION } from '../contract/records.js';
import type { OperationRef } from '../contract/ledger-state.js';

/** Returns the record of a stop as a look shows it. The ledger adds the sequence and the time. */
export function draftCheckpoint(
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
