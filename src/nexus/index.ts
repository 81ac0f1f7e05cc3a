/**
 * `temporal-dms/nexus`: {@link dmsService}, the contract of the Nexus service, for workflows of callers in other
 * namespaces. `temporal-dms/plugin` serves it.
 *
 * @module
 */
import { operation, service } from 'nexus-rpc';
import type { OpenOperation, ReplicationSummary } from '../client/index.js';
import type { ResumeReplicationInput, StopReplicationInput } from '../contract/inputs.js';
import type { ResumeReplicationResult, StopReplicationResult } from '../contract/results.js';

/** Input of the operation `describe`. */
export interface DescribeReplicationInput {
  /** ARN of the replication config: `arn:<partition>:dms:<region>:<account>:replication-config:<id>`. */
  readonly replicationConfigArn: string;
}

/** Result of the operation `describe`: what is recorded, and what is under way. DMS is not asked. */
export interface ReplicationDescription extends ReplicationSummary {
  /** Operation under way. `null`: none. */
  readonly operation: Pick<OpenOperation, 'kind' | 'operationId' | 'startedAt' | 'requestedBy' | 'reason'> | null;
}

/**
 * Nexus service `temporal-dms`. A caller in any language names the service and an operation, and sends JSON.
 *
 * `stop` and `resume` last as long as the operation, join one that is under way, and fail with the failures of this
 * package. A cancel of the Nexus operation cancels the stop or resume. `describe` answers at once.
 */
export const dmsService = service('temporal-dms', {
  stop: operation<StopReplicationInput, StopReplicationResult>(),
  resume: operation<ResumeReplicationInput, ResumeReplicationResult>(),
  describe: operation<DescribeReplicationInput, ReplicationDescription>(),
});
