/** Requests of hooks: the arguments of the user's own activities. */
import type { DeadlinePlan } from './ledger-state.js';
import type { CheckpointRecord } from './records.js';

/** Argument of a `progressProbe`. */
export interface ProbeRequest {
  /** ARN of the replication config that was resumed. */
  readonly replicationConfigArn: string;
  /** Id of the resume. */
  readonly operationId: string;
  /** Record of the stop that the resume went on from. `null`: none, or the start type is not `resume-processing`. */
  readonly resumedFrom: CheckpointRecord | null;
}

/** Argument of an `onResumeDeadline`. */
export interface DeadlineWarning {
  /** ARN of the replication config that is paused. */
  readonly replicationConfigArn: string;
  /** End of the resume window, ISO 8601, by DMS's clock. */
  readonly resumeBy: string;
  /** Seconds until the end of the window. 0: the window is closed. */
  readonly secondsLeft: number;
  /** Record of the pause. `null`: the ledger no longer keeps it. */
  readonly checkpoint: CheckpointRecord | null;
  /** Policy of the stop: `warn` or `resume`. */
  readonly policy: DeadlinePlan['policy'];
  /** Reason why the replication was not resumed, or could not be looked at. `null`: none. */
  readonly problem: string | null;
}
