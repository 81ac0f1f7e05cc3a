import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import {
  dmsFailure,
  DmsFailureType,
  findDmsFailure,
  isDmsFailure,
  withCheckpoint,
} from '../../src/contract/failures.js';
import { look } from '../support/look.js';
import { arn } from '../support/operations.js';
import { archivedRecord } from '../support/records.js';

const subject = { replicationConfigArn: arn, operationId: 'a' };
const failure = dmsFailure('DmsNotStoppable', subject, 'It is modifying', 'Wait.');
const wrapped = (err: Error, times: number): Error =>
  times === 0 ? err : new Error('wrapped', { cause: wrapped(err, times - 1) });

test('every failure type equals its name', () => {
  for (const [name, type] of Object.entries(DmsFailureType)) expect(type).toBe(name);
});

describe('a failure', () => {
  test('tells what happened and what to do, carries its subject, and is not retried', () => {
    expect(failure).toMatchObject({ type: 'DmsNotStoppable', message: 'It is modifying. Wait.', nonRetryable: true });
    expect(failure.details).toEqual([
      {
        ...subject,
        region: 'eu-west-1',
        accountId: '123456789012',
        status: undefined,
        checkpoint: undefined,
        hint: 'Wait.',
      },
    ]);
  });

  test('about an unreadable ARN has no region and no account', () => {
    const { details } = dmsFailure('DmsInvalidInput', { replicationConfigArn: 'orders' }, 'It is wrong', 'Correct it.');
    expect(details[0]).toMatchObject({ replicationConfigArn: 'orders', region: null, accountId: null });
  });

  test('carries the status that was seen last, and the record', () => {
    const checkpoint = archivedRecord(1);
    const { details } = dmsFailure('DmsStopTimedOut', { ...subject, status: 'stopping', checkpoint }, 'x', 'y');
    expect(details[0]).toMatchObject({ status: 'stopping', checkpoint });
    const [bare] = dmsFailure('DmsStopTimedOut', { ...subject, status: null, checkpoint: null }, 'x', 'y').details;
    expect([bare.status, bare.checkpoint]).toEqual([undefined, undefined]);
  });

  test('carries the facts of a look, and the look and logs only when the replication failed', () => {
    const replication = look({
      status: 'failed',
      failureMessages: ['no route'],
      provisionData: { provisionState: 'provisioned' } as never,
    });
    const shown = {
      status: 'failed',
      provisionState: 'provisioned',
      stopReason: 'Stop Reason NORMAL',
      failureMessages: ['no route'],
    };
    const facts = { ...subject, replication, status: 'running' };
    const [timedOut] = dmsFailure('DmsStopTimedOut', facts, 'x', 'y').details;
    expect(timedOut).toMatchObject(shown);
    expect([timedOut.replication, timedOut.logs]).toEqual([undefined, undefined]);
    const [failed] = dmsFailure('DmsReplicationFailed', facts, 'x', 'y').details;
    expect(failed).toMatchObject({
      ...shown,
      replication,
      logs: {
        group: 'dms-serverless-replication-ORDERS',
        stream: 'dms-serverless-replication-orchestrator-ORDERS',
      },
    });
    const [unprovisioned] = dmsFailure('DmsStopTimedOut', { ...subject, replication: look() }, 'x', 'y').details;
    expect(unprovisioned.provisionState).toBeNull();
  });

  test('keeps everything else when a record is added', () => {
    const checkpoint = archivedRecord(7);
    const recorded = withCheckpoint(failure, checkpoint);
    expect(recorded).toMatchObject({
      type: 'DmsNotStoppable',
      message: 'It is modifying. Recorded as checkpoint 7. Wait.',
      nonRetryable: true,
      details: [{ ...failure.details[0], checkpoint }],
    });
  });
});

describe('an error', () => {
  test('is recognised as a failure of this package, and of its type', () => {
    expect(findDmsFailure(failure)).toBe(failure);
    expect([isDmsFailure(failure), isDmsFailure(failure, 'DmsNotStoppable')]).toEqual([true, true]);
    expect(isDmsFailure(failure, 'DmsStopTimedOut')).toBe(false);
  });

  test.each([
    ['another failure', ApplicationFailure.create({ type: 'Other', message: 'x' })],
    ['a failure without a type', ApplicationFailure.create({ message: 'x' })],
    ['a failure whose type every object has', ApplicationFailure.create({ type: 'toString', message: 'x' })],
    ['an error of that name', Object.assign(new Error('x'), { type: 'DmsNotStoppable', details: [] })],
    ['no error', 'DmsNotStoppable'],
    ['nothing', undefined],
  ])('that is %s is not a failure of this package', (_, err) => expect(isDmsFailure(err)).toBe(false));

  test('that wraps a failure is given its type and details', () => {
    const outer = wrapped(failure, 3);
    expect(isDmsFailure(outer, 'DmsStopTimedOut')).toBe(false);
    expect(outer).not.toHaveProperty('type');
    expect(isDmsFailure(outer)).toBe(true);
    expect(outer).toMatchObject({ type: 'DmsNotStoppable', details: failure.details, message: 'wrapped' });
    expect(isDmsFailure(outer)).toBe(true);
  });

  test('that is frozen and wraps a failure is recognised, and stays unchanged', () => {
    const outer = Object.freeze(wrapped(failure, 1));
    expect(isDmsFailure(outer, 'DmsNotStoppable')).toBe(true);
    expect(outer).not.toHaveProperty('type');
  });

  test('is searched for a failure down to its nineteenth cause', () => {
    expect([isDmsFailure(wrapped(failure, 19)), isDmsFailure(wrapped(failure, 20))]).toEqual([true, false]);
    const circle = new Error('circle');
    circle.cause = circle;
    expect(isDmsFailure(circle)).toBe(false);
  });
});
