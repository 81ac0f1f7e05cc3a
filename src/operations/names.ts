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

/** The workflows that the schedules of a window start. */
export const scheduledTypes = { stop: 'dmsScheduledStop', resume: 'dmsScheduledResume' } as const;

/** Names of queries, updates and signals. */
export const messageNames = {
  progress: 'dms.progress',
  childProgress: 'dms.childProgress',
  fleet: 'dms.fleet',
  ledger: 'dms.ledger',
  history: 'dms.history',
  begin: 'dms.begin',
  aboutTo: 'dms.aboutTo',
  record: 'dms.record',
  unseal: 'dms.unseal',
  reserve: 'dms.reserve',
  release: 'dms.release',
  breakReservation: 'dms.breakReservation',
  restore: 'dms.restore',
  gone: 'dms.gone',
  continued: 'dms.continued',
  nudge: 'dms.nudge',
} as const;

/** Memo keys of an operation's workflow. */
export const memoKeys = {
  kind: 'dms.kind',
  operationId: 'dms.operationId',
  checkpoint: 'dms.checkpoint',
  /** True: tells its progress to its parent, which was started by name under an id of its own. */
  reports: 'dms.reports',
} as const;

/** The workflow id of every operation on a replication. The server allows one open execution of it: the id is the lock. */
export function operationWorkflowId(replicationConfigArn: string): string {
  return `dms:${replicationConfigArn}`;
}

/** The workflow id of a stop that ends a resume which is in its way, before it runs under the replication's own. */
export function preemptingWorkflowId(operationId: string): string {
  return `dms-preempting:${operationId}`;
}

/** The workflow id of a fleet with a name. */
export function fleetWorkflowId(fleetId: string): string {
  return `dms-fleet:${fleetId}`;
}

/** The id of one schedule of a window; its workflows have it too, and the time after it. */
export function windowScheduleId(windowId: string, kind: keyof typeof scheduledTypes): string {
  return `dms-window:${windowId}:${kind}`;
}

export function ledgerWorkflowId(replicationConfigArn: string): string {
  return `dms-ledger:${replicationConfigArn}`;
}
