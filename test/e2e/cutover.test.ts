import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApplicationFailure } from '@temporalio/common';
import {
  Application,
  cutoverHook as hook,
  cutoverInput,
  runningReplications,
  sharedActivities,
} from '../support/cutover.js';
import type { CutoverInput } from '../../src/contract/cutover-input.js';
import type { CutoverHandle } from '../../src/client/cutovers.js';
import { encrypted } from '../support/encrypted.js';
import { failureOf, Stage, until } from '../support/stage.js';

const ada = { by: 'ada', reason: 'as planned' };
const bob = { by: 'bob', reason: 'looks good' };

const refuse = async () => {
  throw ApplicationFailure.create({ message: 'the database refuses connections' });
};

/** Simulator, client and worker of all tests that change neither for others. */
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set();
  await stage.work({ foreign: sharedActivities });
});
afterAll(() => stage[Symbol.asyncDispose]());

/** Starts a cutover of running replications, with an application of its own. */
async function startCutover(
  { replications = 1, arns = runningReplications(stage, replications), ...more }: CutoverChoices = {},
  application = new Application(),
) {
  const input = cutoverInput(arns, more);
  application.serve(input.cutoverId);
  const cutover = await stage.dms.startCutover(input);
  return { application, arns, input, cutover };
}

interface CutoverChoices extends Partial<CutoverInput> {
  readonly replications?: number;
  readonly arns?: readonly string[];
}

const inPhase = (cutover: CutoverHandle, phase: string) =>
  until(`the cutover is ${phase}`, async () => {
    const status = await cutover.status();
    return status.phase === phase ? status : null;
  });

/** Expects that the source takes writes, and that the replications run, unsealed and free. */
async function expectAsBefore(application: Application, arns: readonly string[]): Promise<void> {
  expect(application).toMatchObject({ isFenced: false, traffic: 'source' });
  for (const arn of arns) {
    expect(stage.simulator.row(arn).Status).toBe('running');
    expect(await stage.dms.ledger(arn)).toMatchObject({ sealed: null, reservation: null });
  }
}

