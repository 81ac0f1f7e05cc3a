import { ApplicationFailure } from '@temporalio/common';
import { ActivityFailure, condition } from '@temporalio/workflow';
import { nextToArchive, refused, stored } from '../../ledger/archive.js';
import type { ArchivedRecord } from '../../contract/ledger-state.js';
import { archivingActivities } from '../operation/activity-proxies.js';
import type { Book } from './ledger-run.js';
import { unlessChanged } from './duties.js';

/** The type of the failure that an archive's `RecordRefused` comes as. */
const REFUSED = 'RecordRefused';

/** Copies record after record into the archive, beside everything else that a ledger does, until the run is full: the next one goes on. */
export async function keepArchive(book: Book): Promise<void> {
  const next = () => nextToArchive(book.ledger);
  for (;;) {
    await condition(() => book.isEnding || next() !== null);
    const record = next();
    if (book.isEnding || record === null) return;
    const queue = book.ledger.archive?.taskQueue;
    await unlessChanged(
      () => book.isEnding || book.ledger.archive?.taskQueue !== queue,
      () => store(book, record),
    );
  }
}

async function store(book: Book, record: ArchivedRecord): Promise<void> {
  const { replicationConfigArn, archive } = book.ledger;
  try {
    await archivingActivities(archive?.taskQueue ?? null)['dms.archiveRecord']({ replicationConfigArn, record });
    book.ledger = stored(book.ledger, record.sequence);
  } catch (err) {
    const failure = err instanceof ActivityFailure ? err.cause : null;
    if (!(failure instanceof ApplicationFailure) || failure.type !== REFUSED) throw err;
    book.ledger = refused(book.ledger, record.sequence, failure.message, new Date().toISOString());
  }
}
