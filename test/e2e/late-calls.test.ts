import { describe, expect, test } from 'vitest';
import type { OperationRecord } from '../../src/contract/ledger-state.js';
import { manual } from '../support/held-wait.js';
import { failureOf, ledgerOf, Stage, until } from '../support/stage.js';

const brief = { settleSeconds: 0 };

/** Outcomes of the requests of one API operation. Reading the replications first delivers calls that are due. */
function outcomes({ simulator }: Stage, operation: 'StartReplication' | 'StopReplication'): string[] {
  simulator.replications();
  return simulator.calls.filter((call) => call.operation === operation).map(({ outcome }) => outcome);
}

/** Sends an update to a ledger as an activity would. Returns the failure type of the refusal. */
async function refusalOf(stage: Stage, replicationConfigArn: string, update: string, request: object) {
  const ledger = stage.client.workflow.getHandle(`dms-ledger:${replicationConfigArn}`);
  const { cause } = (await failureOf(ledger.executeUpdate(update, { args: [request] }))) as { cause?: unknown };
  return (cause as { type?: string } | undefined)?.type;
}

/** The operation of a record, as its activities name it. */
function refOf(operation: OperationRecord) {
  const { kind, operationId, workflowId, runId, firstRunId, parentWorkflowId, requestedBy, reason } = operation;
  return { kind, operationId, workflowId, runId, firstRunId, parentWorkflowId, requestedBy, reason };
}

describe.concurrent('a call delayed by the network', () => {
  test('of a stop makes a later resume wait and say why', async () => {
    await using stage = await Stage.set(manual);
    await stage.work();
    const { simulator, dms } = stage;
    const replicationConfigArn = simulator.createReplication();
    simulator.fault({ operation: 'StopReplication', type: 'late', seconds: 45 });
    const stop = await dms.startStop({ replicationConfigArn, operationId: 'held up', ...brief });
    await until('its call is on its way', () => outcomes(stage, 'StopReplication')[0] === 'late');
    await stop.cancel();
    await failureOf(stop.result());
    const resume = await dms.startResume({ replicationConfigArn, operationId: 'meanwhile' });
    const detail = async () => (await resume.progress()).detail;
    await until('it waits for the ledger', async () =>
      (await detail()).includes('the ledger is finishing the stop "held up"'),
    );
    simulator.clock.advance({ seconds: 45 });
    expect(outcomes(stage, 'StopReplication')).toEqual(['ok']);
    simulator.clock.advance({ minutes: 1 });
    await until('it waits until the call can no longer land', async () =>
      (await detail()).includes('the stop "held up" got no answer to its call'),
    );
    expect([outcomes(stage, 'StopReplication'), outcomes(stage, 'StartReplication')]).toEqual([['ok'], []]);
    expect(await dms.ledger(replicationConfigArn)).toMatchObject({
      pendingCall: null,
      unanswered: { kind: 'stop', operationId: 'held up' },
      checkpoints: [{ operationId: 'held up', sequence: 1 }],
    });
    await resume.cancel();
    await failureOf(resume.result());
  });

  test('of a resume makes a later final stop wait and say why', async () => {
    await using stage = await Stage.set(manual);
    await stage.work();
    const { simulator, dms } = stage;
    const replicationConfigArn = simulator.createReplication({ status: 'stopped' });
    simulator.fault({ operation: 'StartReplication', type: 'late', seconds: 45 });
    const resume = await dms.startResume({ replicationConfigArn, operationId: 'held up', force: true });
    await until('its call is on its way', () => outcomes(stage, 'StartReplication')[0] === 'late');
    await resume.cancel();
    await failureOf(resume.result());
    const stop = await dms.startStop({ replicationConfigArn, operationId: 'meanwhile', intent: 'final', ...brief });
    const detail = async () => (await stop.progress()).detail;
    await until('it waits for the ledger', async () =>
      (await detail()).includes('the ledger is finishing the resume "held up"'),
    );
    simulator.clock.advance({ seconds: 45 });
    expect(outcomes(stage, 'StartReplication')).toEqual(['ok']);
    simulator.clock.advance({ minutes: 5 });
    await until('it waits until the call can no longer land', async () =>
      (await detail()).includes('the resume "held up" got no answer to its call'),
    );
    expect([outcomes(stage, 'StopReplication'), outcomes(stage, 'StartReplication')]).toEqual([[], ['ok']]);
    expect(await dms.ledger(replicationConfigArn)).toMatchObject({
      pendingCall: null,
      sealed: null,
      operations: [{ operationId: 'held up', outcome: 'resumed', finishedBy: 'ledger' }],
    });
    await stop.cancel();
    await failureOf(stop.result());
  });
});

