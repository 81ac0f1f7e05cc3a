import { Context } from '@temporalio/activity';
import { describe, expect, test } from 'vitest';
import { ReplicationClient } from '../../src/client/index.js';
import { lastPolls } from '../../src/client/workers.js';
import { createDmsActivities } from '../../src/activities/index.js';
import type { RecordOperation } from '../../src/contract/activity-protocol.js';
import { failureOf, quick, simulatedApi, Stage, until } from '../support/stage.js';

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
    await stage.work({ lacks: 'dmsReplicationLedger' });
    const arn = stage.simulator.createReplication();
    await stage.client.workflow.start('dmsReplicationLedger', {
      workflowId: `dms-ledger:${arn}`,
      taskQueue: stage.taskQueue,
      args: [{ replicationConfigArn: arn }],
    });
    const failure = await failureOf(stage.dms.ledger(arn));
    expect(failure).toMatchObject({ type: 'DmsLedgerUnavailable' });
    expect(failure.message).toMatch(`fail the workflow task of dms-ledger:${arn}: Failed to initialize workflow`);
  });
});

describe.concurrent('the move of a ledger', () => {
  test('lets operations go on when its old task queue has no worker any more', async () => {
    await using stage = await Stage.set();
    const old = await stage.work();
    const next = `${stage.taskQueue}-next`;
    const arn = stage.simulator.createReplication();
    await stage.dms.stop({ replicationConfigArn: arn, operationId: 'before', ...brief });
    await stage.work({}, next);
    await until('the next worker polls', async () => {
      const polls = await Promise.all([lastPolls(stage.client, next, 1), lastPolls(stage.client, next, 2)]);
      return polls.every((each) => each?.length === 1);
    });
    await stage.dms.moveLedger(arn, { ...decision, taskQueue: next });
    await stage.stopWorkers(old);

    const dms = new ReplicationClient({ client: stage.client, taskQueue: next });
    expect(await dms.resume({ replicationConfigArn: arn, verifyProgressSeconds: 0 })).toMatchObject({
      outcome: 'resumed',
    });
    const { operations, events, taskQueue } = await dms.ledger(arn);
    expect(operations.map(({ kind }) => kind)).toEqual(['resume', 'stop']);
    expect(events).toMatchObject([{ type: 'moved', by: 'ada', reason: 'cut over' }]);
    expect(taskQueue).toBe(next);
    expect((await dms.history(arn, { kind: 'event' })).entries).toMatchObject([{ event: { type: 'moved' } }]);
    expect((await dms.summary(arn))?.state).toBe('running');
  });

  test('is refused to a task queue that no worker polls, and without a name', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const arn = stage.simulator.createReplication();
    await stage.dms.stop({ replicationConfigArn: arn, ...brief });
    const nobody = await failureOf(stage.dms.moveLedger(arn, { ...decision, taskQueue: 'nobody-polls' }));
    expect(nobody).toMatchObject({ type: 'DmsLedgerUnavailable' });
    expect(nobody.message).toContain('was not moved: no worker polls the task queue "nobody-polls"');
    const unnamed = await failureOf(stage.dms.moveLedger(arn, { ...decision, by: ' ', taskQueue: stage.taskQueue }));
    expect(unnamed).toMatchObject({ type: 'DmsInvalidInput' });
    const reserved = await failureOf(stage.dms.moveLedger(arn, { ...decision, taskQueue: '__temporal_x' }));
    expect(reserved).toMatchObject({ type: 'DmsInvalidInput' });
    await stage.work({ bare: true }, `${stage.taskQueue}-bare`);
    await until('it polls', async () => (await lastPolls(stage.client, `${stage.taskQueue}-bare`, 1))?.length === 1);
    const bare = await failureOf(stage.dms.moveLedger(arn, { ...decision, taskQueue: `${stage.taskQueue}-bare` }));
    expect(bare.message).toContain('for activities');
    await stage.dms.moveLedger(arn, { ...decision, taskQueue: stage.taskQueue });
    expect((await stage.dms.ledger(arn)).events).toEqual([]);
  });

  test('is not blocked by an activity that no worker of the old task queue takes', async () => {
    await using stage = await Stage.set();
    const next = `${stage.taskQueue}-next`;
    const archive = { append: () => Promise.reject(new Error('down')), list: async () => [] };
    const old = await stage.work({ archive });
    const arn = stage.simulator.createReplication();
    await stage.dms.stop({ replicationConfigArn: arn, ...brief });
    await stage.stopWorkers(old);
    await stage.work({ bare: true });
    await stage.work({ archive }, next);
    await until('the next worker polls', async () => {
      const polls = await Promise.all([lastPolls(stage.client, next, 1), lastPolls(stage.client, next, 2)]);
      return polls.every((each) => each?.length === 1);
    });
    await stage.dms.moveLedger(arn, { ...decision, taskQueue: next });
    const { taskQueue } = await stage.client.workflow.getHandle(`dms-ledger:${arn}`).describe();
    expect(taskQueue).toBe(next);
    expect((await stage.dms.ledger(arn)).archive).toMatchObject({ taskQueue: next, waiting: [{ sequence: 1 }] });
  });

  test('is not blocked by a record that the ledger writes for an operation that was cancelled', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 20 } });
    const next = `${stage.taskQueue}-next`;
    const own = createDmsActivities({ dms: simulatedApi(stage.simulator), holdSeconds: 1 });
    let hangs = 0;
    const record = (request: RecordOperation) => {
      if (request.finishedBy !== 'ledger') return own['dms.recordOperation'](request);
      hangs++;
      return Context.current().cancelled; // ends with the worker
    };
    await stage.work({ foreign: { ...own, 'dms.recordOperation': record } });
    await stage.work({}, next);
    const arn = stage.simulator.createReplication();
    const stop = await stage.dms.startStop({ replicationConfigArn: arn, ...brief });
    await until('DMS has accepted it', async () => (await stop.progress()).phase === 'stopping');
    await stop.cancel();
    await failureOf(stop.result());
    await until('the record hangs', () => hangs > 0);

    await stage.dms.moveLedger(arn, { ...decision, taskQueue: next });
    const { checkpoints, operations } = await until('it is recorded there', async () => {
      const ledger = await stage.dms.ledger(arn);
      return ledger.pendingCall === null ? ledger : null;
    });
    expect(checkpoints).toMatchObject([{ sequence: 1 }]);
    expect(operations).toMatchObject([{ outcome: 'stopped', finishedBy: 'ledger' }]);
  });
});
