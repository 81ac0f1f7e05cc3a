/** State of a cutover, from event to event and from run to run. JSON-safe. */
import type { ReplicationReading } from './reading-protocol.js';
import type { CutoverApprovalRecord, CutoverCause, CutoverLag, CutoverTimelineEntry } from './cutover.js';
import type { CutoverCheck, CutoverDrain, CutoverPhase, CutoverReplication, CutoverTraffic } from './cutover-hooks.js';
import type { CutoverHookName } from './cutover-input.js';
import type { CutoverPlan } from './cutover-schemas.js';
import type { CheckpointRecord } from './records.js';
import type { Warning } from './results.js';

/** Step of a cutover: an action that the workflow carries out, a wait, or the end. */
export type CutoverStep = CutoverAction | CutoverWait | 'end';

/** Step that the workflow carries out. */
export type CutoverAction =
  | 'reserve'
  | 'inspect'
  | 'preflight'
  | 'await-lag'
  | 'measure'
  | 'measure-again'
  | 'prepare-reverse'
  | 'fence'
  | 'mark-source'
  | 'drain'
  | 'stop'
  | 'assert-stopped'
  | 'sync-identities'
  | 'assert-still-stopped'
  | 'switch'
  | 'ask-after-switch'
  | 'start-reverse'
  | 'verify'
  | UndoStep
  | 'ask-after-switch-back'
  | 'ask-before-unfence'
  | 'find-reset'
  | 'release';

/** Step that undoes an earlier one. */
export type UndoStep = 'switch-back' | 'unfence' | 'replicate';

/** Step that waits: for people, or for time. */
export type CutoverWait =
  | 'await-approval'
  | 'await-window'
  | 'decide-after-switch'
  | 'decide-after-switch-back'
  | 'await-verdict'
  | 'await-repair';

/** State of a cutover. */
export interface CutoverState {
  /** Version of the state's format: 1. */
  readonly version: number;
  readonly plan: CutoverPlan;
  /** Names of the hooks that the cutover has. */
  readonly hooks: readonly CutoverHookName[];
  /** Token that hooks get. The same in every run of the cutover. */
  readonly token: string;
  readonly step: CutoverStep;
  /** Time at which the step began, ISO 8601. */
  readonly stepSince: string;
  readonly phase: CutoverPhase;
  /** Time at which the phase began, ISO 8601. */
  readonly since: string;
  /** Time before which the step is not carried out, or at which a wait is over, ISO 8601. `null`: none. */
  readonly nextAt: string | null;
  /** Time of the first measurement in `validating`, ISO 8601. The time limit of the approval counts from it. `null`: none yet. */
  readonly validatingSince: string | null;
  /** True if an earlier run of the cutover may have fenced and stopped, because the workflow was reset or started again. */
  readonly wasBegunBefore: boolean;
  /** True if a person says that the source takes writes again. `whereIsTraffic` must still answer `source`. */
  readonly isUnfenced: boolean;
  /** True if a person wants the application to stay on the target. `whereIsTraffic` must still answer `target`. */
  readonly isKept: boolean;
  /** True once the way back has found out whether the workflow was reset, or need not find out. */
  readonly isResetKnown: boolean;
  /** True if a change has made the step that runs outdated. It begins anew. */
  readonly isOutdated: boolean;
  /** True if the newest measurement met all gates. */
  readonly isReady: boolean;
  /** True if `prepareReverse` has succeeded. */
  readonly isReversePrepared: boolean;
  readonly replications: readonly CutoverReplication[];
  /** ARNs of the replications that this run has reserved. Others are not released. */
  readonly reserved: readonly string[];
  readonly lag: readonly CutoverLag[];
  readonly checks: readonly CutoverCheck[];
  /** Names of the checks in the newest measurement. */
  readonly measured: readonly string[];
  readonly warnings: readonly Warning[];
  readonly approvals: readonly CutoverApprovalRecord[];
  readonly marker: unknown;
  /** Distance to the marker in the newest answer of `isDrained`. `null`: none. */
  readonly behind: string | null;
  /** Newest answer of `whereIsTraffic`, or decision of a person. `null`: none. */
  readonly traffic: CutoverTraffic | null;
  /** Time at which `fence` was called, ISO 8601. `null`: not called. */
  readonly writesStoppedAt: string | null;
  /** Time from which the application could write again, ISO 8601. `null`: it can't yet, or it always could. */
  readonly writesResumedAt: string | null;
  /** Steps that undo what was done. The last one runs first. */
  readonly undo: readonly UndoStep[];
  /** Cause of the return. `null`: the cutover goes forward. */
  readonly cause: CutoverCause | null;
  /** Reason why the newest step failed, or why a person is needed. `null`: none. */
  readonly problem: string | null;
  /** True if the workflow was cancelled. */
  readonly isCancelled: boolean;
  /** True if the cutover ends although a person still has to decide. */
  readonly isUndecided: boolean;
  readonly timeline: readonly CutoverTimelineEntry[];
}

/** Final stop of one replication. */
export interface CutoverStop {
  readonly checkpoint: CheckpointRecord;
  readonly warnings: readonly Warning[];
}

/** Value that each step returns when it succeeds. A step that is not listed returns nothing. */
export interface StepValues {
  /**
   * `reserved`: ARNs that this cutover has reserved, now or in an earlier run. `since`: time of the oldest of these
   * reservations, ISO 8601; `null`: none. `problem`: why the others could not be reserved; `null`: all were.
   */
  readonly reserve: {
    readonly reserved: readonly string[];
    readonly since: string | null;
    readonly problem: string | null;
  };
  readonly inspect: { readonly readings: readonly ReplicationReading[]; readonly traffic: CutoverTraffic };
  readonly preflight: readonly CutoverCheck[];
  readonly 'await-lag': readonly CutoverLag[];
  readonly measure: Measurement;
  readonly 'measure-again': Measurement;
  readonly 'mark-source': unknown;
  readonly drain: CutoverDrain;
  readonly stop: { readonly stops: readonly CutoverStop[]; readonly problem: string | null };
  readonly 'ask-after-switch': CutoverTraffic;
  readonly 'ask-after-switch-back': CutoverTraffic;
  readonly 'ask-before-unfence': CutoverTraffic;
  readonly 'find-reset': boolean;
  readonly verify: readonly CutoverCheck[];
}

/** Measurement of the gates. */
export interface Measurement {
  readonly readings: readonly ReplicationReading[];
  /** Answer of the hook `validate`. */
  readonly checks: readonly CutoverCheck[];
}

/** Outcome of a step. */
export type StepOutcome =
  | { readonly [Step in CutoverAction]: { readonly step: Step; readonly value: ValueOf<Step> } }[CutoverAction]
  | { readonly step: CutoverAction; readonly problem: string };

/** Value of a step that succeeded. */
export type ValueOf<Step extends CutoverAction> = Step extends keyof StepValues ? StepValues[Step] : null;
