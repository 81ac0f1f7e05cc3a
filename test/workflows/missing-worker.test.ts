/** Operations on a task queue whose workers do not have the activities of this package. */
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { createDmsActivities } from '../../src/activities/index.js';
import { findDmsFailure } from '../../src/contract/failures.js';
import { runCli } from '../support/cli.js';
import { Application, cutoverInput } from '../support/cutover.js';
import { failureOf, simulatedApi, Stage, until, workflowBundle } from '../support/stage.js';
import { startSkippingStage, type SkippingStage } from '../support/time-skipping.js';

const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };

/** Failure by which a worker says that it does not know an activity. */
const notRegistered = (activity: string) =>
  ApplicationFailure.retryable(`Activity function ${activity} is not registered`, 'NotFoundError');

/** Worker with the workflows of this package, and with an activity of somebody else's. */
async function ignorantWorker({ env, taskQueue }: SkippingStage): Promise<Worker> {
  return Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: await workflowBundle(),
    debugMode: true,
    activities: { other: async () => null },
  });
}

/** Expects that a workflow runs for four minutes more, and then fails because workers lack the activity. */
async function expectToMiss({ env }: SkippingStage, workflow: WorkflowHandle, activity: string): Promise<void> {
  await env.sleep(240_000);
  expect((await workflow.describe()).status.name).toBe('RUNNING');
  await env.sleep(240_000);
  const failure = findDmsFailure(await failureOf(workflow.result()));
  expect(failure).toMatchObject({ type: 'DmsWorkerMissing', message: expect.stringContaining(activity) });
}

test.each(['stop', 'resume'] as const)(
  'a %s fails after five minutes, and names the queue and the activity',
  async (kind) => {
    await using stage = await startSkippingStage();
    const worker = await ignorantWorker(stage);
    await worker.runUntil(async () => {
      const replicationConfigArn = stage.simulator.createReplication();
      const handle = await (kind === 'stop'
        ? stage.dms.startStop({ replicationConfigArn, ...brief })
        : stage.dms.startResume({ replicationConfigArn }));
      await stage.env.sleep(240_000);
      expect((await stage.env.client.workflow.getHandle(handle.workflowId).describe()).status.name).toBe('RUNNING');
      await stage.env.sleep(240_000);
      const failure = await failureOf(handle.result());
      expect(failure).toMatchObject({ type: 'DmsWorkerMissing', details: [{ replicationConfigArn }] });
      const activity = kind === 'stop' ? 'dms.requestStop' : 'dms.requestStart';
      expect(failure.message).toContain(
        `No worker of the task queue "${stage.taskQueue}" has the activity ${activity}`,
      );
      expect(failure.message).toContain(`temporal-dms worker --task-queue ${stage.taskQueue}`);
    });
  },
);

test.each([
  ['hostStop', 'dms.awaitOperation'],
  ['hostThatOnlyAsserts', 'dms.describeReplication'],
])('a step fails after five minutes although its activity only reads: %s', async (workflow, activity) => {
  await using stage = await startSkippingStage();
  const worker = await ignorantWorker(stage);
  await worker.runUntil(async () => {
    const replicationConfigArn = stage.simulator.createReplication();
    await stage.dms.startStop({ replicationConfigArn, ...brief });
    const host = await stage.env.client.workflow.start(workflow, {
      workflowId: `host-${activity}`,
      taskQueue: stage.taskQueue,
      args: [{ replicationConfigArn, operationId: 'one', stoppedAt: null, ...brief }],
    });
    await expectToMiss(stage, host, activity);
  });
});

