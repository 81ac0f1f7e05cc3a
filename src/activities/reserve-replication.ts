import { Context } from '@temporalio/activity';
import { CALL_SIGNED_SECONDS } from '../ledger/calls.js';
import type { ReserveReplication } from '../contract/activity-protocol.js';
import type { Reservation } from '../contract/ledger-state.js';
import { askLedger, isKnownToLedger } from './runtime/ledger-access.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import type { WorkerContext } from './runtime/worker-context.js';
import { readReservation } from '../contract/input-schemas.js';

/**
 * Reserves the replication for an owner. Looks first if the ledger does not know the replication, because a typo must
 * not create a ledger.
 */
export function reserveReplication(worker: WorkerContext, input: ReserveReplication): Promise<Reservation> {
  const { owner, reason } = readReservation(input);
  const attempt = beginAttempt(worker, input, 'dms.reserveReplication', { phase: 'beginning' });
  return attempt.withHeartbeat(async () => {
    if (!(await isKnownToLedger(attempt))) await attempt.look();
    const { workflowId = null } = Context.current().info.workflowExecution ?? {};
    const request = { owner: owner ?? workflowId ?? '', reason, workflowId };
    const { reservation, pendingCallAgeSeconds } = await askLedger(attempt, (ledger) => ledger.reserve(request));
    const left = pendingCallAgeSeconds === null ? 0 : CALL_SIGNED_SECONDS - pendingCallAgeSeconds;
    if (left > 0)
      throw attempt.stillWaiting('another operation has noted a call; waiting until that call is sent', left);
    return reservation;
  });
}
