/** Task queue that clients, steps and the ready-made worker use by default. */
export const DMS_TASK_QUEUE = 'temporal-dms';

/** Workflow types: the export names of `temporal-dms/workflows`. */
export const workflowTypes = {
  stop: 'dmsStopReplication',
  resume: 'dmsResumeReplication',
  ledger: 'dmsReplicationLedger',
} as const;

/** Workflow types of fleets, by the kind of their operations. */
export const fleetTypes = { stop: 'dmsStopFleet', resume: 'dmsResumeFleet' } as const;

/** Workflow type that plans an operation. */
export const planType = 'dmsPlanOperation';

/** Workflow type of a cutover. */
export const cutoverType = 'dmsCutover';

/** Workflow types that a pause schedule starts. */
export const scheduledTypes = { stop: 'dmsScheduledStop', resume: 'dmsScheduledResume' } as const;

/** Names of queries, updates and signals. */
export const messageNames = {
  progress: 'dms.progress',
  childProgress: 'dms.childProgress',
  problem: 'dms.problem',
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
  move: 'dms.move',
  markGone: 'dms.gone',
  nudge: 'dms.nudge',
  cutover: 'dms.cutover',
  approve: 'dms.approve',
  revokeApproval: 'dms.revokeApproval',
  abort: 'dms.abort',
  change: 'dms.change',
  switchBack: 'dms.switchBack',
  decide: 'dms.decide',
} as const;

/** Memo keys of an operation's workflow. */
export const memoKeys = {
  kind: 'dms.kind',
  operationId: 'dms.operationId',
  /** Key of the operation's request to DMS. Equal requests have equal keys. */
  requestKey: 'dms.asks',
  checkpoint: 'dms.checkpoint',
  /** True if the workflow reports its progress to its parent. The parent is the same operation, started under another workflow id. */
  reports: 'dms.reports',
} as const;

/**
 * Returns the workflow id of every operation on a replication: `dms:<arn>`. The id is the lock, because Temporal allows
 * one open execution of it.
 */
export function operationWorkflowId(replicationConfigArn: string): string {
  return `dms:${replicationConfigArn}`;
}

/** Returns the workflow id of a fleet: `dms-fleet:<name>`. A client's fleet has the name `<kind>:<fleetId>`. */
export function fleetWorkflowId(fleetId: string): string {
  return `dms-fleet:${fleetId}`;
}

/** Returns the workflow id of a cutover: `dms-cutover:<cutoverId>`. */
export function cutoverWorkflowId(cutoverId: string): string {
  return `dms-cutover:${cutoverId}`;
}

/** Returns the id of one Temporal Schedule of a pause schedule. Its workflows have this id, followed by their time. */
export function pauseScheduleId(scheduleId: string, kind: keyof typeof scheduledTypes): string {
  return `dms-pause:${scheduleId}:${kind}`;
}

/** Returns the workflow id of a replication's ledger: `dms-ledger:<arn>`. */
export function ledgerWorkflowId(replicationConfigArn: string): string {
  return `dms-ledger:${replicationConfigArn}`;
}
