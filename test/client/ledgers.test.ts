import { describe, expect, test } from 'vitest';
import { failureOf, Stage } from '../support/stage.js';

const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };
const decision = { by: 'ada', reason: 'cut over' };

describe('a ledger', () => {
  test('that does not exist fails every request as not found', async () => {
    await using stage = await Stage.set();
    const arn = stage.simulator.createReplication();
    const asked = [
      stage.dms.ledger(arn),
      stage.dms.history(arn),
      stage.dms.unseal(arn, decision),
      stage.dms.breakReservation(arn, decision),
    ];
    for (const failure of await Promise.all(asked.map(failureOf))) {
      expect(failure).toMatchObject({ type: 'DmsLedgerNotFound', details: [{ replicationConfigArn: arn }] });
      expect(failure.message).toContain('nothing was recorded under this ARN');
    }
  });

  test('that no worker serves fails within 15 seconds with its id and task queue', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const arn = stage.simulator.createReplication();
    await stage.dms.stop({ replicationConfigArn: arn, intent: 'final', ...brief });
    await stage.stopWorkers();
    const startedAt = Date.now();
    const failures = await Promise.all(
      [stage.dms.ledger(arn), stage.dms.history(arn), stage.dms.unseal(arn, decision)].map(failureOf),
    );
    // The limit is ten seconds. A busy machine takes longer.
    expect(Date.now() - startedAt).toBeLessThan(15_000);
    for (const { type, message } of failures as { type: string; message: string }[]) {
      expect(type).toBe('DmsLedgerUnavailable');
      expect(message).toContain(`The ledger dms-ledger:${arn} on the task queue "${stage.taskQueue}" can't be reached`);
      expect(message).toContain('a worker polled that task queue last at');
    }
  });

  test('fails with the reason when no worker ever polled its task queue', async () => {
    await using stage = await Stage.set();
    const arn = stage.simulator.createReplication();
    await stage.client.workflow.start('dmsReplicationLedger', {
      workflowId: `dms-ledger:${arn}`,
      taskQueue: stage.taskQueue,
      args: [{ replicationConfigArn: arn }],
    });
    const failure = await failureOf(stage.dms.ledger(arn));
    expect(failure).toMatchObject({ type: 'DmsLedgerUnavailable' });
    expect(failure.message).toContain('no worker polls that task queue');
  });

  test('fails with the reason when its worker lacks the workflow', async () => {
    await using stage = await Stage.set();
    await stage.work({ workflows: './hosts-without-ledger.ts' });
    const arn = stage.simulator.createReplication();
    await stage.client.workflow.start('dmsReplicationLedger', {
      workflowId: `dms-ledger:${arn}`,
      taskQueue: stage.taskQueue,
      args: [{ replicationConfigArn: arn }],
    });
    const failure = await failureOf(stage.dms.ledger(arn));
    expect(failure).toMatchObject({ type: 'DmsLedgerUnavailable' });
    expect(failure.message).toContain('dmsReplicationLedger in its bundle');
  });
});
