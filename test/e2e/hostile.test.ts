import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { findDmsFailure } from '../../src/contract/failures.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import { MemoryArchive } from '../support/memory-archive.js';
import { runPlain } from '../support/plain-command.js';
import { failureOf, ledgerOf, quick, Stage, until } from '../support/stage.js';

const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };
const long = (length: number) => 'x'.repeat(length);

const ledgerIn = ({ client }: Stage, arn: string) => client.workflow.getHandle(`dms-ledger:${arn}`);

/** Sends an update to a ledger. Returns the failure type of the refusal. */
async function refusalOf(stage: Stage, arn: string, update: string, request: unknown): Promise<string | undefined> {
  const failure = await failureOf(ledgerIn(stage, arn).executeUpdate(update, { args: [request] }));
  expect(failure).toBeInstanceOf(WorkflowUpdateFailedError);
  return ((failure as WorkflowUpdateFailedError).cause as { type?: string } | undefined)?.type;
}

/** A replication that was stopped, with requests as the activities of that stop would send them. */
async function stopped(stage: Stage) {
  const { simulator, dms } = stage;
  const replicationConfigArn = simulator.createReplication();
  const { checkpoint } = await dms.stop({ replicationConfigArn, requestedBy: 'ada', ...brief });
  const ledger = await dms.ledger(replicationConfigArn);
  const { sequence: _sequence, recordedAt: _recordedAt, ...draft } = checkpoint;
  const { workflowId, runId } = checkpoint;
  const id = { workflowId, runId, firstRunId: runId, parentWorkflowId: null, requestedBy: null, reason: null };
  const operation = { kind: 'stop', operationId: 'forged', ...id };
  const token = ledger.newestToken + 1;
  const { taskQueue } = stage;
  const call = { call: null, isAnswered: false, intent: 'pause', sequence: null, status: 'running' };
  const begin = { ...call, token, operation, taskQueue };
  const ended = { outcome: 'stopped', failureType: null, failureMessage: null, awsRequestIds: [], finishedBy: null };
  const end = { ...ended, isAnswered: true, tables: null, resumeWithinSeconds: null, archives: false };
  const record = { ...end, type: 'stopped', token, operation, checkpoint: draft, taskQueue };
  return { replicationConfigArn, checkpoint, ledger, begin, record, token, operation };
}

