/** Fields that every operation takes. In inputs `null` means the same as absent. Unknown fields are refused by name. */
export interface OperationInput {
  /** ARN of the replication config: `arn:<partition>:dms:<region>:<account>:replication-config:<id>`. */
  readonly replicationConfigArn: string;
  /**
   * Idempotency key, at most 200 characters. After a success, the same kind with the same id returns the recorded result while that still holds.
   * Default: unique to this call.
   */
  readonly operationId?: string | null | undefined;
  /** Name of the requester, kept in the record. At most 256 characters. */
  readonly requestedBy?: string | null | undefined;
  /** Reason of the operation, kept in the record. At most 1,000 characters. */
  readonly reason?: string | null | undefined;
  /**
   * Owner of the reservation under which the operation works. At most 256 characters. Steps of the workflow that made the reservation need not name
   * it.
   */
  readonly owner?: string | null | undefined;
}

/** Input of a stop. */
export interface StopReplicationInput extends OperationInput {
  /** Intent of the stop. `final` seals the ledger: nothing resumes the replication until a person unseals it. Default `pause`. */
  readonly intent?: StopIntent | null | undefined;
  /** Seconds in which a replication that starts or is being modified must become stoppable. Default 5,400, at most 31,622,400; 0: fail at once. */
  readonly stoppableTimeoutSeconds?: number | null | undefined;
  /** Seconds from the accepted stop, or from finding one under way, until stopped. Default 3,600, at most 31,622,400. */
  readonly stopTimeoutSeconds?: number | null | undefined;
  /** Seconds for which stop reason, stop time and checkpoint must stay the same before they are recorded. Default 10, at most 3,600. */
  readonly settleSeconds?: number | null | undefined;
  /** Seconds to wait for DMS to undo a stop that it usually undoes by itself. Default 1,800, at most 31,622,400; 0: do not wait, warn. */
  readonly selfRestartGraceSeconds?: number | null | undefined;
  /**
   * True if the stop cancels a resume that is under way, instead of being refused. If the resume has made its call, the ledger follows that call to
   * its end first. Default false.
   */
  readonly preempt?: boolean | null | undefined;
  /** Action before the resume window of a paused replication ends, see {@link DeadlinePolicy}. Default `warn`. */
  readonly deadlinePolicy?: DeadlinePolicy | null | undefined;
  /** Seconds before the end of the resume window at which that action begins. Default 21,600 (6 hours), at most 172,800. */
  readonly deadlineLeadSeconds?: number | null | undefined;
  /** Hook that is called with each `DeadlineWarning`. Default: none. */
  readonly onResumeDeadline?: DeadlineActivity | null | undefined;
}

/**
 * Action before the resume window of a paused replication ends.
 *
 * - `warn`: the ledger writes an event and calls `onResumeDeadline`, again and again until somebody acts.
 * - `resume`: the ledger resumes the replication. If that fails, it warns.
 * - `none`: nothing happens.
 */
export type DeadlinePolicy = 'warn' | 'resume' | 'none';

/** Hook: an activity of the user's that the deadline guard calls with a `DeadlineWarning`. */
export interface DeadlineActivity {
  /** Activity type, at most 200 characters. Types that start with `dms.` are refused. */
  readonly activityType: string;
  /** Task queue of the activity, at most 1,000 characters. Default: the task queue of the package's activities. */
  readonly taskQueue?: string | null | undefined;
}

