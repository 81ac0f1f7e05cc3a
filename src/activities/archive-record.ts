import { ApplicationFailure } from '@temporalio/common';
import { RecordRefused, type CheckpointArchive } from '../contract/archive.js';
import type { ArchiveRecord } from '../contract/activity-protocol.js';
import type { ArchivedRecord } from '../contract/ledger-state.js';
import { showArchiveWaiting } from './runtime/metrics.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import type { WorkerContext } from './runtime/worker-context.js';
import type { Gate } from './runtime/gate.js';
import { inTime } from '../watch/index.js';

/** Delay until the next attempt when this worker has no archive. During a deployment, another worker may have one. */
const ANOTHER_WORKER_MS = 120_000;
/**
 * Time limits for a place in the gate and for the archive's answer. Their sum is less than start-to-close. A hanging
 * archive must not hold the worker's activity slots.
 */
const PLACE_SECONDS = 20;
const ANSWER_SECONDS = 30;

/** Copies a record into the archive. Every failure is retried, except a refusal by the archive. */
export async function archiveRecord(worker: WorkerContext, request: ArchiveRecord): Promise<void> {
  const { archive, archiveGate: archiving } = worker;
  const { arn } = beginAttempt(worker, request, 'dms.archiveRecord', { phase: 'recording' });
  showArchiveWaiting(arn.arn);
  const what = `Record ${request.record.sequence} of ${arn.arn}`;
  if (archive === null) {
    const message = `${what} can't be archived: this worker has no archive. Pass one to createDmsActivities`;
    throw ApplicationFailure.create({ message, type: 'NoArchive', nextRetryDelay: ANOTHER_WORKER_MS });
  }
  try {
    await store(archive, archiving, request.record);
  } catch (err) {
    const why = err instanceof Error ? err.message : String(err);
    const message = `${what} is not archived: ${why.slice(0, 1000)}`;
    const isRefused = err instanceof RecordRefused;
    const type = isRefused ? err.name : 'ArchiveUnavailable';
    throw ApplicationFailure.create({ message, type, nonRetryable: isRefused });
  }
}

/** Stores a record once the gate has a place. The time limit frees the place even if the archive hangs. */
async function store(archive: CheckpointArchive, archiving: Gate, record: ArchivedRecord): Promise<void> {
  const leave = await archiving.enter(AbortSignal.timeout(PLACE_SECONDS * 1000));
  try {
    await inTime(ANSWER_SECONDS, () => archive.append(record));
  } finally {
    leave();
  }
}
