import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import type { DmsApi } from '../../src/activities/index.js';
import { beginAttempt } from '../../src/activities/runtime/begin-attempt.js';
import { WorkerContext } from '../../src/activities/runtime/worker-context.js';
import { readTableSummary, type ReadTables } from '../../src/activities/runtime/table-statistics.js';

const replicationConfigArn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';

test('table statistics carry the DMS time of their first page', async () => {
  const dms: Partial<DmsApi> = {
    describeTableStatistics: async (_, marker) =>
      marker === null
        ? { items: [{ tableName: 'a' } as never], marker: 'next', dmsTime: Date.UTC(2031, 0, 1) }
        : { items: [{ tableName: 'b' } as never], marker: null, dmsTime: Date.UTC(2031, 0, 2) },
  };
  const environment = new WorkerContext({ dms: dms as DmsApi });
  const context = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const { summary } = await context.run((): Promise<ReadTables> => {
    const attempt = beginAttempt(environment, { replicationConfigArn }, 'dms.recordOperation', { phase: 'recording' });
    return readTableSummary(attempt, 5, true);
  });
  expect(summary).toMatchObject({ total: 2, readAt: '2031-01-01T00:00:00.000Z' });
});
