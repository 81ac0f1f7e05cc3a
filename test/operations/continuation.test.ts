import { describe, expect, test } from 'vitest';
import { continued, validateContinued } from '../../src/operations/continuation.js';
import { isDmsFailure } from '../../src/operations/failures.js';
import { emptyLedger } from '../../src/operations/ledger.js';
import type { Ledger, PendingCall } from '../../src/operations/records.js';
import { arn, at, operation } from '../support/operations.js';

const request = { by: `${arn}-ANEW`, sequence: 3 };
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
  const { ledger: told } = continued(emptyLedger(arn), request, at(5));

  test('is sealed once, however often it is told, and open again when DMS refuses', () => {
    expect(told).toMatchObject({
      sealed: { reason: `${request.by} goes on from record 3`, at: at(5) },
      events: [{ type: 'continued', by: request.by }],
    });
    expect(refusal(told)).toBe('allowed');
    expect(continued(told, request, at(6)).ledger).toBe(told);
    const { ledger: undone } = continued(told, { ...request, undo: true }, at(7));
    expect(undone).toMatchObject({ sealed: null, events: [{ type: 'unsealed' }, { type: 'continued' }] });
  });

  test('keeps the seal of somebody else, also when DMS refuses', () => {
    const sealed = { ...emptyLedger(arn), sealed: seal };
    expect(continued(sealed, { ...request, undo: true }, at(7)).ledger.sealed).toEqual(seal);
    expect(continued(told, { by: 'another', sequence: 3, undo: true }, at(7)).ledger).toBe(told);
  });

  test.each([
    ['sealed', { sealed: seal }, {}, 'DmsReplicationSealed'],
    ['continued by another', told, { by: `${arn}-OTHER` }, 'DmsReplicationSealed'],
    ['reserved', { reservation }, {}, 'DmsReplicationReserved'],
    ['reserved by whoever asks', { reservation }, { owner: 'cutover' }, 'allowed'],
    ['reserved by the host whose step asks', { reservation }, { parentWorkflowId: 'host-1' }, 'allowed'],
    ['being called', { pendingCall: operation('a', { kind: 'resume' }) as PendingCall }, {}, 'DmsOperationInProgress'],
    ['free', {}, {}, 'allowed'],
    ['told of without a name', {}, { by: undefined }, 'DmsInvalidInput'],
    ['told of without a number', {}, { sequence: 'x' }, 'DmsInvalidInput'],
  ])('that is %s', (_, ledger, more, expected) => {
    expect(refusal(ledger, more)).toBe(expected);
  });
});
