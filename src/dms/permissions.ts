import type { ReplicationConfigArn } from './arn.js';

/** What AWS says about actions of the worker's identity on one replication. */
export interface Permissions {
  /** Actions that are denied, such as `dms:StopReplication`. */
  readonly denied: readonly string[];
  /** Actions that AWS can't decide, for example because a condition needs a value that it does not know. */
  readonly undecided: readonly string[];
}

/** Source of the permissions of the worker's identity. */
export interface PermissionSource {
  /** Asks what the identity may do with a replication. Changes nothing. Throws if nobody can tell. */
  read(arn: ReplicationConfigArn, actions: readonly string[], signal: AbortSignal): Promise<Permissions>;
}
