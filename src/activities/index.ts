/**
 * `temporal-dms/activities`: {@link createDmsActivities}, to be passed to a worker. Not for workflow code, which calls `temporal-dms/steps`.
 *
 * @module
 */
import type { DmsActivities } from '../contract/activity-protocol.js';
import { archiveRecord } from './archive-record.js';
import { awaitIdle } from './await-idle.js';
import { awaitOperation } from './await-operation.js';
import { awaitRunning } from './await-running.js';
import { awaitStopped } from './await-stopped.js';
import { describeReplication } from './describe-replication.js';
import { Environment, type DmsActivitiesOptions } from './runtime/worker-context.js';
import { nudge } from './nudge.js';
import { readLedger } from './read-ledger.js';
import { recordOperation } from './record-operation.js';
import { reserveReplication } from './reserve-replication.js';
import { releaseReplication } from './release-replication.js';
import { requestStart } from './request-start.js';
import { requestStop } from './request-stop.js';

export type { DmsActivitiesOptions } from './runtime/worker-context.js';
export type { LagSource, ReplicationLag } from '../dms/lag.js';
export type { DmsActivities } from '../contract/activity-protocol.js';
export { RecordRefused, type CheckpointArchive } from '../contract/archive.js';
export { DmsApiError, type DmsApi, type DmsApiErrorKind, type EndpointAddress } from '../dms/api.js';

/** The activities of this package, to be passed to `Worker.create` as (part of) `activities`. */
export function createDmsActivities(options: DmsActivitiesOptions): DmsActivities {
  const environment = new Environment(options);
  return {
    'dms.requestStop': async (request) => requestStop(environment, request),
    'dms.awaitStopped': async (request) => awaitStopped(environment, request),
    'dms.requestStart': async (request) => requestStart(environment, request),
    'dms.awaitRunning': async (request) => awaitRunning(environment, request),
    'dms.recordOperation': async (request) => recordOperation(environment, request),
    'dms.awaitOperation': async (request) => awaitOperation(environment, request),
    'dms.reserveReplication': async (request) => reserveReplication(environment, request),
    'dms.releaseReplication': async (request) => releaseReplication(environment, request),
    'dms.awaitIdle': async (request) => awaitIdle(environment, request),
    'dms.archiveRecord': async (request) => archiveRecord(environment, request),
    'dms.readLedger': async (request) => readLedger(environment, request),
    'dms.describeReplication': async (request) => describeReplication(environment, request),
    'dms.nudge': async (request) => nudge(environment, request),
  };
}
