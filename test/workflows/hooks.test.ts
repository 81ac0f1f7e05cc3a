import { describe, expect, test } from 'vitest';
import { until } from '../support/stage.js';
import { startSkippingStage, type SkippingStage } from '../support/time-skipping.js';

const HOUR = 3_600_000;
const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };

/** Stops a replication of an idle source, and starts its resume with a probe. */
async function resumeWith({ simulator, dms }: SkippingStage, progressProbe: object) {
  const replicationConfigArn = simulator.createReplication({ changesPerSecond: 0 });
  await dms.stop({ replicationConfigArn, ...brief, deadlinePolicy: 'none' });
  return dms.startResume({ replicationConfigArn, verifyProgressSeconds: 1, progressProbe: progressProbe as never });
}

describe.concurrent('a hook', () => {
  test('that no worker has registered ends a probe at once, with a warning', async () => {
    await using stage = await startSkippingStage();
    const worker = await stage.work();
    await worker.runUntil(async () => {
      const resume = await resumeWith(stage, { activityType: 'prope' });
      const { progress, warnings } = await resume.result();
      expect(progress).toBe('none-seen');
      expect(warnings).toContainEqual({
        code: 'probe-failed',
        message: expect.stringContaining('no activity prope is registered on the worker of the task queue'),
      });
    });
  });

  test('on a task queue without workers ends a probe with a warning', async () => {
    await using stage = await startSkippingStage();
    const worker = await stage.work();
    await worker.runUntil(async () => {
      const resume = await resumeWith(stage, { activityType: 'probe', taskQueue: 'nobody' });
      const { progress, warnings } = await resume.result();
      expect(progress).toBe('none-seen');
      expect(warnings).toContainEqual({
        code: 'probe-failed',
        message: expect.stringContaining('no worker of the task queue nobody started probe in time'),
      });
    });
  });

  test('that no worker has registered is named in the warning of the resume deadline', async () => {
    await using stage = await startSkippingStage();
    const { dms, env, simulator } = stage;
    const replicationConfigArn = simulator.createReplication();
    const worker = await stage.work();
    await worker.runUntil(async () => {
      await dms.stop({ replicationConfigArn, ...brief, onResumeDeadline: { activityType: 'wranOperators' } });
      await env.sleep(44 * HOUR);
      const [event] = await until('the warning is written', async () => {
        const { events } = await dms.ledger(replicationConfigArn);
        return events.length > 0 ? events : null;
      });
      expect(event).toMatchObject({
        type: 'deadline-warning',
        detail: expect.stringContaining('could not be delivered: no activity wranOperators is registered'),
      });
    });
  });
});
