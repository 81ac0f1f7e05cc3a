import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { expect, test, vi } from 'vitest';
import { rebuildLedger } from '../../src/client/rebuild.js';
import { arn } from '../support/operations.js';
import { archivedRecord } from '../support/records.js';
import { failureOf } from '../support/stage.js';

test.each([
  ['is of a newer version', { version: 2 }, 'newer version'],
  ['is of another replication', { replicationConfigArn: `${arn}X` }, 'record 1 is of'],
  ['does not fit a ledger', { recordedAt: 'lately' }, 'recordedAt'],
])('no ledger is started when an archived record %s', async (_, more, why) => {
  const executeUpdateWithStart = vi.fn();
  const client = { workflow: { executeUpdateWithStart } } as unknown as Client;
  const archive = { list: async () => [archivedRecord(1, more)] };
  const failure = await failureOf(rebuildLedger(client, 'dms', arn, { archive, by: 'ada', reason: 'lost' }));
  expect(failure).toMatchObject({ type: 'DmsInvalidInput', message: expect.stringContaining(why) });
  expect(executeUpdateWithStart).not.toHaveBeenCalled();
});

test('a lost ledger is started with its records and its seal, and needs no worker for that', async () => {
  const executeUpdateWithStart = vi.fn(async () => ({ added: 0 }));
  const describe = () => Promise.reject(new WorkflowNotFoundError('gone', `dms-ledger:${arn}`, undefined));
  const workflow = { executeUpdateWithStart, getHandle: () => ({ describe }) };
  const workflowService = { getSystemInfo: async () => ({}) };
  const withDeadline = (_: number, ask: () => unknown) => ask();
  const client = { workflow, workflowService, withDeadline, options: {} } as unknown as Client;
  const sealed = { by: 'ada', reason: 'cut over', at: '2026-01-01T00:00:00.000Z' };
  const archive = { list: async () => [archivedRecord(1, { sealed })] };
  const rebuilt = await rebuildLedger(client, 'dms', arn, { archive, by: 'ada', reason: 'lost' });
  expect(rebuilt).toEqual({ archived: 1, added: 1 });
  expect(executeUpdateWithStart).toHaveBeenCalledWith('dms.restore', {
    args: [expect.anything()],
    startWorkflowOperation: expect.objectContaining({
      options: expect.objectContaining({
        args: [{ replicationConfigArn: arn, state: expect.objectContaining({ sealed, lastSequence: 1 }) }],
      }),
    }),
  });
});
