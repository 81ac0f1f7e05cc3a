/** Arguments and results of the activities of a cutover: readings, the wait for the lag, and lifting a seal. */
import type { EndpointAddress } from '../dms/api.js';
import type { ReplicationLag } from '../dms/lag.js';
import type { Permissions } from '../dms/permissions.js';
import type { Replication } from '../dms/replication.js';
import type { DecisionRequest } from './ledger-protocol.js';
import type { TableStatisticsSummary } from './results.js';

/** Part of a reading of a replication. */
export type ReadingPart = 'replication' | 'ledger' | 'endpoints' | 'permissions' | 'lag' | 'tables';

/** Argument of `dms.readReplications`. */
export interface ReadReplications {
  /** ARNs of the replication configs, 1 to 50. */
  readonly replicationConfigArns: readonly string[];
  /** Parts to read. */
  readonly parts: readonly ReadingPart[];
}

/** Reading of one replication. A part that was not asked for is `null`. */
export interface ReplicationReading {
  /** ARN of the replication config. */
  readonly replicationConfigArn: string;
  /** One look. */
  readonly replication: Replication | null;
  /** Names in the ledger: who sealed the replication, and who reserved it. */
  readonly ledger: { readonly sealedBy: string | null; readonly reservedBy: string | null } | null;
  /** Addresses of the endpoints. `null` also if the worker can't read them. */
  readonly endpoints: { readonly source: EndpointAddress; readonly target: EndpointAddress } | null;
  /** Permissions of the worker for the replication. `null` also if the worker has no source of them. */
  readonly permissions: Permissions | null;
  /** Lag. `null` also if it is not known. */
  readonly lag: ReplicationLag | null;
  /** Statistics of the tables. `null` also if they can't be read. At most 200 flagged tables in all readings together. */
  readonly tables: TableStatisticsSummary | null;
  /** Reason why a part is not known. `null`: none. */
  readonly problem: string | null;
}

/** Argument of `dms.awaitLag`. */
export interface AwaitLag {
  /** ARNs of the replication configs, 1 to 50. */
  readonly replicationConfigArns: readonly string[];
  /** Highest accepted lag, in seconds. */
  readonly maxSeconds: number;
  /** Number of accepted samples in a row. */
  readonly samples: number;
  /** Seconds between two samples. */
  readonly everySeconds: number;
}

/** Argument of `dms.unsealReplication`. */
export interface UnsealReplication extends DecisionRequest {
  /** ARN of the replication config. */
  readonly replicationConfigArn: string;
}