describe.concurrent('a ledger', () => {
  test('refuses forged updates, and goes on', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const { dms } = stage;
    const { replicationConfigArn, ledger, begin, record, operation } = await stopped(stage);
    const named = (more: object) => ({ ...operation, ...more });
    const forgeBegin = (more: object) => refusalOf(stage, replicationConfigArn, 'dms.begin', { ...begin, ...more });
    const forgeRecord = (more: object) => refusalOf(stage, replicationConfigArn, 'dms.record', { ...record, ...more });
    const two = [1, 2].map((n) => forgeBegin({ operation: named({ operationId: `${n}`, reason: long(1_800_000) }) }));
    expect(await Promise.all(two)).toEqual(['DmsInvalidInput', 'DmsInvalidInput']);
    expect(await forgeBegin({ operation: named({ operationId: long(1_100_000) }) })).toBe('DmsInvalidInput');
    expect(await forgeBegin({ token: Number.MAX_SAFE_INTEGER })).toBe('DmsLedgerBusy');
    const { checkpoint } = record;
    const recoveryCheckpoint = long(1_500_000);
    expect(await forgeRecord({ checkpoint: { ...checkpoint, recoveryCheckpoint } })).toBe('DmsInvalidInput');
    const other = `${replicationConfigArn}X`;
    expect(await forgeRecord({ checkpoint: { ...checkpoint, replicationConfigArn: other } })).toBe('DmsInvalidInput');
    expect(await forgeRecord({ checkpoint: {} })).toBe('DmsInvalidInput');
    expect(await forgeRecord({ token: Number.MAX_SAFE_INTEGER })).toBe('DmsLedgerBusy');
    expect(await forgeRecord({})).toBe('DmsOperationUnknown');
    expect(await forgeRecord({ checkpoint: { ...checkpoint, intent: 'final' } })).toBe('DmsOperationUnknown');
    for (const update of ['dms.begin', 'dms.record', 'dms.restore', 'dms.reserve', 'dms.release', 'dms.unseal'])
      expect([update, await refusalOf(stage, replicationConfigArn, update, {})]).toEqual([update, 'DmsInvalidInput']);
    const restore = { by: 'eve', reason: 'x', records: [], lastSequence: 2 ** 53 - 1, resumeWithinSeconds: null };
    expect(await refusalOf(stage, replicationConfigArn, 'dms.restore', restore)).toBe('DmsInvalidInput');

    expect(await dms.ledger(replicationConfigArn)).toEqual(ledger);
    await dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 });
    expect((await dms.stop({ replicationConfigArn, ...brief })).checkpoint.sequence).toBe(2);
  });

  test('fails its workflow when it is started by hand with an invalid state', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const { client, taskQueue, simulator } = stage;
    const states: ((arn: string) => unknown)[] = [
      () => 'stopped',
      () => [],
      () => ({}),
      () => ({ version: 1 }),
      (arn) => ({ ...emptyLedger(arn), version: 'one' }),
      (arn) => ({ ...emptyLedger(arn), checkpoints: {} }),
      (arn) => ({ ...emptyLedger(arn), checkpoints: [{}] }),
      (arn) => ({ ...emptyLedger(arn), operations: [null] }),
      (arn) => ({ ...emptyLedger(arn), sealed: true }),
      (arn) => ({ ...emptyLedger(arn), pendingCall: {} }),
      (arn) => ({ ...emptyLedger(arn), newestToken: 'late' }),
      (arn) => ({ ...emptyLedger(arn), newestToken: Number.MAX_SAFE_INTEGER }),
      (arn) => ({ ...emptyLedger(arn), lastSequence: -1 }),
      (arn) => ({ ...emptyLedger(arn), guard: { nextAt: 'soon' } }),
      (arn) => ({ ...emptyLedger(arn), archive: { taskQueue, waiting: null } }),
      (arn) => ({ ...emptyLedger(arn), events: 'none' }),
      (arn) => emptyLedger(`${arn}X`),
    ];
    const failed = states.map(async (stateOf) => {
      const replicationConfigArn = simulator.createReplication();
      const args = [{ replicationConfigArn, state: stateOf(replicationConfigArn) }];
      const started = { workflowId: `dms-ledger:${replicationConfigArn}`, taskQueue, args };
      return ((await failureOf(client.workflow.execute('dmsReplicationLedger', started))).cause as { type: string })
        .type;
    });
    expect(await Promise.all(failed)).toEqual(states.map(() => 'DmsInvalidInput'));
  });

  test('answers when it is started by hand with times far in the past or future', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const { client, taskQueue, dms } = stage;
    const { replicationConfigArn, ledger } = await stopped(stage);
    await ledgerIn(stage, replicationConfigArn).terminate('test');
    for (const far of ['9999-12-31T23:59:59.999Z', '+275760-09-13T00:00:00.000Z', '0001-01-01T00:00:00.000Z']) {
      const guard = ledger.guard && { ...ledger.guard, nextAt: far, endsAt: far, resumeBy: far };
      const state = { ...ledger, guard, missingSince: far, sealed: { by: 'eve', reason: null, at: far } };
      const workflowId = `dms-ledger:${replicationConfigArn}`;
      const args = [{ replicationConfigArn, state }];
      const hand = await client.workflow.start('dmsReplicationLedger', { workflowId, taskQueue, args });
      await dms.unseal(replicationConfigArn, { by: 'ada', reason: 'forged' });
      expect(await dms.ledger(replicationConfigArn)).toMatchObject({ sealed: null, checkpoints: [{ sequence: 1 }] });
      await hand.terminate('test');
    }
  });

  test('records a failed replication whose messages have 600 kB', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const { simulator, dms } = stage;
    const replicationConfigArn = simulator.createReplication();
    simulator.onNextStop(replicationConfigArn, {
      type: 'fail',
      messages: [`Last error: ${long(300_000)}`, long(300_000)],
      stopReason: 'Stop Reason FATAL_ERROR',
    });
    const failure = await failureOf(dms.stop({ replicationConfigArn, ...brief }));
    expect(failure).toMatchObject({ type: 'DmsReplicationFailed', message: expect.stringContaining('Last error: x') });
    expect(JSON.stringify(findDmsFailure(failure)?.details).length).toBeLessThan(50_000);
    expect(await dms.ledger(replicationConfigArn)).toMatchObject({ checkpoints: [{ status: 'failed' }] });
  });

  test('answers an unseal and a broken reservation with a line of text', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const { client, taskQueue, simulator, dms } = stage;
    const replicationConfigArn = simulator.createReplication();
    await dms.stop({ replicationConfigArn, intent: 'final', ...brief });
    const owner = `cutover-${randomUUID()}`;
    const host = { workflowId: owner, taskQueue, args: [replicationConfigArn] };
    await client.workflow.execute('hostThatOnlyReserves', host);
    const decide = (update: string) =>
      ledgerIn(stage, replicationConfigArn).executeUpdate(update, { args: [{ by: 'ada', reason: 'again' }] });
    expect(await decide('dms.unseal')).toBe(`${replicationConfigArn} is unsealed`);
    expect(await decide('dms.breakReservation')).toBe(
      `The reservation of ${replicationConfigArn} by ${owner} is broken`,
    );
  });
});

