/** Requests of hooks: the arguments of the user's own activities. */
import type { DeadlinePlan } from './ledger-state.js';
import type { CheckpointRecord } from './records.js';

/** What a `progressProbe` is called with. */
export interface ProbeRequest {
  readonly replicationConfigArn: string;
  readonly operationId: string;
  /** The record that it went on from. */
  readonly resumedFrom: CheckpointRecord | null;
}

/** What an `onResumeDeadline` is called with. */
export interface DeadlineWarning {
  readonly replicationConfigArn: string;
  readonly resumeBy: string;
  /** 0: the window is closed. */
  readonly secondsLeft: number;
  readonly checkpoint: CheckpointRecord | null;
  readonly policy: DeadlinePlan['policy'];
  /** Why it was not resumed, or could not be looked at. */
  readonly problem: string | null;
}
