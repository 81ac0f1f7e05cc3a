import { Context } from '@temporalio/activity';
import type { UnsealReplication } from '../contract/reading-protocol.js';
import { readDecision } from '../contract/ledger-input-schemas.js';
import { requireOwner } from '../ledger/reservation.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import { askLedger } from './runtime/ledger-access.js';
import type { WorkerContext } from './runtime/worker-context.js';

/** Lifts the seal of a replication. Throws `DmsReplicationReserved` if another workflow has reserved it. */
export function unsealReplication(worker: WorkerContext, request: UnsealReplication): Promise<void> {
  const { replicationConfigArn, by, reason } = request;
  const decision = readDecision(replicationConfigArn, 'request to unseal', { by, reason });
  const attempt = beginAttempt(worker, request, 'dms.unsealReplication', { phase: 'recording', mayHaveCalled: true });
  const { workflowId = '' } = Context.current().info.workflowExecution ?? {};
  return attempt.withHeartbeat(async () => {
    const ledger = await askLedger(attempt, (client) => client.read());
    requireOwner(ledger, { owner: workflowId, parentWorkflowId: null });
    if (ledger.sealed !== null) await askLedger(attempt, (client) => client.unseal(decision));
  });
}
