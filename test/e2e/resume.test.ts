import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import type { DmsSimulatorOptions } from '../../src/simulator/index.js';
import { runPlain } from '../support/plain-command.js';
import { failureOf, quick, Stage, uncertain, until } from '../support/stage.js';

const brief = { settleSeconds: 0 };
const unverified = { verifyProgressSeconds: 0 };

async function setStopped(
  options: Parameters<Stage['simulator']['createReplication']>[0] = {},
  intent: 'pause' | 'final' = 'pause',
  uncertain: DmsSimulatorOptions['uncertain'] = {},
) {
  const stage = await Stage.set({ ...quick, uncertain });
  await stage.work();
  const arn = stage.simulator.createReplication(options);
  const { checkpoint } = await stage.dms.stop({
    replicationConfigArn: arn,
    intent,
    requestedBy: 'ada',
    reason: 'cutover',
    ...brief,
  });
  return { stage, arn, checkpoint };
}

describe.concurrent('a resume', () => {
  test('is refused while the replication is sealed, and works once it is unsealed', async () => {
    const { stage, arn } = await setStopped({}, 'final');
    await using _ = stage;
    const failure = await failureOf(stage.dms.resume({ replicationConfigArn: arn, force: true }));
    expect(failure).toMatchObject({ type: 'DmsReplicationSealed', message: expect.stringMatching(/ada.*cutover/) });
    expect(await failureOf(stage.dms.unseal(arn, { by: '', reason: 'x' }))).toMatchObject({ type: 'DmsInvalidInput' });
    const typo = await failureOf(stage.dms.unseal(`${arn}X`, { by: 'grace', reason: 'x' }));
    expect(typo).toMatchObject({ type: 'DmsLedgerNotFound' });
    await stage.dms.unseal(arn, { by: 'grace', reason: 'cutover called off' });
    expect((await stage.dms.resume({ replicationConfigArn: arn, ...unverified })).outcome).toBe('resumed');
  });

  test('works once the command in its failure, which needs only the Temporal CLI, has unsealed the replication', async () => {
    const { stage, arn } = await setStopped({}, 'final');
    await using _ = stage;
    const failure = await failureOf(stage.dms.resume({ replicationConfigArn: arn }));
    await runPlain(failure.message, 'dms.unseal', { by: 'grace', reason: 'called off' });
    const { sealed, events } = await stage.dms.ledger(arn);
    expect(sealed).toBeNull();
    expect(events[0]).toMatchObject({ type: 'unsealed', by: 'grace', reason: 'called off' });
    expect((await stage.dms.resume({ replicationConfigArn: arn, ...unverified })).outcome).toBe('resumed');
  });

  test('is refused with both stops when someone ran the replication since, unless it is forced', async () => {
    const { stage, arn, checkpoint } = await setStopped();
    await using _ = stage;
    stage.simulator.start(arn);
    await until('it runs', () => stage.simulator.row(arn).Status === 'running');
    stage.simulator.stop(arn);
    await until('it is stopped', () => stage.simulator.row(arn).Status === 'stopped');
    stage.simulator.clock.advance({ seconds: 30 });
    const failure = await failureOf(stage.dms.resume({ replicationConfigArn: arn }));
    expect(failure).toMatchObject({ type: 'DmsCheckpointChanged', details: [{ checkpoint: { sequence: 1 } }] });
    const shown = new Date((stage.simulator.row(arn).ReplicationLastStopTime ?? 0) * 1000).toISOString();
    expect(failure.message).toContain(checkpoint.stoppedAt);
    expect(failure.message).toContain(shown);
    expect(stage.simulator.count('StartReplication')).toBe(0);
    const forced = await stage.dms.resume({ replicationConfigArn: arn, force: true, ...unverified });
    expect(forced).toMatchObject({ outcome: 'resumed', resumedFrom: null });
  });

  test('accepts another spelling of the recorded checkpoint, with a warning', async () => {
    const { stage, arn } = await setStopped();
    await using _ = stage;
    stage.simulator.row(arn).RecoveryCheckpoint = '$.583860:1357';
    const result = await stage.dms.resume({ replicationConfigArn: arn, ...unverified });
    expect(result.warnings.map(({ code }) => code)).toContain('checkpoint-text-differs');
  });

  test('is refused without a record unless forced', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const arn = stage.simulator.createReplication({ status: 'stopped' });
    expect(await failureOf(stage.dms.resume({ replicationConfigArn: arn }))).toMatchObject({
      type: 'DmsCheckpointMissing',
    });
    expect(await failureOf(stage.dms.resume({ replicationConfigArn: arn, checkpoint: { sequence: 7 } }))).toMatchObject(
      {
        type: 'DmsCheckpointMissing',
      },
    );
    expect((await stage.dms.resume({ replicationConfigArn: arn, force: true, ...unverified })).resumedFrom).toBeNull();
  });

  test.each([
    ['deprovisioning', 0],
    ['deprovisioned', 3600],
  ])('is refused before any call while %s, but a confirmed reload is sent if deprovisioned', async (state, seconds) => {
    const { stage, arn } = await setStopped({}, 'pause', { reloadAfterDeprovision: true });
    await using _ = stage;
    stage.simulator.clock.advance({ hours: 48, seconds });
    const failure = await failureOf(stage.dms.resume({ replicationConfigArn: arn, force: true }));
    expect(failure).toMatchObject({ type: 'DmsResumeWindowClosed', details: [{ provisionState: state }] });
    expect(stage.simulator.count('StartReplication')).toBe(0);
    if (state === 'deprovisioning') return;
    const unconfirmed = { replicationConfigArn: arn, startReplicationType: 'reload-target' as const, ...unverified };
    expect(await failureOf(stage.dms.resume(unconfirmed))).toMatchObject({ type: 'DmsNotResumable' });
    const confirmReload = stage.simulator.row(arn).ReplicationConfigIdentifier;
    const reloaded = await stage.dms.resume({ ...unconfirmed, confirmReload });
    expect(reloaded).toMatchObject({ outcome: 'resumed', startReplicationType: 'reload-target', resumedFrom: null });
  });

  test('past the deadline that DMS gave is refused although it is still provisioned', async () => {
    const { stage, arn } = await setStopped();
    await using _ = stage;
    const row = stage.simulator.row(arn);
    row.ReplicationDeprovisionTime = Date.now() / 1000 - 60;
    row.ReplicationLastStopTime = row.ReplicationDeprovisionTime - 48 * 3600;
    const failure = await failureOf(stage.dms.resume({ replicationConfigArn: arn, force: true }));
    expect(failure).toMatchObject({ type: 'DmsResumeWindowClosed', message: expect.stringContaining('48 hours') });
  });

  test('of a running or starting replication sends no call and returns which it is', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, replication_starting: 100 } });
    await stage.work();
    const running = stage.simulator.createReplication();
    expect((await stage.dms.resume({ replicationConfigArn: running, ...unverified })).outcome).toBe('already-running');
    const starting = stage.simulator.createReplication({ status: 'stopped' });
    stage.simulator.start(starting);
    expect((await stage.dms.resume({ replicationConfigArn: starting, ...unverified })).outcome).toBe(
      'already-starting',
    );
    expect(stage.simulator.count('StartReplication')).toBe(0);
  });

  test('of a replication that never ran is its first start', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const arn = stage.simulator.createReplication({ status: 'created' });
    const result = await stage.dms.resume({ replicationConfigArn: arn, ...unverified });
    expect(result).toMatchObject({ outcome: 'resumed', startReplicationType: 'start-replication', resumedFrom: null });
  });

  test.each([
    ['resume', {}, { type: 'DmsCheckpointChanged', details: [{ status: 'created' }] }],
    ['forced reload', { force: true, startReplicationType: 'reload-target' }, { type: 'DmsNotResumable' }],
  ] as const)(
    'is refused when its replication was created anew under the same ARN: %s',
    async (...[, how, refusal]) => {
      const { stage, arn } = await setStopped();
      await using _ = stage;
      Object.assign(stage.simulator.row(arn), {
        Status: 'created',
        ReplicationCreateTime: stage.simulator.clock.now() / 1000,
        ReplicationLastStopTime: undefined,
      });
      expect(await failureOf(stage.dms.resume({ replicationConfigArn: arn, ...how }))).toMatchObject(refusal);
      expect(stage.simulator.count('StartReplication')).toBe(0);
    },
  );

  test('of a replication that never ran is refused when it names a missing record', async () => {
    await using stage = await Stage.set();
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication({ status: 'created' });
    const failure = await failureOf(stage.dms.resume({ replicationConfigArn, checkpoint: { sequence: 7 } }));
    expect(failure).toMatchObject({ type: 'DmsCheckpointMissing' });
    expect(stage.simulator.count('StartReplication')).toBe(0);
  });

  test('returns the record it resumed from, and none when the replication already runs', async () => {
    const { stage, arn, checkpoint } = await setStopped();
    await using _ = stage;
    const resumed = await stage.dms.resume({ replicationConfigArn: arn, ...unverified });
    expect(resumed.resumedFrom).toEqual(checkpoint);
    const again = await stage.dms.resume({ replicationConfigArn: arn, ...unverified });
    expect(again).toMatchObject({ outcome: 'already-running', resumedFrom: null });
  });

  test('that times out reports its last status and elapsed time', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, replication_starting: 1e6 } });
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication({ status: 'stopped' });
    const failure = await failureOf(stage.dms.resume({ replicationConfigArn, force: true, startTimeoutSeconds: 15 }));
    expect(failure).toMatchObject({
      type: 'DmsStartTimedOut',
      message: expect.stringContaining('eu-west-1'),
      details: [{ status: 'replication_starting', elapsedSeconds: expect.any(Number) }],
    });
    expect((await stage.dms.ledger(replicationConfigArn)).pendingCall).toMatchObject({ kind: 'resume' });
  });

  test('that is stopped again right after running fails with the reason', async () => {
    const { stage, arn } = await setStopped({ durations: { describingStop: 0 } });
    await using _ = stage;
    const handle = await stage.dms.startResume({ replicationConfigArn: arn, verifyProgressSeconds: 20 });
    await until('it runs', () => stage.simulator.row(arn).Status === 'running');
    stage.simulator.onNextStop(arn, { type: 'reason', stopReason: 'Stop Reason FATAL_ERROR' });
    stage.simulator.stop(arn);
    expect(await failureOf(handle.result())).toMatchObject({
      type: 'DmsStartReverted',
      message: expect.stringContaining('FATAL_ERROR'),
      details: [{ status: 'stopped' }],
    });
  });

  test('of a full load is refused without a start type', async () => {
    const { stage, arn } = await setStopped({ replicationType: 'full-load' });
    await using _ = stage;
    expect(await failureOf(stage.dms.resume({ replicationConfigArn: arn }))).toMatchObject({ type: 'DmsNotResumable' });
  });

  test('with a second start-replication is rejected by DMS, and the failure names resume-processing', async () => {
    const { stage, arn } = await setStopped();
    await using _ = stage;
    const failure = await failureOf(
      stage.dms.resume({ replicationConfigArn: arn, startReplicationType: 'start-replication' }),
    );
    expect(failure).toMatchObject({
      type: 'DmsRequestRejected',
      message: expect.stringContaining('resume-processing'),
    });
    expect((await stage.dms.ledger(arn)).pendingCall).toBeNull();
  });

  test('whose replication fails right after running fails, and the failure is recorded', async () => {
    const { stage, arn } = await setStopped();
    await using _ = stage;
    stage.simulator.failAfterRunning(arn, 20, ['Error 1236: binlog purged']);
    const failure = await failureOf(stage.dms.resume({ replicationConfigArn: arn, verifyProgressSeconds: 20 }));
    expect(failure).toMatchObject({
      type: 'DmsReplicationFailed',
      message: expect.stringContaining('Error 1236'),
      details: [{ checkpoint: { status: 'failed', sequence: 2 } }],
    });
  });

  test('of an idle source reports that no progress was seen', async () => {
    const { stage, arn } = await setStopped({ changesPerSecond: 0 });
    await using _ = stage;
    expect((await stage.dms.resume({ replicationConfigArn: arn, verifyProgressSeconds: 2 })).progress).toBe(
      'none-seen',
    );
  });

  test('whose answer is lost recognises its own call', async () => {
    const { stage, arn } = await setStopped();
    await using _ = stage;
    stage.simulator.fault({ operation: 'StartReplication', type: 'answer-lost' });
    const result = await stage.dms.resume({ replicationConfigArn: arn, ...unverified });
    expect(result).toMatchObject({ outcome: 'resumed', startReplicationType: 'resume-processing' });
    expect(stage.simulator.count('StartReplication')).toBe(1);
  });

  test('waits while the replication is being modified', async () => {
    const { stage, arn } = await setStopped();
    await using _ = stage;
    stage.simulator.modify(arn);
    expect((await stage.dms.resume({ replicationConfigArn: arn, ...unverified })).outcome).toBe('resumed');
    expect(stage.simulator.count('StartReplication')).toBe(1);
  });

  test('with both start positions is refused before any request', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const both = { replicationConfigArn, cdcStartPosition: 'x', cdcStartTime: '2026-01-01T00:00:00Z' };
    expect(await failureOf(stage.dms.resume(both))).toMatchObject({
      type: 'DmsInvalidInput',
      message: expect.stringContaining('exclude'),
    });
    expect(stage.simulator.calls).toEqual([]);
  });
});

