/**
 * Switches for behaviour of DMS that nobody outside AWS knows for certain.
 *
 * Each default is the assumption that docs/simulator.md states.
 */
export interface Uncertain {
  /**
   * True if a config that was never started has a row in `DescribeReplications`. Default true.
   *
   * False: there is no row. `fault`: there is no row, and a request that names the config gets a fault.
   */
  readonly rowBeforeFirstRun: boolean | 'fault';
  /** True if an accepted start counts as the first run, even if it fails before `running`. Default true. */
  readonly acceptedIsFirstRun: boolean;
  /** True if a start clears the stop reason, stop time, deprovision time and checkpoint in the row. Default false. */
  readonly startClearsStop: boolean;
  /** `Status` while a premigration assessment runs. Default `initializing`. */
  readonly statusWhileAssessing: string;
  /**
   * Steps of a start while the capacity is still provisioned, as in a resume. Default `short`.
   *
   * `short`: `replication_starting` alone. `full`: every step.
   */
  readonly resumePath: 'short' | 'full';
  /** Answer to a stop while `stopping`: a fault, or acceptance without effect. Default `fault`. */
  readonly stopWhileStopping: 'fault' | 'accepted';
  /** Answer to a stop of a replication at rest: a fault, or acceptance without effect. Default `fault`. */
  readonly stopAtRest: 'fault' | 'accepted';
  /** True if a stop aborts a start. On AWS a refusal was seen, in `provisioning_capacity` only. Default false. */
  readonly stopAbortsStart: boolean;
  /** True if `resume-processing` is accepted as a first start. Default true. */
  readonly resumeAsFirstStart: boolean;
  /** True if `resume-processing` works on a deprovisioned replication. Default false. */
  readonly resumeAfterDeprovision: boolean;
  /** True if `reload-target` works on a deprovisioned replication. Default true. */
  readonly reloadAfterDeprovision: boolean;
  /** True if DMS refuses to delete a replication that is still provisioned. Default false. */
  readonly deleteNeedsDeprovisioned: boolean;
  /**
   * `StopReason` of a failure. Default `short`: `Stop Reason FATAL_ERROR`.
   *
   * `full`: the whole message, from `Last Error` to `Error Level FATAL`, as classic tasks show it.
   */
  readonly failureStopReason: 'short' | 'full';
  /** Capacity with which a start begins. Default `minimum`. The only measured run had the maximum at once. */
  readonly initialCapacity: 'minimum' | 'maximum';
  /** Maximum number of configs in an account-region. Default `null`: no limit. */
  readonly quota: number | null;
  /** True if `RecoveryCheckpoint` is still shown after deprovisioning. Default true. */
  readonly checkpointAfterDeprovision: boolean;
  /** True if `FreshStartDate` is still shown after deprovisioning. Default true. */
  readonly freshStartAfterDeprovision: boolean;
  /** True if `ReplicationDeprovisionTime` is still shown after deprovisioning. Default true. */
  readonly deprovisionTimeAfterDeprovision: boolean;
  /** True if serverless replications accept `CdcStartPosition` and `CdcStartTime`. Default false. */
  readonly customStartPoint: boolean;
  /**
   * Field that shows `deprovisioning` and `deprovisioned`. Default `provision-state`.
   *
   * `status`: both the status and the provision state show them.
   */
  readonly deprovisionShownIn: 'provision-state' | 'status';
  /** Spelling of `ProvisionState`. Default `lower`. */
  readonly provisionStateCase: 'lower' | 'upper';
  /** Answer to a filter of several names, one of them unknown: a fault, or the other rows. Default `fault`. */
  readonly missingInFilter: 'fault' | 'others';
  /** Answer to a `MaxRecords` out of bounds: a refusal, or the nearest allowed number of rows. Default `refused`. */
  readonly maxRecordsOutOfBounds: 'refused' | 'clamped';
  /** `Status` in the answer to a stop. Default `stopping`. */
  readonly stopAnswers: 'stopping' | 'status-before';
  /** HTTP status of `AccessDeniedException`. Default 400. */
  readonly accessDeniedStatus: 400 | 403;
  /**
   * Token bucket of each account-region. Default `null`: no throttling.
   *
   * `burst` is its size in requests, `refill` the requests added each second. AWS documents 200 and 8, elsewhere
   * 100 and 4.
   */
  readonly throttle: { readonly burst: number; readonly refill: number } | null;
}

/** Defaults of the switches. */
export const uncertainDefaults: Uncertain = {
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
  failureStopReason: 'short',
  initialCapacity: 'minimum',
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

/** Switches that all differ from {@link uncertainDefaults}. */
export const uncertainInverted: Uncertain = {
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
  failureStopReason: 'full',
  initialCapacity: 'maximum',
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

/** Returns all switches, with those that options set. */
export function switchesOf({
  uncertain,
  rowBeforeFirstRun,
}: {
  readonly uncertain?: Partial<Uncertain> | undefined;
  readonly rowBeforeFirstRun?: Uncertain['rowBeforeFirstRun'] | undefined;
}): Uncertain {
  return { ...uncertainDefaults, ...uncertain, ...(rowBeforeFirstRun === undefined ? {} : { rowBeforeFirstRun }) };
}
