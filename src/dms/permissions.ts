import type { ReplicationConfigArn } from './arn.js';

/** AWS's decisions about actions of the worker's identity on one replication. */
export interface Permissions {
  /** Actions that are denied, such as `dms:StopReplication`. */
  readonly denied: readonly string[];
  /** Actions that AWS can't decide. */
  readonly undecided: readonly string[];
  /** Reason why actions are undecided, such as a condition whose value AWS does not know. `null`: none is undecided. */
  readonly reason: string | null;
}

/** Source of the permissions of the worker's identity. */
export interface PermissionSource {
  /** Asks what the identity may do with a replication. Changes nothing. Throws if nobody can tell. */
  read(arn: ReplicationConfigArn, actions: readonly string[], signal: AbortSignal): Promise<Permissions>;
}
