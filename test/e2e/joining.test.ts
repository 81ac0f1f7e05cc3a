import { randomUUID } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import type { StopReplicationInput, StopReplicationResult } from '../../src/index.js';
import { manual } from '../support/held-wait.js';
import { failureOf, quick, Stage, until } from '../support/stage.js';

const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };
const slowStart = { ...quick, durations: { ...quick.durations, replication_starting: 200 } };

const status = ({ simulator }: Stage, arn: string) => simulator.row(arn).Status;

describe.concurrent('a final stop while a pause is under way waits for it, and then records and seals', () => {
  /** Pauses a replication, asks for a final stop meanwhile, and lets the pause end once it is waited for. */
  async function expectFinalStopAfterPause(
    stage: Stage,
    stop: (input: StopReplicationInput) => Promise<StopReplicationResult>,
    isWaiting: () => boolean | Promise<boolean>,
  ) {
    await stage.work();
    const { simulator, dms } = stage;
    const replicationConfigArn = simulator.createReplication();
    const pause = await dms.startStop({ replicationConfigArn, operationId: 'pause', ...brief });
    await until('it is stopping', () => status(stage, replicationConfigArn) === 'stopping');
    const asked = { requestedBy: 'ada', reason: 'cutover' };
    const final = stop({ replicationConfigArn, operationId: 'final', intent: 'final', ...asked, ...brief });
    await until('it waits for the pause', isWaiting);
    simulator.clock.advance({ minutes: 1 });
    expect(await pause.result()).toMatchObject({ operationId: 'pause', checkpoint: { intent: 'pause', sequence: 1 } });
    expect(await final).toMatchObject({ operationId: 'final', checkpoint: { intent: 'final', sequence: 2 } });
    expect(await dms.ledger(replicationConfigArn)).toMatchObject({ sealed: { by: 'ada', reason: 'cutover' } });
    expect(simulator.count('StopReplication')).toBe(1);
  }

  test('as a call of the client', async () => {
    await using stage = await Stage.set(manual);
    const started = vi.spyOn(stage.client.workflow, 'start');
    const isRefused = () => started.mock.settledResults.some(({ type }) => type === 'rejected');
    await expectFinalStopAfterPause(stage, (input) => stage.dms.stop(input), isRefused);
  });

  test('as a step of a host', async () => {
    await using stage = await Stage.set(manual);
    const { client, taskQueue } = stage;
    const workflowId = randomUUID();
    const stop = (input: StopReplicationInput) =>
      client.workflow.execute('hostStop', { workflowId, taskQueue, args: [input] });
    const isFollowing = async () => {
      const described = await client.workflow
        .getHandle(workflowId)
        .describe()
        .catch(() => null);
      return described?.raw.pendingActivities?.[0]?.activityType?.name === 'dms.awaitOperation';
    };
    await expectFinalStopAfterPause(stage, stop, isFollowing);
  });
});

test('a confirmed reload is refused while a resume is under way, and the failure names the resume', async () => {
  await using stage = await Stage.set(slowStart);
  await stage.work();
  const { simulator, dms } = stage;
  const identifier = `orders-${randomUUID()}`;
  const replicationConfigArn = simulator.createReplication({ status: 'stopped', identifier });
  const resume = await dms.startResume({ replicationConfigArn, operationId: 'morning', force: true });
  await until('it is starting', () => status(stage, replicationConfigArn) === 'replication_starting');
  const reload = { replicationConfigArn, startReplicationType: 'reload-target', confirmReload: identifier } as const;
  expect(await failureOf(dms.resume(reload))).toMatchObject({
    type: 'DmsOperationInProgress',
    details: [{ operation: { kind: 'resume', operationId: 'morning' } }],
  });
  await resume.cancel();
  await failureOf(resume.result());
});

test('two preempting stops of two replications may share an operation id', async () => {
  await using stage = await Stage.set(quick);
  await stage.work();
  const { simulator, dms } = stage;
  const arns = [simulator.createReplication(), simulator.createReplication()];
  const results = await Promise.all(
    arns.map((replicationConfigArn) =>
      dms.stop({ replicationConfigArn, operationId: 'incident', preempt: true, ...brief }),
    ),
  );
  expect(results.map(({ checkpoint }) => checkpoint.replicationConfigArn)).toEqual(arns);
  expect(arns.map((arn) => [status(stage, arn), simulator.count('StopReplication', arn)])).toEqual([
    ['stopped', 1],
    ['stopped', 1],
  ]);
});

test('a host may stop its reserved replication with a workflow that it starts by name', async () => {
  await using stage = await Stage.set(quick);
  await stage.work();
  const { client, taskQueue, simulator, dms } = stage;
  const replicationConfigArn = simulator.createReplication();
  const host = { workflowId: `cutover-${randomUUID()}`, taskQueue, args: [replicationConfigArn] };
  expect(await client.workflow.execute('hostThatStopsByName', host)).toBe('stopped');
  expect(await dms.ledger(replicationConfigArn)).toMatchObject({ reservation: null, checkpoints: [{ sequence: 1 }] });
});
