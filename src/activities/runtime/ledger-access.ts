/** Access of an activity's attempt to the ledger of its replication. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { ledgerCheckCommands } from '../../contract/commands.js';
import { ledgerClosed } from '../../contract/failure-messages.js';
import { dmsFailure, isDmsFailure } from '../../contract/failures.js';
import { backoffSeconds } from './api-failures.js';
import type { Attempt } from './attempt.js';
import { LedgerClient } from './ledger-client.js';
import { LedgerUnreachable, LedgerBusyError } from './ledger-errors.js';
import { reportProblem } from './report-problem.js';

/** Time without an answer of the ledger after which the operation shows that. Temporal itself needs 20 s to tell why. */
const SILENT_SECONDS = 7;
/** Longest time the ledger may be out of reach before an operation that has not begun gives up. */
const LEDGER_PATIENCE_SECONDS = 300;

/**
 * Asks the ledger. While the ledger can't be reached, the attempt fails retryably. After five minutes an operation that
 * has not begun gives up. One that has begun ends by its own deadline.
 */
export async function askLedger<T>(attempt: Attempt, request: (ledger: LedgerClient) => Promise<T>): Promise<T> {
  const { arn } = attempt.arn;
  const { ledgerOutages } = attempt.worker;
  const ledger = ledgerClientOf(attempt);
  try {
    const answer = await showSilence(attempt, ledger, request(ledger));
    ledgerOutages.delete(arn);
    return answer;
  } catch (err) {
    if (err instanceof LedgerBusyError) throw attempt.ledgerBusy(err.message, err.seconds);
    if (isDmsFailure(err, 'DmsLedgerClosed')) {
      // A person terminated the ledger. An operation that has called waits until that person brings the ledger back.
      if (!attempt.mayHaveCalled && !(await attempt.hasEarlierAttemptCalled())) throw err;
    } else if (!(err instanceof LedgerUnreachable)) throw err;
    throw outageFailure(attempt, await ledger.describe(), err);
  }
}

/** Waits for the ledger's answer. Meanwhile shows once that it is missing, and then that it is there. */
async function showSilence<T>(attempt: Attempt, ledger: LedgerClient, answer: Promise<T>): Promise<T> {
  const { ledgerOutages } = attempt.worker;
  const isShown = ledgerOutages.has(attempt.arn.arn);
  let shown = isShown ? Promise.resolve() : null;
  const show = async () => {
    const where = await ledger.describe();
    const what = `The ledger ${where} has given no answer for ${SILENT_SECONDS} seconds, at ${new Date().toISOString()}`;
    await reportProblem(attempt, what);
  };
  const silence = setTimeout(() => void (shown ??= show()), SILENT_SECONDS * 1000);
  try {
    const answered = await answer;
    // The attempt does not wait for this: it may be about to call DMS.
    void shown?.then(() => reportProblem(attempt, null));
    return answered;
  } finally {
    clearTimeout(silence);
  }
}

function ledgerClientOf({ worker, arn }: Attempt): LedgerClient {
  const { inWorkflow, activityType, taskQueue, currentAttemptScheduledTimestampMs: now } = Context.current().info;
  if (inWorkflow) {
    const { archive, ledgerTaskQueue } = worker;
    return new LedgerClient(worker.client(), arn.arn, ledgerTaskQueue ?? taskQueue, archive, now);
  }
  throw ApplicationFailure.nonRetryable(
    `${activityType} works only as a step of an operation's workflow: start one with the client or the steps`,
  );
}

function outageFailure(attempt: Attempt, ledger: string, err: Error): ApplicationFailure {
  const { arn } = attempt.arn;
  const { ledgerOutages } = attempt.worker;
  const { currentAttemptScheduledTimestampMs, scheduledTimestampMs } = Context.current().info;
  const now = currentAttemptScheduledTimestampMs / 1000;
  // An outage that began before this activity may have ended since, unseen by this worker.
  const since = Math.max(ledgerOutages.get(arn) ?? now, scheduledTimestampMs / 1000);
  ledgerOutages.set(arn, since);
  const seconds = now - since;
  const what = `The ledger ${ledger} gives no answer (${err.message})`;
  const delay = backoffSeconds(attempt.number, 1);
  if (seconds < LEDGER_PATIENCE_SECONDS) return attempt.retryable('DmsUnavailable', what, delay);
  // An operation that has begun may have called DMS. Only the ledger knows. The operation's own deadline ends the wait.
  if (attempt.mayHaveBegun) return attempt.ledgerOutage(what, delay);
  ledgerOutages.delete(arn);
  return dmsFailure(
    'DmsLedgerUnavailable',
    { ...attempt.subject, elapsedSeconds: seconds },
    `The ledger ${ledger} could not be reached for ${Math.round(seconds / 60)} minutes (${err.message}); DMS was not called`,
    err instanceof LedgerUnreachable
      ? `${err.hint} See what is missing: ${ledgerCheckCommands(arn)}.`
      : ledgerClosed(arn).details[0].hint,
  );
}

/** True if the ledger has ever seen the replication. An ARN that neither the ledger nor DMS knows has a typo. */
export async function isKnownToLedger(attempt: Attempt): Promise<boolean> {
  const { operations, checkpoints } = await askLedger(attempt, (ledger) => ledger.read());
  return operations.length > 0 || checkpoints.length > 0;
}
