/** The task queue that clients and the ready-made worker use unless told otherwise. */
export const DMS_TASK_QUEUE = 'temporal-dms';

/** Workflow types, which are the export names of `temporal-dms/workflows`. */
export const workflowTypes = {
  stop: 'dmsStopReplication',
  resume: 'dmsResumeReplication',
  ledger: 'dmsReplicationLedger',
} as const;

/** The same of fleets, by what they do with each replication. */
export const fleetTypes = { stop: 'dmsStopFleet', resume: 'dmsResumeFleet' } as const;

/** Workflow types that a pause schedule starts. */
export const scheduledTypes = { stop: 'dmsScheduledStop', resume: 'dmsScheduledResume' } as const;

/** Names of queries, updates and signals. */
export const messageNames = {
  progress: 'dms.progress',
  childProgress: 'dms.childProgress',
  fleet: 'dms.fleet',
  ledger: 'dms.ledger',
  history: 'dms.history',
  begin: 'dms.begin',
  record: 'dms.record',
  unseal: 'dms.unseal',
  reserve: 'dms.reserve',
  release: 'dms.release',
  breakReservation: 'dms.breakReservation',
  restore: 'dms.restore',
  gone: 'dms.gone',
  nudge: 'dms.nudge',
} as const;

/** Memo keys of an operation's workflow. */
export const memoKeys = {
  kind: 'dms.kind',
  operationId: 'dms.operationId',
  asks: 'dms.asks',
  checkpoint: 'dms.checkpoint',
  /** True: tells its progress to its parent, which was started by name under an id of its own. */
  reports: 'dms.reports',
} as const;

/** The workflow id of every operation on a replication. The server allows one open execution of it: the id is the lock. */
export function operationWorkflowId(replicationConfigArn: string): string {
  return `dms:${replicationConfigArn}`;
}

/** The workflow id of a fleet with a name. */
export function fleetWorkflowId(fleetId: string): string {
  return `dms-fleet:${fleetId}`;
}

/** Id of one Temporal Schedule of a pause schedule. Its workflows have this id, followed by their time. */
export function pauseScheduleId(scheduleId: string, kind: keyof typeof scheduledTypes): string {
  return `dms-pause:${scheduleId}:${kind}`;
}

export function ledgerWorkflowId(replicationConfigArn: string): string {
  return `dms-ledger:${replicationConfigArn}`;
}
