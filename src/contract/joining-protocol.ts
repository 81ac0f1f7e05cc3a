/** Activity that joins an open operation: its argument and its result. */
import type { OperationKind } from './inputs.js';

/** Argument of `dms.awaitOperation`. */
export interface AwaitOperation {
  /** ARN of the replication config. */
  readonly replicationConfigArn: string;
  /** Operation that the caller wants to run. */
  readonly wanted: WantedOperation;
  /** Input of a stop that cancels a resume under way. Cancels nothing if the input is invalid, or another owner has reserved the replication. */
  readonly preempting?: unknown;
  /** True if an earlier run of the calling workflow began the operation. The caller then gets its result or its failure. Default false. */
  readonly ours?: boolean | undefined;
}

/** Operation that a caller wants to run. */
export interface WantedOperation {
  /** Kind of the operation. */
  readonly kind: OperationKind;
  /** Operation id. `null`: the caller named none. */
  readonly operationId: string | null;
  /** Key of the operation's request to DMS. Equal requests have equal keys. */
  readonly asks: string;
}

/** Result of `dms.awaitOperation`. `gone`: no operation is open, and none left a result to share. The caller may begin its own. */
export type AwaitedOperation = { readonly end: 'done'; readonly result: unknown } | { readonly end: 'gone' };