/** Input of a resume. */
export interface ResumeReplicationInput extends OperationInput {
  /** Record that must be DMS's last stop: the newest, or the one with this sequence. Default `latest`. */
  readonly checkpoint?: 'latest' | { readonly sequence: number } | null | undefined;
  /**
   * True to resume although DMS's last stop is not the recorded one, or no stop is recorded. Endpoints are not compared
   * either. `force` does not override the resume window, a seal or DMS's own rules. Default false.
   */
  readonly force?: boolean | null | undefined;
  /**
   * `StartReplicationType` to send. Default: `start-replication` for a replication that never ran, else `resume-processing`. The replication type
   * `full-load` has no default.
   */
  readonly startReplicationType?: StartReplicationType | null | undefined;
  /**
   * Confirmation of `reload-target`: DMS discards and reloads the target. Must repeat the identifier of the replication config. At most 255
   * characters.
   */
  readonly confirmReload?: string | null | undefined;
  /** `CdcStartPosition`, at most 16,384 characters. Allowed only with `start-replication`, and not together with `cdcStartTime`. */
  readonly cdcStartPosition?: string | null | undefined;
  /** `CdcStartTime`, ISO 8601. Allowed only with `start-replication`, and not together with `cdcStartPosition`. */
  readonly cdcStartTime?: string | null | undefined;
  /** `CdcStopPosition`: `server_time:2026-02-09T12:12:12` or `commit_time:…`, in UTC. */
  readonly cdcStopPosition?: string | null | undefined;
  /**
   * Seconds from the beginning of the resume until the replication runs. A replication that is stopping or being modified has to become startable
   * first. Default 5,400, at most 31,622,400.
   */
  readonly startTimeoutSeconds?: number | null | undefined;
  /** Seconds to look for movement and for an early end once the replication runs. Default 120, at most 31,622,400; 0: do not look. */
  readonly verifyProgressSeconds?: number | null | undefined;
  /**
   * Seconds for which the source keeps its log, as the user knows it. A resume that needs an older log is refused before any call. Default: not
   * checked; at most 31,622,400.
   */
  readonly sourceLogRetentionSeconds?: number | null | undefined;
  /**
   * Age of the oldest open transaction on the source at the stop, in seconds. The log is needed from the beginning of that transaction on. Default 0,
   * at most 31,622,400.
   */
  readonly oldestOpenTransactionSeconds?: number | null | undefined;
  /**
   * Probe that finds out whether the replication moves, called with a `ProbeRequest`. The resume calls it if the table statistics show no movement.
   * Default: none.
   */
  readonly progressProbe?: ProgressProbe | null | undefined;
}

/** Probe: an activity of the user's that looks for movement. For example, it writes a row on the source and waits for it on the target. */
export interface ProgressProbe {
  /**
   * Activity type, at most 200 characters. Types that start with `dms.` are refused. The activity returns true if the replication moves, else false.
   * A worker must start it within 30 seconds, and it must end within ten minutes. A probe that fails or times out adds a warning to the result.
   */
  readonly activityType: string;
  /** Task queue of the activity, at most 1,000 characters. Default: the task queue of the operation. */
  readonly taskQueue?: string | null | undefined;
}

/** Intent of a stop. `pause`: the replication may be resumed. `final`: the stop seals the ledger. */
export type StopIntent = 'pause' | 'final';
/**
 * `StartReplicationType` of DMS. `start-replication`: first run. `resume-processing`: goes on from the last stop. `reload-target`: discards and
 * reloads the target.
 */
export type StartReplicationType = 'resume-processing' | 'reload-target' | 'start-replication';
/** Kind of an operation. */
export type OperationKind = 'stop' | 'resume';

/** Fields of an input that belong to the request or to the ledger, not to the plan. */
type NotPlanned =
  | 'operationId'
  | 'requestedBy'
  | 'reason'
  | 'owner'
  | 'preempt'
  | 'deadlinePolicy'
  | 'deadlineLeadSeconds'
  | 'onResumeDeadline';

/** Plan: the fields of an input that an operation acts on, with every default filled in. `null`: has no default. */
type Plan<Input, WithoutDefault extends keyof Input = never> = {
  readonly [Field in Exclude<keyof Input, NotPlanned>]-?:
    NonNullable<Input[Field]> | (Field extends WithoutDefault ? null : never);
};

/** Plan of a stop. */
export type StopPlan = Plan<StopReplicationInput>;
/** Plan of a resume. */
export type ResumePlan = Plan<
  ResumeReplicationInput,
  | 'startReplicationType'
  | 'confirmReload'
  | 'cdcStartPosition'
  | 'cdcStartTime'
  | 'cdcStopPosition'
  | 'sourceLogRetentionSeconds'
  | 'oldestOpenTransactionSeconds'
  | 'progressProbe'
>;
