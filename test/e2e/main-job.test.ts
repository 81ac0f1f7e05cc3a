import { expect, test } from 'vitest';
import { Stage } from '../support/stage.js';

test('a running replication is stopped, recorded and resumed', async () => {
  await using stage = await Stage.set();
  const arn = stage.simulator.createReplication({ tables: 4 });
  await stage.work();

  const stopped = await stage.dms.stop({
    replicationConfigArn: arn,
    requestedBy: 'ada',
    reason: 'cutover',
    settleSeconds: 1,
  });
  expect(stopped).toMatchObject({ outcome: 'stopped', tables: { total: 4 }, replication: { status: 'stopped' } });
  const row = stage.simulator.row(arn);
  expect(stopped.checkpoint).toMatchObject({
    sequence: 1,
    recoveryCheckpoint: row.RecoveryCheckpoint,
    stopReasonCode: 'NORMAL',
    settled: 'agreed',
    requestedBy: 'ada',
    reason: 'cutover',
    resumeBySource: 'dms',
    workflowId: `dms:${arn}`,
  });
  expect(stage.simulator.count('StopReplication', arn)).toBe(1);

  const resumed = await stage.dms.resume({ replicationConfigArn: arn, verifyProgressSeconds: 3 });
  expect(resumed).toMatchObject({
    outcome: 'resumed',
    startReplicationType: 'resume-processing',
    progress: 'moving',
    resumedFrom: { sequence: 1 },
  });

  const ledger = await stage.dms.ledger(arn);
  expect(ledger).toMatchObject({
    pendingCall: null,
    sealed: null,
    checkpoints: [{ sequence: 1 }],
    operations: [
      { kind: 'resume', outcome: 'resumed' },
      { kind: 'stop', outcome: 'stopped', checkpointSequence: 1, tables: { total: 4 } },
    ],
  });
});
