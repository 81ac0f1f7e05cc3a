import { randomUUID } from 'node:crypto';
import Long from 'long';
import { describe, expect, test } from 'vitest';
import type { RecordReply } from '../../src/contract/ledger-protocol.js';
import { beginOf, stoppedOf } from '../support/ledger-requests.js';
import { operation } from '../support/operations.js';
import { failureOf, quick, Stage, until } from '../support/stage.js';

const brief = { settleSeconds: 0 };
const slowStop = { ...quick, durations: { ...quick.durations, stopping: 160 } };

describe.concurrent('one operation at a time', () => {
  test('concurrent stops from client, host and workflow name share one call and one result', async () => {
    await using stage = await Stage.set(slowStop);
    await stage.work();
    const input = { replicationConfigArn: stage.simulator.createReplication(), ...brief };
    const { taskQueue, client } = stage;
    const handle = await stage.dms.startStop(input);
    const second = await stage.dms.startStop(input);
    expect([handle.joined, second.joined]).toEqual([false, true]);
    const results = await Promise.all([
      handle.result(),
      second.result(),
      client.workflow.execute('hostStop', { workflowId: randomUUID(), taskQueue, args: [input] }),
      client.workflow.execute('dmsStopReplication', { workflowId: randomUUID(), taskQueue, args: [input] }),
    ]);
    for (const result of results) expect(result).toEqual(results[0]);
    expect(stage.simulator.count('StopReplication')).toBe(1);
    expect((await stage.dms.ledger(input.replicationConfigArn)).checkpoints).toHaveLength(1);
  });

  test('another operation is refused, and the failure names the one under way', async () => {
    await using stage = await Stage.set(slowStop);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const { taskQueue, client } = stage;
    const workflowId = `host-${randomUUID()}`;
    const host = await client.workflow.start('hostStop', {
      workflowId,
      taskQueue,
      args: [{ replicationConfigArn, operationId: 'night', ...brief }],
    });
    await until('it is stopping', () => stage.simulator.row(replicationConfigArn).Status === 'stopping');
    for (const refused of [
      () => stage.dms.resume({ replicationConfigArn }),
      () => stage.dms.stop({ replicationConfigArn, operationId: 'other' }),
    ]) {
      expect(await failureOf(refused())).toMatchObject({
        type: 'DmsOperationInProgress',
        details: [
          {
            operation: {
              kind: 'stop',
              operationId: 'night',
              workflowId: `dms:${replicationConfigArn}`,
              hostWorkflowId: workflowId,
            },
          },
        ],
      });
    }
    expect(await host.result()).toMatchObject({ outcome: 'stopped', operationId: 'night' });
  });

  test('a refused step and a refused workflow get the failure that names the operation under way', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 3000 } });
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const { taskQueue, client } = stage;
    const handle = await stage.dms.startStop({ replicationConfigArn, operationId: 'night', ...brief });
    await until('it is stopping', () => stage.simulator.row(replicationConfigArn).Status === 'stopping');
    const named = { operation: { kind: 'stop', operationId: 'night', workflowId: `dms:${replicationConfigArn}` } };
    const caught = (args: [object, string]) =>
      client.workflow.execute('hostThatCatches', { workflowId: randomUUID(), taskQueue, args });
    const refused = { name: 'ApplicationFailure', type: 'DmsOperationInProgress', nonRetryable: true };
    expect(await caught([{ replicationConfigArn }, 'resume'])).toMatchObject({ ...refused, details: [named] });
    expect(await caught([{ replicationConfigArn, operationId: 'other' }, 'stop'])).toMatchObject(refused);
    const invalid = { type: 'DmsInvalidInput', nonRetryable: true };
    expect(await caught([{ replicationConfigArn: 'arn:aws:s3:::bucket' }, 'stop'])).toMatchObject(invalid);

    const byName = await client.workflow.start('dmsResumeReplication', {
      workflowId: randomUUID(),
      taskQueue,
      args: [{ replicationConfigArn }],
    });
    expect(await failureOf(byName.result())).toMatchObject({
      cause: { type: 'DmsOperationInProgress', details: [named] },
    });
    expect(await byName.query('dms.progress')).toMatchObject({ phase: 'failed' });
    stage.simulator.clock.advance({ seconds: 3000 });
    expect((await handle.result()).outcome).toBe('stopped');
    expect(stage.simulator.count('StartReplication')).toBe(0);
    expect(await caught([{ replicationConfigArn, operationId: 7 }, 'stop'])).toMatchObject(invalid);
  });

  test('a step runs on the task queue that its host names', async () => {
    await using stage = await Stage.set();
    const hosts = randomUUID();
    await stage.work();
    await stage.work({ workflows: './hosts-with-steps-only.ts', bare: true }, hosts);
    const replicationConfigArn = stage.simulator.createReplication();
    const result = await stage.client.workflow.execute('hostStopElsewhere', {
      workflowId: randomUUID(),
      taskQueue: hosts,
      args: [{ replicationConfigArn, ...brief }, stage.taskQueue],
    });
    expect(result).toBe('stopped');
  });

  test('a stop is refused while a resume is under way, and a second resume joins it', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, replication_starting: 100 } });
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication({ status: 'stopped' });
    const input = { replicationConfigArn, operationId: 'morning', force: true, verifyProgressSeconds: 0 };
    const handle = await stage.dms.startResume(input);
    await until('it is starting', () => stage.simulator.row(replicationConfigArn).Status === 'replication_starting');
    expect(await failureOf(stage.dms.stop({ replicationConfigArn }))).toMatchObject({
      type: 'DmsOperationInProgress',
      message: expect.stringContaining('A resume ("morning")'),
    });
    expect((await stage.dms.startResume(input)).joined).toBe(true);
    expect((await handle.result()).outcome).toBe('resumed');
    expect([stage.simulator.count('StopReplication'), stage.simulator.count('StartReplication')]).toEqual([0, 1]);
  });

  test('a repeated operation id returns its record while the stop holds, and is refused afterwards', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const input = { replicationConfigArn, operationId: 'once', ...brief };
    const first = await stage.dms.stop(input);
    const again = await stage.dms.stop(input);
    expect(again).toMatchObject({ outcome: 'stopped', checkpoint: first.checkpoint, tables: first.tables });
    stage.simulator.start(replicationConfigArn);
    expect(await failureOf(stage.dms.stop(input))).toMatchObject({ type: 'DmsOperationSuperseded' });
    await until('it runs', () => stage.simulator.row(replicationConfigArn).Status === 'running');
    await stage.dms.stop({ replicationConfigArn, ...brief });
    expect(await failureOf(stage.dms.stop(input))).toMatchObject({ type: 'DmsOperationSuperseded' });
    expect(stage.simulator.count('StopReplication')).toBe(2);
  });

  test('a host may be retried, and may stop, resume and stop again', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const { taskQueue, client } = stage;
    const replicationConfigArn = stage.simulator.createReplication();
    const outcome = await client.workflow.execute('hostThatFailsOnce', {
      workflowId: randomUUID(),
      taskQueue,
      args: [{ replicationConfigArn, ...brief }],
      retry: { maximumAttempts: 2, initialInterval: 100 },
    });
    expect(outcome).toBe('already-stopped');
    const other = stage.simulator.createReplication();
    const sequences = await client.workflow.execute('hostStopResumeStop', {
      workflowId: randomUUID(),
      taskQueue,
      args: [{ replicationConfigArn: other }],
    });
    expect(sequences).toEqual([1, 2]);
  });

  test('a stop is recorded although its host is terminated', async () => {
    await using stage = await Stage.set(slowStop);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const host = await stage.client.workflow.start('hostStop', {
      workflowId: randomUUID(),
      taskQueue: stage.taskQueue,
      args: [{ replicationConfigArn, ...brief }],
    });
    await until('it is stopping', () => stage.simulator.row(replicationConfigArn).Status === 'stopping');
    await host.terminate('test');
    const ledger = await until('it is recorded', async () => {
      const read = await stage.dms.ledger(replicationConfigArn);
      return read.checkpoints.length > 0 ? read : null;
    });
    expect(ledger).toMatchObject({ pendingCall: null, operations: [{ outcome: 'stopped' }] });
  });

  test('the stop of a terminated operation is finished by the ledger before the next operation goes on', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 200 } });
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, operationId: 'dies', ...brief });
    await until('it is stopping', () => stage.simulator.row(replicationConfigArn).Status === 'stopping');
    await stage.client.workflow.getHandle(handle.workflowId).terminate('test');
    const result = await stage.dms.stop({ replicationConfigArn, operationId: 'next', ...brief });
    expect(result.outcome).toBe('already-stopped');
    expect(await stage.dms.ledger(replicationConfigArn)).toMatchObject({
      pendingCall: null,
      checkpoints: [{ operationId: 'next' }, { operationId: 'dies' }],
      operations: [{ operationId: 'next' }, { operationId: 'dies', outcome: 'stopped', finishedBy: 'ledger' }],
    });
    expect(stage.simulator.count('StopReplication')).toBe(1);
  });

  test('a reset operation goes on, with one call and one record', async () => {
    await using stage = await Stage.set(slowStop);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, ...brief });
    await until('it is stopping', () => stage.simulator.row(replicationConfigArn).Status === 'stopping');
    await stage.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: handle.workflowId, runId: handle.runId },
      reason: 'test',
      requestId: randomUUID(),
      workflowTaskFinishEventId: Long.fromNumber(4),
    });
    const joined = await stage.dms.stop({ replicationConfigArn });
    expect(joined.outcome).toBe('stopped');
    expect(await handle.result()).toEqual(joined);
    expect(stage.simulator.count('StopReplication')).toBe(1);
    expect((await stage.dms.ledger(replicationConfigArn)).checkpoints).toHaveLength(1);
  });

  test('a ledger keeps each record once while it continues as new under load', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const { checkpoint } = await stage.dms.stop({ replicationConfigArn, ...brief });
    const ledger = stage.client.workflow.getHandle(`dms-ledger:${replicationConfigArn}`);
    const { runId } = await ledger.describe();
    const left = Array.from({ length: 400 }, (_, i) => i);
    const sequences: number[] = [];
    // All requests share one token, as if one attempt sent them.
    const token = Date.now() + 1000;
    const work = async () => {
      for (let i = left.shift(); i !== undefined; i = left.shift()) {
        const who = operation(`load-${i}`);
        const { sequence: _, recordedAt: _at, ...draft } = checkpoint;
        const stoppedAt = new Date(i * 1000).toISOString();
        const request = stoppedOf(who, 0, { token, checkpoint: { ...draft, operationId: who.operationId, stoppedAt } });
        const record = async (): Promise<RecordReply> => {
          await ledger.executeUpdate('dms.begin', { args: [beginOf(who, 0, { token })] });
          return ledger.executeUpdate<RecordReply, [unknown]>('dms.record', { args: [request] });
        };
        // The ledger forgets an operation once a hundred newer ones have begun. Such an operation begins again.
        const reply = await record().catch((err: unknown) => {
          if (String(err instanceof Error ? err.cause : err).includes('has not begun')) return record();
          throw err;
        });
        sequences.push(reply.checkpoint?.sequence ?? 0);
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect(sequences.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 400 }, (_, i) => i + 2));
    expect((await ledger.describe()).runId).not.toBe(runId);
    const { lastSequence, checkpoints } = await stage.dms.ledger(replicationConfigArn);
    expect([lastSequence, checkpoints.length]).toEqual([401, 100]);
  });

  test('a ledger that someone terminated is not replaced by an empty one', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    await stage.dms.stop({ replicationConfigArn, ...brief });
    await stage.client.workflow.getHandle(`dms-ledger:${replicationConfigArn}`).terminate('test');
    expect(await failureOf(stage.dms.resume({ replicationConfigArn }))).toMatchObject({
      type: 'DmsLedgerClosed',
      message: expect.stringContaining('temporal workflow reset'),
    });
    expect(stage.simulator.count('StartReplication')).toBe(0);
  });

  test('a stop waits to record until its terminated ledger is started again with its state', async () => {
    await using stage = await Stage.set(slowStop);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, operationId: 'held up', ...brief });
    await until('it is stopping', async () => (await handle.progress()).lastStatus === 'stopping');
    const workflowId = `dms-ledger:${replicationConfigArn}`;
    const state = await stage.dms.ledger(replicationConfigArn);
    expect(state.pendingCall).toMatchObject({ operationId: 'held up' });
    await stage.client.workflow.getHandle(workflowId).terminate('test');
    await until('it says so', async () => (await handle.progress()).detail.includes('was terminated'));
    const { taskQueue } = stage;
    const args = [{ replicationConfigArn, state }];
    await stage.client.workflow.start('dmsReplicationLedger', { workflowId, taskQueue, args });
    expect((await handle.result()).checkpoint).toMatchObject({ sequence: 1, operationId: 'held up' });
    expect(await stage.dms.ledger(replicationConfigArn)).toMatchObject({
      pendingCall: null,
      operations: [{ operationId: 'held up', outcome: 'stopped' }],
    });
    expect(stage.simulator.count('StopReplication')).toBe(1);
  });

  test('another worker continues the wait of a worker that shuts down', async () => {
    await using stage = await Stage.set(slowStop);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, ...brief });
    await until('it is stopping', async () => (await handle.progress()).lastStatus === 'stopping');
    await stage.stopWorkers();
    expect(await handle.progress()).toMatchObject({ phase: 'stopping', lastStatus: 'stopping' });
    await stage.work();
    expect((await handle.result()).outcome).toBe('stopped');
    expect(stage.simulator.count('StopReplication')).toBe(1);
  });
});

