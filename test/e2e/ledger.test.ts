import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { failureOf, ledgerOf, quick, Stage, until } from '../support/stage.js';

const slowStop = { ...quick, durations: { ...quick.durations, stopping: 1200 } };
/** Ends a slow stop. Until then, a test has all the time that it needs. */
const endStop = (stage: Stage) => stage.simulator.clock.advance({ seconds: slowStop.durations.stopping });
/** Simulated duration of a start that lasts until a test moves the clock. */
const STARTING_SECONDS = 36_000;
const heldStart = { ...quick, durations: { ...quick.durations, replication_starting: STARTING_SECONDS } };
const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };

const status = (stage: Stage, arn: string) => stage.simulator.row(arn).Status;

describe.concurrent('the ledger finishes a stop that DMS accepted', () => {
  test('when its operation was cancelled, and keeps its operation id, intent and reason', async () => {
    await using stage = await Stage.set(slowStop);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const input = {
      replicationConfigArn,
      operationId: 'night',
      requestedBy: 'ada',
      reason: 'window',
      intent: 'final',
    } as const;
    const handle = await stage.dms.startStop(input);
    await until('it is stopping', () => status(stage, replicationConfigArn) === 'stopping');
    await until('the wait has begun', async () => (await handle.progress()).phase === 'stopping');
    await handle.cancel();
    await failureOf(handle.result());
    endStop(stage);
    const ledger = await until('it is recorded', async () => {
      const now = await stage.dms.ledger(replicationConfigArn);
      return now.checkpoints.length > 0 ? now : null;
    });
    expect(ledger).toMatchObject({
      pendingCall: null,
      sealed: { by: 'ada', reason: 'window' },
      checkpoints: [
        {
          operationId: 'night',
          intent: 'final',
          settled: 'agreed',
          recoveryCheckpoint: expect.any(String),
          resumeBy: expect.any(String),
        },
      ],
      operations: [
        {
          operationId: 'night',
          outcome: 'stopped',
          failureType: 'CancelledFailure',
          finishedBy: 'ledger',
          checkpointSequence: 1,
        },
      ],
    });
    expect(ledger.operations[0]?.awsRequestIds).toHaveLength(1);
    expect(await stage.dms.stop(input)).toMatchObject({ outcome: 'stopped', checkpoint: { sequence: 1 } });
    expect(stage.simulator.count('StopReplication')).toBe(1);
  });

  test('when its operation timed out, and records that the replication failed', async () => {
    await using stage = await Stage.set(slowStop);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    stage.simulator.onNextStop(replicationConfigArn, {
      type: 'fail',
      messages: ['The target is gone'],
      stopReason: 'Stop Reason FATAL_ERROR',
    });
    const failure = await failureOf(stage.dms.stop({ replicationConfigArn, stopTimeoutSeconds: 1, ...brief }));
    expect(failure).toMatchObject({ type: 'DmsStopTimedOut' });
    endStop(stage);
    const ledger = await until(
      'it is recorded',
      async () => {
        const now = await stage.dms.ledger(replicationConfigArn);
        return now.checkpoints.length > 0 ? now : null;
      },
      60,
    );
    expect(ledger).toMatchObject({
      pendingCall: null,
      checkpoints: [{ status: 'failed', stopReason: 'Stop Reason FATAL_ERROR' }],
      operations: [{ outcome: null, failureType: 'DmsReplicationFailed' }],
    });
  });

  test('while the next operation waits for it and names it in its progress', async () => {
    await using stage = await Stage.set(slowStop);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, operationId: 'first' });
    await until('the wait has begun', async () => (await handle.progress()).phase === 'stopping');
    await handle.cancel();
    await failureOf(handle.result());
    const next = await stage.dms.startStop({ replicationConfigArn, operationId: 'second', ...brief });
    await until('it says what it waits for', async () =>
      (await next.progress()).detail.includes('the ledger is finishing the stop "first"'),
    );
    endStop(stage);
    expect(await next.result()).toMatchObject({ outcome: 'already-stopped', checkpoint: { sequence: 2 } });
    expect(await stage.dms.ledger(replicationConfigArn)).toMatchObject({
      pendingCall: null,
      checkpoints: [{ operationId: 'second' }, { operationId: 'first' }],
    });
    expect(stage.simulator.count('StopReplication')).toBe(1);
  });

  test('even when someone cancels the ledger', async () => {
    await using stage = await Stage.set(slowStop);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn });
    await until('the wait has begun', async () => (await handle.progress()).phase === 'stopping');
    await handle.cancel();
    await stage.client.workflow.getHandle(`dms-ledger:${replicationConfigArn}`).cancel();
    endStop(stage);
    await until('it is recorded', async () => (await stage.dms.ledger(replicationConfigArn)).checkpoints.length === 1);
  });
});