describe.concurrent('a resume with checks', () => {
  test('is refused when the source log is too short for the recorded lag, or warns of it', async () => {
    await using stage = await Stage.set(quick);
    const read = () => Promise.resolve({ sourceSeconds: 300_000, targetSeconds: 0, at: new Date().toISOString() });
    await stage.work({ lag: { read } });
    const replicationConfigArn = stage.simulator.createReplication();
    const { checkpoint } = await stage.dms.stop({ replicationConfigArn, ...brief });
    expect(checkpoint.lagAtStop).toMatchObject({ sourceSeconds: 300_000, targetSeconds: 0 });
    const resume = (more: object) => stage.dms.resume({ replicationConfigArn, ...unverified, ...more });
    const failure = await failureOf(resume({ sourceLogRetentionSeconds: 200_000 }));
    expect(failure).toMatchObject({
      type: 'DmsSourceLogExpired',
      message: expect.stringContaining('83.3 h behind then'),
    });
    const open = { sourceLogRetentionSeconds: 700_000, oldestOpenTransactionSeconds: 700_000 };
    expect(await failureOf(resume(open))).toMatchObject({ type: 'DmsSourceLogExpired' });
    expect(await failureOf(resume({ sourceLogRetentionSeconds: -1 }))).toMatchObject({ type: 'DmsInvalidInput' });
    expect(stage.simulator.count('StartReplication')).toBe(0);
    const resumed = await resume({ sourceLogRetentionSeconds: 350_000 });
    expect(resumed.warnings.map(({ code }) => code)).toContain('source-log-short');
  });

  test('goes on with a warning when the lag can not be read', async () => {
    await using stage = await Stage.set(quick);
    const reads = [
      () => Promise.reject(new Error('AccessDenied')),
      (_: unknown, signal: AbortSignal) =>
        new Promise<never>((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        ),
    ];
    await stage.work({ lag: { read: (arn, signal) => (reads.shift() ?? (() => Promise.resolve(null)))(arn, signal) } });
    for (const replicationConfigArn of [stage.simulator.createReplication(), stage.simulator.createReplication()]) {
      const { checkpoint } = await stage.dms.stop({ replicationConfigArn, ...brief });
      expect(checkpoint.lagAtStop).toBeNull();
      const resumed = await stage.dms.resume({
        replicationConfigArn,
        sourceLogRetentionSeconds: 86_400,
        ...unverified,
      });
      expect(resumed.warnings.map(({ code }) => code)).toContain('lag-unknown');
    }
  });

  test('reports the progress that its probe answers, and does not fail when the probe fails', async () => {
    await using stage = await Stage.set(quick);
    const asked: unknown[] = [];
    const answers: unknown[] = [true, false, 'perhaps'];
    const probe = async (request: unknown) => {
      asked.push(request);
      if (answers.length === 0) throw ApplicationFailure.nonRetryable('no way to the source');
      return answers.shift();
    };
    await stage.work({ foreign: { probe } });
    const replicationConfigArn = stage.simulator.createReplication({ changesPerSecond: 0 });
    const told = async () => {
      const { checkpoint } = await stage.dms.stop({ replicationConfigArn, ...brief });
      const progressProbe = { activityType: 'probe' };
      const resumed = await stage.dms.resume({ replicationConfigArn, progressProbe, verifyProgressSeconds: 1 });
      expect(asked.at(-1)).toMatchObject({ replicationConfigArn, resumedFrom: checkpoint });
      const codes = resumed.warnings.map(({ code }) => code).filter((code) => code !== 'endpoint-override');
      return [resumed.progress, ...codes];
    };
    expect(await told()).toEqual(['moving']);
    expect(await told()).toEqual(['none-seen', 'not-moving']);
    expect(await told()).toEqual(['none-seen', 'probe-failed']);
    expect(await told()).toEqual(['none-seen', 'probe-failed']);
  });

  test('is refused when an endpoint leads to another database, unless it is forced', async () => {
    await using stage = await Stage.set(quick);
    await stage.work({ endpointFingerprints: true });
    const replicationConfigArn = stage.simulator.createReplication();
    const { checkpoint, warnings } = await stage.dms.stop({ replicationConfigArn, ...brief });
    const target = checkpoint.endpoints?.target;
    expect(target).toMatchObject({ endpointArn: checkpoint.targetEndpointArn, port: 3306, database: 'shop' });
    expect(warnings.map(({ code }) => code)).not.toContain('endpoints-unknown');
    expect((await stage.dms.resume({ replicationConfigArn, ...unverified })).outcome).toBe('resumed');

    await stage.dms.stop({ replicationConfigArn, ...brief });
    stage.simulator.repointTarget(replicationConfigArn);
    const failure = await failureOf(stage.dms.resume({ replicationConfigArn, ...unverified }));
    expect(failure).toMatchObject({ type: 'DmsEndpointChanged', details: [{ checkpoint: { sequence: 2 } }] });
    expect(failure.message).toContain(
      `led to ${target?.host}:3306/shop when it was stopped, and leads to 2.${target?.host}`,
    );
    expect(stage.simulator.count('StartReplication')).toBe(1);
    const forced = await stage.dms.resume({ replicationConfigArn, force: true, ...unverified });
    expect(forced).toMatchObject({ outcome: 'resumed', resumedFrom: { sequence: 2 } });
  });

  test('goes on with a warning when its endpoints can not be read', async () => {
    await using stage = await Stage.set(quick);
    const worker = await stage.work({ endpointFingerprints: true });
    const replicationConfigArn = stage.simulator.createReplication();
    stage.simulator.fault({ operation: 'DescribeEndpoints', type: 'access-denied', times: 1 });
    const codes = ({ warnings }: { warnings: readonly { code: string }[] }) => warnings.map(({ code }) => code);
    const unread = await stage.dms.stop({ replicationConfigArn, ...brief });
    expect([unread.checkpoint.endpoints, codes(unread)]).toEqual([null, expect.arrayContaining(['endpoints-unknown'])]);
    const unchecked = await stage.dms.resume({ replicationConfigArn, ...unverified });
    expect(codes(unchecked)).toContain('endpoints-unknown'); // there is nothing to compare with

    await stage.dms.stop({ replicationConfigArn, ...brief });
    stage.simulator.fault({
      operation: 'DescribeEndpoints',
      type: 'error',
      name: 'InternalFailure',
      message: 'no',
      times: 9,
    });
    expect(codes(await stage.dms.resume({ replicationConfigArn, ...unverified }))).toContain('endpoints-unknown');
    stage.simulator.clearFaults();
    await stage.dms.stop({ replicationConfigArn, ...brief });
    await stage.stopWorkers(worker);
    await stage.work();
    const elsewhere = await stage.dms.resume({ replicationConfigArn, ...unverified });
    expect(elsewhere.warnings).toContainEqual({
      code: 'endpoints-unknown',
      message: expect.stringContaining('this worker does not read endpoints'),
    });
  });
});

describe.concurrent('a new replication', () => {
  test.each([true, false])(
    'starts at a recorded checkpoint only if DMS takes a start position (here: %s)',
    async (customStartPoint) => {
      await using stage = await Stage.set({ ...quick, uncertain: { ...uncertain, customStartPoint } });
      await stage.work();
      const old = stage.simulator.createReplication();
      const { checkpoint } = await stage.dms.stop({ replicationConfigArn: old, intent: 'final', ...brief });
      const replicationConfigArn = stage.simulator.createReplication({ status: 'created', replicationType: 'cdc' });
      const cdcStartPosition = checkpoint.recoveryCheckpoint;
      const start = { startReplicationType: 'start-replication', cdcStartPosition } as const;
      const resume = stage.dms.resume({ replicationConfigArn, ...start, ...unverified });
      if (customStartPoint) {
        const { outcome, warnings } = await resume;
        expect([outcome, warnings.map(({ code }) => code)]).toEqual([
          'resumed',
          ['custom-start-position', 'endpoint-override'],
        ]);
        const asked = stage.simulator.calls.find(({ operation }) => operation === 'StartReplication');
        expect(asked?.input).toMatchObject({ CdcStartPosition: cdcStartPosition });
      } else {
        const failure = await failureOf(resume);
        expect(failure).toMatchObject({ type: 'DmsRequestRejected' });
        expect(failure.message).toContain('DMS Serverless may not take start positions at all');
      }
    },
  );
});
