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
