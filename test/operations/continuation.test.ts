import { describe, expect, test } from 'vitest';
import { continued, validateContinued } from '../../src/operations/continuation.js';
import { isDmsFailure } from '../../src/operations/failures.js';
import { emptyLedger } from '../../src/operations/ledger.js';
import type { ContinuedRequest } from '../../src/operations/ledger-messages.js';
import type { Guard, Ledger, PendingCall } from '../../src/operations/records.js';
import { arn, at, continuing, operation } from '../support/operations.js';

const request = {
  by: `${arn}-ANEW`,
  ...continuing,
  sequence: 3,
  is: 'claimed',
} as const;
const told = (ledger: Ledger, more: Partial<ContinuedRequest>, seconds = 9) =>
  continued(ledger, { ...request, ...more }, at(seconds)).ledger;
const seal = { by: 'ada', reason: 'done', at: at(1) };
const reservation = { owner: 'cutover', reason: null, at: at(1), workflowId: 'host-1' };
const refusal = (ledger: Partial<Ledger>, more: object = {}): string => {
  try {
    validateContinued({ ...emptyLedger(arn), ...ledger }, { ...request, ...more });
  } catch (err) {
    return isDmsFailure(err) ? err.type : String(err);
  }
  return 'allowed';
};

describe('a replication that another goes on from', () => {
  const guard = { sequence: 3 } as Guard;
  const claimed = told({ ...emptyLedger(arn), guard }, {}, 5);

  test('is claimed once, however often it is told, and open again when it was not started there', () => {
    expect(claimed).toMatchObject({
      sealed: { reason: `${request.by} is to go on from record 3`, at: at(5) },
      guard,
      events: [{ type: 'continued', by: request.by }],
    });
    expect(refusal(claimed)).toBe('allowed');
    expect(told(claimed, {})).toBe(claimed);
    const released = told(claimed, { is: 'released' });
    expect(released).toMatchObject({ sealed: null, guard, events: [{ type: 'unsealed' }, { type: 'continued' }] });
    for (const is of ['started', 'released'] as const) expect(told(released, { is })).toBe(released);
  });

  test('is sealed for good once it was started there, and nobody has to resume it any more', () => {
    const started = told(claimed, { is: 'started' });
    expect(started).toMatchObject({
      sealed: { reason: `${request.by} goes on from record 3`, at: at(5) },
      guard: null,
      events: [{ type: 'guard-ended' }, { type: 'continued' }],
    });
    for (const is of ['claimed', 'started', 'released'] as const) expect(told(started, { is })).toBe(started);
    expect(told(started, { operationId: 'again' })).toBe(started);
    expect([refusal(started), refusal(started, { by: 'another' })]).toEqual(['allowed', 'DmsReplicationSealed']);
  });

  test('is in the hands of the newest operation that claims it, whatever an earlier one still says', () => {
    const later = told(claimed, { operationId: 'again', sequence: 4 });
    expect(later.sealed).toMatchObject({
      reason: `${request.by} is to go on from record 4`,
      continuedBy: { replicationConfigArn: request.by, sequence: 4, operationId: 'again', isStarted: false },
    });
    expect(told(later, { is: 'released' })).toBe(later);
    // What became of the call of the earlier one nobody knows, so it is for a person to open it.
    expect(told(later, { is: 'released', operationId: 'again', sequence: 4 })).toBe(later);
    // That it was started there is true whoever says so.
    expect(told(later, { is: 'started' }).sealed?.continuedBy).toMatchObject({ isStarted: true });
  });

  test('is opened by no run but the one that has claimed it, or the one after its reset', () => {
    const reset = { runId: 'run-2' };
    expect(told(claimed, { is: 'released', ...reset }).sealed).toBeNull();
    const again = told(claimed, reset);
    expect(again.sealed?.continuedBy).toMatchObject({ operationRunId: 'run-1', runId: 'run-2', isInDoubt: false });
    // What was reset tells late how it failed.
    expect(told(again, { is: 'released' })).toBe(again);
    expect(told(again, { is: 'released', ...reset }).sealed).toBeNull();
    const other = told(claimed, { sequence: 4 });
    expect(told(other, { is: 'released', sequence: 4 }).sealed).toBeNull();
  });

  test('is in doubt once another execution of its operation has taken it over', () => {
    const anew = { operationRunId: 'run-9', runId: 'run-9' };
    expect(told(claimed, { is: 'released', ...anew })).toBe(claimed);
    const taken = told(claimed, anew);
    expect(taken.sealed?.continuedBy).toMatchObject({ ...anew, isInDoubt: true });
    for (const who of [{}, anew]) expect(told(taken, { is: 'released', ...who })).toBe(taken);
  });

  test('keeps the seal of somebody else, whatever becomes of it there', () => {
    const sealed = { ...emptyLedger(arn), sealed: seal };
    for (const is of ['started', 'released'] as const) {
      expect(told(sealed, { is })).toBe(sealed);
      expect(told(claimed, { by: 'another', is })).toBe(claimed);
    }
  });

  test.each([
    ['sealed', { sealed: seal }, {}, 'DmsReplicationSealed'],
    ['claimed by another', claimed, { by: `${arn}-OTHER` }, 'DmsReplicationSealed'],
    ['reserved', { reservation }, {}, 'DmsReplicationReserved'],
    ['reserved by whoever asks', { reservation }, { owner: 'cutover' }, 'allowed'],
    ['reserved by the host whose step asks', { reservation }, { parentWorkflowId: 'host-1' }, 'allowed'],
    ['being called', { pendingCall: operation('a', { kind: 'resume' }) as PendingCall }, {}, 'DmsOperationInProgress'],
    ['free', {}, {}, 'allowed'],
    ['told of without a name', {}, { by: undefined }, 'DmsInvalidInput'],
    ['told of without a number', {}, { sequence: 'x' }, 'DmsInvalidInput'],
    ['told of without an operation', {}, { operationId: undefined }, 'DmsInvalidInput'],
    ['told of without a run', {}, { runId: undefined }, 'DmsInvalidInput'],
    ['told of without how far it is', {}, { is: 'undone' }, 'DmsInvalidInput'],
  ])('that is %s', (_, ledger, more, expected) => {
    expect(refusal(ledger, more)).toBe(expected);
  });
});
