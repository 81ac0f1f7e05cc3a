/** Plan of an operation: what a stop or resume would do now, found out without doing it. */
import type { Permissions } from '../dms/permissions.js';
import type { Replication } from '../dms/replication.js';
import type { DmsFailureType } from './failures.js';
import type { OperationInput, OperationKind } from './inputs.js';
import type { Warning } from './results.js';

/** Argument of `dms.planOperation`. */
export interface PlanOperation {
  /** Kind of the operation. */
  readonly kind: OperationKind;
  /** Input of the stop or resume, not checked yet. */
  readonly input: OperationInput;
}

/** What a stop or resume would do now. The next look may show something else. */
export interface OperationPlan {
  /** Kind of the operation. */
  readonly kind: OperationKind;
  /** ARN of the replication config. */
  readonly replicationConfigArn: string;
  /**
   * First action.
   *
   * - `call`: it would ask DMS to stop or start the replication.
   * - `wait`: it would wait first, for DMS or for the operation under way.
   * - `send-nothing`: DMS has done it already, or is doing it.
   * - `join`: it would share the result of the operation under way.
   * - `refuse`: it would fail, see `refusal`.
   */
  readonly action: 'call' | 'wait' | 'send-nothing' | 'join' | 'refuse';
  /** Action in words. */
  readonly detail: string;
  /** `StartReplicationType` that a resume would send. `null`: none. */
  readonly startReplicationType: string | null;
  /** Failure of an operation that would be refused. `null`: it would not be. */
  readonly refusal: { readonly type: DmsFailureType; readonly message: string; readonly hint: string } | null;
  /** Look that this rests on. `null`: DMS did not show the replication. */
  readonly replication: Replication | null;
  /** What IAM lets the worker do. `null`: the worker does not ask IAM. */
  readonly permissions: Permissions | null;
  /** Warnings that the result would have. */
  readonly warnings: readonly Warning[];
}
