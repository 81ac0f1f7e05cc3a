import { CancellationScope, condition, log, sleep } from '@temporalio/workflow';
import { MISSING_SECONDS } from '../../ledger/closing.js';
import { unfinishedCall } from '../../ledger/calls.js';
import type { LedgerRun } from './ledger-run.js';
import { guardDeadline } from './deadline-guard.js';
import { isCancelled } from '../operation/failures.js';
import { lookForMissing } from './missing-replication.js';
import { finishCall } from './unfinished-call.js';

/** How soon work that failed is tried again: at first, and at most. */
const AGAIN_MS = 15_000;
const MOST_AGAIN_MS = 120_000;

/** Something that the ledger has to do by itself. */
interface Duty {
  readonly inMs: number;
  /** Facts of the ledger that make it due. Once one of them changes, it is another duty. */
  readonly facts: readonly unknown[];
  readonly fulfil: () => Promise<void>;
}

type DutyOf = (ledgerRun: LedgerRun) => Duty | null;

/**
 * Fulfils the duties of a ledger until the run is full. They don't wait for one another: the resume of the deadline guard can't begin before an
 * unfinished call is finished.
 */
export async function keepLedger(ledgerRun: LedgerRun): Promise<void> {
  await Promise.all([finishingDuty, missingDuty, guardDuty].map((dutyOf) => keep(ledgerRun, dutyOf)));
}

/** Finishes what an operation began and did not live to record. */
function finishingDuty(ledgerRun: LedgerRun): Duty | null {
  const unfinished = unfinishedCall(ledgerRun.ledger, new Date().toISOString());
  if (unfinished === null) return null;
  const { call, hasEnded, inSeconds } = unfinished;
  return { inMs: inSeconds * 1000, facts: [call, hasEnded], fulfil: () => finishCall(ledgerRun, call) };
}

/** Looks whether the replication was deleted. */
function missingDuty(ledgerRun: LedgerRun): Duty | null {
  const { missingSince } = ledgerRun.ledger;
  if (missingSince === null) return null;
  const inMs = untilMs(missingSince) + MISSING_SECONDS * 1000;
  return { inMs, facts: [missingSince], fulfil: () => lookForMissing(ledgerRun) };
}

/** Watches the resume deadline. */
function guardDuty(ledgerRun: LedgerRun): Duty | null {
  const { guard } = ledgerRun.ledger;
  if (guard === null) return null;
  return { inMs: untilMs(guard.nextAt), facts: [guard], fulfil: () => guardDeadline(ledgerRun, guard) };
}

async function keep(ledgerRun: LedgerRun, dutyOf: DutyOf): Promise<void> {
  while (!ledgerRun.isEnding) {
    const duty = dutyOf(ledgerRun);
    if (duty === null) {
      await condition(() => ledgerRun.isEnding || dutyOf(ledgerRun) !== null);
      continue;
    }
    const isChanged = () => ledgerRun.isEnding || !isSame(duty, dutyOf(ledgerRun));
    const isDue = duty.inMs <= 0 || !(await condition(isChanged, duty.inMs));
    if (isDue) await unlessChanged(isChanged, duty.fulfil);
  }
}

function isSame({ facts }: Duty, other: Duty | null): boolean {
  return other !== null && facts.every((each, n) => each === other.facts[n]);
}

function untilMs(time: string): number {
  return Date.parse(time) - Date.now();
}

/** Works until it succeeds, or until a change has made it needless. */
export async function unlessChanged(isChanged: () => boolean, work: () => Promise<void>): Promise<void> {
  const scope = new CancellationScope();
  let isDone = false;
  const working = scope
    .run(() => untilDone(work))
    .catch((err: unknown) => {
      if (!isCancelled(err)) throw err;
    })
    .finally(() => void (isDone = true));
  const watching = condition(() => isDone || isChanged()).then(() => scope.cancel());
  await Promise.all([working, watching]);
}

async function untilDone(work: () => Promise<void>): Promise<void> {
  for (let againMs = AGAIN_MS; ; againMs = Math.min(MOST_AGAIN_MS, againMs * 2)) {
    try {
      return await work();
    } catch (err) {
      if (isCancelled(err)) throw err;
      log.warn('The ledger could not do what there was to do', { error: String(err) });
      await sleep(againMs);
    }
  }
}