test.concurrent('a ledger shows its resume deadline, checkpoint and seal in the Web UI', async () => {
  await using stage = await Stage.set(quick);
  await stage.work();
  const replicationConfigArn = stage.simulator.createReplication();
  const { checkpoint } = await stage.dms.stop({ replicationConfigArn, ...brief });
  const shown = async () => {
    const handle = stage.client.workflow.getHandle(`dms-ledger:${replicationConfigArn}`);
    return (await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;
  };
  expect(await shown()).toContain(`**Resume by ${checkpoint.resumeBy}**, policy \`warn\``);
  expect(await shown()).toContain(checkpoint.recoveryCheckpoint);
  await stage.dms.stop({ replicationConfigArn, intent: 'final', requestedBy: 'ada', reason: 'cutover', ...brief });
  expect(await shown()).toContain('**Sealed** by ada at ');
  expect(await shown()).not.toContain('Resume by');
});

test.concurrent(
  'the history of a replication shows for each operation who asked, why, the status at its start and its end',
  async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    await stage.dms.stop({ replicationConfigArn, requestedBy: 'ada', reason: 'window', ...brief });
    const { ReplicationLastStopTime: stoppedAt } = stage.simulator.row(replicationConfigArn);
    stage.simulator.start(replicationConfigArn);
    await until('it runs', () => status(stage, replicationConfigArn) === 'running');
    stage.simulator.stop(replicationConfigArn);
    await until('its stop is described', () => {
      const { Status: now, ReplicationLastStopTime: at } = stage.simulator.row(replicationConfigArn);
      return now === 'stopped' && at !== stoppedAt;
    });
    await failureOf(stage.dms.resume({ replicationConfigArn, requestedBy: 'bob' }));
    const { entries, next } = await stage.dms.history(replicationConfigArn);
    expect(next).toBeNull();
    expect(entries).toMatchObject([
      {
        operation: {
          kind: 'resume',
          requestedBy: 'bob',
          statusAtBegin: 'stopped',
          outcome: null,
          failureType: 'DmsCheckpointChanged',
          failureMessage: expect.stringContaining('differs from record'),
        },
      },
      {
        operation: {
          kind: 'stop',
          requestedBy: 'ada',
          reason: 'window',
          statusAtBegin: 'running',
          outcome: 'stopped',
          awsRequestIds: [expect.any(String)],
        },
      },
    ]);
    const byName = stage.client.workflow.getHandle(`dms-ledger:${replicationConfigArn}`);
    expect(await byName.query('dms.history', { kind: 'stop', limit: 1 })).toMatchObject({
      entries: [{ operation: { requestedBy: 'ada' } }],
    });
  },
);

test.concurrent('a ledger of a newer version fails its workflow task, and stays open for a newer worker', async () => {
  await using stage = await Stage.set(quick);
  await stage.work();
  const replicationConfigArn = stage.simulator.createReplication();
  const handle = await stage.client.workflow.start('dmsReplicationLedger', {
    workflowId: `dms-ledger:${replicationConfigArn}`,
    taskQueue: stage.taskQueue,
    args: [{ replicationConfigArn, state: { version: 2 } }],
  });
  const failed = await until('its task has failed', async () => {
    const { events } = await handle.fetchHistory();
    return events?.find((event) => event.workflowTaskFailedEventAttributes) ?? null;
  });
  expect(failed.workflowTaskFailedEventAttributes?.failure?.message).toContain(
    'written by a newer version of temporal-dms',
  );
  expect((await handle.describe()).status.name).toBe('RUNNING');
  await handle.terminate();
});

