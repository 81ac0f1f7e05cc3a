/** Plans: what an operation would do, compared with what it does. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/cli/exit-codes.js';
import type { OperationPlan } from '../../src/client/index.js';
import type { ResumeReplicationInput, StopReplicationInput } from '../../src/index.js';
import type { PermissionSource } from '../../src/activities/index.js';
import { runCliProcess } from '../support/cli-process.js';
import { runCli } from '../support/cli.js';
import { failureOf, isHeld, ledgerOf, Stage, until } from '../support/stage.js';

const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };
/** Replications that IAM denies, by the end of their identifiers. */
const permissions: PermissionSource = {
  read: async ({ arn }) => ({
    denied: arn.endsWith('-DENIED') ? ['dms:StopReplication'] : [],
    undecided: [],
    reason: null,
  }),
};

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set();
  await stage.work({ permissions, endpointFingerprints: true });
});
afterAll(() => stage[Symbol.asyncDispose]());

const named = (end = '') => stage.simulator.createReplication({ resourceIdentifier: `plan-${randomUUID()}${end}` });
const stopOf = (arn: string, more: Partial<StopReplicationInput> = {}) => ({ replicationConfigArn: arn, ...more });
const resumeOf = (arn: string, more: Partial<ResumeReplicationInput> = {}) => ({ replicationConfigArn: arn, ...more });

/** Plans, and expects that nothing was called and nothing was recorded. */
async function planning(arn: string, plan: () => Promise<OperationPlan>): Promise<OperationPlan> {
  const facts = async () => {
    const ledger = await ledgerOf(stage.dms, arn);
    const calls = ['StopReplication', 'StartReplication'].map((call) => stage.simulator.count(call, arn));
    return [calls, ledger?.operations.length ?? 0, ledger?.pendingCall ?? null, ledger?.newestToken ?? 0];
  };
  const before = await facts();
  const planned = await plan();
  expect(await facts()).toEqual(before);
  return planned;
}

