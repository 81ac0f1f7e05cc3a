/**
 * `temporal-dms/activities`: {@link createDmsActivities} for a worker. Workflow code calls `temporal-dms/steps`
 * instead.
 *
 * @module
 */
import type { DmsActivities } from '../contract/activity-protocol.js';
import { archiveRecord } from './archive-record.js';
import { awaitIdle } from './await-idle.js';
import { awaitLag } from './await-lag.js';
import { awaitOperation } from './await-operation.js';
import { awaitRunning } from './await-running.js';
import { awaitStopped } from './await-stopped.js';
import { describeReplication } from './describe-replication.js';
import { WorkerContext, type DmsActivitiesOptions } from './runtime/worker-context.js';
import { nudge } from './nudge.js';
import { planOperation } from './plan-operation.js';
import { readReplications } from './read-replications.js';
import { readLedger } from './read-ledger.js';
import { recordOperation } from './record-operation.js';
import { reserveReplication } from './reserve-replication.js';
import { releaseReplication } from './release-replication.js';
import { unsealReplication } from './unseal-replication.js';
import { wasReset } from './was-reset.js';
import { requestStart } from './request-start.js';
import { requestStop } from './request-stop.js';

export type { DmsActivitiesOptions } from './runtime/worker-context.js';
export type { LagSource, ReplicationLag } from '../dms/lag.js';
export type { Permissions, PermissionSource } from '../dms/permissions.js';
export type { DmsActivities } from '../contract/activity-protocol.js';
export { RecordRefused, type CheckpointArchive } from '../contract/archive.js';
export { DmsApiError, type DmsApi, type DmsApiErrorKind, type EndpointAddress } from '../dms/api.js';

/** Creates the activities of this package. Pass them to `Worker.create` as `activities`, or as a part of them. */
export function createDmsActivities(options: DmsActivitiesOptions): DmsActivities {
  const worker = new WorkerContext(options);
  return {
    'dms.requestStop': async (request) => requestStop(worker, request),
    'dms.awaitStopped': async (request) => awaitStopped(worker, request),
    'dms.requestStart': async (request) => requestStart(worker, request),
    'dms.awaitRunning': async (request) => awaitRunning(worker, request),
    'dms.recordOperation': async (request) => recordOperation(worker, request),
    'dms.awaitOperation': async (request) => awaitOperation(worker, request),
    'dms.reserveReplication': async (request) => reserveReplication(worker, request),
    'dms.releaseReplication': async (request) => releaseReplication(worker, request),
    'dms.awaitIdle': async (request) => awaitIdle(worker, request),
    'dms.archiveRecord': async (request) => archiveRecord(worker, request),
    'dms.readLedger': async (request) => readLedger(worker, request),
    'dms.describeReplication': async (request) => describeReplication(worker, request),
    'dms.planOperation': async (request) => planOperation(worker, request),
    'dms.readReplications': async (request) => readReplications(worker, request),
    'dms.awaitLag': async (request) => awaitLag(worker, request),
    'dms.unsealReplication': async (request) => unsealReplication(worker, request),
    'dms.wasReset': async () => wasReset(worker),
    'dms.nudge': async (request) => nudge(worker, request),
  };
}
