import type { ReplicationConfigArn } from './arn.js';
import type { Replication, TableStatistics } from './replication.js';

/** What this package asks of DMS. Every call is one attempt at one request unless it says otherwise, and throws only {@link DmsApiError}. */
export interface DmsApi {
  /** One replication. A config that never ran and has no row yet is shown as `created`. May take two requests. */
  describeReplication(arn: ReplicationConfigArn, options?: CallOptions): Promise<Replication>;
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

export interface Page<T> {
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
export interface Accepted {
  readonly replication: Replication | null;
  readonly requestId: string | null;
}

export type DmsApiErrorKind =
  /** no such replication config */
  | 'not-found'
  /** the replication is in a state that does not allow the call */
  | 'invalid-state'
  /** IAM, credentials, or DMS itself lacks access */
  | 'access-denied'
  | 'throttled'
  /** network, time-out or 5xx: the call may or may not have had its effect */
  | 'unavailable'
  /** DMS refused the request as such */
  | 'rejected';

/** A failed request to DMS, already understood: `kind` says what it means, `awsName` and `message` are AWS's own words. */
export class DmsApiError extends Error {
  override readonly name = 'DmsApiError';

  constructor(
    readonly kind: DmsApiErrorKind,
    readonly awsName: string,
    message: string,
    readonly requestId: string | null = null,
  ) {
    super(message);
  }

  get wasCarriedOut(): 'no' | 'unknown' {
    return this.kind === 'unavailable' || this.kind === 'rejected' ? 'unknown' : 'no';
  }
}
