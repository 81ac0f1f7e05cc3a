import type { ReplicationConfigArn } from './arn.js';
import type { Replication, TableStatistics } from './replication.js';

/**
 * Port to DMS. A call that changes a replication sends one request, and never retries it. A request times out after 15 seconds. Calls throw only
 * {@link DmsApiError}. Texts of DMS are passed on without secrets.
 */
export interface DmsApi {
  /** Looks at one replication. A config that has no row is shown as `created`. May send several requests. */
  describeReplication(arn: ReplicationConfigArn, options?: CallOptions): Promise<Look>;
  /**
   * Lists one page of up to 100 replications of the ARN's account-region. Replications without a row are missing.
   * `marker` is that of the page before; `null`: the first page.
   */
  listReplications(arn: ReplicationConfigArn, marker: string | null, options?: CallOptions): Promise<Page<Replication>>;
  /** Sends one `StopReplication`. */
  stopReplication(arn: ReplicationConfigArn, options?: CallOptions): Promise<Accepted>;
  /** Sends one `StartReplication`. */
  startReplication(arn: ReplicationConfigArn, request: StartRequest, options?: CallOptions): Promise<Accepted>;
  /** Reads one page of up to 500 tables. `marker` is that of the page before; `null`: the first page. */
  describeTableStatistics(
    arn: ReplicationConfigArn,
    marker: string | null,
    options?: CallOptions,
  ): Promise<Page<TableStatistics>>;
  /** Reads the addresses behind endpoints of the ARN's account-region. Optional: not every API can read them. */
  describeEndpoints?(
    arn: ReplicationConfigArn,
    endpointArns: readonly string[],
    options?: CallOptions,
  ): Promise<readonly EndpointAddress[]>;
  /** Returns the host that requests for this ARN go to. `null`: the host is one of AWS's own, or nothing was sent yet. */
  endpointOverride(arn: ReplicationConfigArn): Promise<string | null>;
}

/** Address behind an endpoint. `null`: DMS does not show that part, as with an endpoint that has its address in a secret. */
export interface EndpointAddress {
  /** `EndpointArn`. */
  readonly endpointArn: string;
  /** `ServerName`, without secrets. */
  readonly host: string | null;
  /** `Port`. */
  readonly port: number | null;
  /** `DatabaseName`, without secrets. */
  readonly database: string | null;
}

/** Options of a call. */
export interface CallOptions {
  /** Signal that aborts the call. A request that was sent may still take effect. */
  readonly signal?: AbortSignal | undefined;
}

/** Time of an answer. */
export interface Answered {
  /**
   * Time of DMS's answer, in ms since the epoch, by DMS's clock. Can be compared with times that DMS shows. Without a `Date` header it is the
   * worker's time.
   */
  readonly dmsTime: number;
}

/** Look: one reading of a replication. */
export interface Look extends Answered {
  /** Replication as DMS showed it. */
  readonly replication: Replication;
}

/** Page of a list. */
export interface Page<T> extends Answered {
  /** Entries of the page. */
  readonly items: readonly T[];
  /** Marker of the next page. `null`: this page is the last one. */
  readonly marker: string | null;
}

/** Parameters of `StartReplication`. */
export interface StartRequest {
  /** `StartReplicationType`. */
  readonly startReplicationType: string;
  /** `CdcStartPosition`. */
  readonly cdcStartPosition?: string | undefined;
  /** `CdcStartTime`, ISO 8601. */
  readonly cdcStartTime?: string | undefined;
  /** `CdcStopPosition`. */
  readonly cdcStopPosition?: string | undefined;
}

/** Answer of DMS to a request that it accepted. */
export interface Accepted extends Answered {
  /** Replication in the response. `null`: DMS left it out. */
  readonly replication: Replication | null;
  /** AWS request id. `null`: AWS gave none. */
  readonly requestId: string | null;
}

/** Meaning of a failed request to DMS. */
export type DmsApiErrorKind =
  /** No such replication config exists. */
  | 'not-found'
  /** The replication is in a state that does not allow the call. */
  | 'invalid-state'
  /** IAM denies the action, or DMS itself lacks access. */
  | 'access-denied'
  /** The worker's credentials are missing, expired or not accepted. They may come back. */
  | 'credentials'
  /** AWS limits the rate of requests. */
  | 'throttled'
  /** Network error, time-out, 5xx, or a clock that is off. The same request may succeed later. */
  | 'unavailable'
  /** DMS refused the request for another reason, such as an invalid parameter. */
  | 'rejected';

/** Effect of a failed request. `no`: AWS documents that it had none, or it was never sent. `unknown`: DMS may have carried it out. */
export type CarriedOut = 'no' | 'unknown';

/**
 * Failed request to DMS. `kind` gives its meaning. `awsName` and `message` are AWS's own words, without secrets and cut to 2,000 characters.
 */
export class DmsApiError extends Error {
  /** Name of the error: `DmsApiError`. */
  override readonly name = 'DmsApiError';

  constructor(
    /** Meaning of the error. */
    readonly kind: DmsApiErrorKind,
    /** Name that AWS gives the error, such as `InvalidResourceStateFault`. */
    readonly awsName: string,
    message: string,
    /** AWS request id. `null`: AWS gave none. */
    readonly requestId: string | null = null,
    /** Effect of a failed call that changes a replication. Default: `unknown` if unavailable or rejected, else `no`. */
    readonly wasCarriedOut: CarriedOut = kind === 'unavailable' || kind === 'rejected' ? 'unknown' : 'no',
  ) {
    super(message);
  }
}
