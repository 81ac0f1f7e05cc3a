import { deleted, found } from '../../ledger/closing.js';
import { findDmsFailure } from '../../contract/failures.js';
import { waitingActivities } from '../operation/activity-proxies.js';
import type { Book } from './ledger-run.js';

/** Looks whether a replication that somebody did not find is really gone. */
export async function lookForMissing(book: Book): Promise<void> {
  const { replicationConfigArn, missingSince } = book.ledger;
  const where = { holdSeconds: 0, timeoutSeconds: 0 };
  try {
    await waitingActivities('See whether it was deleted', where)['dms.describeReplication']({ replicationConfigArn });
    book.ledger = found(book.ledger);
  } catch (err) {
    if (findDmsFailure(err)?.type !== 'DmsReplicationNotFound') throw err;
    // Somebody may have found it meanwhile.
    if (book.ledger.missingSince === missingSince) book.ledger = deleted(book.ledger, new Date().toISOString());
  }
}
