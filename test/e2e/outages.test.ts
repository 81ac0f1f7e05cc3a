import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';
import { findServer } from '../../scripts/temporal-server.js';
import { DmsApiError, type DmsApi } from '../../src/dms/api.js';
import { bytesIn, encrypted } from '../support/encrypted.js';
import { answeredStatus, failureOf, ledgerOf, quick, simulatedApi, Stage, until } from '../support/stage.js';

const brief = { settleSeconds: 0 };
const slowStop = { ...quick, durations: { ...quick.durations, stopping: 160 } };

/** API of the simulator, with some calls replaced. */
function withReplacedCalls(stage: Stage, change: (api: DmsApi) => Partial<DmsApi>): DmsApi {
  const api = simulatedApi(stage.simulator);
  return { ...api, ...change(api) };
}

/** `PendingActivityState` of Temporal's API. */
const CANCEL_REQUESTED = 3;

/** Promise with its resolver. */
function withResolvers() {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve: () => resolve() };
}

/** Reads the message of the pending activity's last failure. */
async function lastFailure(stage: Stage, workflowId: string): Promise<string> {
  const { raw } = await stage.client.workflow.getHandle(workflowId).describe();
  return raw.pendingActivities?.[0]?.lastFailure?.message ?? '';
}

describe.concurrent('while the ledger can not be reached', () => {
  test('no call is sent, and the operation goes on once the ledger answers', async () => {
    await using stage = await Stage.set();
    const ledgerTaskQueue = randomUUID();
    await stage.work({ ledgerTaskQueue });
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, ...brief });
    const problem = await until('it says so', async () => (await lastFailure(stage, handle.workflowId)) || null);
    expect(problem).toContain(`dms-ledger:${replicationConfigArn} (task queue ${ledgerTaskQueue})`);
    expect(problem).toContain('does a worker serve that task queue?');
    expect(stage.simulator.count('StopReplication')).toBe(0);
    await stage.work({}, ledgerTaskQueue);
    expect((await handle.result()).outcome).toBe('stopped');
    expect(stage.simulator.count('StopReplication')).toBe(1);
    expect((await stage.dms.ledger(replicationConfigArn)).operations).toHaveLength(1);
  });

  test('an operation names the workflow type that the ledger worker lacks', async () => {
    await using stage = await Stage.set();
    await stage.work({ lacks: 'dmsReplicationLedger' });
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, ...brief });
    // The server reports this only after a while. On a busy machine, the first attempts may end before that.
    const problem = await until('it says so', async () => {
      const failure = await lastFailure(stage, handle.workflowId);
      return failure.includes('bundle') && failure;
    });
    expect(problem).toContain(`dms-ledger:${replicationConfigArn}`);
    expect(problem).toContain("Is dmsReplicationLedger in its worker's bundle?");
    expect(stage.simulator.count('StopReplication')).toBe(0);
    await stage.client.workflow.getHandle(handle.workflowId).terminate('test');
  });

  test('a cancelled operation ends before the ledger answers', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 1e6 } });
    const ledgerTaskQueue = randomUUID();
    await stage.work({ ledgerTaskQueue });
    const ledgerWorker = await stage.work({}, ledgerTaskQueue);
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, operationId: 'let go', ...brief });
    await until('it is stopping', async () => (await handle.progress()).lastStatus === 'stopping');
    await stage.stopWorkers(ledgerWorker);
    await handle.cancel();
    expect(String((await failureOf(handle.result())).cause)).toContain('CancelledFailure');
    await stage.work({}, ledgerTaskQueue);
    expect((await stage.dms.ledger(replicationConfigArn)).pendingCall).toMatchObject({ operationId: 'let go' });
  });

  test('an accepted stop waits to record, and shows its checkpoint meanwhile', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 3000 } });
    const ledgerTaskQueue = randomUUID();
    await stage.work({ ledgerTaskQueue });
    const ledgerWorker = await stage.work({}, ledgerTaskQueue);
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, ...brief });
    await until('it is stopping', async () => (await handle.progress()).phase === 'stopping');
    await stage.stopWorkers(ledgerWorker);
    stage.simulator.clock.advance({ seconds: 3000 });

    await until('it wants to record', async () => (await handle.progress()).phase === 'recording');
    await until('the ledger gave no answer', async () => lastFailure(stage, handle.workflowId));
    const { memo } = await stage.client.workflow.getHandle(handle.workflowId).describe();
    const shown = memo?.['dms.checkpoint'] as { recoveryCheckpoint: string; resumeBy: string };
    expect(shown.recoveryCheckpoint).toBe(stage.simulator.row(replicationConfigArn).RecoveryCheckpoint);

    await stage.work({}, ledgerTaskQueue);
    const { checkpoint } = await handle.result();
    expect(checkpoint).toMatchObject({ sequence: 1, recoveryCheckpoint: shown.recoveryCheckpoint });
    expect((await stage.dms.ledger(replicationConfigArn)).checkpoints).toHaveLength(1);
  });
});

