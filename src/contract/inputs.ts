/** What every operation on a replication takes. In inputs `null` means the same as absent; unknown fields are refused by name. */
export interface OperationInput {
  /** `arn:<partition>:dms:<region>:<account>:replication-config:<id>`. */
  readonly replicationConfigArn: string;
  /**
   * An idempotency key, at most 200 characters. After an operation succeeded, the same kind with the same id returns what was recorded as long as
   * that still holds. Default: unique to this call.
   */
  readonly operationId?: string | null | undefined;
  /** Who, for the record. At most 256 characters. */
  readonly requestedBy?: string | null | undefined;
  /** Why, for the record. At most 1,000 characters. */
  readonly reason?: string | null | undefined;
  /** Whose reservation of the replication it works under. The steps of the workflow that reserved it need not say so. At most 256 characters. */
  readonly owner?: string | null | undefined;
}

export interface StopReplicationInput extends OperationInput {
  /** `final` seals the ledger: no resume until someone unseals it by name and reason. Default `pause`. */
  readonly intent?: StopIntent | null | undefined;
  /** How long a replication that is starting or being modified may take to become stoppable. Default 5,400; 0: fail at once. */
  readonly stoppableTimeoutSeconds?: number | null | undefined;
  /** From the accepted stop, or from finding one under way, until stopped. Default 3,600. */
  readonly stopTimeoutSeconds?: number | null | undefined;
  /** How long stop reason, stop time and checkpoint must stay the same before they are recorded. Default 10. */
  readonly settleSeconds?: number | null | undefined;
  /** How long to wait for DMS to undo a stop that it may undo by itself. Default 1,800; 0: do not wait, warn. */
  readonly selfRestartGraceSeconds?: number | null | undefined;
  /** Cancel a resume that is under way instead of being refused because of it. Its call, if it made one, is waited out. Default false. */
  readonly preempt?: boolean | null | undefined;
  /**
   * What happens before the 48 hours end in which a paused replication can be resumed. `warn`: the ledger's current details say so, an event is written,
   * and the activity `onResumeDeadline` is called, again and again until somebody acts. `resume`: it is resumed, and if that fails, it is as with `warn`.
   * Default `warn`.
   */
  readonly deadlinePolicy?: DeadlinePolicy | null | undefined;
  /** How long before the deadline that begins. Default 21,600 (6 hours), at most 172,800. */
  readonly deadlineLeadSeconds?: number | null | undefined;
  /** An activity of yours; it is called with a `DeadlineWarning`. Default: none. */
  readonly onResumeDeadline?: DeadlineActivity | null | undefined;
}

export type DeadlinePolicy = 'warn' | 'resume' | 'none';

export interface DeadlineActivity {
  /** At most 200 characters, and not one of the package's own (`dms.`). */
  readonly activityType: string;
  /** Default: that of the package's activities. */
  readonly taskQueue?: string | null | undefined;
}

export interface ResumeReplicationInput extends OperationInput {
  /** The record that must be DMS's last stop. Default `latest`. */
  readonly checkpoint?: 'latest' | { readonly sequence: number } | null | undefined;
  /** Resume although DMS's last stop is not the recorded one, or none is recorded. Lifts neither the window, nor a seal, nor DMS's own rules. */
  readonly force?: boolean | null | undefined;
  /** Default: `start-replication` for a replication that never ran, else `resume-processing`. Type `full-load` has no default. */
  readonly startReplicationType?: StartReplicationType | null | undefined;
  /** `reload-target` discards and reloads the target: repeat the replication config's identifier here. */
  readonly confirmReload?: string | null | undefined;
  /** Only with `start-replication`, and not together with `cdcStartTime`. */
  readonly cdcStartPosition?: string | null | undefined;
  /** ISO 8601. Only with `start-replication`, and not together with `cdcStartPosition`. */
  readonly cdcStartTime?: string | null | undefined;
  /** `server_time:2026-02-09T12:12:12` or `commit_time:…`, in UTC. */
  readonly cdcStopPosition?: string | null | undefined;
  /** Until running, from when it is to be started; a replication that is stopping or being modified has to become startable first. Default 5,400. */
  readonly startTimeoutSeconds?: number | null | undefined;
  /** After running, how long to look for movement and for an early death. Default 120; 0: do not look. */
  readonly verifyProgressSeconds?: number | null | undefined;
  /** How long the source keeps its log, as you know it. A resume that would need an older one is refused before any call. Default: not checked. */
  readonly sourceLogRetentionSeconds?: number | null | undefined;
  /** How long the oldest transaction had been open on the source when it was stopped: the log is needed from its beginning on. Default 0. */
  readonly oldestOpenTransactionSeconds?: number | null | undefined;
  /** An activity of yours that tells moving from stuck, asked when the table statistics have not moved; it is called with a `ProbeRequest`. Default: none. */
  readonly progressProbe?: ProgressProbe | null | undefined;
}

/** An activity that looks whether a replication moves, such as one that writes a row on the source and waits for it on the target. */
export interface ProgressProbe {
  /**
   * Returns true when it moves, and false when it does not. At most 200 characters, and not one of the package's own (`dms.`). A worker has half a
   * minute to take it, and it then has ten minutes. A type that no worker has registered is a warning.
   */
  readonly activityType: string;
  /** Default: that of the operation. */
  readonly taskQueue?: string | null | undefined;
}

export type StopIntent = 'pause' | 'final';
export type StartReplicationType = 'resume-processing' | 'reload-target' | 'start-replication';
export type OperationKind = 'stop' | 'resume';

/** What is known from the operation itself, or decided before it begins. */
type NotPlanned =
  | 'operationId'
  | 'requestedBy'
  | 'reason'
  | 'owner'
  | 'preempt'
  | 'deadlinePolicy'
  | 'deadlineLeadSeconds'
  | 'onResumeDeadline';

/** An input with every default filled in; what has no default may be `null`. */
type Plan<Input, WithoutDefault extends keyof Input = never> = {
  readonly [Field in Exclude<keyof Input, NotPlanned>]-?:
    NonNullable<Input[Field]> | (Field extends WithoutDefault ? null : never);
};

export type StopPlan = Plan<StopReplicationInput>;
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