test.each([
  ['dmsScheduledStop', 'dms.describeReplication'],
  ['dmsScheduledResume', 'dms.awaitIdle'],
])('%s fails after five minutes, and names the activity', async (workflow, activity) => {
  await using stage = await startSkippingStage();
  const worker = await ignorantWorker(stage);
  await worker.runUntil(async () => {
    const scheduled = await stage.env.client.workflow.start(workflow, {
      workflowId: 'nightly',
      taskQueue: stage.taskQueue,
      args: [{ scheduleId: 'nightly', input: { replicationConfigArn: stage.simulator.createReplication() } }],
    });
    await until('its details say so', async () => {
      const { currentDetails } = await scheduled.query<{ currentDetails: string }>('__temporal_workflow_metadata');
      return currentDetails.includes(`has the activity ${activity}`);
    });
    await expectToMiss(stage, scheduled, activity);
  });
});

test.each(['dms.awaitStopped', 'dms.recordOperation'] as const)(
  'a stop that DMS has accepted fails after five minutes without %s, and the ledger records the stop once a worker has the activity',
  async (activity) => {
    await using stage = await startSkippingStage();
    const replicationConfigArn = stage.simulator.createReplication();
    let isKnown = false;
    const own = createDmsActivities({ dms: simulatedApi(stage.simulator) });
    // A worker that is replaced would keep its ledgers, because this server knows no end of a sticky queue.
    const run = own[activity] as (request: unknown) => Promise<unknown>;
    const whenKnown = (request: unknown) => {
      if (isKnown) return run(request);
      throw notRegistered(activity);
    };
    const worker = await stage.work({}, { [activity]: whenKnown });
    await worker.runUntil(async () => {
      const handle = await stage.dms.startStop({ replicationConfigArn, ...brief });
      await stage.env.sleep(600_000);
      const failure = await failureOf(handle.result());
      expect(failure).toMatchObject({
        type: 'DmsWorkerMissing',
        message: expect.stringContaining(activity),
      });
      await until('it is stopped', () => stage.simulator.row(replicationConfigArn).Status === 'stopped');
      expect((await stage.dms.ledger(replicationConfigArn)).checkpoints).toEqual([]);
      isKnown = true;
      const ledger = await until('its ledger records it', async () => {
        await stage.env.sleep(60_000);
        const found = await stage.dms.ledger(replicationConfigArn);
        return found.checkpoints.length === 1 ? found : null;
      });
      expect(ledger.operations[0]).toMatchObject({ kind: 'stop', finishedBy: 'ledger' });
      expect(stage.simulator.count('StopReplication')).toBe(1);
    });
  },
);

test('a resume fails after five minutes without dms.awaitRunning, and the ledger records the resume once a worker has the activity', async () => {
  await using stage = await startSkippingStage();
  const replicationConfigArn = stage.simulator.createReplication();
  let isKnown = false;
  const own = createDmsActivities({ dms: simulatedApi(stage.simulator) });
  const awaitRunning: (typeof own)['dms.awaitRunning'] = (request) => {
    if (isKnown) return own['dms.awaitRunning'](request);
    throw notRegistered('dms.awaitRunning');
  };
  const worker = await stage.work({}, { 'dms.awaitRunning': awaitRunning });
  await worker.runUntil(async () => {
    const stop = await stage.dms.startStop({ replicationConfigArn, deadlinePolicy: 'none', ...brief });
    await stage.env.sleep(600_000);
    await stop.result();
    const handle = await stage.dms.startResume({ replicationConfigArn, verifyProgressSeconds: 0 });
    await stage.env.sleep(600_000);
    expect(await failureOf(handle.result())).toMatchObject({
      type: 'DmsWorkerMissing',
      message: expect.stringContaining('dms.awaitRunning'),
    });
    isKnown = true;
    await until('its ledger records it', async () => {
      await stage.env.sleep(60_000);
      const [operation] = (await stage.dms.ledger(replicationConfigArn)).operations;
      return operation?.kind === 'resume' && operation.outcome === 'resumed' && operation.finishedBy === 'ledger';
    });
    expect(stage.simulator.count('StartReplication')).toBe(1);
  });
});

