import { markDeleted, clearMissing } from '../../ledger/closing.js';
import { findDmsFailure } from '../../contract/failures.js';
import { soughtWaits } from '../operation/activity-proxies.js';
import type { LedgerRun } from './ledger-run.js';

/** Looks whether a replication that was reported missing was really deleted. */
export async function lookForMissing(ledgerRun: LedgerRun): Promise<void> {
  const { replicationConfigArn, missingSince, taskQueue } = ledgerRun.ledger;
  const where = { holdSeconds: 0, timeoutSeconds: 0, taskQueue: taskQueue ?? undefined };
  try {
    const show = (problem: string | null) => ledgerRun.showProblem('look for a deletion', problem);
    const looking = soughtWaits('See whether it was deleted', where, replicationConfigArn, show);
    await looking['dms.describeReplication']({ replicationConfigArn });
    ledgerRun.ledger = clearMissing(ledgerRun.ledger);
  } catch (err) {
    if (findDmsFailure(err)?.type !== 'DmsReplicationNotFound') throw err;
    // An operation may have found the replication meanwhile.
    if (ledgerRun.ledger.missingSince === missingSince)
      ledgerRun.ledger = markDeleted(ledgerRun.ledger, new Date().toISOString());
  }
}
