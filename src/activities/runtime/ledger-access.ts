/** Access of an activity's attempt to the ledger of its replication. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { ledgerCheckCommands } from '../../contract/commands.js';
import { ledgerClosed } from '../../contract/failure-messages.js';
import { dmsFailure, isDmsFailure } from '../../contract/failures.js';
import type { BeginReply, BeginRequest } from '../../contract/ledger-protocol.js';
import { backoffSeconds } from './api-failures.js';
import type { Attempt } from './attempt.js';
import { LedgerClient } from './ledger-client.js';
import { LedgerUnreachable, LedgerBusyError } from './ledger-errors.js';
import { reportProblem } from './report-problem.js';

/** Time without an answer of the ledger after which the operation shows that. Temporal itself needs 20 s to tell why. */
const SILENT_SECONDS = 5;
/** Length of an outage after which the workflow shows it, if its attempts end with errors. */
const SHOWN_OUTAGE_SECONDS = 2;
/** Time limit for writing the note. After it, the call is not sent. So a call lands within a known time of its note. */
const NOTE_SECONDS = 4;
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
  const reporter = new OutageReporter(attempt, ledger);
  try {
    const answer = await request(ledger);
    ledgerOutages.delete(arn);
    reporter.reportAnswer();
    return answer;
  } catch (err) {
    const isClosed = isDmsFailure(err, 'DmsLedgerClosed');
    if (!isClosed && !(err instanceof LedgerUnreachable)) {
      ledgerOutages.delete(arn); // a refusal is an answer, too
      reporter.reportAnswer();
      throw err instanceof LedgerBusyError ? attempt.ledgerBusy(err.message, err.seconds) : err;
    }
    // A person terminated the ledger. An operation that has called waits until that person brings the ledger back.
    if (isClosed && !attempt.mayHaveCalled && !(await attempt.hasEarlierAttemptCalled())) throw err;
    const where = await ledger.describe();
    const { seconds, failure } = outageOf(attempt, where, err);
    if (seconds >= SHOWN_OUTAGE_SECONDS)
      await reporter.report(() => `The ledger ${where} gives no answer (${err.message})`);
    throw failure;
  } finally {
    reporter.end();
  }
}

/** Begins or continues an operation. Takes the note of its call back if writing it took too long. */
export async function beginInTime(ledger: LedgerClient, request: BeginRequest): Promise<BeginReply> {
  const askedAt = performance.now();
  const begun = await ledger.begin(request);
  const seconds = (performance.now() - askedAt) / 1000;
  if (request.call === null || begun.busy !== null || begun.repeatOf !== null || seconds <= NOTE_SECONDS) return begun;
  await ledger.record({ type: 'refused', operation: request.operation, token: request.token });
  throw new LedgerUnreachable(`writing the note took ${seconds.toFixed(0)} s, so the call was not sent`);
}

/**
 * Seconds after the last report from which another ledger's outage may replace the shown one, and from which a worker
 * forgets it.
 */
const [STALE_SECONDS, FORGOTTEN_SECONDS] = [60, 3600];

/**
 * Reports an outage of the ledger, and its end, to the attempt's workflow. A workflow shows one ledger at a time, and
 * forgets it when the activity ends.
 */
class OutageReporter {
  /** Report that was sent. `null`: none by this activity. */
  #reported: Promise<void> | null;
  readonly #timer: NodeJS.Timeout;
  readonly #runId: string;
  readonly #activityId: string;

  constructor(
    private readonly attempt: Attempt,
    private readonly ledger: LedgerClient,
  ) {
    this.#runId = attempt.workflowExecution?.runId ?? '';
    this.#activityId = Context.current().info.activityId;
    this.#reported = this.#isOwn ? Promise.resolve() : null;
    const describeSilence = async () => {
      const at = new Date().toISOString();
      return `The ledger ${await this.ledger.describe()} had given no answer for ${SILENT_SECONDS} seconds at ${at}`;
    };
    this.#timer = setTimeout(() => void this.report(describeSilence), SILENT_SECONDS * 1000);
  }

  /** Reports a problem, once for each outage of an activity. */
  async report(describeProblem: () => string | Promise<string>): Promise<void> {
    const { arn } = this.attempt.arn;
    const { shownOutages } = this.attempt.worker;
    const secondsSince = (at: number) => (performance.now() - at) / 1000;
    for (const [runId, { at }] of shownOutages) if (secondsSince(at) > FORGOTTEN_SECONDS) shownOutages.delete(runId);
    const shown = shownOutages.get(this.#runId);
    if (shown !== undefined && shown.arn !== arn && secondsSince(shown.at) <= STALE_SECONDS) return;
    shownOutages.set(this.#runId, { arn, activityId: this.#activityId, at: performance.now() });
    const report = async () => reportProblem(this.attempt, await describeProblem());
    await (this.#reported ??= report());
  }

  /**
   * Reports that the ledger answers again, if its outage was reported. Does not wait for the report: the attempt may be
   * about to call DMS.
   */
  reportAnswer(): void {
    void this.#reported
      ?.then(() => reportProblem(this.attempt, null))
      .then(() => this.#isOwn && this.attempt.worker.shownOutages.delete(this.#runId));
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  /** True if the workflow shows the outage that this activity has reported. */
  get #isOwn(): boolean {
    const shown = this.attempt.worker.shownOutages.get(this.#runId);
    return shown?.arn === this.attempt.arn.arn && shown.activityId === this.#activityId;
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

/** Returns how long the ledger has been out of reach, and the failure of the attempt. */
function outageOf(
  attempt: Attempt,
  ledger: string,
  err: Error,
): { readonly seconds: number; readonly failure: ApplicationFailure } {
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
  if (seconds < LEDGER_PATIENCE_SECONDS) return { seconds, failure: attempt.retryable('DmsUnavailable', what, delay) };
  // An operation that has begun may have called DMS. Only the ledger knows. The operation's own deadline ends the wait.
  if (attempt.mayHaveBegun) return { seconds, failure: attempt.ledgerOutage(what, delay) };
  ledgerOutages.delete(arn);
  const failure = dmsFailure(
    'DmsLedgerUnavailable',
    { ...attempt.subject, elapsedSeconds: seconds },
    `The ledger ${ledger} could not be reached for ${Math.round(seconds / 60)} minutes (${err.message}); DMS was not called`,
    err instanceof LedgerUnreachable
      ? `${err.hint} See what is missing: ${ledgerCheckCommands(arn)}.`
      : ledgerClosed(arn).details[0].hint,
  );
  return { seconds, failure };
}

/** True if the ledger has ever seen the replication. An ARN that neither the ledger nor DMS knows has a typo. */
export async function isKnownToLedger(attempt: Attempt): Promise<boolean> {
  const { operations, checkpoints, reservation } = await askLedger(attempt, (ledger) => ledger.read());
  return operations.length > 0 || checkpoints.length > 0 || reservation !== null;
}
