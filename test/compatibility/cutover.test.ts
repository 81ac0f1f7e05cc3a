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
import { ada, CutoverStage, inPhase, refuse } from '../support/cutover-stage.js';
import { encrypted } from '../support/encrypted.js';
import { failureOf, Stage, until } from '../support/stage.js';

const cutovers = new CutoverStage();

describe.concurrent('a cutover in trouble', () => {
  test('goes back when no worker takes its switch', async () => {
    const input = cutoverInput([]);
    const switchToTarget = { ...input.hooks.switchToTarget, taskQueue: 'nobody' };
    const { application, arns, cutover } = await cutovers.start({ hooks: { ...input.hooks, switchToTarget } });
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'not-switched' } });
    expect(result.cause?.detail).toContain('no worker of the task queue nobody took switchToTarget');
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
    expect(result.writesStoppedSeconds).toBeLessThan(30);
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

  test('is not ready while tables are in error, until a person changes the gate', async () => {
    const application = new Application();
    const arn = cutovers.stage.simulator.createReplication({ status: 'running', tables: { inError: 1 } });
    const { cutover } = await cutovers.start({ arns: [arn] }, application);
    const status = await inPhase(cutover, 'validating');
    await until('it was measured', async () => (await cutover.status()).waitingFor.includes('tables are in error'));
    expect(status.ready).toBe(false);
    expect(application.done).not.toContain('fence');
    await cutover.change({ ...ada, gates: { tables: 'ignore', validation: 'ignore' } });
    expect(await cutover.result()).toMatchObject({ outcome: 'switched' });
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

  test('waits for a person when a step of the way back fails, says what is left, and tries again on request', async () => {
    const application = new Application();
    application.meddle['switchToTarget'] = refuse;
    application.meddle['unfence'] = refuse;
    const { arns, cutover } = await cutovers.start({}, application);
    const status = await inPhase(cutover, 'return-failed');
    expect(status).toMatchObject({ allowed: ['decide'], cause: { code: 'not-switched' } });
    expect(status.waitingFor).toContain('the database refuses connections');
    expect(status.undo).toEqual(['let the source take writes again', 'unseal the replications and resume them']);
    delete application.meddle['unfence'];
    await cutover.decide({ ...ada, undo: 'retry' });
    expect(await cutover.result()).toMatchObject({ outcome: 'returned' });
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

  test('runs with everything encrypted', async () => {
    await using encoded = await Stage.set(undefined, { dataConverter: encrypted });
    await encoded.work({ foreign: sharedActivities });
    const input = cutoverInput(runningReplications(encoded), { approval: {} });
    new Application().serve(input.cutoverId);
    const cutover = await encoded.dms.startCutover(input);
    await inPhase(cutover, 'waiting-for-approval');
    await cutover.approve({ ...ada, confirm: input.cutoverId });
    expect(await cutover.result()).toMatchObject({ outcome: 'switched' });
  });

  test('lets the fence of the run before down when it is reset to before the fence and then aborted', async () => {
    const application = new Application();
    application.undrained = 1000;
    const { arns, cutover, input } = await cutovers.start({ approval: {} }, application);
    await inPhase(cutover, 'waiting-for-approval');
    const handle = cutovers.stage.client.workflow.getHandle(cutover.workflowId);
    const { events } = await handle.fetchHistory();
    const lastTask = events?.findLast(({ workflowTaskCompletedEventAttributes: completed }) => completed != null);
    await cutover.approve({ ...ada, confirm: input.cutoverId });
    await inPhase(cutover, 'draining');
    expect(application.isFenced).toBe(true);
    await cutovers.stage.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: cutover.workflowId },
      workflowTaskFinishEventId: lastTask?.eventId ?? null,
      resetReapplyExcludeTypes: [2],
      requestId: cutover.workflowId,
      reason: 'test',
    });
    await inPhase(cutover, 'waiting-for-approval');
    await cutover.abort(ada);
    expect(await cutovers.stage.dms.cutover(input.cutoverId).result()).toMatchObject({ outcome: 'returned' });
    await cutovers.expectAsBefore(application, arns);
  });
});
