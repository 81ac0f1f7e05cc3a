import { IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { Context } from '@temporalio/activity';
import { describe, expect, test } from 'vitest';
import type { CutoverInput } from '../../src/contract/cutover-input.js';
import {
  Application,
  cutoverHook as hook,
  cutoverInput,
  runningReplications,
  sharedActivities,
} from '../support/cutover.js';
import { ada, CutoverStage, expectAsBefore, inPhase, refuse } from '../support/cutover-stage.js';
import { createIamPermissions } from '../../src/iam/index.js';
import { bytesIn, encrypted } from '../support/encrypted.js';
import { failureOf, Stage, until } from '../support/stage.js';

const cutovers = new CutoverStage();

describe.concurrent('a cutover in trouble', () => {
  test('goes back when no worker takes its switch', async () => {
    const input = cutoverInput([]);
    const switchToTarget = { ...input.hooks.switchToTarget, taskQueue: 'nobody' };
    const { application, arns, cutover } = await cutovers.start({ hooks: { ...input.hooks, switchToTarget } });
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'not-switched' } });
    expect(result.cause?.detail).toContain('no worker of the task queue nobody started switchToTarget in time');
    await cutovers.expectAsBefore(application, arns);
  });

  test.each(['both', 'neither'] as const)(
    'waits for a person when %s take the traffic, with writes fenced',
    async (traffic) => {
      const application = new Application();
      application.meddle['switchToTarget'] = async () => void (application.traffic = traffic);
      const { cutover } = await cutovers.start({}, application);
      const status = await inPhase(cutover, 'switch-unknown');
      expect(status).toMatchObject({
        allowed: ['decide'],
        undo: [expect.any(String), expect.any(String), expect.any(String)],
      });
      expect(application.isFenced).toBe(true);
      expect(await failureOf(cutover.abort(ada))).toMatchObject({ type: 'DmsCutoverRefused' });
      application.traffic = 'target';
      await cutover.decide({ ...ada, traffic: 'target' });
      const result = await cutover.result();
      expect(result.outcome).toBe('switched');
      expect(result.timeline).toContainEqual(expect.objectContaining({ by: 'ada', phase: 'switch-unknown' }));
    },
  );

  test('waits for a person when whereIsTraffic is down after the switch, and goes back on the decision', async () => {
    const application = new Application();
    application.meddle['switchToTarget'] = async () => {
      application.meddle['whereIsTraffic'] = refuse;
      return refuse();
    };
    const { arns, cutover } = await cutovers.start({}, application);
    expect((await inPhase(cutover, 'switch-unknown')).waitingFor).toContain('the database refuses connections');
    delete application.meddle['whereIsTraffic'];
    await cutover.decide({ ...ada, traffic: 'source' });
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'not-switched' } });
    await cutovers.expectAsBefore(application, arns);
  });

  test('goes back when somebody starts the replication between stop and switch', async () => {
    const application = new Application();
    const arns = runningReplications(cutovers.stage);
    application.meddle['syncIdentities'] = async () => {
      cutovers.stage.simulator.start(arns[0] ?? '');
      await until('it runs again', () => cutovers.stage.simulator.row(arns[0] ?? '').Status === 'running');
    };
    const hooks = { syncIdentities: hook('syncIdentities') } as CutoverInput['hooks'];
    const { cutover } = await cutovers.start({ arns, hooks }, application);
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'stop-reverted' } });
    expect(application.done).not.toContain('switchToTarget');
    await cutovers.expectAsBefore(application, arns);
  });

  test('lets a fence down that hung or took effect before it failed', async () => {
    const application = new Application();
    application.meddle['fence'] = async (_, own) => {
      await own();
      await Context.current().cancelled; // hangs until the worker shuts down
    };
    const hooks = { fence: { ...hook('fence'), timeoutSeconds: 1 } } as CutoverInput['hooks'];
    const { arns, cutover } = await cutovers.start({ hooks }, application);
    expect(await cutover.result()).toMatchObject({
      outcome: 'returned',
      cause: { code: 'hook-failed', phase: 'fencing' },
    });
    await cutovers.expectAsBefore(application, arns);
    expect(cutovers.stage.simulator.count('StopReplication', arns[0])).toBe(0);
  });

  test('goes back by itself when writes are stopped for too long', async () => {
    const application = new Application();
    application.undrained = 1000;
    const { arns, cutover } = await cutovers.start({ writesStoppedSeconds: 3 }, application);
    const result = await cutover.result();
    expect(result).toMatchObject({
      outcome: 'returned',
      cause: { code: 'writes-stopped-too-long', phase: 'draining' },
    });
    expect(result.writesStoppedSeconds).toBeGreaterThanOrEqual(3);
    expect(result.writesStoppedSeconds).toBeLessThan(cutoverInput(arns).writesStoppedSeconds);
    await cutovers.expectAsBefore(application, arns);
    expect(cutovers.stage.simulator.count('StopReplication', arns[0])).toBe(0);
  });

  test('puts all replications back when one of five can not be stopped', async () => {
    const application = new Application();
    const arns = runningReplications(cutovers.stage, 5);
    application.meddle['isDrained'] = async (_, own) => {
      cutovers.stage.simulator.setPolicy([
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: 'dms:StopReplication', Resource: arns[2] ?? '' },
      ]);
      return own();
    };
    const { cutover } = await cutovers.start({ arns }, application);
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'stop-failed' } });
    expect(result.cause?.detail).toContain('dms:StopReplication');
    await cutovers.expectAsBefore(application, arns);
  });

  test('goes back when a final stop warns of something that the gates do not accept', async () => {
    const application = new Application();
    const arns = runningReplications(cutovers.stage);
    cutovers.stage.simulator.onNextStop(arns[0] ?? '', { type: 'reason', stopReason: 'Stop Reason FATAL_ERROR' });
    const { cutover } = await cutovers.start({ arns }, application);
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'stop-warns', phase: 'judging' } });
    expect(result.cause?.detail).toContain('not-normal-stop');
    await cutovers.expectAsBefore(application, arns);
  });

  test('changes nothing when somebody else has reserved the replication', async () => {
    const application = new Application();
    const arns = runningReplications(cutovers.stage);
    const taskQueue = { taskQueue: cutovers.stage.taskQueue, args: [arns[0]] };
    await cutovers.stage.client.workflow.execute('hostThatOnlyReserves', {
      workflowId: `other-${arns[0]}`,
      ...taskQueue,
    });
    const { cutover } = await cutovers.start({ arns }, application);
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'preflight' } });
    expect(result.cause?.detail).toContain(`is reserved by other-${arns[0]}`);
    expect((await cutovers.stage.dms.ledger(arns[0] ?? '')).reservation?.owner).toBe(`other-${arns[0]}`);
    expect(application.done).toEqual([]);
  });

  test.each([
    ['tables are in error', { inError: 1 }, 'tables are in error'],
    ['records differ', { mismatched: 1 }, 'have rows that differ'],
  ])('is not ready while %s, until a person changes the gates', async (_, tables, why) => {
    const application = new Application();
    const arn = cutovers.stage.simulator.createReplication({ status: 'running', tables });
    const { cutover, input } = await cutovers.start({ arns: [arn], approval: {} }, application);
    const status = await inPhase(cutover, 'validating');
    const early = await failureOf(cutover.approve({ ...ada, confirm: input.cutoverId }));
    expect(early.message).toContain('it can be approved only in waiting-for-approval, not in validating');
    await until('it was measured', async () => (await cutover.status()).waitingFor.includes(why));
    expect(status.ready).toBe(false);
    expect(application.done).not.toContain('fence');
    await cutover.change({ ...ada, gates: { tables: 'ignore', validation: 'ignore' } });
    await inPhase(cutover, 'waiting-for-approval');
    await cutover.approve({ ...ada, confirm: input.cutoverId });
    expect(await cutover.result()).toMatchObject({ outcome: 'switched' });
  });

  test('goes back when tables come into error between the gates and the stop', async () => {
    const application = new Application();
    const arns = runningReplications(cutovers.stage);
    application.meddle['isDrained'] = async (_, own) => {
      cutovers.stage.simulator.changeTables(arns[0] ?? '', { inError: 1 });
      return own();
    };
    const { cutover } = await cutovers.start({ arns }, application);
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'stop-warns', phase: 'judging' } });
    expect(result.cause?.detail).toContain('tables-in-error');
    await cutovers.expectAsBefore(application, arns);
  });

  test('goes back when tables come into error only after DMS was asked for the stop', async () => {
    const application = new Application();
    const { simulator } = cutovers.stage;
    const arn = simulator.createReplication({ status: 'running' });
    // The tables are read once the stop has settled.
    const { cutover } = await cutovers.start({ arns: [arn], stop: { settleSeconds: 10 } }, application);
    await until('DMS was asked', async () => simulator.count('StopReplication', arn) === 1);
    simulator.changeTables(arn, { inError: 1 });
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'stop-warns', phase: 'judging' } });
    expect(result.cause?.detail).toContain('tables-in-error');
    await cutovers.expectAsBefore(application, [arn]);
  });

  test('stops a replication again when DMS undoes its final stop, and records the second stop', async () => {
    const application = new Application();
    const { simulator } = cutovers.stage;
    const arns = runningReplications(cutovers.stage);
    const arn = arns[0] ?? '';
    simulator.onNextStop(arn, { type: 'self-restart', stopReason: 'Stop Reason RECOVERABLE_ERROR', afterSeconds: 8 });
    const { cutover } = await cutovers.start({ arns, stop: { settleSeconds: 20 } }, application);
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'switched', checkpoints: [{ stopReason: 'Stop Reason NORMAL' }] });
    expect(simulator.count('StopReplication', arn)).toBe(2);
    expect(simulator.row(arn).Status).toBe('stopped');
  });

  test('goes back when somebody starts a replication again during its final stop', async () => {
    const application = new Application();
    const { simulator } = cutovers.stage;
    const arns = runningReplications(cutovers.stage);
    const arn = arns[0] ?? '';
    const { cutover } = await cutovers.start({ arns, stop: { settleSeconds: 60 } }, application);
    const settling = async () =>
      (await (await cutovers.stage.dms.openOperation(arn))?.progress())?.phase === 'settling';
    await until('the stop settles', settling);
    simulator.start(arn);
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'stop-failed', phase: 'stopping' } });
    expect(application.done).not.toContain('switchToTarget');
    await cutovers.expectAsBefore(application, arns);
  });

  test('runs again under the same id after it has returned', async () => {
    const { cutover, input } = await cutovers.start({ approval: {} });
    await inPhase(cutover, 'waiting-for-approval');
    await cutover.abort(ada);
    await cutover.result();
    const again = await cutovers.stage.dms.startCutover(input);
    expect(again.joined).toBe(false);
    await inPhase(again, 'waiting-for-approval');
    await again.approve({ ...ada, confirm: input.cutoverId });
    expect(await again.result()).toMatchObject({ outcome: 'switched' });
  });

  test('names the fence in its last details when it is terminated, and leaves a reservation that can be broken', async () => {
    const application = new Application();
    application.undrained = 1000;
    const { arns, cutover } = await cutovers.start({}, application);
    await inPhase(cutover, 'draining');
    const handle = cutovers.stage.client.workflow.getHandle(cutover.workflowId);
    await handle.terminate('test');
    const { currentDetails = '' } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toMatch(/stopped since .*: the source is fenced/);
    const [arn = ''] = arns;
    expect((await cutovers.stage.dms.ledger(arn)).reservation?.owner).toBe(cutover.workflowId);
    await cutovers.stage.dms.breakReservation(arn, ada);
    expect((await cutovers.stage.dms.ledger(arn)).reservation).toBeNull();
  });

  test('goes back when it is started again after it was terminated with the source fenced', async () => {
    const application = new Application();
    application.undrained = 1000;
    const { arns, cutover, input } = await cutovers.start({}, application);
    await inPhase(cutover, 'draining');
    await cutovers.stage.client.workflow.getHandle(cutover.workflowId).terminate('test');
    expect(application.isFenced).toBe(true);
    const again = await cutovers.stage.dms.startCutover(input);
    const result = await again.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'preflight' } });
    expect(result.cause?.detail).toContain('An earlier run of this cutover has reserved the replications');
    await cutovers.expectAsBefore(application, arns);
    const [earlier] = application.contexts;
    if (earlier === undefined) throw new Error('The earlier run has called a hook');
    expect(earlier.token).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z-/);
    expect(earlier.token < (application.contexts.at(-1)?.token ?? '')).toBe(true);
    await expect(application.activities['switchToTarget']?.(earlier)).rejects.toThrow('A later cutover has begun');
    await cutovers.expectAsBefore(application, arns);
  });

  test('lets the fence of a terminated run down, although its window has closed', async () => {
    const application = new Application();
    application.undrained = 1000;
    const { arns, cutover, input } = await cutovers.start({}, application);
    await inPhase(cutover, 'draining');
    await cutovers.stage.client.workflow.getHandle(cutover.workflowId).terminate('test');
    const window = { notAfter: new Date().toISOString() };
    const again = await cutovers.stage.dms.startCutover({ ...input, window });
    expect(await again.result()).toMatchObject({ outcome: 'returned' });
    await cutovers.expectAsBefore(application, arns);
  });

  test('goes back by itself although a stop is still being recorded when writes go on', async () => {
    const application = new Application();
    const { stage } = cutovers;
    const arn = stage.simulator.createReplication({ status: 'running', tables: 900 });
    const { cutover } = await cutovers.start({ arns: [arn] }, application);
    await inPhase(cutover, 'stopping');
    // Each of two pages takes 13 s.
    const slow = { operation: 'DescribeReplicationTableStatistics', replicationConfigArn: arn, times: 2 };
    stage.simulator.fault({ ...slow, type: 'latency', milliseconds: 13_000 });
    const phase = async () => (await (await stage.dms.openOperation(arn))?.progress())?.phase;
    await until('it is being recorded', async () => (await phase()) === 'recording');
    await cutover.abort(ada);
    await until('the source takes writes again', async () => !application.isFenced);
    expect(await phase()).toBe('recording');
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'aborted' } });
    await cutovers.expectAsBefore(application, [arn]);
  });

  test('goes back when its host is terminated with the source fenced, and started again', async () => {
    const application = new Application();
    application.undrained = 1000;
    const arns = runningReplications(cutovers.stage);
    const { hooks: _, ...options } = cutoverInput(arns);
    application.serve(options.cutoverId);
    const { client, taskQueue } = cutovers.stage;
    const start = { workflowId: `host-${arns[0]}`, taskQueue, args: [options] };
    const host = await client.workflow.start('hostThatCutsOver', start);
    await until('it drains', async () => application.done.includes('isDrained'));
    await host.terminate('test');
    expect(application.isFenced).toBe(true);
    expect(await client.workflow.execute('hostThatCutsOver', start)).toMatchObject({
      outcome: 'returned',
      cause: { code: 'preflight' },
    });
    await cutovers.expectAsBefore(application, arns);
  });

  test('leaves the reservation that its host has made', async () => {
    const application = new Application();
    const arns = runningReplications(cutovers.stage);
    const { hooks: _, ...options } = cutoverInput(arns);
    application.serve(options.cutoverId);
    const { client, dms, taskQueue } = cutovers.stage;
    const start = { workflowId: `host-${arns[0]}`, taskQueue, args: [options] };
    expect(await client.workflow.execute('hostThatReservesAndCutsOver', start)).toMatchObject({ outcome: 'switched' });
    const { reservation } = await dms.ledger(arns[0] ?? '');
    expect(reservation).toMatchObject({ owner: start.workflowId, reason: 'more than a cutover' });
  });

  test('unfences although a stop can not be recorded, because its ledger was terminated', async () => {
    const application = new Application();
    const { stage } = cutovers;
    const arn = stage.simulator.createReplication({ status: 'running', durations: { stopping: 200 } });
    const { cutover } = await cutovers.start({ arns: [arn] }, application);
    await inPhase(cutover, 'stopping');
    await until('DMS stops it', async () => stage.simulator.row(arn).Status === 'stopping');
    await stage.client.workflow.getHandle(`dms-ledger:${arn}`).terminate('test');
    await until('it is being recorded', async () =>
      (await stage.dms.openOperation(arn))?.progress().then(({ phase }) => phase === 'recording'),
    );
    await cutover.abort(ada);
    await until('the source takes writes again', async () => !application.isFenced);
    const unsealing = ['unseal the replications and resume them'];
    await until(
      'only the replications are left',
      async () => (await cutover.status()).undo.join() === unsealing.join(),
    );
    for (const id of [cutover.workflowId, `dms:${arn}`]) await stage.client.workflow.getHandle(id).terminate('test');
  });

  test('asks a person when the application is not in order on the target, and switches back on request', async () => {
    const application = new Application();
    application.checks = [{ name: 'verify', ok: false, detail: 'the checkout page is empty' }];
    const hooks = { verify: hook('verify'), switchToSource: hook('switchToSource') } as CutoverInput['hooks'];
    const { arns, cutover } = await cutovers.start({ hooks, verifySeconds: 0 }, application);
    await until('it asks', async () => (await cutover.status()).allowed.includes('decide'));
    const status = await cutover.status();
    expect(status).toMatchObject({ phase: 'verifying', allowed: ['switchBack', 'decide'] });
    expect(status.waitingFor).toContain('the checkout page is empty');
    await cutover.switchBack(ada);
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'switched-back' } });
    await cutovers.expectAsBefore(application, arns);
  });

  test('switches back by itself when the application is not in order on the target and the policy says so', async () => {
    const application = new Application();
    application.checks = [{ name: 'verify', ok: false, detail: 'the checkout page is empty' }];
    const hooks = { verify: hook('verify'), switchToSource: hook('switchToSource') } as CutoverInput['hooks'];
    const policy = { hooks, verifySeconds: 0, onVerifyFailed: 'switch-back' } as const;
    const { arns, cutover } = await cutovers.start(policy, application);
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'switched-back' } });
    await cutovers.expectAsBefore(application, arns);
  });

  interface Repair {
    /** Makes the step fail, before the cutover begins. */
    readonly prepare: (application: Application, arn: string) => void;
    readonly repair?: (application: Application) => void;
    readonly says: string;
    readonly undo: readonly string[];
  }
  const unfence = 'let the source take writes again';
  const resume = 'unseal the replications and resume them';
  const repairs: readonly (readonly [string, Repair])[] = [
    [
      'whereIsTraffic before unfence',
      {
        prepare: ({ meddle }) => {
          meddle['switchToTarget'] = refuse;
          meddle['whereIsTraffic'] = ({ phase }, own) => (phase === 'returning' ? refuse() : own());
        },
        repair: ({ meddle }) => delete meddle['whereIsTraffic'],
        says: 'its traffic or its owner is not known: whereIsTraffic failed: the database refuses connections',
        undo: [unfence, resume],
      },
    ],
    [
      'unfence',
      {
        prepare: ({ meddle }) => Object.assign(meddle, { switchToTarget: refuse, unfence: refuse }),
        repair: ({ meddle }) => delete meddle['unfence'],
        says: 'the database refuses connections',
        undo: [unfence, resume],
      },
    ],
    [
      'the resume',
      {
        prepare({ meddle }, replicationConfigArn) {
          meddle['switchToTarget'] = refuse;
          const fault = { type: 'access-denied', operation: 'StartReplication', replicationConfigArn } as const;
          cutovers.stage.simulator.fault({ ...fault, times: 1 });
        },
        says: 'dms:StartReplication',
        undo: [resume],
      },
    ],
    [
      'switchToSource',
      {
        prepare(application) {
          application.checks = [{ name: 'verify', ok: false, detail: 'the checkout page is empty' }];
          application.meddle['switchToSource'] = refuse;
        },
        repair: ({ meddle }) => delete meddle['switchToSource'],
        says: 'the application still uses the target: switchToSource failed: the database refuses connections',
        undo: ['send the application back to the source', unfence, resume],
      },
    ],
  ];
  test.each(repairs)('waits for a person when %s fails on the way back, and tries again', async (_, trial) => {
    const { prepare, repair, says, undo } = trial;
    const application = new Application();
    const arns = runningReplications(cutovers.stage);
    prepare(application, arns[0] ?? '');
    const hooks = { verify: hook('verify'), switchToSource: hook('switchToSource') } as CutoverInput['hooks'];
    const policy = { verifySeconds: 0, onVerifyFailed: 'switch-back' } as const;
    const { cutover } = await cutovers.start({ arns, hooks, ...policy }, application);
    const status = await inPhase(cutover, 'return-failed');
    expect(status.allowed).toContain('decide');
    expect(status.waitingFor).toContain(says);
    expect(status.undo).toEqual(undo);
    expect(application.isFenced).toBe(undo.includes(unfence));
    repair?.(application);
    await cutover.decide({ ...ada, undo: 'retry' });
    expect(await cutover.result()).toMatchObject({ outcome: 'returned' });
    await cutovers.expectAsBefore(application, arns);
  });

  test('waits for a person when nothing tells where the traffic is after the way back', async () => {
    const application = new Application();
    application.checks = [{ name: 'verify', ok: false, detail: 'the checkout page is empty' }];
    application.meddle['switchToSource'] = async (_, own) => {
      await own();
      application.meddle['whereIsTraffic'] = refuse;
    };
    const hooks = { verify: hook('verify'), switchToSource: hook('switchToSource') } as CutoverInput['hooks'];
    const policy = { verifySeconds: 0, onVerifyFailed: 'switch-back' } as const;
    const { arns, cutover } = await cutovers.start({ hooks, ...policy }, application);
    expect((await inPhase(cutover, 'switch-unknown')).allowed).toEqual(['decide']);
    expect(application.isFenced).toBe(true);
    delete application.meddle['whereIsTraffic'];
    await cutover.decide({ ...ada, traffic: 'source' });
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'switched-back' } });
    await cutovers.expectAsBefore(application, arns);
  });

  test('fails as undecided when nobody decides in time, and keeps the fence and the reservation', async () => {
    const application = new Application();
    application.meddle['switchToTarget'] = async () => void (application.traffic = 'both');
    const { arns, cutover } = await cutovers.start({ decisionTimeoutSeconds: 2 }, application);
    const failure = await failureOf(cutover.result());
    expect(failure).toMatchObject({ type: 'DmsCutoverUndecided' });
    expect(failure.message).toContain('The source is still fenced');
    expect(application.isFenced).toBe(true);
    expect((await cutovers.stage.dms.ledger(arns[0] ?? '')).reservation?.owner).toBe(cutover.workflowId);
  });

  test('runs with everything encrypted, and its history shows neither its reason nor its replication', async () => {
    await using encoded = await Stage.set(undefined, { dataConverter: encrypted });
    await encoded.work({ foreign: sharedActivities });
    const [arn = ''] = runningReplications(encoded);
    const input = cutoverInput([arn], { approval: {}, reason: 'hush' });
    new Application().serve(input.cutoverId);
    const cutover = await encoded.dms.startCutover(input);
    await inPhase(cutover, 'waiting-for-approval');
    expect((await encoded.dms.startCutover(input)).joined).toBe(true);
    const failure = await failureOf(encoded.dms.startCutover({ ...input, reason: 'another' }));
    expect(failure).toMatchObject({ type: 'DmsOperationInProgress' });
    const refusal = await failureOf(cutover.approve({ ...ada, confirm: 'another cutover' }));
    expect(refusal).toMatchObject({ type: 'DmsCutoverRefused', details: [{ replicationConfigArn: arn }] });
    await cutover.approve({ ...ada, confirm: input.cutoverId });
    const result = await cutover.result();
    expect(result.outcome).toBe('switched');
    expect(result.timeline[0]?.what).toBe('Begun: hush');
    const payloads = bytesIn(await encoded.client.workflow.getHandle(cutover.workflowId).fetchHistory());
    expect(payloads.length).toBeGreaterThan(50);
    expect(payloads.filter((payload) => payload.includes('hush') || payload.includes(arn))).toEqual([]);
  });

  test.each(['cancelled', 'terminated'] as const)(
    'goes back, or can be taken over, when its host is %s',
    async (how) => {
      const application = new Application();
      application.undrained = 1000;
      const arns = runningReplications(cutovers.stage);
      const [arn = ''] = arns;
      const { hooks: _, ...options } = cutoverInput(arns);
      application.serve(options.cutoverId);
      const start = { workflowId: `host-${arn}`, taskQueue: cutovers.stage.taskQueue, args: [options] };
      const host = await cutovers.stage.client.workflow.start('hostThatCutsOver', start);
      const details = async () =>
        (await host.query<{ currentDetails?: string }>('__temporal_workflow_metadata')).currentDetails ?? '';
      await until('it drains', async () => (await details()).includes('**draining**'));
      if (how === 'cancelled') {
        await host.cancel();
        expect((await failureOf(host.result())).cause?.constructor.name).toBe('CancelledFailure');
        return cutovers.expectAsBefore(application, arns);
      }
      await host.terminate('test');
      expect(await details()).toMatch(/stopped since .*: the source is fenced/);
      expect((await cutovers.stage.dms.ledger(arn)).reservation?.owner).toBe(start.workflowId);
      await cutovers.stage.dms.breakReservation(arn, ada);
      expect((await cutovers.stage.dms.ledger(arn)).reservation).toBeNull();
    },
  );

  test('goes back before the fence when IAM denies its worker the start that the way back needs', async () => {
    await using own = await Stage.set();
    const config = ({ region, accountId }: { region: string; accountId: string }) =>
      own.simulator.clientConfig(region, accountId);
    const permissions = createIamPermissions({
      iamFor: (account) => new IAMClient(config(account)),
      stsFor: (account) => new STSClient(config(account)),
    });
    await own.work({ permissions, foreign: sharedActivities });
    const arns = runningReplications(own, 2);
    own.simulator.setPolicy([
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: 'dms:StartReplication', Resource: arns[1] ?? '' },
    ]);
    const input = cutoverInput(arns);
    const application = new Application();
    application.serve(input.cutoverId);
    const result = await (await own.dms.startCutover(input)).result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'preflight', phase: 'preflight' } });
    expect(result.cause?.detail).toMatch(
      /^permissions: \S+ can't be changed by this worker, whose policy must allow it: IAM denies dms:StartReplication$/,
    );
    expect(application.done).toEqual(['whereIsTraffic']);
    await expectAsBefore(own, application, arns);
  });

  test('goes on, and says so, when nobody can tell what its worker may do', async () => {
    await using own = await Stage.set();
    const permissions = {
      read: async () => {
        throw new Error('IAM is down');
      },
    };
    await own.work({ permissions, foreign: sharedActivities });
    const input = cutoverInput(runningReplications(own));
    new Application().serve(input.cutoverId);
    const result = await (await own.dms.startCutover(input)).result();
    expect(result.outcome).toBe('switched');
    const check = result.checks.find(({ name }) => name === 'permissions');
    expect(check).toMatchObject({ ok: false, blocking: false, detail: expect.stringContaining('IAM is down') });
  });

  test('stays fenced when a late switch comes just before unfence, and a person lets it stay on the target', async () => {
    const application = new Application();
    application.meddle['switchToTarget'] = refuse;
    application.meddle['whereIsTraffic'] = async ({ phase }, own) => {
      const answer = await own();
      // The first attempt of the switch takes effect only now.
      if (phase === 'returning') application.traffic = 'target';
      return answer;
    };
    const { arns, cutover } = await cutovers.start({}, application);
    const status = await inPhase(cutover, 'return-failed');
    expect(status.waitingFor).toContain('The application uses the target');
    expect(application).toMatchObject({ isFenced: true, violations: [] });
    await cutover.decide({ ...ada, undo: 'retry' });
    await until('it knows', async () => (await cutover.status()).waitingFor.includes('uses the target, so the source'));
    await cutover.decide({ ...ada, traffic: 'target' });
    expect(await cutover.result()).toMatchObject({ outcome: 'switched', cause: null });
    expect(application).toMatchObject({ isFenced: true, traffic: 'target', violations: [] });
    expect(cutovers.stage.simulator.row(arns[0] ?? '').Status).toBe('stopped');
  });

  /** Starts a cutover, and holds it while it hands over to its next run. */
  async function handingOver(own: Stage) {
    let [isAsked, answer] = [false, () => {}];
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const wasReset = async () => {
      isAsked = true;
      await answered;
      return false;
    };
    await own.work({ foreign: { ...sharedActivities, 'dms.wasReset': wasReset } });
    const input = cutoverInput(runningReplications(own), { approval: {} });
    new Application().serve(input.cutoverId);
    const cutover = await own.dms.startCutover(input);
    await inPhase(cutover, 'waiting-for-approval');
    await until('its history is long', async () => {
      if (!isAsked) await cutover.change({ ...ada, writesStoppedSeconds: 300 });
      return isAsked;
    });
    return { input, cutover, handle: own.client.workflow.getHandle(cutover.workflowId), answer };
  }

  test('keeps an approval that comes while it continues as new', async () => {
    await using own = await Stage.set();
    const { input, cutover, handle, answer } = await handingOver(own);
    await cutover.approve({ ...ada, confirm: input.cutoverId });
    answer();
    expect(await cutover.result()).toMatchObject({ outcome: 'switched', approvals: [{ by: 'ada' }] });
    const { raw } = await handle.describe();
    expect(raw.workflowExecutionInfo?.firstRunId).not.toBe(raw.workflowExecutionInfo?.execution?.runId);
  });

  test('counts as cancelled although the cancel comes while it continues as new', async () => {
    await using own = await Stage.set();
    const { cutover, handle, answer } = await handingOver(own);
    await handle.cancel();
    await until('it knows', async () => (await cutover.status()).cause?.code === 'cancelled');
    answer();
    expect((await failureOf(cutover.result())).cause?.constructor.name).toBe('CancelledFailure');
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  });

  test('finds what its terminated run has reserved, although DMS shows no such replication for a while', async () => {
    const { arns, cutover, input } = await cutovers.start({ approval: {} });
    await inPhase(cutover, 'waiting-for-approval');
    await cutovers.stage.client.workflow.getHandle(cutover.workflowId).terminate('test');
    const [replicationConfigArn = ''] = arns;
    for (const operation of ['DescribeReplications', 'DescribeReplicationConfigs'] as const) {
      const fault = { type: 'row-missing', hides: 'row-and-config', times: 1 } as const;
      cutovers.stage.simulator.fault({ ...fault, operation, replicationConfigArn });
    }
    const again = await cutovers.stage.dms.startCutover(input);
    const result = await again.result();
    expect(result.cause?.detail).toContain('An earlier run of this cutover has reserved the replications');
    expect((await cutovers.stage.dms.ledger(replicationConfigArn)).reservation).toBeNull();
  });
});
