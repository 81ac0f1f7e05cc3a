import type { RowRates } from './source.js';

/** A refusal in AWS's words. */
export class AwsFault extends Error {
  constructor(
    readonly type: string,
    message: string,
    /** HTTP status. */
    readonly status = 400,
    /** The time that the answer carries, in milliseconds since the epoch. */
    readonly date: number | null = null,
  ) {
    super(message);
  }
}

export type ReplicationType = 'full-load' | 'cdc' | 'full-load-and-cdc';

/** What a start goes through before it runs, in this order. */
export const startSteps = [
  'initializing',
  'preparing_metadata_resources',
  'testing_connection',
  'fetching_metadata',
  'calculating_capacity',
  'provisioning_capacity',
  'replication_starting',
] as const;
export type StartStep = (typeof startSteps)[number];

/** Whatever takes its time, and may fail or hang. */
export const steps = [...startSteps, 'modifying', 'deleting', 'deprovisioning'] as const;
export type Step = (typeof steps)[number];

/** How long each step takes, in simulated seconds. */
export interface Durations extends Readonly<Record<StartStep, number>> {
  readonly stopping: number;
  readonly modifying: number;
  readonly deleting: number;
  readonly deprovisioning: number;
  readonly fullLoad: number;
  /** A premigration assessment. */
  readonly assessing: number;
  /** From the end of a full load until DMS deprovisions by itself. */
  readonly idleAfterFullLoad: number;
  /** From `stopped` until stop reason, stop time and deprovision time are those of this stop. */
  readonly describingStop: number;
  /** From `stopped` until the checkpoint is the final one. */
  readonly flushingCheckpoint: number;
  /** From `running` until a table's validation is over. */
  readonly validating: number;
  /** From the first value of a metric after CDC began until the next. */
  readonly spinningUp: number;
}

/** From reports of real runs; a provision takes about forty minutes. */
export const usualDurations: Durations = {
  initializing: 180,
  preparing_metadata_resources: 900,
  testing_connection: 180,
  fetching_metadata: 240,
  calculating_capacity: 90,
  provisioning_capacity: 840,
  replication_starting: 90,
  stopping: 90,
  modifying: 120,
  deleting: 120,
  deprovisioning: 300,
  fullLoad: 600,
  assessing: 240,
  idleAfterFullLoad: 300,
  describingStop: 3,
  flushingCheckpoint: 6,
  validating: 120,
  spinningUp: 600,
};

/**
 * What nobody outside AWS knows for certain, as switches. Each default is what the simulator's documentation says is assumed.
 */
