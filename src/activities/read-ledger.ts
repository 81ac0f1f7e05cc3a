import type { ReplicationArgument } from '../contract/activity-protocol.js';
import type { Ledger } from '../contract/ledger-state.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import { askLedger } from './runtime/ledger-access.js';
import type { WorkerContext } from './runtime/worker-context.js';

/** Returns the ledger of a replication. Empty if nothing was ever recorded. */
export function readLedger(worker: WorkerContext, request: ReplicationArgument): Promise<Ledger> {
  const attempt = beginAttempt(worker, request, 'dms.readLedger', { phase: 'checking' });
  return askLedger(attempt, (ledger) => ledger.read());
}
