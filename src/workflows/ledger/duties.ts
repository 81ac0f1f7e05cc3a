/**
 * The duties of a ledger.
 *
 * A **duty** is work that the ledger does by itself: finish a call, find a deletion, guard the resume window. Archiving
 * is a duty, too, see `archiving.ts`.
 *
 * Each duty has a loop of its own, which waits until the duty is due. A change of the facts behind a duty cancels its
 * work.
 */
import { CancellationScope, condition, log, sleep } from '@temporalio/workflow';
import { MISSING_SECONDS } from '../../ledger/closing.js';
import { unfinishedCall } from '../../ledger/calls.js';
import { findDmsFailure } from '../../contract/failures.js';
import type { DutyName, LedgerRun } from './ledger-run.js';
import { guardDeadline } from './deadline-guard.js';
import { isCancelled } from '../operation/failures.js';
import { lookForMissing } from './missing-replication.js';
import { finishCall } from './unfinished-call.js';

/** Shortest and longest delay until failed work is tried again. */
const MIN_RETRY_MS = 15_000;
const MAX_RETRY_MS = 120_000;

/** Duty that the ledger's state calls for. */
interface Duty {
  readonly name: DutyName;
  readonly inMs: number;
  /** Facts of the ledger that make the duty due. A change of one makes it another duty. */
  readonly facts: readonly unknown[];
  readonly fulfil: () => Promise<void>;
}

type DutyOf = (ledgerRun: LedgerRun) => Duty | null;

/**
 * Fulfils the duties of a ledger until the run ends.
 *
 * The duties run concurrently. In sequence they could deadlock, because the deadline guard's resume can't begin before
 * an unfinished call is finished.
 */
export async function runDuties(ledgerRun: LedgerRun): Promise<void> {
  await Promise.all([finishingDuty, missingDuty, guardDuty].map((dutyOf) => runDuty(ledgerRun, dutyOf)));
}

/** Finishes a call whose operation ended without recording the outcome. */
function finishingDuty(ledgerRun: LedgerRun): Duty | null {
  const unfinished = unfinishedCall(ledgerRun.ledger, new Date().toISOString());
  if (unfinished === null) return null;
  const { call, hasEnded, inSeconds } = unfinished;
  return {
    name: 'finish a call',
    inMs: inSeconds * 1000,
    facts: [call, hasEnded],
    fulfil: () => finishCall(ledgerRun, call),
  };
}

/** Looks whether the replication was deleted. */
function missingDuty(ledgerRun: LedgerRun): Duty | null {
  const { missingSince } = ledgerRun.ledger;
  if (missingSince === null) return null;
  const inMs = untilMs(missingSince) + MISSING_SECONDS * 1000;
  return { name: 'look for a deletion', inMs, facts: [missingSince], fulfil: () => lookForMissing(ledgerRun) };
}

/** Guards the resume window. */
function guardDuty(ledgerRun: LedgerRun): Duty | null {
  const { guard } = ledgerRun.ledger;
  if (guard === null) return null;
  return {
    name: 'guard the resume window',
    inMs: untilMs(guard.nextAt),
    facts: [guard],
    fulfil: () => guardDeadline(ledgerRun, guard),
  };
}

async function runDuty(ledgerRun: LedgerRun, dutyOf: DutyOf): Promise<void> {
  while (!ledgerRun.isEnding) {
    const duty = dutyOf(ledgerRun);
    if (duty === null) {
      await condition(() => ledgerRun.isEnding || dutyOf(ledgerRun) !== null);
      continue;
    }
    const isChanged = () => ledgerRun.isEnding || !isSame(duty, dutyOf(ledgerRun));
    const isDue = duty.inMs <= 0 || !(await condition(isChanged, duty.inMs));
    if (isDue) await retryUntilChanged(isChanged, duty.fulfil, (problem) => ledgerRun.showProblem(duty.name, problem));
  }
}

function isSame({ facts }: Duty, other: Duty | null): boolean {
  return other !== null && facts.every((each, n) => each === other.facts[n]);
}

function untilMs(time: string): number {
  return Date.parse(time) - Date.now();
}

/** Retries the work until it succeeds. Cancels the work if a change makes it unnecessary. */
export async function retryUntilChanged(
  isChanged: () => boolean,
  work: () => Promise<void>,
  showProblem: (problem: string | null) => void,
): Promise<void> {
  const scope = new CancellationScope();
  let isDone = false;
  const working = scope
    .run(() => untilDone(work, showProblem))
    .catch((err: unknown) => {
      if (!isCancelled(err)) throw err;
    })
    .finally(() => {
      isDone = true;
      showProblem(null);
    });
  const watching = condition(() => isDone || isChanged()).then(() => scope.cancel());
  await Promise.all([working, watching]);
}

async function untilDone(work: () => Promise<void>, showProblem: (problem: string | null) => void): Promise<void> {
  for (let retryMs = MIN_RETRY_MS; ; retryMs = Math.min(MAX_RETRY_MS, retryMs * 2)) {
    try {
      return await work();
    } catch (err) {
      if (isCancelled(err)) throw err;
      const error = problemOf(err);
      log.warn('A duty of the ledger failed and is retried', { error });
      showProblem(`${error}. The ledger tries again by itself`);
      await sleep(retryMs);
      // The next try may take days, and shows its own problems.
      showProblem(null);
    }
  }
}

/** Says what prevents a duty. The way out of an operation is none for a ledger. */
function problemOf(err: unknown): string {
  const failure = findDmsFailure(err);
  if (failure !== undefined) return failure.message.replace(failure.details[0].hint, '').replace(/[.\s]+$/, '');
  let cause = err;
  while (cause instanceof Error && cause.cause instanceof Error) ({ cause } = cause);
  return cause instanceof Error ? cause.message : String(cause);
}