describe.concurrent('a call', () => {
  test('that DMS answers with 400 and without an error name is finished and recorded by the ledger', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const { simulator, dms } = stage;
    const replicationConfigArn = simulator.createReplication();
    simulator.fault({ operation: 'StopReplication', type: 'error', afterEffect: true });
    const stop = { replicationConfigArn, operationId: 'unclear', ...brief };
    expect(await failureOf(dms.stop(stop))).toMatchObject({ type: 'DmsRequestRejected' });
    const ledger = await until('it is recorded', async () => {
      const read = await dms.ledger(replicationConfigArn);
      return read.checkpoints.length > 0 && read;
    });
    expect(ledger).toMatchObject({
      pendingCall: null,
      checkpoints: [{ operationId: 'unclear' }],
      operations: [{ operationId: 'unclear', outcome: 'stopped', finishedBy: 'ledger' }],
    });
    expect(simulator.count('StopReplication')).toBe(1);
  });

  test('of a final stop seals although the replication then fails', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const { simulator, dms } = stage;
    const replicationConfigArn = simulator.createReplication();
    const stopReason = 'Stop Reason FATAL_ERROR';
    simulator.onNextStop(replicationConfigArn, { type: 'fail', messages: ['The target is gone'], stopReason });
    const stop = { replicationConfigArn, intent: 'final', requestedBy: 'ada', reason: 'cutover', ...brief } as const;
    expect(await failureOf(dms.stop(stop))).toMatchObject({ type: 'DmsReplicationFailed' });
    expect(await dms.ledger(replicationConfigArn)).toMatchObject({
      pendingCall: null,
      sealed: { by: 'ada', reason: 'cutover' },
      checkpoints: [{ status: 'failed', intent: 'final' }],
    });
    const resume = dms.resume({ replicationConfigArn, force: true });
    expect(await failureOf(resume)).toMatchObject({ type: 'DmsReplicationSealed' });
  });
});

describe.concurrent('a late request to the ledger', () => {
  test('from a terminated operation is refused, and the next operation goes on', async () => {
    await using stage = await Stage.set(manual);
    await stage.work();
    const { simulator, dms, client, taskQueue } = stage;
    const replicationConfigArn = simulator.createReplication();
    simulator.modify(replicationConfigArn);
    const first = await dms.startStop({ replicationConfigArn, operationId: 'first', ...brief });
    const begun = await until('it has begun', async () => ledgerOf(dms, replicationConfigArn));
    await client.workflow.getHandle(first.workflowId).terminate('test');
    const next = await dms.startStop({ replicationConfigArn, operationId: 'next', ...brief });
    await until('its successor has begun', async () => {
      const { operations } = await dms.ledger(replicationConfigArn);
      return operations[0]?.operationId === 'next';
    });
    const [operation] = begun.operations.map(refOf);
    const stop = { lastStopTime: null, replicationCreateTime: null, freshStartDate: null };
    const call = { intent: 'pause', startReplicationType: null, before: { status: 'running', stop, startedAt: null } };
    const late = { token: begun.newestToken, operation, isAnswered: false, intent: 'pause', sequence: null };
    for (const each of [null, call]) {
      const request = { ...late, call: each, status: 'running', taskQueue };
      expect(await refusalOf(stage, replicationConfigArn, 'dms.begin', request)).toBe('DmsLateRequest');
    }
    expect(await dms.ledger(replicationConfigArn)).toMatchObject({ pendingCall: null });
    simulator.clock.advance({ minutes: 5 });
    await until('its successor has called', () => simulator.count('StopReplication') === 1);
    simulator.clock.advance({ minutes: 5 });
    expect(await next.result()).toMatchObject({ outcome: 'stopped', operationId: 'next' });
  });

  test('that repeats the end of an older resume is refused, and the newer stop keeps its guard', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const { simulator, dms } = stage;
    const replicationConfigArn = simulator.createReplication();
    await dms.stop({ replicationConfigArn, ...brief });
    await dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 });
    const resumed = await dms.ledger(replicationConfigArn);
    const [resume] = resumed.operations;
    expect(resume).toMatchObject({ kind: 'resume', outcome: 'resumed' });
    await dms.stop({ replicationConfigArn, ...brief });
    const { guard } = await dms.ledger(replicationConfigArn);
    expect(guard).toMatchObject({ sequence: 2 });
    const ended = { outcome: 'resumed', failureType: null, failureMessage: null, awsRequestIds: [], finishedBy: null };
    const again = {
      ...ended,
      type: 'resumed',
      token: resumed.newestToken,
      operation: resume && refOf(resume),
      isAnswered: true,
      startReplicationType: 'resume-processing',
      progress: 'not-checked',
      checkpointSequence: 1,
    };
    expect(await refusalOf(stage, replicationConfigArn, 'dms.record', again)).toBe('DmsLateRequest');
    expect(await dms.ledger(replicationConfigArn)).toMatchObject({ guard });
  });
});
