import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { createDmsActivities } from '../../src/activities/index.js';
import { Gate } from '../../src/activities/gate.js';
import type { DmsApi } from '../../src/dms/api.js';
import type { BegunOperation } from '../../src/operations/protocol.js';
import { answered, look } from '../support/look.js';

const arnOf = (n: number) => `arn:aws:dms:eu-west-1:123456789012:replication-config:R${n}`;

/** Ledgers that take their time, and tell how many were asked at once. */
function slowLedgers() {
  const counts = { now: 0, most: 0, all: 0 };
  const executeUpdate = async () => {
    const n = ++counts.all;
    counts.most = Math.max(counts.most, ++counts.now);
    await delay(5);
    counts.now--;
    if (n % 7 === 0) throw new Error('out of order');
    return { pendingCall: null, pendingCallAgeSeconds: null, checkpoint: null, repeatOf: null };
  };
  const client = {
    withDeadline: (_: number, request: () => Promise<unknown>) => request(),
    workflow: { getHandle: () => ({ executeUpdate }) },
  } as unknown as Client;
  return { client, counts };
}

const listing: Partial<DmsApi> = {
  describeReplication: ({ arn }) => Promise.resolve(answered(look({ replicationConfigArn: arn, status: 'running' }))),
  listReplications: () => {
    const items = Array.from({ length: 200 }, (_, n) => look({ replicationConfigArn: arnOf(n), status: 'running' }));
    return Promise.resolve({ items, marker: null, dmsTime: Date.now() });
  },
};

test('of two hundred operations that begin at once fifty ask their ledgers at a time, and a ledger that fails takes no place away', async () => {
  const { client, counts } = slowLedgers();
  const activities = createDmsActivities({ dms: listing as DmsApi, client, ledgerTaskQueue: 'somewhere' });
  const begin = (n: number) => {
    const request = {
      kind: 'stop',
      input: { replicationConfigArn: arnOf(n) },
      operationId: `o${n}`,
      parentWorkflowId: null,
    } as const;
    const attempt = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
    return attempt.run((): Promise<BegunOperation> => activities['dms.beginOperation'](request));
  };
  const ends = await Promise.allSettled(Array.from({ length: 200 }, (_, n) => begin(n)));
  expect(counts).toEqual({ now: 0, most: 50, all: 200 });
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(200 - Math.floor(200 / 7));
});

test('who leaves a gate without having been let in is passed over', async () => {
  const gate = new Gate(1);
  const { signal } = new AbortController();
  const leave = await gate.enter(signal);
  const leaving = new AbortController();
  const gone = gate.enter(leaving.signal);
  const next = gate.enter(signal);
  leaving.abort(new Error('no patience'));
  await expect(gone).rejects.toThrow('no patience');
  leave();
  (await next)();
  (await gate.enter(signal))();
});

test('what a call of somebody else has brought about is told by a look from after a slow ledger, not by the one before', async () => {
  const statuses = ['running', 'stopping'];
  const describeReplication: DmsApi['describeReplication'] = ({ arn }) =>
    Promise.resolve(answered(look({ replicationConfigArn: arn, status: statuses.shift() ?? 'unexpected' })));
  const pendingCall = { kind: 'stop', operationId: 'theirs', runId: 'another' };
  const executeUpdate = async () => {
    await delay(2100);
    return { pendingCall, pendingCallAgeSeconds: 30, checkpoint: null, repeatOf: null };
  };
  const client = {
    withDeadline: (_: number, request: () => Promise<unknown>) => request(),
    workflow: { getHandle: () => ({ executeUpdate }) },
  } as unknown as Client;
  const dms: Partial<DmsApi> = { describeReplication };
  const activities = createDmsActivities({ dms: dms as DmsApi, client, ledgerTaskQueue: 'somewhere' });
  const attempt = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const request = { kind: 'stop', operationId: 'mine', parentWorkflowId: null } as const;
  const input = { replicationConfigArn: arnOf(1) };
  const begin = (): Promise<BegunOperation> => activities['dms.beginOperation']({ ...request, input });
  expect(await attempt.run(begin)).toMatchObject({ status: 'stopping', unfinishedStop: { operationId: 'theirs' } });
});
