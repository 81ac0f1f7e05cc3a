import type { ResumeReplicationResult, StopReplicationResult } from '../contract/results.js';
import type { ClientProgress } from './progress.js';

/** Handle of a stop or resume that was started, or joined. */
export interface OperationHandle<Result> {
  /** Workflow id of the operation: `dms:<arn>`. */
  readonly workflowId: string;
  /**
   * Run id that the handle was created with. The handle follows the operation through a reset. This id stays the same.
   */
  readonly runId: string;
  /** True if the operation was under way already. */
  readonly joined: boolean;
  /**
   * Waits for the result. Rejects with the `ApplicationFailure` itself for every failure that {@link isDmsFailure}
   * knows.
   */
  result(): Promise<Result>;
  /** Reads the phase, the status in the newest look, and whether a worker takes its tasks. */
  progress(): Promise<ClientProgress>;
  /**
   * Cancels the operation at once, also for handles that joined it. DMS still carries out a stop that it has accepted.
   *
   * A call of `stop` or `resume` that joined it starts its own operation.
   */
  cancel(): Promise<void>;
}

/** Operation that is under way on a replication, whoever started it. */
export interface OpenOperation extends OperationHandle<StopReplicationResult | ResumeReplicationResult> {
  /** Kind of the operation: `stop` or `resume`. Any other workflow under that id has its type here. */
  readonly kind: string;
  /** Id of the operation. `null`: not known yet, for a moment after the start. */
  readonly operationId: string | null;
  /** Id of the parent workflow, if the operation is a step of one. `null`: none. */
  readonly hostWorkflowId: string | null;
  /** Time at which it was started, ISO 8601. */
  readonly startedAt: string;
  /** Name of the requester. `null`: not given. */
  readonly requestedBy: string | null;
  /** Reason of the operation. `null`: not given. */
  readonly reason: string | null;
}
