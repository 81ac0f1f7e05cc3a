import type { ReplicationConfigArn } from './arn.js';
import type { Replication, TableStatistics } from './replication.js';

/**
 * What this package asks of DMS. Every call is one attempt at one request unless it says otherwise, is given up after 15 seconds, and throws only
 * {@link DmsApiError}. What DMS says is passed on without secrets.
 */
export interface DmsApi {
  /** One replication. A config that never ran and has no row yet is shown as `created`. May take two requests. */
  describeReplication(arn: ReplicationConfigArn, options?: CallOptions): Promise<Look>;
  /** One page of up to 100 replications of the ARN's account and region, without those that have no row. */
  listReplications(arn: ReplicationConfigArn, marker: string | null, options?: CallOptions): Promise<Page<Replication>>;
  stopReplication(arn: ReplicationConfigArn, options?: CallOptions): Promise<Accepted>;
  startReplication(arn: ReplicationConfigArn, request: StartRequest, options?: CallOptions): Promise<Accepted>;
  /** One page of up to 500 tables. */
  describeTableStatistics(
    arn: ReplicationConfigArn,
    marker: string | null,
    options?: CallOptions,
  ): Promise<Page<TableStatistics>>;
  /** Where endpoints of the ARN's account and region lead to. Left out by an API that can't tell. */
  describeEndpoints?(
    arn: ReplicationConfigArn,
    endpointArns: readonly string[],
    options?: CallOptions,
  ): Promise<readonly EndpointAddress[]>;
  /** The host that requests for this ARN go to, when it is not one of AWS's own; `null` when it is. */
  endpointOverride(arn: ReplicationConfigArn): Promise<string | null>;
}

/** Where an endpoint leads to. `null` for what DMS does not show, as with an endpoint that has its address in a secret. */
export interface EndpointAddress {
  readonly endpointArn: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly database: string | null;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** The time of an answer. */
export interface Answered {
  /**
   * When DMS answered, in milliseconds since the epoch. By DMS's clock, so that it can be compared with times that DMS shows; by the worker's where
   * the answer had no `Date` header.
   */
  readonly dmsTime: number;
}

/** One reading of a replication. */
export interface Look extends Answered {
  readonly replication: Replication;
}

export interface Page<T> extends Answered {
  readonly items: readonly T[];
  /** Where the next page begins; `null` on the last one. */
  readonly marker: string | null;
}

export interface StartRequest {
  readonly startReplicationType: string;
  readonly cdcStartPosition?: string | undefined;
  /** ISO 8601. */
  readonly cdcStartTime?: string | undefined;
  readonly cdcStopPosition?: string | undefined;
}

/** DMS took the request. The replication is what the response showed. */
export interface Accepted extends Answered {
  readonly replication: Replication | null;
  readonly requestId: string | null;
}

export type DmsApiErrorKind =
  /** no such replication config */
  | 'not-found'
  /** the replication is in a state that does not allow the call */
  | 'invalid-state'
  /** IAM denies the action, or DMS itself lacks access */
  | 'access-denied'
  /** the worker's credentials are missing, expired or not accepted; they may come back */
  | 'credentials'
  | 'throttled'
  /** network, time-out, 5xx, or a clock that is off: the same request may succeed later */
  | 'unavailable'
  /** DMS refused the request as such */
  | 'rejected';

/** Whether a failed request may have had its effect. `no`: AWS documents that it had none, or it was never sent. */
export type CarriedOut = 'no' | 'unknown';

/**
 * A failed request to DMS, already understood: `kind` says what it means, `awsName` and `message` are AWS's own words, without secrets and cut to
 * 2,000 characters.
 */
export class DmsApiError extends Error {
  override readonly name = 'DmsApiError';

  constructor(
    readonly kind: DmsApiErrorKind,
    readonly awsName: string,
    message: string,
    readonly requestId: string | null = null,
    /** Whether a call that changes DMS may have had its effect although it failed. Default: by the kind. */
    readonly wasCarriedOut: CarriedOut = kind === 'unavailable' || kind === 'rejected' ? 'unknown' : 'no',
  ) {
    super(message);
  }
}