describe.concurrent('a cutover', () => {
  test('goes back when no worker takes its switch', async () => {
    const input = cutoverInput([]);
    const switchToTarget = { ...input.hooks.switchToTarget, taskQueue: 'nobody' };
    const { application, arns, cutover } = await startCutover({ hooks: { ...input.hooks, switchToTarget } });
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'not-switched' } });
    expect(result.cause?.detail).toContain('no worker of the task queue nobody took switchToTarget');
    await expectAsBefore(application, arns);
  });

  test('fences, drains, stops for good and switches, in that order, and releases the replication', async () => {
    const { application, arns, cutover } = await startCutover();
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'switched', cause: null, checkpoints: [{ intent: 'final', sequence: 1 }] });
    const changing = application.done.filter((name) => name !== 'whereIsTraffic');
    expect(changing).toEqual(['fence', 'isDrained', 'switchToTarget']);
    const ledger = await stage.dms.ledger(arns[0] ?? '');
    expect(ledger.sealed).toMatchObject({ by: 'ada', reason: 'orders move to Aurora' });
    expect(ledger.reservation).toBeNull();
    const { historyLength } = await stage.client.workflow.getHandle(cutover.workflowId).describe();
    expect(historyLength).toBeLessThanOrEqual(150);
  });

  test('calls every hook with the same token, the marker and the records', async () => {
    const names = ['preflight', 'validate', 'markSource', 'syncIdentities', 'prepareReverse', 'startReverse', 'verify'];
    names.push('notify');
    const hooks = Object.fromEntries(names.map((name) => [name, hook(name)])) as Partial<CutoverInput['hooks']>;
    const { application, cutover } = await startCutover({
      replications: 2,
      hooks: hooks as CutoverInput['hooks'],
    });
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'switched', checkpoints: [{ sequence: 1 }, { sequence: 1 }] });
    for (const name of names) expect(application.done).toContain(name);
    const notified = application.contexts.filter((context) => application.notified.has(context));
    expect(notified.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['fencing', 'switching', 'done']));
    expect(new Set(application.contexts.map(({ token }) => token)).size).toBe(1);
    const switching = application.contexts.findLast(({ phase }) => phase === 'switching');
    expect(switching).toMatchObject({ marker: { lsn: '0/16B3748' } });
    expect(switching?.replications.map(({ checkpoint }) => checkpoint?.intent)).toEqual(['final', 'final']);
    const { historyLength } = await stage.client.workflow.getHandle(cutover.workflowId).describe();
    expect(historyLength).toBeLessThanOrEqual(250);
  });

  test('goes on when the switch takes effect and loses its answer three times', async () => {
    const application = new Application();
    application.meddle['switchToTarget'] = async (_, own) => {
      await own();
      throw ApplicationFailure.create({ message: 'the answer was lost' });
    };
    const hooks = { switchToTarget: { ...hook('switchToTarget'), attempts: 3 } } as CutoverInput['hooks'];
    const { cutover } = await startCutover({ hooks }, application);
    expect(await cutover.result()).toMatchObject({ outcome: 'switched' });
    expect(application).toMatchObject({ isFenced: true, traffic: 'target' });
  });

  test('goes back when the switch did not take effect: unfences first, then unseals and resumes', async () => {
    const application = new Application();
    application.meddle['switchToTarget'] = refuse;
    const { arns, cutover } = await startCutover({}, application);
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'not-switched', phase: 'switching' } });
    expect(result.cause?.detail).toContain('the database refuses connections');
    await expectAsBefore(application, arns);
  });

  test.each(['both', 'neither'] as const)(
    'waits for a person when %s take the traffic, with writes fenced',
    async (traffic) => {
      const application = new Application();
      application.meddle['switchToTarget'] = async () => void (application.traffic = traffic);
      const { cutover } = await startCutover({}, application);
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
    const { arns, cutover } = await startCutover({}, application);
    expect((await inPhase(cutover, 'switch-unknown')).waitingFor).toContain('the database refuses connections');
    delete application.meddle['whereIsTraffic'];
    await cutover.decide({ ...ada, traffic: 'source' });
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'not-switched' } });
    await expectAsBefore(application, arns);
  });

  test('goes back when somebody starts the replication between stop and switch', async () => {
    const application = new Application();
    const arns = runningReplications(stage);
    application.meddle['syncIdentities'] = async () => {
      stage.simulator.start(arns[0] ?? '');
      await until('it runs again', () => stage.simulator.row(arns[0] ?? '').Status === 'running');
    };
    const hooks = { syncIdentities: hook('syncIdentities') } as CutoverInput['hooks'];
    const { cutover } = await startCutover({ arns, hooks }, application);
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'stop-reverted' } });
    expect(application.done).not.toContain('switchToTarget');
    await expectAsBefore(application, arns);
  });

  test('lets a fence down that hung or took effect before it failed', async () => {
    const application = new Application();
    application.meddle['fence'] = async (_, own) => {
      await own();
      await new Promise((resolve) => setTimeout(resolve, 5000));
    };
    const hooks = { fence: { ...hook('fence'), timeoutSeconds: 1 } } as CutoverInput['hooks'];
    const { arns, cutover } = await startCutover({ hooks }, application);
    expect(await cutover.result()).toMatchObject({
      outcome: 'returned',
      cause: { code: 'hook-failed', phase: 'fencing' },
    });
    await expectAsBefore(application, arns);
    expect(stage.simulator.count('StopReplication', arns[0])).toBe(0);
  });

  test('goes back by itself when writes are stopped for too long', async () => {
    const application = new Application();
    application.undrained = 1000;
    const { arns, cutover } = await startCutover({ writesStoppedSeconds: 3 }, application);
    const result = await cutover.result();
    expect(result).toMatchObject({
      outcome: 'returned',
      cause: { code: 'writes-stopped-too-long', phase: 'draining' },
    });
    expect(result.writesStoppedSeconds).toBeGreaterThanOrEqual(3);
    expect(result.writesStoppedSeconds).toBeLessThan(30);
    await expectAsBefore(application, arns);
    expect(stage.simulator.count('StopReplication', arns[0])).toBe(0);
  });

  test('puts all replications back when one of five can not be stopped', async () => {
    const application = new Application();
    const arns = runningReplications(stage, 5);
    application.meddle['isDrained'] = async (_, own) => {
      stage.simulator.setPolicy([
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: 'dms:StopReplication', Resource: arns[2] ?? '' },
      ]);
      return own();
    };
    const { cutover } = await startCutover({ arns }, application);
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'stop-failed' } });
    expect(result.cause?.detail).toContain('dms:StopReplication');
    await expectAsBefore(application, arns);
  });

  test('goes back when a final stop warns of something that the gates do not accept', async () => {
    const application = new Application();
    const arns = runningReplications(stage);
    stage.simulator.onNextStop(arns[0] ?? '', { type: 'reason', stopReason: 'Stop Reason FATAL_ERROR' });
    const { cutover } = await startCutover({ arns }, application);
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'stop-warns', phase: 'judging' } });
    expect(result.cause?.detail).toContain('not-normal-stop');
    await expectAsBefore(application, arns);
  });

  test('changes nothing when somebody else has reserved the replication', async () => {
    const application = new Application();
    const arns = runningReplications(stage);
    const taskQueue = { taskQueue: stage.taskQueue, args: [arns[0]] };
    await stage.client.workflow.execute('hostThatOnlyReserves', { workflowId: `other-${arns[0]}`, ...taskQueue });
    const { cutover } = await startCutover({ arns }, application);
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'preflight' } });
    expect(result.cause?.detail).toContain(`is reserved by other-${arns[0]}`);
    expect((await stage.dms.ledger(arns[0] ?? '')).reservation?.owner).toBe(`other-${arns[0]}`);
    expect(application.done).toEqual([]);
  });

  test('waits for two people, refuses what comes at the wrong time, and says why', async () => {
    const { application, cutover, input } = await startCutover({ approval: { approvers: 2 } });
    const status = await inPhase(cutover, 'waiting-for-approval');
    expect(status).toMatchObject({
      ready: true,
      allowed: ['approve', 'abort', 'change'],
      waitingFor: 'Approval by 2 of 2',
    });
    const confirm = input.cutoverId;
    expect((await failureOf(cutover.approve({ ...ada, confirm: 'another' }))).message).toContain('this is the cutover');
    await cutover.approve({ ...ada, confirm });
    expect((await failureOf(cutover.approve({ ...ada, confirm }))).message).toContain('ada has approved it already');
    await cutover.revokeApproval(ada);
    expect((await failureOf(cutover.revokeApproval(ada))).message).toContain('nobody has approved it');
    expect((await failureOf(cutover.switchBack(ada))).message).toContain('no hook switchToSource');
    await cutover.approve({ ...ada, confirm });
    expect(application.done).not.toContain('fence');
    await cutover.approve({ ...bob, confirm });
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'switched', approvals: [{ by: 'ada' }, { by: 'bob' }] });
    expect((await failureOf(cutover.approve({ ...ada, confirm }))).type).toBe('DmsCutoverNotFound');
  });

  test('shows in its current details what it waits for, and the commands that are allowed', async () => {
    const { cutover, arns, application } = await startCutover({ approval: {} });
    await inPhase(cutover, 'waiting-for-approval');
    const handle = stage.client.workflow.getHandle(cutover.workflowId);
    const { currentDetails = '' } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain('| Waits for | Approval by 1 of 1 |');
    expect(currentDetails).toContain(`--workflow-id '${cutover.workflowId}' --name dms.approve`);
    await cutover.abort(ada);
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'aborted', detail: 'as planned' } });
    await expectAsBefore(application, arns);
    expect(application.done).not.toContain('unfence');
  });

  test('is not ready while tables are in error, until a person changes the gate', async () => {
    const application = new Application();
    const arn = stage.simulator.createReplication({ status: 'running', tables: { inError: 1 } });
    const { cutover } = await startCutover({ arns: [arn] }, application);
    const status = await inPhase(cutover, 'validating');
    await until('it was measured', async () => (await cutover.status()).waitingFor.includes('tables are in error'));
    expect(status.ready).toBe(false);
    expect(application.done).not.toContain('fence');
    await cutover.change({ ...ada, gates: { tables: 'ignore', validation: 'ignore' } });
    expect(await cutover.result()).toMatchObject({ outcome: 'switched' });
  });

  test('is joined by the same input, also after it has switched, and refuses another one', async () => {
    const { arns, cutover, input } = await startCutover({ approval: {} });
    const other = { ...input, reason: 'another' };
    expect(cutover.joined).toBe(false);
    expect(await stage.dms.startCutover(input)).toMatchObject({ joined: true });
    expect(await failureOf(stage.dms.startCutover(other))).toMatchObject({ type: 'DmsOperationInProgress' });
    await inPhase(cutover, 'waiting-for-approval');
    await cutover.approve({ ...ada, confirm: input.cutoverId });
    await cutover.result();
    const again = await stage.dms.startCutover(input);
    expect([again.joined, (await again.result()).outcome]).toEqual([true, 'switched']);
    expect(await failureOf(stage.dms.startCutover(other))).toMatchObject({ type: 'DmsOperationSuperseded' });
    expect(stage.simulator.count('StopReplication', arns[0])).toBe(1);
  });

  test('runs again under the same id after it has returned', async () => {
    const { cutover, input } = await startCutover({ approval: {} });
    await inPhase(cutover, 'waiting-for-approval');
    await cutover.abort(ada);
    await cutover.result();
    const again = await stage.dms.startCutover(input);
    expect(again.joined).toBe(false);
    await inPhase(again, 'waiting-for-approval');
    await again.approve({ ...ada, confirm: input.cutoverId });
    expect(await again.result()).toMatchObject({ outcome: 'switched' });
  });

  test('goes back when it is cancelled while it drains, and then counts as cancelled', async () => {
    const application = new Application();
    application.undrained = 1000;
    const { arns, cutover } = await startCutover({}, application);
    await inPhase(cutover, 'draining');
    await stage.client.workflow.getHandle(cutover.workflowId).cancel();
    expect((await failureOf(cutover.result())).cause?.constructor.name).toBe('CancelledFailure');
    await expectAsBefore(application, arns);
  });

  test('names the fence in its last details when it is terminated, and leaves a reservation that can be broken', async () => {
    const application = new Application();
    application.undrained = 1000;
    const { arns, cutover } = await startCutover({}, application);
    await inPhase(cutover, 'draining');
    const handle = stage.client.workflow.getHandle(cutover.workflowId);
    await handle.terminate('test');
    const { currentDetails = '' } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toMatch(/stopped since .*: the source is fenced/);
    const [arn = ''] = arns;
    expect((await stage.dms.ledger(arn)).reservation?.owner).toBe(cutover.workflowId);
    await stage.dms.breakReservation(arn, ada);
    expect((await stage.dms.ledger(arn)).reservation).toBeNull();
  });

  test('goes back when it is started again after it was terminated with the source fenced', async () => {
    const application = new Application();
    application.undrained = 1000;
    const { arns, cutover, input } = await startCutover({}, application);
    await inPhase(cutover, 'draining');
    await stage.client.workflow.getHandle(cutover.workflowId).terminate('test');
    expect(application.isFenced).toBe(true);
    const again = await stage.dms.startCutover(input);
    const result = await again.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'preflight' } });
    expect(result.cause?.detail).toContain('An earlier run of this cutover has reserved the replications');
    await expectAsBefore(application, arns);
  });

  test('asks a person when the application is not in order on the target, and switches back on request', async () => {
    const application = new Application();
    application.checks = [{ name: 'verify', ok: false, detail: 'the checkout page is empty' }];
    const hooks = { verify: hook('verify'), switchToSource: hook('switchToSource') } as CutoverInput['hooks'];
    const { arns, cutover } = await startCutover({ hooks, verifySeconds: 0 }, application);
    await until('it asks', async () => (await cutover.status()).allowed.includes('decide'));
    const status = await cutover.status();
    expect(status).toMatchObject({ phase: 'verifying', allowed: ['switchBack', 'decide'] });
    expect(status.waitingFor).toContain('the checkout page is empty');
    await cutover.switchBack(ada);
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'switched-back' } });
    await expectAsBefore(application, arns);
  });

  test('switches back by itself when the application is not in order on the target and the policy says so', async () => {
    const application = new Application();
    application.checks = [{ name: 'verify', ok: false, detail: 'the checkout page is empty' }];
    const hooks = { verify: hook('verify'), switchToSource: hook('switchToSource') } as CutoverInput['hooks'];
    const policy = { hooks, verifySeconds: 0, onVerifyFailed: 'switch-back' } as const;
    const { arns, cutover } = await startCutover(policy, application);
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'switched-back' } });
    await expectAsBefore(application, arns);
  });

  test('waits for a person when a step of the way back fails, says what is left, and tries again on request', async () => {
    const application = new Application();
    application.meddle['switchToTarget'] = refuse;
    application.meddle['unfence'] = refuse;
    const { arns, cutover } = await startCutover({}, application);
    const status = await inPhase(cutover, 'return-failed');
    expect(status).toMatchObject({ allowed: ['decide'], cause: { code: 'not-switched' } });
    expect(status.waitingFor).toContain('the database refuses connections');
    expect(status.undo).toEqual(['let the source take writes again', 'unseal the replications and resume them']);
    delete application.meddle['unfence'];
    await cutover.decide({ ...ada, undo: 'retry' });
    expect(await cutover.result()).toMatchObject({ outcome: 'returned' });
    await expectAsBefore(application, arns);
  });

  test('fails as undecided when nobody decides in time, and keeps the fence and the reservation', async () => {
    const application = new Application();
    application.meddle['switchToTarget'] = async () => void (application.traffic = 'both');
    const { arns, cutover } = await startCutover({ decisionTimeoutSeconds: 2 }, application);
    const failure = await failureOf(cutover.result());
    expect(failure).toMatchObject({ type: 'DmsCutoverUndecided' });
    expect(failure.message).toContain('The source is still fenced');
    expect(application.isFenced).toBe(true);
    expect((await stage.dms.ledger(arns[0] ?? '')).reservation?.owner).toBe(cutover.workflowId);
  });

  test('plans in a dry run, and changes nothing', async () => {
    const { application, arns, cutover } = await startCutover({ dryRun: true, approval: {} });
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'planned', cause: null, writesStoppedSeconds: null });
    expect(result.checks.every(({ ok }) => ok)).toBe(true);
    expect(result.plan.map(({ phase }) => phase)).toContain('switching');
    expect(application.done).toEqual(['whereIsTraffic']);
    expect(await failureOf(stage.dms.ledger(arns[0] ?? ''))).toMatchObject({ type: 'DmsLedgerNotFound' });
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
    const { arns, cutover, input } = await startCutover({ approval: {} }, application);
    await inPhase(cutover, 'waiting-for-approval');
    const handle = stage.client.workflow.getHandle(cutover.workflowId);
    const { events } = await handle.fetchHistory();
    const lastTask = events?.findLast(({ workflowTaskCompletedEventAttributes: completed }) => completed != null);
    await cutover.approve({ ...ada, confirm: input.cutoverId });
    await inPhase(cutover, 'draining');
    expect(application.isFenced).toBe(true);
    await stage.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: cutover.workflowId },
      workflowTaskFinishEventId: lastTask?.eventId ?? null,
      resetReapplyExcludeTypes: [2],
      requestId: cutover.workflowId,
      reason: 'test',
    });
    await inPhase(cutover, 'waiting-for-approval');
    await cutover.abort(ada);
    expect(await stage.dms.cutover(input.cutoverId).result()).toMatchObject({ outcome: 'returned' });
    await expectAsBefore(application, arns);
  });

  test('runs as a step of a host whose hooks are functions', async () => {
    const application = new Application();
    const arns = runningReplications(stage);
    const { hooks: _, ...options } = cutoverInput(arns);
    application.serve(options.cutoverId);
    const workflow = { workflowId: `host-${arns[0]}`, taskQueue: stage.taskQueue, args: [options] };
    expect(await stage.client.workflow.execute('hostThatCutsOver', workflow)).toMatchObject({ outcome: 'switched' });
    expect(application).toMatchObject({ traffic: 'target', isFenced: true });
    expect((await stage.dms.ledger(arns[0] ?? '')).reservation).toBeNull();
  });
});
