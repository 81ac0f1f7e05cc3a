import type { OperationRef } from '../../src/contract/ledger-state.js';

export const arn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';

/** Returns the time that many seconds after the beginning of 2026. */
export const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();

/** Returns an operation. Default: a stop without a requester. */
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

/** Returns the message of the error that `act` throws. `allowed`: it throws none. */
export function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (err) {
    return err instanceof Error ? err.message : String(err);
  }
  return 'allowed';
}
