import { Context } from '@temporalio/activity';
import { CALL_SETTLED_SECONDS } from '../ledger/calls.js';
import type { ReleaseReplication, ReserveReplication } from '../contract/activity-protocol.js';
import type { Reservation } from '../contract/ledger-state.js';
import { isKnownToLedger } from './change.js';
import type { Environment } from './environment.js';
import { readReservation } from '../contract/input-schemas.js';

/** Reserves the replication for an owner. A replication that its ledger does not know is looked at first: a typo must not leave a ledger behind. */
export function reserveReplication(environment: Environment, input: ReserveReplication): Promise<Reservation> {
  const { owner, reason } = readReservation(input);
  const attempt = environment.attempt(input, 'dms.reserveReplication', { phase: 'beginning' });
  return attempt.keptAlive(async () => {
    if (!(await isKnownToLedger(attempt))) await attempt.look();
    const { workflowId = null } = Context.current().info.workflowExecution ?? {};
    const request = { owner: owner ?? workflowId ?? '', reason, workflowId };
    const { reservation, pendingCallAgeSeconds } = await attempt.askLedger((ledger) => ledger.reserve(request));
    const left = pendingCallAgeSeconds === null ? 0 : CALL_SETTLED_SECONDS - pendingCallAgeSeconds;
    if (left > 0)
      throw attempt.stillWaiting('somebody else was just about to call DMS; waiting for that to land', left);
    return reservation;
  });
}

/** Gives it back. */
export function releaseReplication(environment: Environment, input: ReleaseReplication): Promise<void> {
  const { owner } = readReservation(input);
  const attempt = environment.attempt(input, 'dms.releaseReplication', { phase: 'recording', accepted: true });
  const { workflowId = '' } = Context.current().info.workflowExecution ?? {};
  return attempt.keptAlive(() => attempt.askLedger((ledger) => ledger.release({ owner: owner ?? workflowId })));
}
