/** Input of a cutover. */
import type { StopReplicationInput } from './inputs.js';
import type { WarningCode } from './results.js';

/** Input of a cutover. In inputs `null` means the same as absent. Unknown fields are refused by name. */
export interface CutoverInput extends CutoverOptions {
  /** Hooks: activities of the user's, called by name. */
  readonly hooks: CutoverHooks;
}

/** Input of a cutover, without its hooks. */
export interface CutoverOptions {
  /** Id of the cutover: 1 to 100 letters, digits and `._-`. Its workflow id is `dms-cutover:<cutoverId>`. */
  readonly cutoverId: string;
  /** ARNs of the replication configs that move together, 1 to 50. */
  readonly replicationConfigArns: readonly string[];
  /** Name of the requester, kept in the records. 1 to 256 characters. */
  readonly requestedBy: string;
  /** Reason of the cutover, kept in the records. 1 to 1,000 characters. */
  readonly reason: string;
  /** True if the cutover only checks, changes nothing, and returns its plan. Default false. */
  readonly dryRun?: boolean | null | undefined;
  /** Conditions that the replications must meet. */
  readonly gates?: CutoverGates | null | undefined;
  /** Approval before writes are stopped. */
  readonly approval?: CutoverApproval | null | undefined;
  /** Time in which writes may be stopped. Default: any time. */
  readonly window?: CutoverWindow | null | undefined;
  /**
   * Longest time from the call of `fence` until the switch begins, in seconds, from 1 to 86,400. After it the cutover
   * goes back by itself.
   */
  readonly writesStoppedSeconds: number;
  /** Longest time for the `verify` hook to find everything in order, in seconds. Default 300, at most 86,400. */
  readonly verifySeconds?: number | null | undefined;
  /** Action when `verify` finds a problem. `ask`: wait for a person. `switch-back`: go back. Default `ask`. */
  readonly onVerifyFailed?: 'ask' | 'switch-back' | null | undefined;
  /**
   * Longest time to wait for a decision of a person, in seconds. After it the cutover fails with
   * `DmsCutoverUndecided`, and changes nothing more. Default: no limit.
   */
  readonly decisionTimeoutSeconds?: number | null | undefined;
  /** Time limits of the stops, as in a stop. */
  readonly stop?: Pick<
    StopReplicationInput,
    'stoppableTimeoutSeconds' | 'stopTimeoutSeconds' | 'settleSeconds' | 'selfRestartGraceSeconds'
  > | null;
}

/** Conditions that the replications must meet before writes are stopped. */
export interface CutoverGates {
  /** Lag gate. Default: at most 10 s, in three samples, one a minute, for up to a day. `ignore`: no lag gate. */
  readonly lag?: CutoverLagGate | 'ignore' | null | undefined;
  /** Table states. `none-in-error`: no table is in error. Default `none-in-error`. */
  readonly tables?: 'none-in-error' | 'ignore' | null | undefined;
  /**
   * Validation states. `all-validated`: every table is validated. `no-mismatch`: no rows differ, and none failed to be
   * compared. Default `no-mismatch`.
   */
  readonly validation?: 'all-validated' | 'no-mismatch' | 'ignore' | null | undefined;
  /** Codes of warnings of the final stops that do not send the cutover back. Default: none. Mild ones never do. */
  readonly acceptWarnings?: readonly WarningCode[] | null | undefined;
}

/** Lag gate: both `CDCLatencySource` and `CDCLatencyTarget` are at most `maxSeconds`. */
export interface CutoverLagGate {
  /** Highest accepted lag, in seconds. */
  readonly maxSeconds: number;
  /** Number of samples in a row that must be accepted, from 1 to 100. Default 3. */
  readonly samples?: number | null | undefined;
  /** Seconds between two samples. Default 60, because DMS publishes one value a minute. */
  readonly everySeconds?: number | null | undefined;
  /** Longest time to wait for the lag to fall, in seconds. Default 86,400. */
  readonly timeoutSeconds?: number | null | undefined;
}

/** Approval of a cutover by people. */
export interface CutoverApproval {
  /** False if the cutover needs no approval. Default true. */
  readonly required?: boolean | null | undefined;
  /** Number of different people who must approve, from 1 to 20. Default 1. */
  readonly approvers?: number | null | undefined;
  /** Longest time for validation and approval together, in seconds. Default 604,800 (a week). */
  readonly timeoutSeconds?: number | null | undefined;
}

/** Time in which the cutover may begin to stop writes. */
export interface CutoverWindow {
  /** Start of the window, ISO 8601. Default: at once. */
  readonly notBefore?: string | null | undefined;
  /** End of the window, ISO 8601. A cutover that has not called `fence` by then goes back. Default: never. */
  readonly notAfter?: string | null | undefined;
}

/** Hook: an activity of the user's, in any language. */
export interface CutoverHook {
  /** Activity type, at most 200 characters. Types that start with `dms.` are refused. */
  readonly activityType: string;
  /** Task queue of the activity. Default: the task queue of the cutover's workflow. */
  readonly taskQueue?: string | null | undefined;
  /** Longest time of one attempt, in seconds, from 1 to 86,400. Default 60. */
  readonly timeoutSeconds?: number | null | undefined;
  /** Longest time between two heartbeats, in seconds. Default: the activity sends none. */
  readonly heartbeatSeconds?: number | null | undefined;
  /** Number of attempts, from 1 to 100. Default 3, and 5 for `whereIsTraffic` and on the way back. */
  readonly attempts?: number | null | undefined;
}

/** Hooks of a cutover, as activities. Each is called with a {@link CutoverContext}. */
export type CutoverHooks = {
  readonly [Name in RequiredCutoverHook]: CutoverHook;
} & { readonly [Name in OptionalCutoverHook]?: CutoverHook | null | undefined };

/** Names of the hooks that every cutover has. */
export type RequiredCutoverHook = 'fence' | 'unfence' | 'isDrained' | 'switchToTarget' | 'whereIsTraffic';
/** Names of the hooks that a cutover may leave out. */
export type OptionalCutoverHook =
  | 'preflight'
  | 'validate'
  | 'markSource'
  | 'syncIdentities'
  | 'prepareReverse'
  | 'startReverse'
  | 'verify'
  | 'switchToSource'
  | 'notify';
/** Name of a hook. */
export type CutoverHookName = RequiredCutoverHook | OptionalCutoverHook;
