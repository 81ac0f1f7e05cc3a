import { describe, expect, test } from 'vitest';
import { emptyLedger } from '../../src/ledger/entries.js';
import { move } from '../../src/ledger/move.js';
import { withNote } from '../support/ledger-requests.js';
import { arn, at, operation } from '../support/operations.js';

const request = { taskQueue: 'new', by: 'ada', reason: 'the old one ends' };
const noted = withNote(emptyLedger(arn), operation('a'), 1);
const guard = {
  sequence: 1,
  resumeBy: at(9),
  endsAt: at(9),
  plan: { policy: 'warn', leadSeconds: 60, onResumeDeadline: null },
  nextAt: at(8),
  warnings: 0,
} as const;
const { pendingCall } = noted;

describe('the move of a ledger', () => {
  test('takes along what waits for activities on the old task queue', () => {
    const ledger = {
      ...noted,
      taskQueue: 'old',
      pendingCall: pendingCall && { ...pendingCall, taskQueue: 'old' },
      guard: { ...guard, taskQueue: 'old' },
      archive: { taskQueue: 'old', waiting: [] },
    };
    const { ledger: moved, reply } = move(ledger, request, at(1), 'old');
    const { taskQueue, pendingCall: call, guard: moving, archive } = moved;
    expect([taskQueue, call?.taskQueue, moving?.taskQueue, archive?.taskQueue]).toEqual(Array(4).fill('new'));
    expect(moved.events).toMatchObject([
      { type: 'moved', at: at(1), by: 'ada', reason: 'the old one ends', detail: 'From the task queue "old" to "new"' },
    ]);
    expect(reply).toBe(`The ledger of ${arn} moves to the task queue "new"`);
  });

  test('leaves what waits on a third task queue, or on the own one of the ledger', () => {
    const ledger = {
      ...noted,
      taskQueue: null,
      pendingCall: pendingCall && { ...pendingCall, taskQueue: 'third' },
      guard: { ...guard, taskQueue: 'third' },
      archive: { taskQueue: null, waiting: [] },
    };
    const { taskQueue, pendingCall: call, guard: kept, archive } = move(ledger, request, at(1), 'old').ledger;
    expect([taskQueue, call?.taskQueue, kept?.taskQueue, archive?.taskQueue]).toEqual([null, 'third', 'third', null]);
  });

  test('changes nothing if the ledger is there already', () => {
    const { ledger, reply } = move(noted, request, at(1), 'new');
    expect(ledger).toBe(noted);
    expect(reply).toContain('is on the task queue "new" already; nothing was changed');
  });
});
