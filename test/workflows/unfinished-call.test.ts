import { beforeEach, describe, expect, test, vi } from 'vitest';
import { dmsFailure } from '../../src/operations/failures.js';
import { emptyLedger } from '../../src/operations/ledger.js';
import type { Ledger } from '../../src/operations/records.js';
import { finishCall } from '../../src/workflows/unfinished-call.js';
import { untilRunning, untilStopped } from '../../src/workflows/waits.js';
import { begun, noted } from '../support/ledger-requests.js';
import { look } from '../support/look.js';
import { arn as replicationConfigArn, at, operation } from '../support/operations.js';

vi.mock('../../src/workflows/waits.js', () => ({ untilStopped: vi.fn(), untilRunning: vi.fn() }));

/** A ledger whose operation has closed, long after its call can have landed. */
function abandoned(kind: 'stop' | 'resume'): { ledger: Ledger; readonly isEnding: boolean } {
  const ledger = noted(emptyLedger(replicationConfigArn), operation('a', { kind }), 1, { intent: 'final' });
  return { ledger: begun(ledger, operation('b'), 5), isEnding: false };
}

function finished(book: ReturnType<typeof abandoned>): Promise<void> {
  const { pendingCall } = book.ledger;
  if (pendingCall === null) throw new Error('A call is noted');
  return finishCall(book, pendingCall);
}

const waits = { stop: vi.mocked(untilStopped), resume: vi.mocked(untilRunning) };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(at(1000)) });
  return () => vi.useRealTimers();
});

describe.each([
  ['stop', 'DmsStopTimedOut', 'running'],
  ['resume', 'DmsStartTimedOut', 'stopped'],
] as const)('the note of a %s whose operation has closed', (kind, type, status) => {
  const timedOut = (more: object) => dmsFailure(type, { replicationConfigArn, ...more }, 'late', 'Wait');

  test('is cleared when a look shows, after the call can have landed, that nothing came of it', async () => {
    waits[kind].mockRejectedValue(timedOut({ replication: look({ status }) }));
    const book = abandoned(kind);
    await finished(book);
    expect(book.ledger).toMatchObject({ pendingCall: null, operations: [{ failureType: expect.any(String) }] });
  });

  test.each([
    ['DMS gives no answer', { status, awsError: { name: 'TimeoutError', message: 'no answer' } }],
    ['no worker looks', { status }],
  ])('stays when %s until the wait is over', async (_, more) => {
    waits[kind].mockRejectedValue(timedOut(more));
    const book = abandoned(kind);
    await expect(finished(book)).rejects.toMatchObject({ type });
    expect(book.ledger.pendingCall).toMatchObject({ operationId: 'a' });
  });
});
