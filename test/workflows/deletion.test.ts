import { expect, test } from 'vitest';
import { HOUR } from '../support/deadlines.js';
import { ask } from '../support/dms-http.js';
import { failureOf, until } from '../support/stage.js';
import { startSkippingStage, type SkippingStage } from '../support/time-skipping.js';

const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0, deadlinePolicy: 'none' } as const;
const statusOf = async ({ env }: SkippingStage, arn: string) =>
  (await env.client.workflow.getHandle(`dms-ledger:${arn}`).describe()).status.name;

async function deleteReplication({ simulator }: SkippingStage, arn: string) {
  // DMS may delete no replication before it is deprovisioned.
  simulator.clock.advance({ hours: 72 });
  await ask(simulator, 'DeleteReplicationConfig', { ReplicationConfigArn: arn });
  await until('it is gone', () => simulator.replications().every(({ config }) => config.ReplicationConfigArn !== arn));
}

test.concurrent(
  'the ledger of a deleted replication closes a day later and continues when the replication is recreated',
  async () => {
    await using stage = await startSkippingStage();
    const { dms, env, simulator } = stage;
    const again = { identifier: 'orders-again', resourceIdentifier: 'AGAIN' };
    const replicationConfigArn = simulator.createReplication(again);
    await (
      await stage.work()
    ).runUntil(async () => {
      await dms.stop({ replicationConfigArn, ...brief });
      await deleteReplication(stage, replicationConfigArn);
      expect(await failureOf(dms.resume({ replicationConfigArn }))).toMatchObject({ type: 'DmsReplicationNotFound' });
      expect(await dms.ledger(replicationConfigArn)).toMatchObject({
        missingSince: expect.any(String),
        deletedAt: null,
      });
      await env.sleep(20 * HOUR);
      expect(await statusOf(stage, replicationConfigArn)).toBe('RUNNING');
      await env.sleep(5 * HOUR);
      await until('it is closed', async () => (await statusOf(stage, replicationConfigArn)) === 'COMPLETED');
      const ledger = await dms.ledger(replicationConfigArn);
      expect(ledger).toMatchObject({
        deletedAt: expect.any(String),
        events: [{ type: 'deleted' }],
        checkpoints: [{ sequence: 1 }],
      });
      expect(await failureOf(dms.resume({ replicationConfigArn }))).toMatchObject({ type: 'DmsReplicationNotFound' });
      const unseal = dms.unseal(replicationConfigArn, { by: 'ada', reason: 'why' });
      expect(await failureOf(unseal)).toMatchObject({ type: 'DmsReplicationNotFound' });

      expect(simulator.createReplication(again)).toBe(replicationConfigArn);
      const { checkpoint } = await dms.stop({ replicationConfigArn, ...brief });
      expect(checkpoint.sequence).toBe(2);
      const opened = await dms.ledger(replicationConfigArn);
      expect(opened).toMatchObject({
        deletedAt: null,
        missingSince: null,
        checkpoints: [{ sequence: 2 }, ledger.checkpoints[0]],
      });
    });
  },
);

test.concurrent('a ledger stays open if its replication is found again, or until its seal is lifted', async () => {
  await using stage = await startSkippingStage();
  const { dms, env, simulator } = stage;
  const [back, sealed] = [simulator.createReplication(), simulator.createReplication()];
  await (
    await stage.work()
  ).runUntil(async () => {
    await dms.stop({ replicationConfigArn: back, ...brief });
    await dms.stop({ replicationConfigArn: sealed, intent: 'final', ...brief });
    const gone = { type: 'error', name: 'ResourceNotFoundFault', message: 'No such replication config' } as const;
    for (const replicationConfigArn of [back, sealed]) {
      simulator.fault({ operation: '*', replicationConfigArn, times: 1e9, ...gone });
      expect(await failureOf(dms.resume({ replicationConfigArn }))).toMatchObject({ type: 'DmsReplicationNotFound' });
    }
    await env.sleep(HOUR);
    simulator.clearFaults();
    simulator.fault({ operation: '*', replicationConfigArn: sealed, times: 1e9, ...gone });
    await env.sleep(24 * HOUR);
    await until('it has looked', async () => (await dms.ledger(back)).missingSince === null);
    await until('it has looked there, too', async () => (await dms.ledger(sealed)).deletedAt !== null);
    expect([await statusOf(stage, back), await statusOf(stage, sealed)]).toEqual(['RUNNING', 'RUNNING']);
    await dms.unseal(sealed, { by: 'ada', reason: 'nobody needs it' });
    await until('it is closed', async () => (await statusOf(stage, sealed)) === 'COMPLETED');
  });
});

test.concurrent('a ledger whose own task queue has no activities still detects a deleted replication', async () => {
  await using stage = await startSkippingStage();
  const { dms, env, simulator } = stage;
  const replicationConfigArn = simulator.createReplication();
  const ledgers = await stage.workWithoutActivities('ledgers');
  const worker = await stage.work({ ledgerTaskQueue: 'ledgers' });
  await ledgers.runUntil(
    worker.runUntil(async () => {
      await dms.stop({ replicationConfigArn, ...brief });
      await deleteReplication(stage, replicationConfigArn);
      expect(await failureOf(dms.resume({ replicationConfigArn }))).toMatchObject({ type: 'DmsReplicationNotFound' });
      await env.sleep(25 * HOUR);
      await until('it is closed', async () => (await statusOf(stage, replicationConfigArn)) === 'COMPLETED');
    }),
  );
});