test('a stop goes on although some of its workers lack dms.awaitStopped', async () => {
  await using stage = await startSkippingStage();
  const replicationConfigArn = stage.simulator.createReplication();
  const own = createDmsActivities({ dms: simulatedApi(stage.simulator) });
  let refused = 0;
  const awaitStopped: (typeof own)['dms.awaitStopped'] = async (request) => {
    if (refused === 20) return own['dms.awaitStopped'](request);
    if (Context.current().info.attempt > 1) {
      refused++;
      throw notRegistered('dms.awaitStopped');
    }
    throw ApplicationFailure.create({ message: 'It is stopping', type: 'DmsStillWaiting', nextRetryDelay: '30 s' });
  };
  const worker = await stage.work({}, { 'dms.awaitStopped': awaitStopped });
  await worker.runUntil(async () => {
    const handle = await stage.dms.startStop({ replicationConfigArn, ...brief });
    const result = handle.result();
    await until('it is recorded', async () => {
      await stage.env.sleep(60_000);
      return (await stage.dms.ledger(replicationConfigArn)).checkpoints.length === 1;
    });
    expect((await result).outcome).toBe('stopped');
    expect(refused).toBe(20);
  });
});

test('a stop goes on when a worker with the activities comes within five minutes', async () => {
  await using stage = await Stage.set();
  await stage.work({ bare: true, foreign: { other: async () => null } });
  const replicationConfigArn = stage.simulator.createReplication();
  const handle = await stage.dms.startStop({ replicationConfigArn, ...brief });
  const workflow = stage.client.workflow.getHandle(handle.workflowId);
  await until('a worker did not know its activity', async () => {
    const { events } = await workflow.fetchHistory();
    return events?.some(({ activityTaskFailedEventAttributes: failed }) => failed != null);
  });
  const missing = `No worker of the task queue "${stage.taskQueue}" has the activity dms.requestStop`;
  await until('its progress says so', async () => (await handle.progress()).detail.includes(missing));
  await stage.stopWorkers();
  await stage.work();
  expect((await handle.result()).outcome).toBe('stopped');
  expect(stage.simulator.count('StopReplication')).toBe(1);
  // An attempt on another worker could have noted a call before it was found out that this one knows nothing.
  const { events } = await workflow.fetchHistory();
  const requests = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled?.activityType?.name === 'dms.requestStop' ? [scheduled.input?.payloads?.[0]] : [],
  );
  const mayHaveBegun = requests.map((payload) =>
    payload ? defaultPayloadConverter.fromPayload<{ mayHaveBegun: boolean }>(payload).mayHaveBegun : null,
  );
  expect(mayHaveBegun[0]).toBe(false);
  expect(mayHaveBegun.at(-1)).toBe(true);
});

test('a cutover says in its status and its details which activity its task queue lacks, and goes on once a worker has it', async () => {
  await using stage = await Stage.set();
  const application = new Application();
  const foreign = application.activities;
  const ignorant = await stage.work({ bare: true, foreign });
  const arn = stage.simulator.createReplication({ status: 'running' });
  const input = cutoverInput([arn]);
  const cutover = await stage.dms.startCutover(input);
  const missing = `No worker of the task queue "${stage.taskQueue}" has the activity dms.reserveReplication`;
  await until('its status says so', async () => (await cutover.status()).problem?.includes(missing));
  const handle = stage.client.workflow.getHandle(cutover.workflowId);
  const details = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  expect(details.currentDetails).toContain(missing);
  await stage.stopWorkers(ignorant);
  await stage.work({ foreign });
  expect(await cutover.result()).toMatchObject({ outcome: 'switched', cause: null });
});

test('a fleet and a cutover say which activity their operations and steps lack', async () => {
  await using stage = await Stage.set();
  await stage.work({ bare: true, foreign: { other: async () => null } });
  const warned = new Set<string>();
  const onWarning = (warning: Error) => warned.add(warning.message);
  process.on('warning', onWarning);
  try {
    const [first, second] = [stage.simulator.createReplication(), stage.simulator.createReplication()];
    const fleet = await stage.dms.startStopFleet({ replicationConfigArns: [first], ...brief });
    const cutover = await stage.dms.startCutover(cutoverInput([second]));
    for (const handle of [fleet, cutover]) handle.result().catch(() => undefined);
    const isSaid = (activity: string) => [...warned].some((text) => text.includes(`has the activity ${activity}`));
    await until('both are said', () => isSaid('dms.requestStop') && isSaid('dms.reserveReplication'));
  } finally {
    process.off('warning', onWarning);
  }
});

