import { describe, expect, test } from 'vitest';
import {
  readClosedState,
  markDeleted,
  clearMissing,
  reportMissing,
  mayClose,
  markMissing,
} from '../../src/ledger/closing.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import type { Ledger } from '../../src/contract/ledger-state.js';
import { withBegun, withNote, withRecord } from '../support/ledger-requests.js';
import { arn, at, operation } from '../support/operations.js';

const empty = emptyLedger(arn);
const stop = operation('a', {
  deadline: { policy: 'warn', leadSeconds: 3600, onResumeDeadline: null },
});
const seal = { by: 'ada', reason: null, at: at(1) };

describe("a replication that an operation can't find", () => {
  test('is missing from the first failed look until it is found', () => {
    const once = reportMissing(empty, undefined, at(5));
    expect(once).toEqual({ ledger: { ...empty, missingSince: at(5) }, reply: null });
    expect(markMissing(once.ledger, at(9)).missingSince).toBe(at(5));
    expect(clearMissing(once.ledger)).toEqual(empty);
  });

  test('is not missing once it is known to be deleted', () => {
    const closed = markDeleted(markMissing(empty, at(5)), at(9));
    expect(markMissing(closed, at(11))).toBe(closed);
  });

  test('loses its guard and its note when it is marked as deleted', () => {
    const guarded = withNote(withRecord(withBegun(empty, stop, 1), stop, 2), operation('b'), 3);
    expect([guarded.guard, guarded.pendingCall]).not.toContain(null);
    const since = markDeleted({ ...guarded, missingSince: at(5) }, at(9));
    expect(since).toMatchObject({ deletedAt: at(9), missingSince: null, guard: null, pendingCall: null });
    expect(since.events[0]).toEqual({
      type: 'deleted',
      at: at(9),
      by: null,
      reason: null,
      workflowId: null,
      detail: `DMS has not shown it since ${at(5)}`,
    });
    expect(markDeleted(empty, at(9)).events[0]?.detail).toBe(`DMS has not shown it since ${at(9)}`);
  });
});

describe('a ledger', () => {
  const closing = markDeleted(empty, at(9));
  const { pendingCall } = withNote(empty, stop, 3);
  const { guard, checkpoints } = withRecord(withBegun(empty, stop, 1), stop, 2);
  const archive = { taskQueue: null, waiting: [{ sequence: 1, sealed: null, deadline: null }] };

  test.each<[string, Partial<Ledger>, boolean]>([
    ['of a deleted replication closes', {}, true],
    ['whose archive has everything closes', { archive: { taskQueue: null, waiting: [] } }, true],
    ['of an existing replication does not close', { deletedAt: null }, false],
    ['that has to finish a call does not close', { pendingCall }, false],
    ['that has to warn does not close', { guard }, false],
    ['with a record that waits for the archive does not close', { archive, checkpoints }, false],
    ['that is sealed does not close', { sealed: seal }, false],
    [
      'that is reserved does not close',
      { reservation: { owner: 'o', reason: null, at: at(1), workflowId: null } },
      false,
    ],
  ])('%s', (_, more, isSo) => expect(mayClose({ ...closing, ...more })).toBe(isSo));

  /** Temporal's client, which knows one workflow. */
  const workflows = (name: string) => {
    const asked: unknown[] = [];
    const getHandle = (...of: readonly unknown[]) => {
      asked.push(of);
      const describe = () => Promise.resolve({ status: { name }, runId: 'run-2' });
      return { describe, result: () => Promise.resolve(closing) };
    };
    return { asked, client: { getHandle } };
  };

  test('that closed by itself continues with its state and marks the replication as missing', async () => {
    const { asked, client } = workflows('COMPLETED');
    expect(await readClosedState(client, 'dms-ledger:x')).toEqual({ ...closing, deletedAt: null, missingSince: at(9) });
    expect(asked).toEqual([['dms-ledger:x'], ['dms-ledger:x', 'run-2']]);
  });

  test.each(['RUNNING', 'TERMINATED'])('that is %s has not closed by itself', async (name) => {
    expect(await readClosedState(workflows(name).client, 'dms-ledger:x')).toBeNull();
  });
});
