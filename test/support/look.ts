import type { Look } from '../../src/dms/api.js';
import type { Replication } from '../../src/dms/replication.js';

/** Returns the answer of the port to a look. */
export const lookAnswer = (replication: Replication): Look => ({ replication, dmsTime: Date.now() });

/** Returns a look at a stopped replication, with the given changes. */
export function look(changes: Partial<Replication> = {}): Replication {
  return {
    replicationConfigIdentifier: 'orders',
    replicationConfigArn: 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS',
    sourceEndpointArn: null,
    targetEndpointArn: null,
    replicationType: 'cdc',
    status: 'stopped',
    provisionData: null,
    premigrationAssessmentStatuses: [],
    stopReason: 'Stop Reason NORMAL',
    failureMessages: [],
    replicationStats: null,
    startReplicationType: null,
    cdcStartTime: null,
    cdcStartPosition: null,
    cdcStopPosition: null,
    recoveryCheckpoint: 'checkpoint:V1#1',
    replicationCreateTime: '2026-01-01T00:00:00.000Z',
    replicationUpdateTime: null,
    replicationLastStopTime: '2026-01-02T00:00:00.000Z',
    replicationDeprovisionTime: null,
    isReadOnly: null,
    ...changes,
  };
}
