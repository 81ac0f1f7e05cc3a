/** Errors of a ledger that refuses a request for now, has forgotten the operation, or gives no answer. */
import { isGrpcDeadlineError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { retryLaterTypes, type LedgerBusy } from '../../contract/ledger-protocol.js';
import { workflowTypes } from '../../contract/names.js';

/** Delay until the retry of an attempt that a later attempt has overtaken. */
const LATE_SECONDS = 0.2;

/** The ledger gave no answer in time. The request may still be carried out once a worker serves it. */
export class LedgerUnreachable extends Error {
  override readonly name = 'LedgerUnreachable';

  constructor(
    message: string,
    /** Way out, for the failure of an operation that gives up. */
    readonly hint = 'Check that a worker serves that task queue and that dmsReplicationLedger is in its workflow bundle.',
  ) {
    super(message);
  }
}

/** The ledger does not know the operation, because it was rebuilt since the operation began. */
export class OperationUnknown extends Error {
  override readonly name = 'LedgerForgot';
}

/** The ledger lets the request through only later. */
export class LedgerBusyError extends Error {
  override readonly name = 'LedgerWaits';

  constructor(
    message: string,
    readonly seconds: number,
  ) {
    super(message);
  }
}

/** Returns the error for a refusal after which the request may be sent again. `undefined`: any other failure. */
export function toLedgerError(cause: unknown): LedgerBusyError | OperationUnknown | undefined {
  if (!(cause instanceof ApplicationFailure)) return undefined;
  if (cause.type === retryLaterTypes.unknown) return new OperationUnknown(cause.message);
  if (cause.type === retryLaterTypes.late) return new LedgerBusyError(cause.message, LATE_SECONDS);
  if (cause.type !== retryLaterTypes.busy) return undefined;
  const busy = cause.details?.[0] as LedgerBusy | undefined;
  return new LedgerBusyError(cause.message, busy?.seconds ?? LATE_SECONDS);
}

/** Returns the reason the ledger gave no answer, in words for an operator. */
export function unreachableReason(err: unknown): string {
  const cause = err instanceof Error && err.cause instanceof Error ? err.cause : err;
  const said = cause instanceof Error ? cause.message : String(cause);
  if (isGrpcDeadlineError(err) || err instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
    return `${said}: does a worker serve that task queue?`;
  if (/workflow task in failed state/i.test(said)) return `${said} Is ${workflowTypes.ledger} in its worker's bundle?`;
  return said;
}
