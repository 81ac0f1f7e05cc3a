import { expect, test } from 'vitest';
import type { ArchivedRecord } from '../../src/index.js';
import { DmsApiError, type CheckpointArchive, type DmsApi } from '../../src/activities/index.js';
import type { RecordOperation } from '../../src/contract/activity-protocol.js';
import { activitiesOf, Attempts, dmsShowing } from '../support/attempts.js';
import { FakeLedger } from '../support/fake-ledger.js';
import { look } from '../support/look.js';
import { arn as replicationConfigArn, at, operation } from '../support/operations.js';
import { archivedRecord } from '../support/records.js';
import { failureOf } from '../support/stage.js';

const sealed = { by: 'ada', reason: 'cutover', at: at(110) };
const final = archivedRecord(1, { intent: 'final', sealed });
const resume = { replicationConfigArn, operation: operation('r', { kind: 'resume' }) };

/** Sets up a replication whose ledger is missing. `list`: its archived records. */
function stage(list: () => Promise<readonly ArchivedRecord[]>) {
  const ledger = new FakeLedger();
  const archive: CheckpointArchive = { list, append: async () => {} };
  const dms = {
    ...dmsShowing('stopped'),
    describeTableStatistics: () => Promise.reject(new DmsApiError('unavailable', 'TimeoutError', 'none')),
  } as DmsApi;
  const activities = activitiesOf({ dms, client: ledger.client, archive, looksPerSecond: 1e6 });
  const attempts = new Attempts(Date.UTC(2026, 0, 3), (now) => (ledger.now = now));
  return { ledger, activities, attempts };
}

test('a missing ledger is restored from the archive, with its seal, before the operation begins', async () => {
  const { ledger, activities, attempts } = stage(async () => [final]);
  const failure = await failureOf(attempts.run(activities['dms.requestStart'], resume));
  expect(failure).toMatchObject({ type: 'DmsReplicationSealed' });
  expect(ledger.state).toMatchObject({ sealed, lastSequence: 1, events: [{ type: 'restored' }] });
});

test.each<[string, () => Promise<readonly ArchivedRecord[]>, string]>([
  ['cannot be reached', () => Promise.reject(new Error('ECONNREFUSED')), 'ECONNREFUSED'],
  ['holds a record of a newer version', async () => [{ ...final, version: 2 }], 'newer version'],
  ['holds a record that no ledger can keep', async () => [{ ...final, recordedAt: 'lately' }], 'recordedAt'],
])('no ledger is created while the archive %s', async (_, list, why) => {
  const { ledger, activities, attempts } = stage(list);
  const failure = await failureOf(attempts.run(activities['dms.requestStart'], resume, 60));
  expect(failure).toMatchObject({ type: 'DmsUnavailable', message: expect.stringContaining(why) });
  expect(failure.message).toContain("its archive can't be read");
  expect(ledger.state).toBeNull();
});

test('a stop whose ledger is lost is recorded in the restored ledger', async () => {
  const { ledger, activities, attempts } = stage(async () => [archivedRecord(1)]);
  const request: RecordOperation = {
    replicationConfigArn,
    operation: operation('a'),
    end: 'stopped',
    intent: 'pause',
    outcome: 'stopped',
    settled: 'agreed',
    replication: look(),
    dmsTime: Date.UTC(2026, 0, 3),
    lagAtStop: null,
    finishedBy: null,
    awsRequestIds: [],
    isAnswered: true,
  };
  const recorded = await attempts.run(activities['dms.recordOperation'], request);
  expect(recorded.checkpoint).toMatchObject({ operationId: 'a', sequence: 2 });
  expect(ledger.state?.checkpoints.map(({ sequence }) => sequence)).toEqual([2, 1]);
});
