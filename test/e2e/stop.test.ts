import { WorkflowFailedError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { isDmsFailure, type OperationProgress } from '../../src/index.js';
import { defaultDurations } from '../../src/simulator/engine/steps.js';
import { answeredStatus, failureOf, isHeld, quick, Stage, until } from '../support/stage.js';

const brief = { settleSeconds: 0.5 };
/** DMS that refuses a second stop. If it accepts one without effect, a test can't tell whose stop took effect. */
const refusingTwice = { ...quick, uncertain: { stopWhileStopping: 'fault', stopAtRest: 'fault' } } as const;

describe.concurrent('a stop', () => {
  test('of a stopped replication succeeds without a call', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const arn = stage.simulator.createReplication({ status: 'stopped' });
    const result = await stage.dms.stop({ replicationConfigArn: arn, ...brief });
    expect(result).toMatchObject({ outcome: 'already-stopped', checkpoint: { sequence: 1, settled: 'agreed' } });
    expect(stage.simulator.count('StopReplication')).toBe(0);
  });

  test('follows a stop that someone else began', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 1e5 } });
    await stage.work();
    const arn = stage.simulator.createReplication();
    stage.simulator.stop(arn);
    const handle = await stage.dms.startStop({ replicationConfigArn: arn, ...brief });
    await until('its wait is held', () => isHeld(stage.client.workflow.getHandle(handle.workflowId)));
    stage.simulator.clock.advance({ seconds: 1e5 });
    const result = await handle.result();
    expect(result.outcome).toBe('already-stopping');
    expect(result.checkpoint.stoppedAt).not.toBeNull();
    expect(stage.simulator.count('StopReplication')).toBe(0);
  });

  test.each([true, false])(
    'of a replication that never ran ends as never-started (row before the first run: %s)',
    async (rowBeforeFirstRun) => {
      await using stage = await Stage.set({ ...quick, rowBeforeFirstRun });
      await stage.work();
      const arn = stage.simulator.createReplication({ status: 'created' });
      const result = await stage.dms.stop({ replicationConfigArn: arn });
      expect(result).toMatchObject({
        outcome: 'never-started',
        checkpoint: { recoveryCheckpoint: null, status: 'created' },
        tables: null,
        warnings: [{ code: 'statistics-unavailable' }, { code: 'endpoint-override' }],
      });
    },
  );

  test('waits until a replication that is starting can be stopped, and asks once', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const arn = stage.simulator.createReplication({ status: 'created' });
    stage.simulator.start(arn, 'start-replication');
    const result = await stage.dms.stop({ replicationConfigArn: arn, ...brief });
    expect(result.outcome).toBe('stopped');
    expect(stage.simulator.calls.filter((call) => call.operation === 'StopReplication')).toMatchObject([
      { outcome: 'ok' },
    ]);
  });

  test('takes one attempt for each activity, however often the status changes', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 60 } });
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, settleSeconds: 6 });
    await handle.result();
    const { events } = await stage.client.workflow.getHandle(handle.workflowId).fetchHistory();
    const attempts = (events ?? []).flatMap((event) => event.activityTaskStartedEventAttributes?.attempt ?? []);
    expect(Math.max(...attempts)).toBe(1);
  });

  test('waits until a replication that is being modified runs again, and asks once', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    stage.simulator.modify(replicationConfigArn);
    const result = await stage.dms.stop({ replicationConfigArn, ...brief });
    expect(result).toMatchObject({ outcome: 'stopped', checkpoint: { settled: 'agreed' } });
    expect(stage.simulator.count('StopReplication')).toBe(1);
  });

  test('shows its progress in its query, details, memo and activities', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 100 } });
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, operationId: 'shown', ...brief });
    const workflow = stage.client.workflow.getHandle(handle.workflowId);
    const progress = () => workflow.query<OperationProgress>('dms.progress');
    await until('it is stopping', async () => (await progress()).phase === 'stopping');
    expect(await progress()).toMatchObject({ lastStatus: answeredStatus, since: expect.stringMatching(/Z$/) });
    const metadata = await workflow.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toContain(`**stopping**, last seen \`${answeredStatus}\``);
    const { checkpoint } = await handle.result();
    expect(await progress()).toMatchObject({ phase: 'done' });
    const { memo } = await workflow.describe();
    expect(memo).toMatchObject({
      'dms.kind': 'stop',
      'dms.operationId': 'shown',
      'dms.asks': 'pause',
      'dms.checkpoint': { recoveryCheckpoint: checkpoint.recoveryCheckpoint, resumeBy: checkpoint.resumeBy },
    });
    const { events } = await workflow.fetchHistory();
    const scheduled = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: activity, userMetadata }) =>
      activity ? [[activity.activityType?.name, activity.priority?.priorityKey, userMetadata?.summary != null]] : [],
    );
    // Waits have a lower priority than activities that change something.
    expect(scheduled).toEqual([
      ['dms.requestStop', 1, true],
      ['dms.awaitStopped', 5, true],
      ['dms.recordOperation', 1, true],
    ]);
  });

  test.each([
    'initializing',
    'preparing_metadata_resources',
    'testing_connection',
    'fetching_metadata',
    'calculating_capacity',
    'provisioning_capacity',
    'replication_starting',
    'modifying',
  ])('of a replication in %s is refused at once when it may not wait', async (status) => {
    await using stage = await Stage.set();
    await stage.work();
    const arn = stage.simulator.createReplication();
    stage.simulator.row(arn).Status = status;
    const failure = await failureOf(stage.dms.stop({ replicationConfigArn: arn, stoppableTimeoutSeconds: 0 }));
    expect(failure).toMatchObject({ type: 'DmsNotStoppable', details: [{ status, region: 'eu-west-1' }] });
    expect(stage.simulator.count('StopReplication')).toBe(0);
    const { operations, pendingCall } = await until('the ledger knows', async () => {
      const ledger = await stage.dms.ledger(arn);
      return ledger.operations[0]?.failureType ? ledger : null;
    });
    expect(operations[0]).toMatchObject({ outcome: null, failureType: 'DmsNotStoppable' });
    expect(pendingCall).toBeNull();
  });

  test('of a deleting, failed, read-only or missing replication fails with a type for each', async () => {
    await using stage = await Stage.set({
      ...quick,
      durations: { ...quick.durations, deleting: defaultDurations.deleting * 100 },
    });
    await stage.work();
    const { simulator, dms } = stage;
    const deleting = simulator.createReplication();
    simulator.row(deleting).Status = 'deleting';
    const failed = simulator.createReplication();
    simulator.fail(failed, ['Connection to the source was lost']);
    const readOnly = simulator.createReplication({ isReadOnly: true });
    const missing = readOnly.replace(/[^:]+$/, 'NOSUCH');
    const typeOf = async (replicationConfigArn: string) => (await failureOf(dms.stop({ replicationConfigArn }))).type;
    expect(await Promise.all([deleting, readOnly, missing].map(typeOf))).toEqual([
      'DmsReplicationDeleting',
      'DmsReplicationReadOnly',
      'DmsReplicationNotFound',
    ]);
    const failure = await failureOf(dms.stop({ replicationConfigArn: failed }));
    expect(failure).toMatchObject({
      type: 'DmsReplicationFailed',
      message: expect.stringContaining('Connection to the source was lost'),
      details: [
        { failureMessages: ['Connection to the source was lost'], checkpoint: { status: 'failed', sequence: 1 } },
      ],
    });
    expect(await failureOf(dms.ledger(missing))).toMatchObject({ type: 'DmsLedgerNotFound' });
  });

  test('of a replication that fails while stopping fails with the stop reason and its record', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const arn = stage.simulator.createReplication();
    stage.simulator.onNextStop(arn, {
      type: 'fail',
      messages: ['Disk is gone'],
      stopReason: 'Stop Reason FATAL_ERROR',
    });
    const failure = await failureOf(stage.dms.stop({ replicationConfigArn: arn }));
    expect(failure).toMatchObject({
      type: 'DmsReplicationFailed',
      details: [
        {
          stopReason: 'Stop Reason FATAL_ERROR',
          checkpoint: { stopReasonCode: 'FATAL_ERROR' },
          logs: { group: expect.any(String) },
        },
      ],
    });
    expect((await stage.dms.ledger(arn)).pendingCall).toBeNull();
  });

  test('whose answer is lost recognises its own call', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const arn = stage.simulator.createReplication();
    stage.simulator.fault({ operation: 'StopReplication', type: 'answer-lost' });
    const result = await stage.dms.stop({ replicationConfigArn: arn, ...brief });
    expect(result.outcome).toBe('stopped');
    expect(stage.simulator.count('StopReplication')).toBe(1);
  });

  test('is sent again when DMS refuses it although a look showed the replication running', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const arn = stage.simulator.createReplication();
    stage.simulator.fault({
      operation: 'StopReplication',
      type: 'error',
      name: 'InvalidResourceStateFault',
      message: "Replication for Replication Config, 'x' is in 'provisioning_capacity' state and cannot be stopped.",
      times: 2,
    });
    const result = await stage.dms.stop({ replicationConfigArn: arn, ...brief });
    expect(result.outcome).toBe('stopped');
    expect(stage.simulator.count('StopReplication')).toBe(3);
  });

  test('is asked for again when DMS restarts the replication by itself', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const arn = stage.simulator.createReplication();
    stage.simulator.onNextStop(arn, {
      type: 'self-restart',
      stopReason: 'Stop Reason STOPPED_DUE_TO_LOW_MEMORY',
      afterSeconds: 120,
    });
    const result = await stage.dms.stop({ replicationConfigArn: arn, ...brief });
    expect(result).toMatchObject({ outcome: 'stopped', checkpoint: { stopReasonCode: 'NORMAL' } });
    expect(stage.simulator.count('StopReplication')).toBe(2);
  });

  test('that someone undoes before it has settled fails with DmsStopReverted', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const arn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn: arn, settleSeconds: 60 });
    await until('it is stopped', () => stage.simulator.row(arn).Status === 'stopped');
    await until('the wait has seen it', async () => (await handle.progress()).phase === 'settling');
    stage.simulator.start(arn);
    expect(await failureOf(handle.result())).toMatchObject({
      type: 'DmsStopReverted',
      details: [{ status: 'running' }],
    });
  });

  test.each([
    ['inside an attempt', 30],
    ['between attempts', 0],
  ])('whose deadline passes %s fails with the last status, and keeps its note', async (_, holdSeconds) => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 100_000 } });
    await stage.work({ holdSeconds });
    const arn = stage.simulator.createReplication();
    const failure = await failureOf(stage.dms.stop({ replicationConfigArn: arn, stopTimeoutSeconds: 3 }));
    expect(failure).toMatchObject({ type: 'DmsStopTimedOut', details: [{ status: 'stopping', region: 'eu-west-1' }] });
    expect(failure.message).toContain(arn);
    expect((await stage.dms.ledger(arn)).pendingCall).toMatchObject({ kind: 'stop' });
  });

  test('returns the settled checkpoint, not the one of the run before', async () => {
    const late = { ...quick.durations, describingStop: 40, flushingCheckpoint: 60 };
    await using stage = await Stage.set({ ...quick, durations: late });
    await stage.work();
    const arn = stage.simulator.createReplication({ status: 'stopped' });
    const before = structuredClone(stage.simulator.row(arn));
    stage.simulator.start(arn);
    await until('it runs', () => stage.simulator.row(arn).Status === 'running');
    const { checkpoint } = await stage.dms.stop({ replicationConfigArn: arn, settleSeconds: 2 });
    expect(checkpoint.recoveryCheckpoint).toBe(stage.simulator.row(arn).RecoveryCheckpoint);
    expect(checkpoint.recoveryCheckpoint).not.toBe(before.RecoveryCheckpoint);
    expect(Date.parse(checkpoint.stoppedAt ?? '')).toBeGreaterThan((before.ReplicationLastStopTime ?? 0) * 1000);
  });

  test('of a stopped replication calls DMS when DMS then restarts it by itself', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const { simulator } = stage;
    const arn = simulator.createReplication();
    const stopReason = 'Stop Reason STOPPED_DUE_TO_LOW_MEMORY';
    simulator.onNextStop(arn, { type: 'self-restart', stopReason, afterSeconds: 80 });
    simulator.stop(arn);
    await until('it is stopped', () => simulator.row(arn).StopReason === stopReason);
    const result = await stage.dms.stop({ replicationConfigArn: arn, ...brief });
    expect(result).toMatchObject({ outcome: 'stopped', checkpoint: { stopReasonCode: 'NORMAL' } });
    expect(simulator.count('StopReplication')).toBe(1);
  });

  test('without a checkpoint is recorded with a warning', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, flushingCheckpoint: 1e6 } });
    await stage.work();
    const arn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn: arn, settleSeconds: 3 });
    await until('it is stopped', () => stage.simulator.row(arn).Status === 'stopped');
    delete stage.simulator.row(arn).RecoveryCheckpoint;
    const { checkpoint, warnings } = await handle.result();
    expect(checkpoint).toMatchObject({ recoveryCheckpoint: null, settled: 'agreed' });
    expect(warnings.map(({ code }) => code)).toContain('no-checkpoint');
  });

  test('of a replication in an unknown status calls DMS, and fails with the refusal of DMS', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const arn = stage.simulator.createReplication();
    stage.simulator.row(arn).Status = 'hibernating';
    const failure = await failureOf(stage.dms.stop({ replicationConfigArn: arn, stoppableTimeoutSeconds: 0 }));
    expect(failure).toMatchObject({
      type: 'DmsNotStoppable',
      details: [{ status: 'hibernating', awsError: { name: 'InvalidResourceStateFault' } }],
    });
    expect(stage.simulator.count('StopReplication')).toBe(1);
  });

  test('that DMS refuses during a stop of someone else ends as that stop, although stale looks show running', async () => {
    await using stage = await Stage.set({ ...refusingTwice, durations: { ...quick.durations, stopping: 600 } });
    await stage.work();
    const arn = stage.simulator.createReplication();
    stage.simulator.fault({ operation: 'DescribeReplications', type: 'stale', times: 4 });
    stage.simulator.stop(arn);
    const stopping = stage.dms.stop({ replicationConfigArn: arn, ...brief });
    await until('it was refused', () => stage.simulator.count('StopReplication') > 0);
    stage.simulator.clock.advance({ seconds: 600 });
    expect((await stopping).outcome).toMatch(/^already-/);
    const isRefused = ({ operation, outcome }: { operation: string; outcome: string }) =>
      operation !== 'StopReplication' || outcome === 'InvalidResourceStateFault';
    expect(stage.simulator.calls.every(isRefused)).toBe(true);
  });

  test('is accepted once although stale looks still show the replication running', async () => {
    await using stage = await Stage.set(refusingTwice);
    await stage.work();
    const arn = stage.simulator.createReplication();
    stage.simulator.fault({ operation: 'StopReplication', type: 'answer-lost' });
    const handle = await stage.dms.startStop({ replicationConfigArn: arn, ...brief });
    stage.simulator.fault({ operation: 'DescribeReplications', type: 'stale', times: 4 });
    expect((await handle.result()).outcome).toBe('stopped');
    const accepted = stage.simulator.calls.filter(
      (call) => call.operation === 'StopReplication' && call.outcome !== 'InvalidResourceStateFault',
    );
    expect(accepted).toHaveLength(1);
  });

  test('that is cancelled after the replication stopped is recorded by the ledger', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const arn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn: arn, operationId: 'late', settleSeconds: 30 });
    await until('the wait has seen it', async () => (await handle.progress()).phase === 'settling');
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    const ledger = await until('it is recorded', async () => {
      const now = await stage.dms.ledger(arn);
      return now.checkpoints.length > 0 ? now : null;
    });
    expect(ledger).toMatchObject({
      pendingCall: null,
      checkpoints: [{ operationId: 'late', settled: 'agreed' }],
      operations: [{ operationId: 'late', outcome: 'stopped', failureType: 'CancelledFailure', finishedBy: 'ledger' }],
    });
  });

  test('fails on a denial of its call, and goes on when later looks are denied', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const denied = {
      type: 'error' as const,
      name: 'AccessDeniedException',
      message: 'User: x is not authorized to perform: dms:StopReplication on resource: y',
    };
    const arn = stage.simulator.createReplication();
    stage.simulator.fault({ operation: 'StopReplication', ...denied });
    const failure = await failureOf(stage.dms.stop({ replicationConfigArn: arn }));
    expect(failure).toMatchObject({ type: 'DmsAccessDenied', message: expect.stringContaining('dms:StopReplication') });
    expect((await stage.dms.ledger(arn)).pendingCall).toBeNull();

    const handle = await stage.dms.startStop({ replicationConfigArn: arn, ...brief });
    await until('it was asked to stop', () => stage.simulator.count('StopReplication') === 2);
    stage.simulator.fault({ operation: 'DescribeReplications', ...denied, times: 3 });
    expect((await handle.result()).outcome).toBe('stopped');
  });

  test('goes on when its looks are throttled', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const arn = stage.simulator.createReplication();
    stage.simulator.fault({ operation: 'DescribeReplications', type: 'throttle', times: 3 });
    expect((await stage.dms.stop({ replicationConfigArn: arn, ...brief })).outcome).toBe('stopped');
  });

  test('that is cancelled ends at once, and the ledger records it before the next resume goes on', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 3000 } });
    await stage.work();
    const arn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn: arn, operationId: 'first' });
    await until('it is stopping', async () => (await handle.progress()).lastStatus === 'stopping');
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    // The operation ends before DMS has stopped the replication.
    expect(stage.simulator.row(arn).Status).toBe('stopping');
    stage.simulator.clock.advance({ seconds: 3000 });
    expect(await stage.dms.ledger(arn)).toMatchObject({ pendingCall: { operationId: 'first' }, checkpoints: [] });

    const resumed = await stage.dms.resume({ replicationConfigArn: arn, verifyProgressSeconds: 0 });
    expect(resumed).toMatchObject({ outcome: 'resumed', resumedFrom: { operationId: 'first', sequence: 1 } });
    expect(stage.simulator.count('StopReplication')).toBe(1);
  });

  test('with bad input is refused before any request to DMS', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const bad: [object, string][] = [
      [{ replicationConfigArn: 'arn:aws:dms:eu-west-1:1:task:X' }, 'account'],
      [{ replicationConfigArn, typo: 1 }, 'typo'],
      [{ replicationConfigArn, settleSeconds: '10' }, 'settleSeconds'],
      [{ replicationConfigArn, reason: 'x'.repeat(1001) }, 'reason'],
      [{ replicationConfigArn, stopTimeoutSeconds: -1 }, 'stopTimeoutSeconds'],
      [{ replicationConfigArn, intent: 'forever' }, 'intent'],
    ];
    for (const [input, named] of bad) {
      const failure = await failureOf(stage.dms.stop(input as never));
      expect(isDmsFailure(failure, 'DmsInvalidInput')).toBe(true);
      expect(failure.message).toContain(named);
    }
    expect(stage.simulator.calls).toEqual([]);
  });

  test('of a replication that is not on the allow-list is refused before any request', async () => {
    await using stage = await Stage.set();
    await stage.work({ allow: ['arn:aws:dms:eu-west-1:123456789012:replication-config:allowed-*'] });
    const other = stage.simulator.createReplication({ resourceIdentifier: `other-${Date.now()}` });
    expect(await failureOf(stage.dms.stop({ replicationConfigArn: other }))).toMatchObject({ type: 'DmsNotAllowed' });
    expect(stage.simulator.calls).toEqual([]);
    const allowed = stage.simulator.createReplication({ resourceIdentifier: `allowed-${Date.now()}` });
    expect((await stage.dms.stop({ replicationConfigArn: allowed, ...brief })).outcome).toBe('stopped');
  });
});