describe.concurrent('a missing ledger', () => {
  test('that was deleted is restored from the archive, with its seal, before the next operation', async () => {
    await using stage = await Stage.set(quick);
    const archive = new MemoryArchive();
    await stage.work({ archive });
    const { client, simulator, dms } = stage;
    const replicationConfigArn = simulator.createReplication();
    const stop = { replicationConfigArn, intent: 'final', requestedBy: 'ada', reason: 'cutover', ...brief } as const;
    const { checkpoint } = await dms.stop(stop);
    await until('it is archived', async () => (await archive.list(replicationConfigArn)).length === 1);
    const ledger = ledgerIn(stage, replicationConfigArn);
    await ledger.terminate('test');
    const workflowExecution = { workflowId: ledger.workflowId };
    await client.workflowService.deleteWorkflowExecution({ namespace: 'default', workflowExecution });
    await until('it is deleted', () =>
      ledger.describe().then(
        () => false,
        (err: unknown) => err instanceof WorkflowNotFoundError,
      ),
    );
    expect(await failureOf(dms.resume({ replicationConfigArn, force: true }))).toMatchObject({
      type: 'DmsReplicationSealed',
      message: expect.stringContaining('ada stopped it for good'),
    });
    expect(simulator.count('StartReplication')).toBe(0);
    expect(await dms.ledger(replicationConfigArn)).toMatchObject({
      sealed: { by: 'ada', reason: 'cutover' },
      checkpoints: [checkpoint],
      events: [{ type: 'restored' }],
    });
  });

  test('that was terminated is restored with its record by the command in the failure', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const { simulator, dms } = stage;
    const replicationConfigArn = simulator.createReplication();
    await dms.stop({ replicationConfigArn, ...brief });
    const held = await dms.ledger(replicationConfigArn);
    await ledgerIn(stage, replicationConfigArn).terminate('test');
    const failure = await failureOf(dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 }));
    expect(failure.type).toBe('DmsLedgerClosed');
    await runPlain(failure.message, 'reset', { by: 'ada', reason: 'test' });
    // The reset applies the newest updates again, at a later time.
    const { recordedAt: _, ...checkpoint } = held.checkpoints[0] ?? {};
    expect(await dms.ledger(replicationConfigArn)).toMatchObject({ checkpoints: [checkpoint], lastSequence: 1 });
    expect(await dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 })).toMatchObject({ outcome: 'resumed' });
  });

  test('that never existed is not created by a release', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const { client, taskQueue, simulator, dms } = stage;
    const mistyped = `${simulator.createReplication()}X`;
    await client.workflow.execute('hostThatOnlyReleases', { workflowId: randomUUID(), taskQueue, args: [mistyped] });
    expect(await ledgerOf(dms, mistyped)).toBeNull();
  });
});
