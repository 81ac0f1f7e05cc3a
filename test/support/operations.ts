import type { OperationRef } from '../../src/contract/ledger-state.js';

export const arn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';

/** So many seconds into the year. */
export const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();

/** An operation: a stop by nobody in particular, unless told otherwise. */
export function operation(operationId: string, more: Partial<OperationRef> = {}): OperationRef {
  return {
    kind: 'stop',
    operationId,
    workflowId: `dms:${arn}`,
    runId: `run-${operationId}`,
    firstRunId: more.runId ?? `run-${operationId}`,
    parentWorkflowId: null,
    requestedBy: null,
    reason: null,
    ...more,
  };
}

/** Returns the message of the error that an act throws; `allowed`: it throws none. */
export function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (err) {
    return err instanceof Error ? err.message : String(err);
  }
  return 'allowed';
}