/** A host has reserved a replication and stopped it. */
async function reserveByHost(stage: Stage) {
  await stage.work();
  const replicationConfigArn = stage.simulator.createReplication();
  const workflowId = `cutover-${randomUUID()}`;
  const { client, taskQueue, dms } = stage;
  const host = await client.workflow.start('hostThatReserves', { workflowId, taskQueue, args: [replicationConfigArn] });
  await until('it is stopped', async () => (await ledgerOf(dms, replicationConfigArn))?.checkpoints.length === 1);
  // A stop is recorded a moment before its workflow ends, and may be named as the one under way until then.
  await until('no operation is open', async () => {
    const { status: open } = await client.workflow.getHandle(`dms:${replicationConfigArn}`).describe();
    return open.name !== 'RUNNING';
  });
  return { replicationConfigArn, workflowId, host };
}

describe.concurrent('a reservation', () => {
  test('refuses other operations between the steps of its host, also across a continue-as-new', async () => {
    await using stage = await Stage.set(quick);
    const { client, taskQueue } = stage;
    const { replicationConfigArn, workflowId, host } = await reserveByHost(stage);
    for (const refused of [stage.dms.resume.bind(stage.dms), stage.dms.stop.bind(stage.dms)]) {
      expect(await failureOf(refused({ replicationConfigArn }))).toMatchObject({
        type: 'DmsReplicationReserved',
        message: expect.stringContaining(`is reserved by ${workflowId} since`),
      });
    }
    const other = { workflowId: randomUUID(), taskQueue, args: [replicationConfigArn] };
    expect(await failureOf(client.workflow.execute('hostThatReserves', other))).toMatchObject({
      cause: { type: 'DmsReplicationReserved', message: expect.stringContaining('cutover tonight') },
    });
    // An operation that names the owner works under its reservation.
    const named = { replicationConfigArn, owner: workflowId, ...brief };
    expect(await stage.dms.stop(named)).toMatchObject({ outcome: 'already-stopped' });
    await client.workflow.getHandle(workflowId).signal('goOn');
    expect(await host.result()).toEqual(['stopped', 'resumed']);
    expect(await stage.dms.ledger(replicationConfigArn)).toMatchObject({
      reservation: null,
      events: [
        { type: 'released', by: workflowId },
        { type: 'reserved', by: workflowId, reason: 'cutover tonight' },
      ],
    });
  });

  test('whose host was terminated can be broken with a name and a reason', async () => {
    await using stage = await Stage.set(quick);
    const { replicationConfigArn, workflowId, host } = await reserveByHost(stage);
    await host.terminate();
    const unnamed = stage.dms.breakReservation(replicationConfigArn, { by: 'bob', reason: '' });
    expect(await failureOf(unnamed)).toMatchObject({ type: 'DmsInvalidInput' });
    await stage.dms.breakReservation(replicationConfigArn, { by: 'bob', reason: 'its host is gone' });
    const resume = { replicationConfigArn, verifyProgressSeconds: 0 };
    expect(await stage.dms.resume(resume)).toMatchObject({ outcome: 'resumed' });
    expect((await stage.dms.ledger(replicationConfigArn)).events[0]).toMatchObject({
      type: 'reservation-broken',
      by: 'bob',
      reason: 'its host is gone',
      detail: expect.stringContaining(workflowId),
    });
  });
});