describe.concurrent('a step that checks', () => {
  test('passes while the recorded stop holds, and names what undid it', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const { taskQueue, client } = stage;
    const replicationConfigArn = stage.simulator.createReplication({ durations: { modifying: 3600 } });
    const { checkpoint } = await stage.dms.stop({ replicationConfigArn, ...brief });
    const check = () =>
      client.workflow.execute('hostAssertStopped', { workflowId: randomUUID(), taskQueue, args: [checkpoint] });
    await check();
    stage.simulator.modify(replicationConfigArn);
    const modified = { type: 'DmsStopReverted', message: expect.stringContaining('is "modifying" now') };
    expect(await failureOf(check())).toMatchObject({ cause: modified });
    stage.simulator.clock.advance({ seconds: 3600 });
    await until('it is modified', () => stage.simulator.row(replicationConfigArn).Status === 'stopped');
    stage.simulator.start(replicationConfigArn);
    expect(await failureOf(check())).toMatchObject({ cause: { type: 'DmsStopReverted' } });
    await until('it runs', () => stage.simulator.row(replicationConfigArn).Status === 'running');
    stage.simulator.stop(replicationConfigArn);
    await until('it is stopped', () => stage.simulator.row(replicationConfigArn).Status === 'stopped');
    stage.simulator.clock.advance({ seconds: 30 });
    expect(await failureOf(check())).toMatchObject({ cause: { type: 'DmsCheckpointChanged' } });
  });
});
