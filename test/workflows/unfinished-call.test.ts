import { beforeEach, describe, expect, test, vi } from 'vitest';
import { dmsFailure } from '../../src/contract/failures.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import type { RecordOperation } from '../../src/contract/activity-protocol.js';
import type { Ledger } from '../../src/contract/ledger-state.js';
import type { LedgerRun } from '../../src/workflows/ledger/ledger-run.js';
import { callMark } from '../../src/dms/checkpoint.js';
import { finishCall } from '../../src/workflows/ledger/unfinished-call.js';
import { untilRunning, untilStopped } from '../../src/workflows/operation/waits.js';
import { withBegun, draftOf, withNote, withRecord } from '../support/ledger-requests.js';
import { look } from '../support/look.js';
import { arn as replicationConfigArn, at, operation } from '../support/operations.js';

vi.mock('../../src/workflows/operation/waits.js', () => ({ untilStopped: vi.fn(), untilRunning: vi.fn() }));

/** Ledger whose operation has closed. Its call can no longer land. */
function abandoned(kind: 'stop' | 'resume'): LedgerRun & { ledger: Ledger } {
  const ledger = withNote(emptyLedger(replicationConfigArn), operation('a', { kind }), 1, { intent: 'final' });
  return { ledger: withBegun(ledger, operation('b'), 5), isEnding: false, isMoving: false, showProblem: () => {} };
}

function finishNotedCall(ledgerRun: ReturnType<typeof abandoned>): Promise<void> {
  const { pendingCall } = ledgerRun.ledger;
  if (pendingCall === null) throw new Error('A call is noted');
  return finishCall(ledgerRun, pendingCall);
}

const waits = { stop: vi.mocked(untilStopped), resume: vi.mocked(untilRunning) };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(at(1000)) });
  return () => vi.useRealTimers();
});

/** Ends of operations that the ledger has recorded. */
const recordedEnds: RecordOperation[] = [];
vi.mock('../../src/workflows/operation/activity-proxies.js', () => ({
  soughtActivities: () => ({ 'dms.recordOperation': async (how: RecordOperation) => void recordedEnds.push(how) }),
}));
vi.mock('@temporalio/workflow', async (original) => ({
  ...(await original<object>()),
  CancellationScope: class {
    static nonCancellable = (work: () => unknown) => work();
    run = (work: () => unknown) => work();
  },
  condition: async () => true,
}));

test.each([
  ['resume-processing', 1],
  ['reload-target', null],
])('a start with %s whose operation has closed is recorded as resumed from record %s', async (type, sequence) => {
  const stopped = look();
  const { replicationLastStopTime: stoppedAt, replicationCreateTime } = stopped;
  const paused = operation('paused');
  const checkpoint = draftOf('paused', { stoppedAt, replicationCreateTime });
  const ledger = withRecord(withNote(emptyLedger(replicationConfigArn), paused, 1), paused, 2, { checkpoint });
  const resume = operation('a', { kind: 'resume' });
  const left = withNote(ledger, resume, 5, { startReplicationType: type, before: callMark(stopped) });
  waits.resume.mockResolvedValue({ replication: look({ status: 'running' }), progress: 'not-checked', warnings: [] });
  await finishNotedCall({ ...abandoned('resume'), ledger: withBegun(left, operation('b'), 9) });
  const how = recordedEnds.at(-1);
  if (how?.end !== 'resumed') throw new Error('It is recorded as resumed');
  expect([how.finishedBy, how.operation.operationId]).toEqual(['ledger', 'a']);
  expect(how.result.resumedFrom?.sequence ?? null).toBe(sequence);
});

describe.each([
  ['stop', 'DmsStopTimedOut', 'running'],
  ['resume', 'DmsStartTimedOut', 'stopped'],
] as const)('the note of a %s whose operation has closed', (kind, type, status) => {
  const timedOut = (more: object) => dmsFailure(type, { replicationConfigArn, ...more }, 'late', 'Wait');

  test('is cleared when a look shows that the call had no effect', async () => {
    waits[kind].mockRejectedValue(timedOut({ replication: look({ status }) }));
    const ledgerRun = abandoned(kind);
    await finishNotedCall(ledgerRun);
    expect(ledgerRun.ledger).toMatchObject({ pendingCall: null, operations: [{ failureType: expect.any(String) }] });
  });

  test.each([
    ['DMS does not answer', { status, awsError: { name: 'TimeoutError', message: 'no answer' } }],
    ['no worker looks', { status }],
  ])('stays when %s until the wait is over', async (_, more) => {
    waits[kind].mockRejectedValue(timedOut(more));
    const ledgerRun = abandoned(kind);
    await expect(finishNotedCall(ledgerRun)).rejects.toMatchObject({ type });
    expect(ledgerRun.ledger.pendingCall).toMatchObject({ operationId: 'a' });
  });
});
