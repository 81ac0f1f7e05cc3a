import type { Replication } from '../dms/replication.js';
import type { DescribeReplication } from '../contract/activity-protocol.js';
import { beginAttempt } from './runtime/attempt.js';
import type { Environment } from './runtime/worker-context.js';

/** One look. */
export async function describeReplication(
  environment: Environment,
  request: DescribeReplication,
): Promise<Replication> {
  const attempt = beginAttempt(environment, request, 'dms.describeReplication', { phase: 'checking' });
  return (await attempt.look()).replication;
}
