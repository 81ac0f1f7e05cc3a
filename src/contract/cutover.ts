/** Status, requests and result of a cutover. */
import type { ReplicationLag } from '../dms/lag.js';
import type { CutoverCheck, CutoverPhase } from './cutover-hooks.js';
import type { CutoverOptions } from './cutover-input.js';
import type { DecisionRequest } from './ledger-protocol.js';
import type { CheckpointRecord } from './records.js';
import type { Warning } from './results.js';

/** Reason for which a cutover goes back. */
export type CutoverCauseCode =
  /** A check of the preflight was not ok or failed, or an earlier run or someone else holds a reservation. */
  | 'preflight'
  /** The lag did not fall in time, or the wait for it failed. */
  | 'lag-timeout'
  /** A gate, or a check of `validate`, was not in order in time. */
  | 'validation-timeout'
  /** The approval did not come in time. */
  | 'approval-timeout'
  /** The window closed before writes were stopped. */
  | 'window-closed'
  /** A person aborted the cutover. */
  | 'aborted'
  /** The workflow was cancelled. */
  | 'cancelled'
  /** `writesStoppedSeconds` ran out. */
  | 'writes-stopped-too-long'
  /** A hook failed in all its attempts, or answered something else than its kind of answer. */
  | 'hook-failed'
  /** A final stop failed. */
  | 'stop-failed'
  /** A final stop warns of something that the gates do not accept. */
  | 'stop-warns'
  /** A stopped replication is no longer stopped where its record says. */
  | 'stop-reverted'
  /** The switch did not take effect. */
  | 'not-switched'
  /** A person, or `onVerifyFailed`, sent the application back to the source. */
  | 'switched-back';

/** Cause of a return. */
export interface CutoverCause {
  /** Code of the cause. */
  readonly code: CutoverCauseCode;
  /** Phase in which the cause came up. */
  readonly phase: CutoverPhase;
  /** Sentence about the cause, at most 2,000 characters. */
  readonly detail: string;
}

/** Approval by one person. */
export interface CutoverApprovalRecord {
  /** Name of the person. */
  readonly by: string;
  /** Reason that the person gave. */
  readonly reason: string;
  /** Time of the approval, ISO 8601. */
  readonly at: string;
}

/** Entry of the timeline. */
export interface CutoverTimelineEntry {
  /** Time, ISO 8601. */
  readonly at: string;
  /** Phase at that time. */
  readonly phase: CutoverPhase;
  /** Sentence about what happened, at most 2,000 characters. */
  readonly what: string;
  /** Name of the person who caused it. `null`: the cutover itself. */
  readonly by: string | null;
}

/** Name of an update that people send to a cutover. */
export type CutoverRequestName = 'approve' | 'revokeApproval' | 'abort' | 'change' | 'switchBack' | 'decide';

/** Status of a cutover, as the query `dms.cutover` returns it. */
export interface CutoverStatus {
  /** Fencing token that the hooks get. A person who unfences the source by hand closes it in the hooks first. */
  readonly token: string;
  /** Phase of the cutover. */
  readonly phase: CutoverPhase;
  /** Time at which the phase began, ISO 8601. */
  readonly since: string;
  /** Sentence about what the cutover waits for. */
  readonly waitingFor: string;
  /** Sentence about what keeps its step waiting, such as workers without an activity. `null`: nothing is known. */
  readonly problem: string | null;
  /** True if the newest measurement met all gates, and the cutover goes forward. */
  readonly ready: boolean;
  /** Updates that the cutover accepts now. */
  readonly allowed: readonly CutoverRequestName[];
  /** Newest lag of each replication. Empty: not read yet. */
  readonly lag: readonly CutoverLag[];
  /** Newest result of each check. */
  readonly checks: readonly CutoverCheck[];
  /** Approvals so far. */
  readonly approvals: readonly CutoverApprovalRecord[];
  /** Time at which `fence` was called, ISO 8601. `null`: writes were not stopped. */
  readonly writesStoppedAt: string | null;
  /** Time at which the cutover goes back unless the switch has begun, ISO 8601. `null`: it does not. */
  readonly returnAt: string | null;
  /** Cause of the return. `null`: the cutover goes forward. */
  readonly cause: CutoverCause | null;
  /** Steps of the way back that are left, in the order in which they run. */
  readonly undo: readonly string[];
  /** Newest 200 entries of the timeline, oldest first. */
  readonly timeline: readonly CutoverTimelineEntry[];
}

/** Lag of one replication. */
export interface CutoverLag {
  /** ARN of the replication config. */
  readonly replicationConfigArn: string;
  /** Lag. `null`: unknown. */
  readonly lag: ReplicationLag | null;
}

/** Result of a cutover. */
export interface CutoverResult {
  /** `switched`: the application uses the target. `returned`: it uses the source as before. `planned`: a dry run. */
  readonly outcome: 'switched' | 'returned' | 'planned';
  /** Cause of the return. `null`: not returned. */
  readonly cause: CutoverCause | null;
  /** Records of the final stops. Empty: nothing was stopped. */
  readonly checkpoints: readonly CheckpointRecord[];
  /** Seconds from the call of `fence` until the application could write again. `null`: writes were not stopped. */
  readonly writesStoppedSeconds: number | null;
  /** Newest result of each check. */
  readonly checks: readonly CutoverCheck[];
  /** Warnings of the final stops. */
  readonly warnings: readonly Warning[];
  /** Approvals. */
  readonly approvals: readonly CutoverApprovalRecord[];
  /** Newest 200 entries of the timeline, oldest first. */
  readonly timeline: readonly CutoverTimelineEntry[];
  /** Steps that the cutover takes, of a dry run. Empty: not a dry run. */
  readonly plan: readonly CutoverPlannedStep[];
}

/** Step that a cutover would take. */
export interface CutoverPlannedStep {
  /** Phase of the step. */
  readonly phase: CutoverPhase;
  /** Sentence about the step. */
  readonly what: string;
}

/** Argument of the update `dms.approve`. */
export interface ApproveCutover extends DecisionRequest {
  /** Id of the cutover, repeated. */
  readonly confirm: string;
}

/** Argument of the update `dms.change`. A field that is left out stays as it is. */
export interface ChangeCutover
  extends DecisionRequest, Partial<Pick<CutoverOptions, 'gates' | 'window' | 'writesStoppedSeconds' | 'approval'>> {}

/** Argument of the update `dms.decide`. */
export interface DecideCutover extends DecisionRequest {
  /**
   * Side that the application uses, as the person has found out. Accepted in `switch-unknown`, in `verifying` after a
   * bad verification, and as `target` in `return-failed`.
   */
  readonly traffic?: 'source' | 'target' | null | undefined;
  /** Next step in `return-failed`. `retry`: try the step again. `done`: the person has done the step by hand. */
  readonly undo?: 'retry' | 'done' | null | undefined;
}
