import { describe, expect, test } from 'vitest';
import { emptyLedger } from '../../src/ledger/entries.js';
import { record } from '../../src/ledger/record.js';
import type { OperationRef } from '../../src/contract/ledger-state.js';
import {
  breakReservation,
  release,
  requireOwner,
  requireMayOperate,
  reserve,
  reservedByOtherFailure,
  validateReserve,
} from '../../src/ledger/reservation.js';
import { withBegun, endedOf, withNote, withRecord } from '../support/ledger-requests.js';
import { arn, at, messageOf, operation } from '../support/operations.js';

const empty = emptyLedger(arn);
const op = (operationId: string, more: Partial<OperationRef> = {}) => operation(operationId, more);
const done = withRecord(withNote(empty, op('a'), 1), op('a'), 9);

describe('a reservation', () => {
  const request = { owner: 'cutover', reason: null, workflowId: null };
  const { ledger: held } = reserve(empty, request, at(0));

  test('can be made by anyone if none exists', () => {
    expect(messageOf(() => validateReserve(empty, request))).toBe('allowed');
    const { ledger, reply } = reserve(empty, request, at(3));
    expect([ledger.events.length, reply.reservation.at]).toEqual([1, at(3)]);
  });

  test('rejects an operation with its ARN and operation id in the details', () => {
    expect(() => requireMayOperate(held, op('x'))).toThrow(
      expect.objectContaining({
        details: [expect.objectContaining({ replicationConfigArn: arn, operationId: 'x' })],
      }),
    );
    expect(reservedByOtherFailure(arn, 'cutover').details[0].replicationConfigArn).toBe(arn);
  });

  test('is logged as an event when it is made and when it is released', () => {
    const event = { at: at(0), reason: null, workflowId: null, detail: null };
    expect(held.reservation).toEqual({ owner: 'cutover', reason: null, workflowId: null, at: at(0) });
    expect(held.events).toEqual([{ ...event, type: 'reserved', by: 'cutover' }]);
    const released = release(held, { owner: 'cutover' }, at(5));
    expect(released.reply).toBeNull();
    expect(released.ledger.events[0]).toEqual({ ...event, type: 'released', by: 'cutover', at: at(5) });
    expect(release(empty, { owner: 'cutover' }, at(5))).toEqual({ ledger: empty, reply: null });
    const broken = breakReservation(held, { by: 'ada', reason: 'gone' }, at(5));
    expect(broken.reply).toBe(`The reservation of ${arn} by cutover is broken`);
    expect(breakReservation(empty, { by: 'ada', reason: 'gone' }, at(5))).toEqual({
      ledger: empty,
      reply: `${arn} is not reserved; nothing was changed`,
    });
  });

  test('without a workflow lets only its owner through', () => {
    expect(messageOf(() => requireMayOperate(held, op('x')))).toContain(
      `${arn} is reserved by cutover since ${at(0)} (no reason given). Wait until its owner releases it, or name that owner. If the owner is gone, end the reservation: temporal dms break-reservation ${arn}`,
    );
    expect(messageOf(() => requireOwner(held, { parentWorkflowId: null, owner: null }))).toContain('is reserved by');
    expect(messageOf(() => requireOwner(held, { parentWorkflowId: null, owner: 'cutover' }))).toBe('allowed');
    expect(messageOf(() => requireOwner(empty, { parentWorkflowId: null }))).toBe('allowed');
  });

  test('names its owner once if the workflow has the same name', () => {
    const { ledger } = reserve(empty, { ...request, workflowId: 'cutover' }, at(0));
    expect(messageOf(() => requireMayOperate(ledger, op('x')))).toContain('is reserved by cutover since');
    expect(reservedByOtherFailure(arn, 'cutover')).toMatchObject({ type: 'DmsReplicationReserved' });
    expect(reservedByOtherFailure(arn, 'cutover').message).toContain(`${arn} is reserved by cutover. Wait until`);
  });

  test('lets anyone repeat an operation that succeeded, but not one that failed', () => {
    const { ledger } = reserve(done, request, at(20));
    expect(messageOf(() => requireMayOperate(ledger, op('a')))).toBe('allowed');
    const failed = record(withBegun(empty, op('b'), 1), endedOf(op('b'), 2), at(2)).ledger;
    expect(messageOf(() => requireMayOperate(reserve(failed, request, at(20)).ledger, op('b')))).toContain('reserved');
  });

  test("reports the age of another workflow's pending call", () => {
    const theirs = withNote(empty, op('x', { parentWorkflowId: 'host' }), 1);
    const age = (workflowId: string | null) =>
      reserve(theirs, { ...request, workflowId }, at(4)).reply.pendingCallAgeSeconds;
    expect([age(null), age('other'), age('host')]).toEqual([3, 3, null]);
    expect(reserve(empty, request, at(4)).reply.pendingCallAgeSeconds).toBeNull();
  });
});
