import type { Replication } from '../dms/replication.js';
import type { DescribeReplication } from '../contract/activity-protocol.js';
import type { Environment } from './environment.js';

/** One look. */
export async function describeReplication(
  environment: Environment,
  request: DescribeReplication,
): Promise<Replication> {
  const attempt = environment.attempt(request, 'dms.describeReplication', { phase: 'checking' });
  return (await attempt.look()).replication;
}
