import { expect, test, vi } from 'vitest';
import { emptyLedger } from '../../src/ledger/entries.js';
import { markMissing } from '../../src/ledger/closing.js';
import type { Ledger } from '../../src/contract/ledger-state.js';
import { guardDeadline } from '../../src/workflows/ledger/deadline-guard.js';
import { runDuties } from '../../src/workflows/ledger/duties.js';
import { lookForMissing } from '../../src/workflows/ledger/missing-replication.js';
import { finishCall } from '../../src/workflows/ledger/unfinished-call.js';
import { withBegun, withNote, withRecord } from '../support/ledger-requests.js';
import { arn, at, operation } from '../support/operations.js';
import { until } from '../support/stage.js';

vi.mock('../../src/workflows/ledger/deadline-guard.js', () => ({ guardDeadline: vi.fn() }));
vi.mock('../../src/workflows/ledger/missing-replication.js', () => ({ lookForMissing: vi.fn() }));
vi.mock('../../src/workflows/ledger/unfinished-call.js', () => ({ finishCall: vi.fn() }));

/** Stands in for the workflow API: polls conditions, and divides all times by a thousand. */
vi.mock('@temporalio/workflow', async (original) => {
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  class CancellationScope {
    #cancel: (err: Error) => void = () => {};
    run<T>(work: () => Promise<T>): Promise<T> {
      const cancelled = new Promise<never>((_, reject) => (this.#cancel = reject));
      return Promise.race([work(), cancelled]);
    }
    async cancel(): Promise<void> {
      const { CancelledFailure } = await import('@temporalio/common');
      this.#cancel(new CancelledFailure('Cancelled'));
    }
  }
  return {
    ...(await original<object>()),
    CancellationScope,
    log: { warn: () => {} },
    sleep: (ms: number) => pause(ms / 1000),
    condition: async (holds: () => boolean, ms = Infinity) => {
      for (const began = Date.now(); !holds(); await pause(1)) if (Date.now() - began > ms / 1000) return false;
      return true;
    },
  };
});

const plan = { policy: 'resume', leadSeconds: 172_800, onResumeDeadline: null } as const;
const stop = operation('stop', { deadline: plan });
const paused = withRecord(withNote(emptyLedger(arn), stop, 1), stop, 9);

/** Runs the duties of a ledger until a condition holds. */
async function runDutiesUntil(
  ledger: Ledger,
  what: string,
  holds: (ledgerRun: { readonly ledger: Ledger }) => boolean,
) {
  const ledgerRun = { ledger, isEnding: false, isMoving: false, showProblem: () => {} };
  const keeping = runDuties(ledgerRun);
  await until(what, () => holds(ledgerRun));
  ledgerRun.isEnding = true;
  await keeping;
}

test('the ledger finishes a call while the resume of its deadline guard waits for it', async () => {
  const resume = operation('died', { kind: 'resume' });
  const ledger = withBegun(withNote(paused, resume, 20), operation('waits', { kind: 'resume' }), 30);
  expect(ledger).toMatchObject({ guard: { sequence: 1 }, pendingCall: { isAbandoned: true } });
  vi.mocked(finishCall).mockImplementation(
    async (ledgerRun) => void (ledgerRun.ledger = { ...ledgerRun.ledger, pendingCall: null }),
  );
  vi.mocked(guardDeadline).mockImplementation(async (ledgerRun) => {
    await until('the call is finished', () => ledgerRun.ledger.pendingCall === null);
    ledgerRun.ledger = { ...ledgerRun.ledger, guard: null };
  });
  await runDutiesUntil(ledger, 'the guard has resumed it', (ledgerRun) => ledgerRun.ledger.guard === null);
});

test('the ledger looks for a replication that its own deadline guard did not find', async () => {
  vi.mocked(guardDeadline).mockImplementation(async (ledgerRun) => {
    ledgerRun.ledger = { ...markMissing(ledgerRun.ledger, at(0)), guard: null };
  });
  vi.mocked(lookForMissing).mockImplementation(async (ledgerRun) => {
    ledgerRun.ledger = { ...ledgerRun.ledger, missingSince: null, deletedAt: at(99) };
  });
  await runDutiesUntil(paused, 'it is known to be deleted', (ledgerRun) => ledgerRun.ledger.deletedAt !== null);
});

test('the ledger retries to finish a call after a failure, and goes on through other changes of its state', async () => {
  const ledger = withBegun(withNote(emptyLedger(arn), stop, 1), operation('waits'), 30);
  let [begins, isCancelled] = [0, true];
  vi.mocked(finishCall).mockImplementation(async (ledgerRun) => {
    if (begins++ === 0) throw new Error('DMS gives no answer');
    ledgerRun.ledger = markMissing(ledgerRun.ledger, new Date().toISOString());
    await new Promise((resolve) => setTimeout(resolve, 20));
    isCancelled = false;
    ledgerRun.ledger = { ...ledgerRun.ledger, pendingCall: null };
  });
  await runDutiesUntil(ledger, 'the call is finished', (ledgerRun) => ledgerRun.ledger.pendingCall === null);
  expect([begins, isCancelled]).toEqual([2, false]);
});
