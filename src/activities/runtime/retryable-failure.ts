import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { AttemptProgress, RetryableType } from '../../contract/progress.js';

/** Maximum length of a status in the details. */
const STATUS_LENGTH = 200;
/** Maximum length of the message. */
const MESSAGE_LENGTH = 1000;

/**
 * Creates a failure that Temporal retries after `retryInSeconds`. The server drops a failure above 4 kB entirely, so
 * this one stays below half of that.
 */
export function retryableFailure(type: RetryableType, message: string, progress: AttemptProgress): ApplicationFailure {
  const { status, elapsedSeconds, retryInSeconds } = progress;
  const details: AttemptProgress = {
    ...progress,
    status: status?.slice(0, STATUS_LENGTH) ?? null,
    elapsedSeconds: Math.round(elapsedSeconds),
  };
  return ApplicationFailure.create({
    type,
    message: message.slice(0, MESSAGE_LENGTH),
    nextRetryDelay: Math.max(100, Math.round(retryInSeconds * 1000)),
    details: [details],
    ...(type === 'DmsStillWaiting' ? { category: ApplicationFailureCategory.BENIGN } : {}),
  });
}
