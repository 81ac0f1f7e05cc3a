import { expect, test } from 'vitest';
import { draftOf } from '../support/drafts.js';
import { HOUR, onResumeDeadline, startDeadlineWorker } from '../support/deadlines.js';
import { quick, until } from '../support/stage.js';
import { startSkippingStage } from '../support/time-skipping.js';

test('each of fifty guards resumes its replication once, or warns of its deadline', async () => {
  await using stage = await startSkippingStage({ ...quick, speed: 200 });
  const { dms, env, simulator, taskQueue } = stage;
  const { warnings, worker } = await startDeadlineWorker(stage);
  const arns = Array.from({ length: 50 }, () => simulator.createReplication({ status: 'stopped' }));
  const begun = await env.currentTimeMs();
  await worker.runUntil(async () => {
    for (const [n, replicationConfigArn] of arns.entries()) {
      const { checkpoint, state } = draftOf(simulator, replicationConfigArn);
      const endsAt = new Date(begun + 48 * HOUR + n * 2_400_000).toISOString();
      const plan = { policy: n % 5 === 0 ? 'resume' : 'warn', leadSeconds: 600, onResumeDeadline } as const;
      const nextAt = new Date(Date.parse(endsAt) - 600_000).toISOString();
      const guard = {
        sequence: 1,
        resumeBy: checkpoint.resumeBy ?? '',
        endsAt,
        plan,
        taskQueue,
        nextAt,
        warnings: 0,
      };
      await env.client.workflow.start('dmsReplicationLedger', {
        workflowId: `dms-ledger:${replicationConfigArn}`,
        taskQueue,
        args: [{ replicationConfigArn, state: { ...state, guard } }],
      });
    }
    // The last guard acts 33 hours after the first.
    await env.sleep(90 * HOUR);
    await until('every guard is over', async () => {
      const ledgers = await Promise.all(arns.map((arn) => dms.ledger(arn)));
      return ledgers.every(({ guard }) => guard === null);
    });
    const resumed = arns.map((arn) => simulator.count('StartReplication', arn));
    expect(resumed).toEqual(arns.map((_, n) => (n % 5 === 0 ? 1 : 0)));
    const warned = new Set(warnings.map(({ replicationConfigArn }) => replicationConfigArn));
    expect([...warned].toSorted()).toEqual(arns.filter((_, n) => n % 5 !== 0).toSorted());
  });
});
