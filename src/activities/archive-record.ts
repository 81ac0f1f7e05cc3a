import { ApplicationFailure } from '@temporalio/common';
import { RecordRefused } from '../operations/archive.js';
import type { ArchiveRecord } from '../operations/protocol.js';
import type { Environment } from './environment.js';

/** While a deployment changes, some of its workers may have no archive. */
const ANOTHER_WORKER_MS = 30_000;

/** Copies a record into the archive. Whatever goes wrong is tried again, but what the archive will never take. */
export async function archiveRecord(environment: Environment, request: ArchiveRecord): Promise<void> {
  const { arn } = environment.attempt(request, 'dms.archiveRecord', { phase: 'recording' });
  const what = `Record ${request.record.sequence} of ${arn.arn}`;
  if (environment.archive === null) {
    const message = `${what} is to be archived, and this worker has no archive: give one to createDmsActivities`;
    throw ApplicationFailure.create({ message, type: 'NoArchive', nextRetryDelay: ANOTHER_WORKER_MS });
  }
  try {
    await environment.archive.append(request.record);
  } catch (err) {
    const why = err instanceof Error ? err.message : String(err);
    const message = `${what} is not archived: ${why.slice(0, 1000)}`;
    const isRefused = err instanceof RecordRefused;
    const type = isRefused ? err.name : 'ArchiveUnavailable';
    throw ApplicationFailure.create({ message, type, nonRetryable: isRefused });
  }
}