export interface Uncertain {
  /** Whether a config that never ran has a row in DescribeReplications; asked for by name, none may also be a fault. Default true. */
  readonly rowBeforeFirstRun: boolean | 'fault';
  /** Whether a start that was accepted counts as a first run even if it fails before `running`. Default true. */
  readonly acceptedIsFirstRun: boolean;
  /** Whether stop reason, stop time and deprovision time of the run before are gone once it starts again. Default false. */
  readonly startClearsStop: boolean;
  /** What Status is while a premigration assessment runs. Default `initializing`. */
  readonly statusWhileAssessing: string;
  /** How a resume gets to `running` while it is still provisioned: by `replication_starting` alone, or by every step. Default `short`. */
  readonly resumePath: 'short' | 'full';
  /** A second stop while `stopping`: a fault, or accepted again. Default `fault`. */
  readonly stopWhileStopping: 'fault' | 'accepted';
  /** A stop of what is at rest (`created`, `stopped`, `failed`): a fault, or accepted without effect. Default `fault`. */
  readonly stopAtRest: 'fault' | 'accepted';
  /** Whether a stop aborts a start. Refused is seen for `provisioning_capacity` only. Default false. */
  readonly stopAbortsStart: boolean;
  /** Whether `resume-processing` is taken as a first start. Default true. */
  readonly resumeAsFirstStart: boolean;
  /** Whether `resume-processing` works once it is deprovisioned. Default false. */
  readonly resumeAfterDeprovision: boolean;
  /** Whether `reload-target` works once it is deprovisioned. Default true. */
  readonly reloadAfterDeprovision: boolean;
  /** Whether what was provisioned can be deleted only once it is deprovisioned. Default false. */
  readonly deleteNeedsDeprovisioned: boolean;
  /** How many configs an account may have in a region; `null`: without limit. Default `null`. */
  readonly quota: number | null;
  /** Whether the checkpoint is still shown once it is deprovisioned. Default true. */
  readonly checkpointAfterDeprovision: boolean;
  /** Whether FreshStartDate is still shown once it is deprovisioned. Default true. */
  readonly freshStartAfterDeprovision: boolean;
  /** Whether ReplicationDeprovisionTime is still shown once it is deprovisioned. Default true. */
  readonly deprovisionTimeAfterDeprovision: boolean;
  /** Whether CdcStartPosition and CdcStartTime are taken by serverless replications. Default false. */
  readonly customStartPoint: boolean;
  /** Where `deprovisioning` and `deprovisioned` are shown. Default `provision-state`. */
  readonly deprovisionShownIn: 'provision-state' | 'status';
  /** How ProvisionState is spelled. Default `lower`. */
  readonly provisionStateCase: 'lower' | 'upper';
  /** A list filtered by several ARNs of which one is missing: the call fails, or the others are shown. Default `fault`. */
  readonly missingInFilter: 'fault' | 'others';
  /** A MaxRecords that is out of bounds: the call is refused, or gets as many as there may be. Default `refused`. */
  readonly maxRecordsOutOfBounds: 'refused' | 'clamped';
  /** Which status the answer to a stop shows. Default `stopping`. */
  readonly stopAnswers: 'stopping' | 'status-before';
  /** The HTTP status of AccessDeniedException. Default 400. */
  readonly accessDeniedStatus: 400 | 403;
  /** Requests at once, and a second after that, for an account and region: 200 and 8, or 100 and 4. Default `null`: none are refused. */
  readonly throttle: { readonly burst: number; readonly refill: number } | null;
}

export const assumed: Uncertain = {
  rowBeforeFirstRun: true,
  acceptedIsFirstRun: true,
  startClearsStop: false,
  statusWhileAssessing: 'initializing',
  resumePath: 'short',
  stopWhileStopping: 'fault',
  stopAtRest: 'fault',
  stopAbortsStart: false,
  resumeAsFirstStart: true,
  resumeAfterDeprovision: false,
  reloadAfterDeprovision: true,
  deleteNeedsDeprovisioned: false,
  quota: null,
  checkpointAfterDeprovision: true,
  freshStartAfterDeprovision: true,
  deprovisionTimeAfterDeprovision: true,
  customStartPoint: false,
  deprovisionShownIn: 'provision-state',
  provisionStateCase: 'lower',
  missingInFilter: 'fault',
  maxRecordsOutOfBounds: 'refused',
  stopAnswers: 'stopping',
  accessDeniedStatus: 400,
  throttle: null,
};

/** The other way round of everything that is uncertain. */
export const contrary: Uncertain = {
  rowBeforeFirstRun: false,
  acceptedIsFirstRun: false,
  startClearsStop: true,
  statusWhileAssessing: 'testing_connection',
  resumePath: 'full',
  stopWhileStopping: 'accepted',
  stopAtRest: 'accepted',
  stopAbortsStart: true,
  resumeAsFirstStart: false,
  resumeAfterDeprovision: true,
  reloadAfterDeprovision: false,
  deleteNeedsDeprovisioned: true,
  quota: 100,
  checkpointAfterDeprovision: false,
  freshStartAfterDeprovision: false,
  deprovisionTimeAfterDeprovision: false,
  customStartPoint: true,
  deprovisionShownIn: 'status',
  provisionStateCase: 'upper',
  missingInFilter: 'others',
  maxRecordsOutOfBounds: 'clamped',
  stopAnswers: 'status-before',
  accessDeniedStatus: 403,
  throttle: { burst: 100, refill: 4 },
};