describe.concurrent('a stop that preempts', () => {
  test.each(['the client', 'a step'])('cancels the resume under way, from %s', async (from) => {
    await using stage = await Stage.set(heldStart);
    await stage.work();
    const { client, taskQueue } = stage;
    const replicationConfigArn = stage.simulator.createReplication({ status: 'stopped' });
    await stage.dms.stop({ replicationConfigArn, ...brief });
    const resume = await stage.dms.startResume({ replicationConfigArn });
    await until('it is starting', () => status(stage, replicationConfigArn) === 'replication_starting');
    const input = { replicationConfigArn, ...brief };
    expect(await failureOf(stage.dms.stop({ ...input, preempt: false }))).toMatchObject({
      type: 'DmsOperationInProgress',
    });
    const ended = failureOf(resume.result());
    const preempting = { ...input, preempt: true };
    const host = { workflowId: randomUUID(), taskQueue, args: [preempting] };
    const stopped = from === 'the client' ? stage.dms.stop(preempting) : client.workflow.execute('hostStop', host);
    expect((await ended).message).toMatch(/cancelled/i);
    stage.simulator.clock.advance({ seconds: STARTING_SECONDS });
    expect(await stopped).toMatchObject({ outcome: 'stopped', checkpoint: { sequence: 2 } });
    expect(stage.simulator.count('StopReplication', replicationConfigArn)).toBe(1);
  });

  test('does not cancel the resume under way when its input is invalid or a host reserved the replication', async () => {
    await using stage = await Stage.set(heldStart);
    await stage.work();
    const { client, taskQueue } = stage;
    const replicationConfigArn = stage.simulator.createReplication({ status: 'stopped' });
    await stage.dms.stop({ replicationConfigArn, ...brief });
    const resume = await stage.dms.startResume({ replicationConfigArn, verifyProgressSeconds: 0 });
    await until('it is starting', () => status(stage, replicationConfigArn) === 'replication_starting');
    const preempting = { replicationConfigArn, preempt: true, ...brief };
    expect(await failureOf(stage.dms.stop({ ...preempting, settleSeconds: -1 }))).toMatchObject({
      type: 'DmsInvalidInput',
      message: expect.stringContaining('settleSeconds'),
    });
    const host = { workflowId: `cutover-${randomUUID()}`, taskQueue, args: [replicationConfigArn] };
    await client.workflow.execute('hostThatOnlyReserves', host);
    expect(await failureOf(stage.dms.stop(preempting))).toMatchObject({ type: 'DmsReplicationReserved' });
    stage.simulator.clock.advance({ seconds: STARTING_SECONDS });
    expect(await resume.result()).toMatchObject({ outcome: 'resumed' });
    expect(stage.simulator.count('StopReplication')).toBe(0);
  });
});

test.concurrent('a ledger stays open and keeps its guard when an operation does not find its replication', async () => {
  await using stage = await Stage.set(quick);
  await stage.work();
  const replicationConfigArn = stage.simulator.createReplication();
  await stage.dms.stop({ replicationConfigArn, ...brief });
  const gone = { type: 'error', name: 'ResourceNotFoundFault', message: 'No such replication config' } as const;
  stage.simulator.fault({ operation: '*', replicationConfigArn, times: 1e9, ...gone });
  const failure = await failureOf(stage.dms.resume({ replicationConfigArn }));
  expect(failure).toMatchObject({ type: 'DmsReplicationNotFound' });
  expect(await stage.dms.ledger(replicationConfigArn)).toMatchObject({
    deletedAt: null,
    missingSince: expect.any(String),
    guard: { sequence: 1 },
  });
});

test.concurrent('an invalid update fails, and the ledger goes on', async () => {
  await using stage = await Stage.set(quick);
  await stage.work();
  const replicationConfigArn = stage.simulator.createReplication();
  const { checkpoint } = await stage.dms.stop({ replicationConfigArn, ...brief });
  const ledger = stage.client.workflow.getHandle(`dms-ledger:${replicationConfigArn}`);
  for (const update of ['dms.record', 'dms.begin', 'dms.release', 'dms.restore', 'dms.unseal', 'dms.reserve']) {
    const failure = await failureOf(ledger.executeUpdate(update, { args: [{}] }));
    expect({ update, failure: failure.name }).toEqual({ update, failure: 'WorkflowUpdateFailedError' });
  }
  expect((await stage.dms.ledger(replicationConfigArn)).checkpoints).toEqual([checkpoint]);
});
