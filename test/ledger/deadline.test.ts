import { describe, expect, test } from 'vitest';
import { endGuard, reasonToEnd, guardOf, warningEvent, warningOf, countWarning } from '../../src/ledger/deadline.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import type { Guard, Ledger, OperationRef } from '../../src/contract/ledger-state.js';
import { withBegun, draftOf, withRecord } from '../support/ledger-requests.js';
import { look } from '../support/look.js';
import { arn, at, operation } from '../support/operations.js';

const empty = emptyLedger(arn);
const op = (operationId: string, more: Partial<OperationRef> = {}) => operation(operationId, more);

describe('the deadline guard of a recorded stop', () => {
  const plan = { policy: 'warn', leadSeconds: 3600, onResumeDeadline: null } as const;
  const who = op('a', { deadline: plan });
  const { replicationLastStopTime: stoppedAt, replicationCreateTime } = look();
  const ledger = withRecord(withBegun(empty, who, 1), who, 10, {
    checkpoint: draftOf('a', { stoppedAt, replicationCreateTime }),
    resumeWithinSeconds: 7200,
  });
  const { guard, checkpoints } = ledger;
  const [checkpoint] = checkpoints;
  if (guard === null || checkpoint === undefined) throw new Error('A guard or a record is missing');

  test.each<[string, Parameters<typeof guardOf>[1], number | null, boolean]>([
    ['exists while the replication can be resumed', plan, 0.5, true],
    ['does not exist without a plan', null, 7200, false],
    ['does not exist if the time left is unknown', plan, null, false],
    ['does not exist once the time has run out', plan, 0, false],
  ])('%s', (_, wanted, resumeWithinSeconds, isThere) => {
    expect(guardOf(checkpoint, wanted, { resumeWithinSeconds, taskQueue: null }) !== null).toBe(isThere);
  });

  const newer = { replicationLastStopTime: '2027-01-01T00:00:00.000Z' };
  test.each<[string, Ledger, Guard, object, number, string | null]>([
    ['continues if the look may be as old as the record', ledger, guard, { status: 'running' }, 70, null],
    ['ends when a newer look shows a run', ledger, guard, { status: 'running' }, 71, 'DMS shows "running"'],
    ['continues if its record is gone', ledger, { ...guard, sequence: 7 }, { status: 'running' }, 99, null],
    ['continues while the replication is in transition', ledger, guard, { ...newer, status: 'modifying' }, 99, null],
    ['continues in an unknown status', ledger, guard, { ...newer, status: 'upgrading' }, 99, null],
    ['ends when a look shows a newer stop', ledger, guard, newer, 99, 'it ran again and was stopped by somebody else'],
    [
      'continues if the time of its stop is unknown',
      { ...ledger, checkpoints: [{ ...checkpoint, stoppedAt: null }] },
      guard,
      newer,
      99,
      null,
    ],
  ])('%s', (_, of, its, shown, second, why) => expect(reasonToEnd(of, its, look(shown), at(second))).toBe(why));

  test('puts the time left into its warning and counts its warnings', () => {
    expect(warningOf(ledger, guard, at(10), 'it failed')).toEqual({
      replicationConfigArn: arn,
      resumeBy: guard.resumeBy,
      secondsLeft: 7200,
      checkpoint,
      policy: 'warn',
      problem: 'it failed',
    });
    expect(warningOf(empty, guard, at(7209.6), null)).toMatchObject({
      secondsLeft: 0,
      checkpoint: null,
      problem: null,
    });
    expect(countWarning(ledger, guard, at(10)).guard).toEqual({ ...guard, warnings: 1, nextAt: at(10 + 1800) });
    expect(countWarning(ledger, guard, at(7210 - 400)).guard?.nextAt).toBe(at(7210 - 100));
  });

  test('logs an event when it warns and when it ends', () => {
    const event = { by: null, reason: null, workflowId: null };
    expect(warningEvent(at(5), 'soon')).toEqual({ ...event, type: 'deadline-warning', at: at(5), detail: 'soon' });
    const ended = endGuard(ledger, 'window-closed', at(6), 'over');
    expect(ended.guard).toBeNull();
    expect(ended.events).toEqual([{ ...event, type: 'window-closed', at: at(6), detail: 'over' }]);
  });
});
