import type { Replication } from '../dms/replication.js';
import type { DescribeReplication } from '../operations/protocol.js';
import { apiFailure } from './api-failures.js';
import { currentAttempt } from './attempt.js';
import type { Environment } from './environment.js';

/** One look. */
export async function describeReplication(
  environment: Environment,
  request: DescribeReplication,
): Promise<Replication> {
  const arn = environment.target(request, 'dms.describeReplication');
  const attempt = currentAttempt();
  try {
    const { replication } = await environment.watcher(arn).look(arn, { signal: attempt.signal });
    return replication;
  } catch (err) {
    throw apiFailure(err, {
      subject: { replicationConfigArn: arn.arn },
      phase: 'looking',
      status: null,
      attempt: attempt.number,
      elapsedSeconds: attempt.elapsedSeconds(),
      accepted: false,
    });
  }
}
