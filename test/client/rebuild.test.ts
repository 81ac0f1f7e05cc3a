import type { Client } from '@temporalio/client';
import { expect, test, vi } from 'vitest';
import { rebuildLedger } from '../../src/client/rebuild.js';
import { arn } from '../support/operations.js';
import { archived } from '../support/records.js';
import { failureOf } from '../support/stage.js';

test.each([
  ['is of a newer version', { version: 2 }, 'newer version'],
  ['is of another replication', { replicationConfigArn: `${arn}X` }, 'record 1 is of'],
  ['no ledger can keep', { recordedAt: 'lately' }, 'recordedAt'],
])('no ledger is started when an archived record %s', async (_, more, why) => {
  const executeUpdateWithStart = vi.fn();
  const client = { workflow: { executeUpdateWithStart } } as unknown as Client;
  const archive = { list: async () => [archived(1, more)] };
  const failure = await failureOf(rebuildLedger(client, 'dms', arn, { archive, by: 'ada', reason: 'lost' }));
  expect(failure).toMatchObject({ type: 'DmsInvalidInput', message: expect.stringContaining(why) });
  expect(executeUpdateWithStart).not.toHaveBeenCalled();
});