describe.concurrent('when something is lost or interrupted', () => {
  test('the ledger waits for the late call of a terminated operation, and so does the next operation', async () => {
    await using stage = await Stage.set(slowStop);
    const { promise: onItsWay, resolve: land } = withResolvers();
    const dms = withReplacedCalls(stage, (api) => ({
      async stopReplication(arn) {
        await onItsWay;
        return api.stopReplication(arn);
      },
    }));
    await stage.work({ dms });
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, operationId: 'dies', ...brief });
    await until('the call is on its way', async () => {
      const ledger = await ledgerOf(stage.dms, replicationConfigArn);
      return ledger?.pendingCall;
    });
    await stage.client.workflow.getHandle(handle.workflowId).terminate('test');
    const next = await stage.dms.startStop({ replicationConfigArn, operationId: 'next', ...brief });
    await until('it waits the call out', async () =>
      (await lastFailure(stage, next.workflowId)).includes('the ledger is finishing the stop "dies"'),
    );
    land();
    expect((await next.result()).outcome).toMatch(/^already-/);
    expect((await stage.dms.ledger(replicationConfigArn)).checkpoints).toMatchObject([{}, { operationId: 'dies' }]);
    expect(stage.simulator.count('StopReplication')).toBe(1);
  });

  test('a cancel during a failing attempt ends as a cancel and keeps the note', async () => {
    await using stage = await Stage.set(slowStop);
    const { promise: onItsWay, resolve: fail } = withResolvers();
    const dms = withReplacedCalls(stage, (api) => ({
      async stopReplication(arn) {
        await api.stopReplication(arn);
        await onItsWay;
        throw new DmsApiError('unavailable', 'TimeoutError', 'the answer was lost');
      },
    }));
    await stage.work({ dms });
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, operationId: 'cancelled', ...brief });
    await until('the call has its effect', () => stage.simulator.count('StopReplication') === 1);
    await handle.cancel();
    await until('the attempt is to be cancelled', async () => {
      const { raw } = await stage.client.workflow.getHandle(handle.workflowId).describe();
      return Number(raw.pendingActivities?.[0]?.state) === CANCEL_REQUESTED;
    });
    fail();
    const failure = await failureOf(handle.result());
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    expect(String((failure as WorkflowFailedError).cause?.name)).toBe('CancelledFailure');
    expect(stage.simulator.count('StopReplication')).toBe(1);
    expect(await stage.dms.ledger(replicationConfigArn)).toMatchObject({
      pendingCall: { operationId: 'cancelled' },
      checkpoints: [],
    });
  });

  test('a connection that hangs is given up, and the stop goes on', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, ...brief });
    await until('it was asked to stop', () => stage.simulator.count('StopReplication') === 1);
    stage.simulator.fault({ operation: 'DescribeReplications', type: 'hang' });
    expect((await handle.result()).outcome).toBe('stopped');
    expect(stage.simulator.count('StopReplication')).toBe(1);
  });

  test('a stop survives a restart of the Temporal server on its database file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'temporal-dms-server-'));
    const executable = await findServer('dev');
    const log = { level: 'error', format: 'json' } as const;
    const serve = (port?: number) =>
      TestWorkflowEnvironment.createLocal({
        server: { executable, dbFilename: join(folder, 'temporal.db'), log, ...(port === undefined ? {} : { port }) },
      });
    // The SDK gives the server five seconds to start. A busy machine may need a second try.
    let server = await serve().catch(() => serve());
    try {
      const { address } = server;
      await using stage = await Stage.set(slowStop, { address });
      await stage.work();
      const replicationConfigArn = stage.simulator.createReplication();
      const handle = await stage.dms.startStop({ replicationConfigArn, ...brief });
      await until('it is stopping', async () => (await handle.progress()).lastStatus === 'stopping');
      await server.teardown();
      const port = Number(address.split(':')[1]);
      server = await serve(port).catch(() => serve(port));
      const result = await until('it is over', () => handle.result().catch(() => null));
      expect(result).toMatchObject({ outcome: 'stopped', checkpoint: { sequence: 1 } });
      expect(stage.simulator.count('StopReplication')).toBe(1);
      expect((await stage.dms.ledger(replicationConfigArn)).checkpoints).toHaveLength(1);
    } finally {
      await server.teardown();
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('a wait without any look until long past its deadline times out with the last status', async () => {
    await using stage = await Stage.set();
    // The server times out an activity at once if its next attempt would come after the schedule-to-close timeout.
    const unseen = async () => {
      throw ApplicationFailure.create({ message: 'no worker', nextRetryDelay: '1 day' });
    };
    await stage.work({ foreign: { 'dms.awaitStopped': unseen, 'dms.awaitRunning': unseen } });
    const running = stage.simulator.createReplication();
    expect(await failureOf(stage.dms.stop({ replicationConfigArn: running, operationId: 'unseen' }))).toMatchObject({
      type: 'DmsStopTimedOut',
      message: expect.stringContaining('No worker looked'),
      details: [{ status: answeredStatus, operationId: 'unseen' }],
    });
    expect((await stage.dms.ledger(running)).pendingCall).toMatchObject({ kind: 'stop', operationId: 'unseen' });
    const atRest = stage.simulator.createReplication({ status: 'stopped' });
    expect(await failureOf(stage.dms.resume({ replicationConfigArn: atRest, force: true }))).toMatchObject({
      type: 'DmsStartTimedOut',
      message: expect.stringContaining('No worker looked'),
    });
  });

  test('a paused operation can be joined, and goes on when it is unpaused', async () => {
    await using stage = await Stage.set(slowStop);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, ...brief });
    await until('it is stopping', async () => (await handle.progress()).lastStatus === 'stopping');
    const execution = { namespace: 'default', workflowId: handle.workflowId, runId: handle.runId, identity: 'test' };
    const { workflowService } = stage.client;
    await workflowService.pauseWorkflowExecution({ ...execution, reason: 'test', requestId: randomUUID() });
    const joined = await stage.dms.startStop({ replicationConfigArn, ...brief });
    expect(joined).toMatchObject({ joined: true, runId: handle.runId });
    expect(await failureOf(stage.dms.resume({ replicationConfigArn }))).toMatchObject({
      type: 'DmsOperationInProgress',
    });
    await workflowService.unpauseWorkflowExecution({ ...execution, reason: 'test', requestId: randomUUID() });
    expect((await joined.result()).outcome).toBe('stopped');
    expect(stage.simulator.count('StopReplication')).toBe(1);
  });
});

