import { Context } from '@temporalio/activity';
import type { ReleaseReplication } from '../contract/activity-protocol.js';
import { readReservation } from '../contract/input-schemas.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import { askLedger } from './runtime/ledger-access.js';
import type { WorkerContext } from './runtime/worker-context.js';

/** Releases the reservation of a replication. */
export function releaseReplication(worker: WorkerContext, input: ReleaseReplication): Promise<void> {
  const { owner } = readReservation(input);
  const attempt = beginAttempt(worker, input, 'dms.releaseReplication', { phase: 'recording', mayHaveCalled: true });
  const { workflowId = '' } = Context.current().info.workflowExecution ?? {};
  return attempt.withHeartbeat(() => askLedger(attempt, (ledger) => ledger.release({ owner: owner ?? workflowId })));
}
