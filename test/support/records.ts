import type { ArchivedRecord } from '../../src/index.js';
import { arn, at } from './operations.js';

/** Returns a record as an archive keeps it. */
export function archivedRecord(sequence: number, more: Partial<ArchivedRecord> = {}): ArchivedRecord {
  return {
    version: 1,
    replicationConfigArn: arn,
    sequence,
    operationId: `op-${sequence}`,
    intent: 'pause',
    recoveryCheckpoint: `checkpoint:V1#${sequence}#mysql-bin-changelog.000024:1167`,
    settled: 'agreed',
    stopReason: 'Stop Reason NORMAL',
    stopReasonCode: 'NORMAL',
    status: 'stopped',
    stoppedAt: at(sequence * 100),
    resumeBy: at(sequence * 100 + 48 * 3600),
    resumeBySource: 'estimated',
    replicationType: 'cdc',
    sourceEndpointArn: null,
    targetEndpointArn: null,
    replicationCreateTime: at(0),
    freshStartDate: null,
    recordedAt: at(sequence * 100 + 10),
    requestedBy: 'ada',
    reason: 'nightly window',
    workflowId: `dms:${arn}`,
    runId: `run-${sequence}`,
    sealed: null,
    deadline: null,
    ...more,
  };
}
