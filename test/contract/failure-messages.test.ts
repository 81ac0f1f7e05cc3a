import { describe, expect, test } from 'vitest';
import {
  checkpointChanged,
  endpointChanged,
  ledgerClosed,
  ledgerNotFound,
  ledgerUnavailable,
  operationInProgress,
  replicationDeleted,
  replicationDeleting,
  replicationFailed,
  replicationReadOnly,
  replicationSealed,
  startReverted,
  stateBefore,
} from '../../src/contract/failure-messages.js';
import { look } from '../support/look.js';
import { arn, at } from '../support/operations.js';
import { archivedRecord } from '../support/records.js';

const subject = { replicationConfigArn: arn };
const open = { kind: 'stop', operationId: 'a', workflowId: `dms:${arn}`, hostWorkflowId: null };

describe('a refusal', () => {
  test.each([
    [
      'names the operation that is under way',
      operationInProgress(arn, open),
      'DmsOperationInProgress',
      `A stop ("a") is under way in dms:${arn}. See what it does: temporal dms status ${arn} (or: temporal workflow query --workflow-id dms:${arn} --name dms.progress). Wait for it, or cancel it: temporal dms cancel ${arn} (or: temporal workflow cancel --workflow-id dms:${arn})`,
    ],
    [
      'names the host and the task queue of that operation',
      operationInProgress(arn, { ...open, operationId: null, hostWorkflowId: 'host' }, ', on the queue "q"'),
      'DmsOperationInProgress',
      `A stop ("id not known yet") is under way in dms:${arn}, a step of host, on the queue "q". See`,
    ],
    [
      'says who sealed the replication, and why',
      replicationSealed(subject, { by: 'ada', reason: 'cutover', at: at(1) }),
      'DmsReplicationSealed',
      `${arn} is sealed: ada stopped it for good at ${at(1)} (cutover). To run it again, unseal it first: temporal dms unseal ${arn} (or: temporal workflow update execute --workflow-id dms-ledger:${arn} --name dms.unseal --input '{"by":"<name>","reason":"<why>"}')`,
    ],
    [
      'says that the seal names nobody',
      replicationSealed(subject, { by: null, reason: null, at: at(1) }),
      'DmsReplicationSealed',
      `${arn} is sealed: someone unnamed stopped it for good at ${at(1)} (no reason given). To run it again, unseal it first`,
    ],
    [
      'says that the replication is being deleted',
      replicationDeleting(subject),
      'DmsReplicationDeleting',
      `${arn} is being deleted. `,
    ],
    [
      'says that an integration manages the replication',
      replicationReadOnly(subject),
      'DmsReplicationReadOnly',
      `${arn} is read-only: a zero-ETL`,
    ],
    [
      'says that the ledger was terminated',
      ledgerClosed(arn),
      'DmsLedgerClosed',
      `The ledger dms-ledger:${arn} was terminated`,
    ],
    [
      'says that the replication was deleted',
      replicationDeleted(arn),
      'DmsReplicationNotFound',
      `${arn} was deleted, and its ledger`,
    ],
    [
      'says that there is no ledger',
      ledgerNotFound(arn),
      'DmsLedgerNotFound',
      `${arn} has no ledger in this namespace`,
    ],
    [
      'says how to reach the ledger',
      ledgerUnavailable(arn, 'q', 'no worker', 'temporal-dms'),
      'DmsLedgerUnavailable',
      `The ledger dms-ledger:${arn} on the task queue "q" can't be reached: no worker. Start a worker there`,
    ],
  ])('%s', (_, failure, type, message) => {
    expect(failure.type).toBe(type);
    expect(failure.message).toContain(message);
    expect(failure.details[0].replicationConfigArn).toBe(arn);
  });

  test('carries the operation that is in the way', () => {
    expect(operationInProgress(arn, open).details[0].operation).toEqual(open);
  });
});

