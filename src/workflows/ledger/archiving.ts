import { ApplicationFailure } from '@temporalio/common';
import { ActivityFailure, condition } from '@temporalio/workflow';
import { nextToArchive, giveUpRecord, dequeueRecord } from '../../ledger/archive.js';
import type { ArchivedRecord } from '../../contract/ledger-state.js';
import { archivingActivities } from '../operation/activity-proxies.js';
import { countArchived } from '../metrics.js';
import type { LedgerRun } from './ledger-run.js';
import { retryUntilChanged } from './duties.js';

/** Failure type of an archive's `RecordRefused`. */
const REFUSED = 'RecordRefused';

/** Copies queued records into the archive, one by one, until the run ends. The next run copies the rest. */
export async function runArchiveDuty(ledgerRun: LedgerRun): Promise<void> {
  const next = () => nextToArchive(ledgerRun.ledger);
  for (;;) {
    await condition(() => ledgerRun.isEnding || next() !== null);
    const record = next();
    if (ledgerRun.isEnding || record === null) return;
    const queue = ledgerRun.ledger.archive?.taskQueue;
    await retryUntilChanged(
      () => ledgerRun.isEnding || ledgerRun.ledger.archive?.taskQueue !== queue,
      () => store(ledgerRun, record),
      (problem) => ledgerRun.showProblem('archive records', problem),
    );
  }
}

async function store(ledgerRun: LedgerRun, record: ArchivedRecord): Promise<void> {
  const { replicationConfigArn, archive } = ledgerRun.ledger;
  try {
    const taskQueue = archive?.taskQueue ?? undefined;
    const show = (problem: string | null) => ledgerRun.showProblem('archive records', problem);
    const archiving = archivingActivities({
      replicationConfigArn,
      taskQueue,
      onMissing: show,
      longestPauseSeconds: 120,
    });
    await archiving['dms.archiveRecord']({ replicationConfigArn, record });
    ledgerRun.ledger = dequeueRecord(ledgerRun.ledger, record.sequence);
    countArchived('copied');
  } catch (err) {
    const failure = err instanceof ActivityFailure ? err.cause : null;
    if (!(failure instanceof ApplicationFailure) || failure.type !== REFUSED) throw err;
    ledgerRun.ledger = giveUpRecord(ledgerRun.ledger, record.sequence, failure.message, new Date().toISOString());
    countArchived('given-up');
  }
}
