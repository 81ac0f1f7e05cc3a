import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { describe, expect, inject, test } from 'vitest';
import { createCutoverActivities, type Application } from '../../examples/cutover/activities.js';
import { createDmsActivities } from '../../src/activities/index.js';
import { failureOf, quick, simulatedApi, Stage, until } from '../support/stage.js';

const example = (file: string) => fileURLToPath(new URL(`../../examples/cutover/${file}`, import.meta.url));

/** A cutover of an application that writes down what is done to it. */
async function cutOver(stage: Stage, meddle: Partial<Application> = {}) {
  const done: string[] = [];
  const application: Application = {
    fence: async () => void done.push('fence'),
    unfence: async () => void done.push('unfence'),
    isDrained: async () => done.push('drained') > 0,
    switchToTarget: async () => void done.push('switch'),
    ...meddle,
  };
  const worker = await Worker.create({
    connection: stage.native,
    taskQueue: stage.taskQueue,
    workflowsPath: example('workflows.ts'),
    activities: {
      ...createCutoverActivities(application),
      ...createDmsActivities({ dms: simulatedApi(stage.simulator) }),
    },
  });
  const running = worker.run();
  const arn = stage.simulator.createReplication();
  const handle = await stage.client.workflow.start('cutover', {
    workflowId: randomUUID(),
    taskQueue: stage.taskQueue,
    args: [{ replicationConfigArn: arn, requestedBy: 'ada', reason: 'cutover' }],
  });
  const end = async () => {
    worker.shutdown();
    await running;
  };
  return { arn, handle, done, end };
}

describe.concurrent('the cutover example', () => {
  test('runs as a program', async () => {
    const env = { ...process.env, TEMPORAL_ADDRESS: inject('temporalAddress') };
    const args = ['--no-warnings', '--import', 'tsx', example('run.ts')];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    expect(stdout).toMatch(/takes no writes any more\n.*uses the target\ncut over; .* stopped for good at \S+\n$/s);
  });

  test('fences, drains, stops for good and switches, in that order', async () => {
    await using stage = await Stage.set();
    const { arn, handle, done, end } = await cutOver(stage);
    expect(await handle.result()).toMatchObject({ intent: 'final', sequence: 1 });
    expect(done).toEqual(['fence', 'drained', 'switch']);
    expect((await stage.dms.ledger(arn)).sealed).toMatchObject({ by: 'ada', reason: 'cutover' });
    await end();
  });

  test('unseals, resumes and takes the fence down when the switch fails, and says why', async () => {
    await using stage = await Stage.set();
    const refuse = async () => {
      throw ApplicationFailure.nonRetryable('the target refuses connections');
    };
    const { arn, handle, done, end } = await cutOver(stage, { switchToTarget: refuse });
    const failure = await failureOf(handle.result());
    expect(String((failure.cause as Error).cause)).toContain('the target refuses connections');
    expect(done).toEqual(['fence', 'drained', 'unfence']);
    expect(stage.simulator.row(arn).Status).toBe('running');
    expect((await stage.dms.ledger(arn)).sealed).toBeNull();
    await end();
  }, 180_000);

  test('replicates again when it is cancelled in the middle of the stop', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 100 } });
    const { arn, handle, done, end } = await cutOver(stage);
    await until('it is stopping', () => stage.simulator.row(arn).Status === 'stopping');
    await handle.cancel();
    await failureOf(handle.result());
    expect(done).toEqual(['fence', 'drained', 'unfence']);
    expect(stage.simulator.row(arn).Status).toBe('running');
    const { checkpoints, operations } = await stage.dms.ledger(arn);
    expect(checkpoints).toMatchObject([{ intent: 'final' }]);
    expect(operations[0]).toMatchObject({ kind: 'resume', outcome: 'resumed' });
    await end();
  }, 180_000);
});