describe.concurrent('with everything encrypted', () => {
  test('a stop, its progress, failures and ledger work, and its history does not show the reason', async () => {
    await using stage = await Stage.set(slowStop, { dataConverter: encrypted });
    await stage.work({ holdSeconds: 3 });
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, reason: 'hush', ...brief });
    const showsStopping = async () => (await handle.progress()).detail.includes('"stopping"');
    await until('a look has shown it stopping', showsStopping);
    const showsFailure = async () => (await lastFailure(stage, handle.workflowId)) === 'Encoded failure';
    await until('an attempt has ended, and its failure is encoded', showsFailure);
    expect(await showsStopping()).toBe(true);
    const refusal = await failureOf(stage.dms.resume({ replicationConfigArn }));
    expect(refusal).toMatchObject({ type: 'DmsOperationInProgress', details: [{ operation: { kind: 'stop' } }] });
    const { checkpoint } = await handle.result();
    expect((await stage.dms.ledger(replicationConfigArn)).checkpoints).toEqual([checkpoint]);
    const failure = await failureOf(stage.dms.resume({ replicationConfigArn, checkpoint: { sequence: 9 } }));
    expect(failure).toMatchObject({ type: 'DmsCheckpointMissing', message: expect.stringContaining('sequence') });
    const history = await stage.client.workflow.getHandle(handle.workflowId).fetchHistory();
    const payloads = bytesIn(history);
    expect(payloads.length).toBeGreaterThan(5);
    expect(payloads.filter((payload) => payload.includes('hush'))).toEqual([]);
  });
});
