import type { DescribeReplication } from '../contract/activity-protocol.js';
import type { Ledger } from '../contract/ledger-state.js';
import type { Environment } from './environment.js';

/** Everything recorded of a replication. Empty when nothing ever was. */
export function readLedger(environment: Environment, request: DescribeReplication): Promise<Ledger> {
  const attempt = environment.attempt(request, 'dms.readLedger', { phase: 'checking' });
  return attempt.askLedger((ledger) => ledger.read());
}
