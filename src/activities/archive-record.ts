import { ApplicationFailure } from '@temporalio/common';
import { RecordRefused } from '../operations/archive.js';
import type { ArchiveRecord } from '../operations/protocol.js';
import type { Environment } from './environment.js';

/** While a deployment changes, some of its workers may have no archive. */
const ANOTHER_WORKER_MS = 120_000;
/** An archive that does not answer must not take the slots of what matters more. */
const ANSWER_SECONDS = 30;

/** Copies a record into the archive. Whatever goes wrong is tried again, but what the archive will never take. */
export async function archiveRecord(environment: Environment, request: ArchiveRecord): Promise<void> {
  const { arn } = environment.attempt(request, 'dms.archiveRecord', { phase: 'recording' });
  const what = `Record ${request.record.sequence} of ${arn.arn}`;
  if (environment.archive === null) {
    const message = `${what} is to be archived, and this worker has no archive: give one to createDmsActivities`;
    throw ApplicationFailure.create({ message, type: 'NoArchive', nextRetryDelay: ANOTHER_WORKER_MS });
  }
  try {
    await within(ANSWER_SECONDS, environment, request);
  } catch (err) {
    const why = err instanceof Error ? err.message : String(err);
    const message = `${what} is not archived: ${why.slice(0, 1000)}`;
    const isRefused = err instanceof RecordRefused;
    const type = isRefused ? err.name : 'ArchiveUnavailable';
    throw ApplicationFailure.create({ message, type, nonRetryable: isRefused });
  }
}

/** So many at once, and for so long. */
async function within(seconds: number, { archive, archiving }: Environment, { record }: ArchiveRecord): Promise<void> {
  const patience = AbortSignal.timeout(seconds * 1000);
  const late = new Promise<never>((_, reject) => {
    patience.addEventListener('abort', () => reject(new Error(`no answer within ${seconds} s`)));
  });
  // It may come when nobody waits for it any more.
  late.catch(() => {});
  const leave = await archiving.enter(patience);
  try {
    await Promise.race([archive?.append(record), late]);
  } finally {
    leave();
  }
}
