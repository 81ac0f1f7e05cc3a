/** The task queue that clients and the ready-made worker use unless told otherwise. */
export const DMS_TASK_QUEUE = 'temporal-dms';

/** Workflow types, which are the export names of `temporal-dms/workflows`. */
export const workflowTypes = {
  stop: 'dmsStopReplication',
  resume: 'dmsResumeReplication',
  ledger: 'dmsReplicationLedger',
} as const;

/** Names of queries and updates. */
export const messageNames = {
  progress: 'dms.progress',
  ledger: 'dms.ledger',
  begin: 'dms.begin',
  aboutTo: 'dms.aboutTo',
  record: 'dms.record',
  unseal: 'dms.unseal',
} as const;

/** Memo keys of an operation's workflow. */
export const memoKeys = { kind: 'dms.kind', operationId: 'dms.operationId', checkpoint: 'dms.checkpoint' } as const;

/** The workflow id of every operation on a replication. The server allows one open execution of it: the id is the lock. */
export function operationWorkflowId(replicationConfigArn: string): string {
  return `dms:${replicationConfigArn}`;
}

export function ledgerWorkflowId(replicationConfigArn: string): string {
  return `dms-ledger:${replicationConfigArn}`;
}