/** What DMS will do at the next stop, instead of what it usually does. */
export type NextStop =
  | { readonly type: 'fail'; readonly messages: readonly string[]; readonly stopReason: string }
  | { readonly type: 'self-restart'; readonly stopReason: string; readonly afterSeconds: number }
  | { readonly type: 'reason'; readonly stopReason: string }
  | { readonly type: 'hang' };

/** A replication config, as it was created and modified. */
export interface Config {
  ReplicationConfigIdentifier: string;
  readonly ReplicationConfigArn: string;
  SourceEndpointArn: string;
  TargetEndpointArn: string;
  ReplicationType: ReplicationType;
  ComputeConfig: Readonly<Record<string, unknown>>;
  ReplicationSettings?: string;
  SupplementalSettings?: string;
  TableMappings: string;
  readonly ReplicationConfigCreateTime: number;
  ReplicationConfigUpdateTime?: number;
  IsReadOnly?: boolean;
}

/** A row of DescribeReplications, as it goes over the wire: times are epoch seconds. */
export interface Row {
  ReplicationConfigIdentifier: string;
  ReplicationConfigArn: string;
  SourceEndpointArn: string;
  TargetEndpointArn: string;
  ReplicationType: string;
  Status: string;
  ProvisionData: {
    ProvisionState?: string;
    ProvisionedCapacityUnits: number;
    DateProvisioned?: number;
    IsNewProvisioningAvailable: boolean;
  };
  PremigrationAssessmentStatuses?: Record<string, unknown>[];
  StopReason?: string;
  FailureMessages: string[];
  ReplicationStats: Record<string, number>;
  StartReplicationType?: string;
  CdcStartTime?: number;
  CdcStartPosition?: string;
  CdcStopPosition?: string;
  RecoveryCheckpoint?: string;
  ReplicationCreateTime: number;
  ReplicationUpdateTime: number;
  ReplicationLastStopTime?: number;
  ReplicationDeprovisionTime?: number;
  IsReadOnly?: boolean;
}

/** Statuses and provision states that a replication can be put into. */
export type PlacedStatus =
  | 'created'
  | StartStep
  | 'running'
  | 'stopping'
  | 'stopped'
  | 'modifying'
  | 'failed'
  | 'deleting'
  | 'deprovisioning'
  | 'deprovisioned';

export interface StartInput {
  readonly type: string;
  readonly startTime?: number | undefined;
  readonly startPosition?: string | undefined;
  readonly stopPosition?: string | undefined;
  /** JSON. */
  readonly assessment?: string | undefined;
}

/** The tables of a source, and how they are other than well. */
export interface TableSettings {
  /** Default 3, in the schema `shop`: `table_00001` and so on. */
  readonly count: number;
  /** What they are called instead, as `schema.table`. */
  readonly names?: readonly string[];
  /** Rows in every 1,000 bytes of the source's log, by `schema.table`. Those that are not named share the source's rates. */
  readonly rates: Readonly<Record<string, RowRates>>;
  /** How many of the first tables are in error, fail validation, have no primary key, or can not be validated. Default 0. */
  readonly inError: number;
  readonly mismatched: number;
  readonly withoutKey: number;
  readonly suspended: number;
  readonly notValidated: number;
  /** How many of the last tables are not there in the target, or were given up. Default 0. */
  readonly missing: number;
  readonly cancelled: number;
  /** Rows of each hundred that an error setting skips: captured, and never applied. Default 0. */
  readonly skippedPercent: number;
}

export const usualTables: TableSettings = {
  count: 3,
  rates: {},
  inError: 0,
  mismatched: 0,
  withoutKey: 0,
  suspended: 0,
  notValidated: 0,
  missing: 0,
  cancelled: 0,
  skippedPercent: 0,
};