describe('a failed replication', () => {
  test.each([
    [
      'in the words of DMS',
      { failureMessages: ['no route', 'no host'], stopReason: 'Stop Reason FATAL_ERROR' },
      ': no route / no host; Stop Reason FATAL_ERROR. Next: ',
    ],
    ['by its stop reason', { stopReason: 'Stop Reason NORMAL' }, ': Stop Reason NORMAL. Next: '],
    ['by its messages', { failureMessages: ['no route'], stopReason: null }, ': no route. Read its log'],
    ['without a reason', { stopReason: null }, ', and DMS gives no reason. Read its log'],
  ])('is reported %s', (_, changes, words) => {
    const replication = look({ status: 'failed', ...changes });
    const failure = replicationFailed({ ...subject, replication }, 'while it was stopped');
    expect(failure.message).toContain(`${arn} failed while it was stopped${words}`);
    expect(failure.details[0]).toMatchObject({ status: 'failed', replication });
  });

  test('is reported without a look', () => {
    expect(replicationFailed(subject, 'then').message).toContain(`${arn} failed then, and DMS gives no reason. Read`);
  });
});

describe('a stop that did not last', () => {
  test.each([
    [
      'running',
      `"running" again: someone started it. Find out who, then stop it again: temporal dms stop ${arn} (or: temporal workflow start --type dmsStopReplication --task-queue temporal-dms --input '{"replicationConfigArn":"${arn}"}').`,
    ],
    [
      'REPLICATION_STARTING',
      `"replication_starting" again: someone started it. Find out who, then stop it again: temporal dms stop ${arn} (or: temporal workflow start --type dmsStopReplication --task-queue temporal-dms --input '{"replicationConfigArn":"${arn}"}').`,
    ],
    [
      'modifying',
      `"modifying" now. Look again once it is stopped or failed: temporal dms status ${arn} (or: temporal workflow query --workflow-id dms-ledger:${arn} --name dms.ledger).`,
    ],
  ])('is reported when DMS shows "%s"', (status, words) => {
    const { type, message, details } = stateBefore(subject, look({ status }), 'stopped');
    expect([type, message]).toEqual(['DmsStopReverted', `${arn} was stopped, and is ${words}`]);
    expect(details[0].status).toBe(status);
  });
});

describe('a start that did not last', () => {
  test.each([
    [look({ stopReason: null }), null, '"stopped" again: DMS gives no reason. Find out who or what stopped it'],
    [look({ stopReason: 'Stop Reason BORED' }), null, '"stopped" again: "Stop Reason BORED". Find out'],
    [look(), null, '"stopped" again: "Stop Reason NORMAL" ('],
    [
      look({ stopReason: null }),
      'A late stop landed.',
      '"stopped" again: DMS gives no reason. A late stop landed. Find out',
    ],
  ])('is reported with the stop reason of DMS: %#', (replication, late, words) => {
    const { type, message, details } = startReverted(subject, replication, late);
    expect(type).toBe('DmsStartReverted');
    expect(message).toContain(`${arn} was started, and is ${words}`);
    expect(message).toMatch(
      /then resume it again: temporal dms resume \S+ \(or: temporal workflow start --type dmsResumeReplication .*\)\.$/,
    );
    expect(details[0].status).toBe('stopped');
  });
});

describe('a stop that is not the recorded one', () => {
  test('is shown beside the recorded one', () => {
    const { message, details } = checkpointChanged(
      subject,
      archivedRecord(3, { stoppedAt: at(5), recoveryCheckpoint: 'c' }),
      look(),
    );
    expect(message).toContain(
      `differs from record 3. Recorded: ${at(5)} (c). DMS: 2026-01-02T00:00:00.000Z (checkpoint:V1#1). Someone ran it since: find out who.`,
    );
    expect(details[0]).toMatchObject({ checkpoint: { sequence: 3 }, status: 'stopped' });
  });

  test('is shown with placeholders for unknown values', () => {
    const nothing = { recoveryCheckpoint: null };
    const record = archivedRecord(3, { stoppedAt: null, ...nothing });
    const { message } = checkpointChanged(subject, record, look({ replicationLastStopTime: null, ...nothing }));
    expect(message).toContain('Recorded: no time (no checkpoint). DMS: no time (no checkpoint)');
  });
});

test('an endpoint that leads elsewhere is shown with both addresses', () => {
  const was = { endpointArn: 'e', host: 'a.example', port: 3306, database: 'orders' };
  const { type, message } = endpointChanged(subject, 'source', was, {
    ...was,
    host: 'b.example',
    port: null,
    database: null,
  });
  expect(type).toBe('DmsEndpointChanged');
  expect(message).toContain(`The source endpoint of ${arn} led to a.example:3306/orders when it was stopped`);
  expect(message).toContain('leads to b.example:?/? now');
  expect(endpointChanged(subject, 'target', { ...was, host: null }, was).message).toContain('led to ?:3306/orders');
});