test('a cutover without a worker says in its answer which task queue nobody polls, and how to start one', async () => {
  await using stage = await Stage.set();
  const cutover = await stage.dms.startCutover(cutoverInput([stage.simulator.createReplication()]));
  const refused = await failureOf(cutover.status());
  expect(refused.message).toContain(`No worker polls the task queue "${stage.taskQueue}"`);
  expect(refused.message).toContain(`temporal-dms worker --task-queue ${stage.taskQueue}`);
  const [arn] = [stage.simulator.createReplication()];
  const fleet = await stage.dms.startStopFleet({ replicationConfigArns: [arn], ...brief });
  expect((await failureOf(fleet.progress())).message).toContain(`No worker polls the task queue "${stage.taskQueue}"`);
});

test.concurrent.each(['that does not exist yet', 'that exists'])(
  'the status, the details, the client and the command line say that the ledger of a cutover is on a task queue that nobody polls: one %s',
  async (kind) => {
    await using stage = await Stage.set();
    const queue = `nobody-${stage.taskQueue}`;
    const arn = stage.simulator.createReplication({ status: 'running' });
    if (kind === 'that exists')
      await stage.client.workflow.start('dmsReplicationLedger', {
        workflowId: `dms-ledger:${arn}`,
        taskQueue: queue,
        args: [{ replicationConfigArn: arn }],
      });
    await stage.work({ ledgerTaskQueue: queue, foreign: new Application().activities });
    const warned = new Set<string>();
    const onWarning = ({ message }: Error) => warned.add(message);
    process.on('warning', onWarning);
    const cutover = await stage.dms.startCutover(cutoverInput([arn]));
    const ended = cutover.result().catch((err: unknown) => err);
    const handle = stage.client.workflow.getHandle(cutover.workflowId);
    try {
      await until('its status says so', async () => (await cutover.status()).problem?.includes(queue));
      await until('the client warns', () => [...warned].some((message) => message.includes(queue)));
      // Temporal itself says so only at the end of an attempt.
      expect((await handle.describe()).raw.pendingActivities).toMatchObject([{ attempt: 1 }]);
      const details = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
      expect(details.currentDetails).toContain(queue);
      const shown = await runCli(['cutover', 'status', cutover.workflowId.replace('dms-cutover:', '')]);
      expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining(queue) });
    } finally {
      process.off('warning', onWarning);
      await handle.terminate();
      await ended;
    }
  },
);

test('a ledger shows which activity its task queue lacks, and goes on once a worker has it', async () => {
  await using stage = await Stage.set();
  const records: object[] = [];
  const archive = { append: async (record: object) => void records.push(record), list: async () => [] };
  const worker = await stage.work({ archive: { ...archive, append: () => Promise.reject(new Error('down')) } });
  const replicationConfigArn = stage.simulator.createReplication();
  await stage.dms.stop({ replicationConfigArn, ...brief });
  await stage.stopWorkers(worker);

  const ignorant = await stage.work({ bare: true, foreign: { other: async () => null } });
  const ledger = stage.client.workflow.getHandle(`dms-ledger:${replicationConfigArn}`);
  const details = async () =>
    (await ledger.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;
  const missing = `No worker of the task queue "${stage.taskQueue}" has the activity dms.archiveRecord`;
  await until('the details show it', async () => (await details()).includes(missing));
  await stage.stopWorkers(ignorant);
  await stage.work({ archive });
  await until('it is archived', () => records.length === 1);
  await until('the details show it no more', async () => !(await details()).includes(missing));
});