describe.concurrent('a plan', () => {
  test('of a stop says that it would call, and the stop calls', async () => {
    const arn = named();
    expect(await planning(arn, () => stage.dms.planStop(stopOf(arn)))).toMatchObject({
      kind: 'stop',
      replicationConfigArn: arn,
      action: 'call',
      detail: 'It would ask DMS to stop the replication, which is "running"',
      refusal: null,
      replication: { status: 'running' },
      permissions: { denied: [] },
    });
    await stage.dms.stop(stopOf(arn, brief));
    expect(stage.simulator.count('StopReplication', arn)).toBe(1);
    const again = await planning(arn, () => stage.dms.planStop(stopOf(arn)));
    expect(again).toMatchObject({ action: 'send-nothing', detail: 'It would call nothing (already-stopped)' });
    const resume = await planning(arn, () => stage.dms.planResume(resumeOf(arn)));
    expect(resume).toMatchObject({
      action: 'call',
      startReplicationType: 'resume-processing',
      detail: 'It would ask DMS to start the replication with resume-processing, from record 1',
    });
    expect((await stage.dms.resume(resumeOf(arn, { verifyProgressSeconds: 0 }))).startReplicationType).toBe(
      'resume-processing',
    );
  });

  test('names the failure with which the operation is refused', async () => {
    const [sealed, changed, unrecorded] = [named(), named(), named()];
    await Promise.all([
      stage.dms.stop(stopOf(sealed, { ...brief, intent: 'final' })),
      stage.dms.stop(stopOf(changed, brief)),
      stage.dms.stop(stopOf(unrecorded, brief)),
    ]);
    stage.simulator.start(changed);
    await until('it runs', () => stage.simulator.row(changed).Status === 'running');
    stage.simulator.stop(changed);
    await until('it has stopped', () => stage.simulator.row(changed).Status === 'stopped');
    const inputs = [resumeOf(sealed), resumeOf(changed), resumeOf(unrecorded, { checkpoint: { sequence: 7 } })];
    for (const input of inputs) {
      const { replicationConfigArn: arn } = input;
      const { action, detail, refusal } = await planning(arn, () => stage.dms.planResume(input));
      expect(action).toBe('refuse');
      const failure = await failureOf(stage.dms.resume(input));
      expect([refusal?.type, refusal?.message]).toEqual([failure.type, failure.message]);
      expect(detail).toBe(failure.message);
    }
  });

  test('says what the operation would do about one that is under way', async () => {
    const arn = stage.simulator.createReplication({ durations: { stopping: 1e6 } });
    const stop = await stage.dms.startStop(stopOf(arn, { ...brief, operationId: 'first' }));
    const workflow = stage.client.workflow.getHandle(stop.workflowId);
    await until('it waits', () => isHeld(workflow));
    const plan = async (input: StopReplicationInput) => (await planning(arn, () => stage.dms.planStop(input))).action;
    expect(await plan(stopOf(arn))).toBe('join');
    expect(await plan(stopOf(arn, { intent: 'final' }))).toBe('wait');
    expect(await stage.dms.planResume(resumeOf(arn))).toMatchObject({
      action: 'refuse',
      refusal: { type: 'DmsOperationInProgress', hint: expect.stringContaining(`temporal dms cancel ${arn}`) },
    });
    await stop.cancel();
  });

  test('says that DMS can stop a replication only later', async () => {
    const arn = stage.simulator.createReplication({ durations: { replication_starting: 1e6 } });
    await stage.dms.stop(stopOf(arn, brief));
    stage.simulator.start(arn);
    await until('it starts', () => stage.simulator.row(arn).Status === 'replication_starting');
    expect(await planning(arn, () => stage.dms.planStop(stopOf(arn)))).toMatchObject({
      action: 'wait',
      detail: 'It would wait: DMS can stop it only once it is running',
    });
  });

  test('says what IAM denies, and which replication DMS does not know', async () => {
    const arn = named('-DENIED');
    expect((await planning(arn, () => stage.dms.planStop(stopOf(arn)))).refusal).toEqual({
      type: 'DmsAccessDenied',
      message: expect.stringContaining(`IAM denies the worker dms:StopReplication on ${arn}`),
      hint: 'Allow the action in the policy of its role.',
    });
    const unknown = `arn:aws:dms:eu-west-1:123456789012:replication-config:${randomUUID()}`;
    expect(await stage.dms.planStop(stopOf(unknown))).toMatchObject({
      action: 'refuse',
      refusal: { type: 'DmsReplicationNotFound' },
      replication: null,
    });
  });

  test('waits while the ledger follows the call of an operation that was terminated', async () => {
    const arn = stage.simulator.createReplication({ durations: { stopping: 1e6 } });
    const stop = await stage.dms.startStop(stopOf(arn, brief));
    const workflow = stage.client.workflow.getHandle(stop.workflowId);
    await until('it waits', () => isHeld(workflow));
    await workflow.terminate();
    await failureOf(stop.result());
    expect(await planning(arn, () => stage.dms.planResume(resumeOf(arn)))).toMatchObject({
      action: 'wait',
      detail: expect.stringContaining('It would wait first: '),
    });
  });

  test('waits if the ledger gives no answer', async () => {
    const arn = named();
    const lost = { workflowId: `dms-ledger:${arn}`, taskQueue: `lost-${randomUUID()}` };
    await stage.client.workflow.start('dmsReplicationLedger', { ...lost, args: [{ replicationConfigArn: arn }] });
    expect(await stage.dms.planStop(stopOf(arn))).toMatchObject({
      action: 'wait',
      detail: expect.stringContaining(lost.taskQueue),
    });
  });

  test('leaves the permissions undecided if IAM gives no answer', async () => {
    await using silent = await Stage.set();
    await silent.work({ permissions: { read: () => new Promise(() => {}) } });
    const arn = silent.simulator.createReplication();
    expect(await silent.dms.planStop(stopOf(arn))).toMatchObject({
      action: 'call',
      permissions: { denied: [], undecided: ['dms:StopReplication', 'dms:StartReplication'] },
    });
  });

  test('fails at once if the worker lacks the activity', async () => {
    await using lacking = await Stage.set();
    await lacking.work({ bare: true, foreign: { other: async () => null } });
    const failure = await failureOf(lacking.dms.planStop(stopOf(lacking.simulator.createReplication())));
    expect(failure).toMatchObject({ type: 'DmsWorkerMissing', details: [{ taskQueue: lacking.taskQueue }] });
  });

  test('fails before its time limit if the worker lacks the workflow, and leaves no workflow behind', async () => {
    await using lacking = await Stage.set();
    await lacking.work({ lacks: 'dmsPlanOperation' });
    const { message } = await failureOf(lacking.dms.planStop(stopOf(lacking.simulator.createReplication())));
    expect(message).toMatch(
      /^The stop can't be planned\. The workers .* fail the workflow task of dms-plan:.* no such/,
    );
    const plans = `TaskQueue = "${lacking.taskQueue}" AND WorkflowType = "dmsPlanOperation"`;
    await until('it is terminated', async () => {
      for await (const { status } of lacking.client.workflow.list({ query: plans }))
        return status.name === 'TERMINATED';
      return false;
    });
  });

  test('is refused with an invalid input before anything is started', async () => {
    const failure = await failureOf(stage.dms.planStop({ replicationConfigArn: 'nonsense' }));
    expect(failure.type).toBe('DmsInvalidInput');
  });
});

test('a plan without a worker fails, and the client and the command line name the queue and the way out', async () => {
  await using unserved = await Stage.set();
  const arn = unserved.simulator.createReplication();
  const missing = new RegExp(
    `The stop can't be planned. No worker polls the task queue "${unserved.taskQueue}".*temporal-dms worker --task-queue`,
  );
  const place = ['--task-queue', unserved.taskQueue];
  const [failure, shown] = await Promise.all([
    failureOf(unserved.dms.planStop(stopOf(arn))),
    runCli(['stop', arn, '--reason', 'r', '--dry-run', ...place]),
  ]);
  expect(failure).toMatchObject({ name: 'ServiceError', message: expect.stringMatching(missing) });
  expect(shown).toMatchObject({ code: exitCodes.unreachable, stderr: expect.stringMatching(missing), stdout: '' });
  // No workflow is left for a worker that starts later.
  const args = ['stop', arn, '--reason', 'r', '--dry-run', ...place];
  expect(await runCliProcess(args, unserved.simulator)).toMatchObject({ code: exitCodes.unreachable });
  const plans = `TaskQueue = "${unserved.taskQueue}" AND WorkflowType = "dmsPlanOperation"`;
  const ended = await until('all are listed', async () => {
    const found: string[] = [];
    for await (const { status } of unserved.client.workflow.list({ query: plans })) found.push(status.name);
    return found.length === 3 && !found.includes('RUNNING') ? found : null;
  });
  expect(ended).toEqual(['TERMINATED', 'TERMINATED', 'TERMINATED']);
});
