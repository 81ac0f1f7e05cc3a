import type { Replication } from '../dms/replication.js';
import type { ReplicationArgument } from '../contract/activity-protocol.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import type { WorkerContext } from './runtime/worker-context.js';

/** Returns one look at a replication. */
export async function describeReplication(worker: WorkerContext, request: ReplicationArgument): Promise<Replication> {
  const attempt = beginAttempt(worker, request, 'dms.describeReplication', { phase: 'checking' });
  return (await attempt.look()).replication;
}
