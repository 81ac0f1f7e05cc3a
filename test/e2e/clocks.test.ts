import { expect, test } from 'vitest';
import { quick, Stage, until } from '../support/stage.js';
import { endProcess, startWorkerProcess } from '../support/worker-process.js';

const HOUR = 3600;

test('workers with clocks 47 hours ahead or behind stop, record, guard and resume correctly', async () => {
  // The simulator runs in real time, so that DMS's times can be compared with the clocks.
  const durations = {
    ...quick.durations,
    stopping: 2,
    describingStop: 0,
    flushingCheckpoint: 0,
    replication_starting: 2,
  };
  await using stage = await Stage.set({ ...quick, speed: 1, durations });
  const { simulator, dms, taskQueue } = stage;
  const replicationConfigArn = simulator.createReplication();
  const workers = [-47 * HOUR, 47 * HOUR].map((seconds) => {
    const env = { CLOCK_SKEW_SECONDS: String(seconds) };
    return startWorkerProcess(taskQueue, simulator, { clock: './skewed-clock.mjs', env });
  });
  try {
    for (let sequence = 1; sequence <= 3; sequence++) {
      const begun = Date.now();
      const { checkpoint, outcome, warnings } = await dms.stop({
        replicationConfigArn,
        settleSeconds: 1,
        selfRestartGraceSeconds: 0,
      });
      expect([outcome, checkpoint.sequence, checkpoint.settled]).toEqual(['stopped', sequence, 'agreed']);
      const stoppedAt = Date.parse(checkpoint.stoppedAt ?? '');
      expect(stoppedAt).toBeGreaterThan(begun - 2000);
      expect(Date.parse(checkpoint.resumeBy ?? '') - stoppedAt).toBe(48 * HOUR * 1000);
      const { guard, operations } = await dms.ledger(replicationConfigArn);
      // The resume window is read by DMS's clock, and guarded by Temporal's.
      const guardIsOffBy = Date.parse(guard?.endsAt ?? '') - Date.parse(checkpoint.resumeBy ?? '');
      expect(Math.abs(guardIsOffBy)).toBeLessThan(120_000);
      expect(warnings.map(({ code }) => code)).not.toContain('short-window');
      // Times in the ledger are Temporal's.
      for (const { startedAt } of operations) expect(Math.abs(Date.parse(startedAt) - begun)).toBeLessThan(120_000);
      const resumed = await dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 });
      expect(resumed).toMatchObject({ outcome: 'resumed', resumedFrom: { sequence } });
      await until('it runs', () => simulator.row(replicationConfigArn).Status === 'running');
    }
    expect(simulator.count('StopReplication')).toBe(3);
  } finally {
    for (const worker of workers) await endProcess(worker, 'SIGTERM');
  }
}, 180_000);
