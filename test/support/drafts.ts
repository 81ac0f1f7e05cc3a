import { emptyLedger } from '../../src/ledger/entries.js';
import type { CheckpointRecord } from '../../src/contract/records.js';
import type { Ledger } from '../../src/contract/ledger-state.js';
import type { DmsSimulator } from '../../src/simulator/index.js';

/** Returns a ledger that has recorded the stop of a replication as the simulator shows it, and the record. */
export function draftOf(
  simulator: DmsSimulator,
  replicationConfigArn: string,
): { readonly checkpoint: CheckpointRecord; readonly state: Ledger } {
  const row = simulator.row(replicationConfigArn);
  const iso = (seconds: number | undefined) => (seconds === undefined ? null : new Date(seconds * 1000).toISOString());
  const stoppedAt = iso(row.ReplicationLastStopTime);
  const checkpoint: CheckpointRecord = {
    version: 1,
    replicationConfigArn,
    sequence: 1,
    operationId: 'earlier',
    intent: 'pause',
    recoveryCheckpoint: row.RecoveryCheckpoint ?? null,
    settled: 'agreed',
    stopReason: row.StopReason ?? null,
    stopReasonCode: 'NORMAL',
    status: 'stopped',
    stoppedAt,
    resumeBy: iso((row.ReplicationLastStopTime ?? 0) + 48 * 3600),
    resumeBySource: 'estimated',
    replicationType: row.ReplicationType ?? 'cdc',
    sourceEndpointArn: null,
    targetEndpointArn: null,
    replicationCreateTime: iso(row.ReplicationCreateTime),
    freshStartDate: iso(row.ReplicationStats?.FreshStartDate),
    recordedAt: stoppedAt ?? '',
    requestedBy: null,
    reason: null,
    workflowId: `dms:${replicationConfigArn}`,
    runId: 'earlier',
  };
  const state = { ...emptyLedger(replicationConfigArn), checkpoints: [checkpoint], lastSequence: 1 };
  return { checkpoint, state };
}
