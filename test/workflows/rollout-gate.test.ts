/** The gate of a rollout: it completes on a worker that can work, and fails on any other. */
import { inspect } from 'node:util';
import { Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { DmsApiError } from '../../src/dms/api.js';
import { findDmsFailure } from '../../src/contract/failures.js';
import { failureOf, simulatedApi, workflowBundle } from '../support/stage.js';
import { startSkippingStage, type SkippingStage } from '../support/time-skipping.js';

const gate = ({ env, taskQueue }: SkippingStage, input?: object) =>
  env.client.workflow.execute('dmsRolloutGate', {
    workflowId: `gate-${Math.random()}`,
    taskQueue,
    args: input === undefined ? [] : [input],
  });

test('the gate completes on a worker that can work, without an input and with a replication', async () => {
  await using stage = await startSkippingStage();
  const worker = await stage.work();
  const replicationConfigArn = stage.simulator.createReplication();
  await worker.runUntil(async () => {
    await gate(stage);
    await gate(stage, { replicationConfigArn });
    const unknown = replicationConfigArn.replace(/[^:]+$/, 'UNKNOWN');
    const failed = await failureOf(gate(stage, { replicationConfigArn: unknown }));
    expect(findDmsFailure(failed)).toMatchObject({ type: 'DmsReplicationNotFound' });
    expect(findDmsFailure(await failureOf(gate(stage, { replicationConfigArn: 'x' })))?.type).toBe('DmsInvalidInput');
  });
});

test('the gate fails on a worker that has no permission', async () => {
  await using stage = await startSkippingStage();
  const dms = simulatedApi(stage.simulator);
  const denied = async () => {
    throw new DmsApiError('access-denied', 'AccessDeniedException', 'not authorized');
  };
  const worker = await stage.work({ dms: { ...dms, describeReplication: denied, listReplications: denied } });
  await worker.runUntil(async () => {
    const replicationConfigArn = stage.simulator.createReplication();
    const failed = await failureOf(gate(stage, { replicationConfigArn }));
    expect(findDmsFailure(failed)).toMatchObject({ type: 'DmsAccessDenied' });
  });
});

test('the gate fails on a worker without the activities', async () => {
  await using stage = await startSkippingStage();
  const worker = await Worker.create({
    connection: stage.env.nativeConnection,
    taskQueue: stage.taskQueue,
    workflowBundle: await workflowBundle(),
    debugMode: true,
    activities: { other: async () => null },
  });
  await worker.runUntil(async () => {
    const failed = await failureOf(gate(stage));
    expect(inspect(failed, { depth: 9 })).toContain('dms.wasReset is not registered');
  });
});
