import { describe, expect, test } from 'vitest';
import { ApplicationFailure } from '@temporalio/common';
import { Application, cutoverHook as hook, cutoverInput, runningReplications } from '../support/cutover.js';
import type { CutoverInput } from '../../src/contract/cutover-input.js';
import type { CutoverHandle } from '../../src/client/cutovers.js';
import { encrypted } from '../support/encrypted.js';
import { failureOf, Stage, until } from '../support/stage.js';

const ada = { by: 'ada', reason: 'as planned' };
const bob = { by: 'bob', reason: 'looks good' };

const refuse = async () => {
  throw ApplicationFailure.create({ message: 'the database refuses connections' });
};

/** Starts a cutover of running replications, with a worker that has its hooks. */
async function startCutover(
  stage: Stage,
  { replications = 1, ...more }: Partial<CutoverInput> & { readonly replications?: number } = {},
  application = new Application(),
) {
  await stage.work({ foreign: application.activities });
  const arns = runningReplications(stage, replications);
  const input = cutoverInput(arns, more);
  const cutover = await stage.dms.startCutover(input);
  return { application, arns, input, cutover };
}

const inPhase = (cutover: CutoverHandle, phase: string) =>
  until(`the cutover is ${phase}`, async () => {
    const status = await cutover.status();
    return status.phase === phase ? status : null;
  });

/** Expects that the source takes writes, and that the replications run, unsealed and free. */
async function expectAsBefore(stage: Stage, application: Application, arns: readonly string[]): Promise<void> {
  expect(application).toMatchObject({ isFenced: false, traffic: 'source' });
  for (const arn of arns) {
    expect(stage.simulator.row(arn).Status).toBe('running');
    expect(await stage.dms.ledger(arn)).toMatchObject({ sealed: null, reservation: null });
  }
}

describe.concurrent('a cutover', () => {
  test('fences, drains, stops for good and switches, in that order, and releases the replication', async () => {
    await using stage = await Stage.set();
    const { application, arns, cutover } = await startCutover(stage);
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
    await using stage = await Stage.set();
    const names = ['preflight', 'validate', 'markSource', 'syncIdentities', 'prepareReverse', 'startReverse', 'verify'];
    const hooks = Object.fromEntries(names.map((name) => [name, hook(name)])) as Partial<CutoverInput['hooks']>;
    const { application, cutover } = await startCutover(stage, {
      replications: 2,
      hooks: hooks as CutoverInput['hooks'],
    });
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'switched', checkpoints: [{ sequence: 1 }, { sequence: 1 }] });
    for (const name of names) expect(application.done).toContain(name);
    expect(new Set(application.contexts.map(({ token }) => token)).size).toBe(1);
    const switching = application.contexts.findLast(({ phase }) => phase === 'switching');
    expect(switching).toMatchObject({ marker: { lsn: '0/16B3748' } });
    expect(switching?.replications.map(({ checkpoint }) => checkpoint?.intent)).toEqual(['final', 'final']);
    const { historyLength } = await stage.client.workflow.getHandle(cutover.workflowId).describe();
    expect(historyLength).toBeLessThanOrEqual(250);
  });

  test('goes on when the switch takes effect and loses its answer three times', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    application.meddle['switchToTarget'] = async (_, own) => {
      await own();
      throw ApplicationFailure.create({ message: 'the answer was lost' });
    };
    const hooks = { switchToTarget: { ...hook('switchToTarget'), attempts: 3 } } as CutoverInput['hooks'];
    const { cutover } = await startCutover(stage, { hooks }, application);
    expect(await cutover.result()).toMatchObject({ outcome: 'switched' });
    expect(application).toMatchObject({ isFenced: true, traffic: 'target' });
  });

  test('goes back when the switch did not take effect: unfences first, then unseals and resumes', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    application.meddle['switchToTarget'] = refuse;
    const { arns, cutover } = await startCutover(stage, {}, application);
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'not-switched', phase: 'switching' } });
    expect(result.cause?.detail).toContain('the database refuses connections');
    await expectAsBefore(stage, application, arns);
  });

  test.each(['both', 'neither'] as const)(
    'waits for a person when %s take the traffic, with writes fenced',
    async (traffic) => {
      await using stage = await Stage.set();
      const application = new Application();
      application.meddle['switchToTarget'] = async () => void (application.traffic = traffic);
      const { cutover } = await startCutover(stage, {}, application);
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
    await using stage = await Stage.set();
    const application = new Application();
    application.meddle['switchToTarget'] = async () => {
      application.meddle['whereIsTraffic'] = refuse;
      return refuse();
    };
    const { arns, cutover } = await startCutover(stage, {}, application);
    expect((await inPhase(cutover, 'switch-unknown')).waitingFor).toContain('the database refuses connections');
    delete application.meddle['whereIsTraffic'];
    await cutover.decide({ ...ada, traffic: 'source' });
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'not-switched' } });
    await expectAsBefore(stage, application, arns);
  });

  test('goes back when somebody starts the replication between stop and switch', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    const arns = runningReplications(stage);
    application.meddle['syncIdentities'] = async () => {
      stage.simulator.start(arns[0] ?? '');
      await until('it runs again', () => stage.simulator.row(arns[0] ?? '').Status === 'running');
    };
    await stage.work({ foreign: application.activities });
    const hooks = { syncIdentities: hook('syncIdentities') } as CutoverInput['hooks'];
    const cutover = await stage.dms.startCutover(cutoverInput(arns, { hooks }));
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'stop-reverted' } });
    expect(application.done).not.toContain('switchToTarget');
    await expectAsBefore(stage, application, arns);
  });

  test('lets a fence down that hung or took effect before it failed', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    application.meddle['fence'] = async (_, own) => {
      await own();
      await new Promise((resolve) => setTimeout(resolve, 5000));
    };
    const hooks = { fence: { ...hook('fence'), timeoutSeconds: 1 } } as CutoverInput['hooks'];
    const { arns, cutover } = await startCutover(stage, { hooks }, application);
    expect(await cutover.result()).toMatchObject({
      outcome: 'returned',
      cause: { code: 'hook-failed', phase: 'fencing' },
    });
    await expectAsBefore(stage, application, arns);
    expect(stage.simulator.count('StopReplication')).toBe(0);
  });

  test('goes back by itself when writes are stopped for too long', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    application.undrained = 1000;
    const { arns, cutover } = await startCutover(stage, { writesStoppedSeconds: 3 }, application);
    const result = await cutover.result();
    expect(result).toMatchObject({
      outcome: 'returned',
      cause: { code: 'writes-stopped-too-long', phase: 'draining' },
    });
    expect(result.writesStoppedSeconds).toBeGreaterThanOrEqual(3);
    expect(result.writesStoppedSeconds).toBeLessThan(30);
    await expectAsBefore(stage, application, arns);
    expect(stage.simulator.count('StopReplication')).toBe(0);
  });

  test('puts all replications back when one of five can not be stopped', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    const arns = runningReplications(stage, 5);
    application.meddle['isDrained'] = async (_, own) => {
      stage.simulator.setPolicy([
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: 'dms:StopReplication', Resource: arns[2] ?? '' },
      ]);
      return own();
    };
    await stage.work({ foreign: application.activities });
    const cutover = await stage.dms.startCutover(cutoverInput(arns));
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'stop-failed' } });
    expect(result.cause?.detail).toContain('dms:StopReplication');
    await expectAsBefore(stage, application, arns);
  });

  test('goes back when a final stop warns of something that the gates do not accept', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    const arns = runningReplications(stage);
    stage.simulator.onNextStop(arns[0] ?? '', { type: 'reason', stopReason: 'Stop Reason FATAL_ERROR' });
    await stage.work({ foreign: application.activities });
    const cutover = await stage.dms.startCutover(cutoverInput(arns));
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'stop-warns', phase: 'judging' } });
    expect(result.cause?.detail).toContain('not-normal-stop');
    await expectAsBefore(stage, application, arns);
  });

  test('changes nothing when somebody else has reserved the replication', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    await stage.work({ foreign: application.activities });
    const arns = runningReplications(stage);
    const taskQueue = { taskQueue: stage.taskQueue, args: [arns[0]] };
    await stage.client.workflow.execute('hostThatOnlyReserves', { workflowId: `other-${arns[0]}`, ...taskQueue });
    const result = await (await stage.dms.startCutover(cutoverInput(arns))).result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'preflight' } });
    expect(result.cause?.detail).toContain(`is reserved by other-${arns[0]}`);
    expect((await stage.dms.ledger(arns[0] ?? '')).reservation?.owner).toBe(`other-${arns[0]}`);
    expect(application.done).toEqual([]);
  });

  test('waits for two people, refuses what comes at the wrong time, and says why', async () => {
    await using stage = await Stage.set();
    const { application, cutover, input } = await startCutover(stage, { approval: { approvers: 2 } });
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
    await using stage = await Stage.set();
    const { cutover, arns, application } = await startCutover(stage, { approval: {} });
    await inPhase(cutover, 'waiting-for-approval');
    const handle = stage.client.workflow.getHandle(cutover.workflowId);
    const { currentDetails = '' } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain('| Waits for | Approval by 1 of 1 |');
    expect(currentDetails).toContain(`--workflow-id '${cutover.workflowId}' --name dms.approve`);
    await cutover.abort(ada);
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'aborted', detail: 'as planned' } });
    await expectAsBefore(stage, application, arns);
    expect(application.done).not.toContain('unfence');
  });

  test('is not ready while tables are in error, until a person changes the gate', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    await stage.work({ foreign: application.activities });
    const arn = stage.simulator.createReplication({ status: 'running', tables: { inError: 1 } });
    const cutover = await stage.dms.startCutover(cutoverInput([arn]));
    const status = await inPhase(cutover, 'validating');
    await until('it was measured', async () => (await cutover.status()).waitingFor.includes('tables are in error'));
    expect(status.ready).toBe(false);
    expect(application.done).not.toContain('fence');
    await cutover.change({ ...ada, gates: { tables: 'ignore', validation: 'ignore' } });
    expect(await cutover.result()).toMatchObject({ outcome: 'switched' });
  });

  test('is joined by the same input, also after it has switched, and refuses another one', async () => {
    await using stage = await Stage.set();
    const { cutover, input } = await startCutover(stage, { approval: {} });
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
    expect(stage.simulator.count('StopReplication')).toBe(1);
  });

  test('runs again under the same id after it has returned', async () => {
    await using stage = await Stage.set();
    const { cutover, input } = await startCutover(stage, { approval: {} });
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
    await using stage = await Stage.set();
    const application = new Application();
    application.undrained = 1000;
    const { arns, cutover } = await startCutover(stage, {}, application);
    await inPhase(cutover, 'draining');
    await stage.client.workflow.getHandle(cutover.workflowId).cancel();
    expect((await failureOf(cutover.result())).cause?.constructor.name).toBe('CancelledFailure');
    await expectAsBefore(stage, application, arns);
  });

  test('names the fence in its last details when it is terminated, and leaves a reservation that can be broken', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    application.undrained = 1000;
    const { arns, cutover } = await startCutover(stage, {}, application);
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

  test('asks a person when the application is not in order on the target, and switches back on request', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    application.checks = [{ name: 'verify', ok: false, detail: 'the checkout page is empty' }];
    const hooks = { verify: hook('verify'), switchToSource: hook('switchToSource') } as CutoverInput['hooks'];
    const { arns, cutover } = await startCutover(stage, { hooks, verifySeconds: 0 }, application);
    await until('it asks', async () => (await cutover.status()).allowed.includes('decide'));
    const status = await cutover.status();
    expect(status).toMatchObject({ phase: 'verifying', allowed: ['switchBack', 'decide'] });
    expect(status.waitingFor).toContain('the checkout page is empty');
    await cutover.switchBack(ada);
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'switched-back' } });
    await expectAsBefore(stage, application, arns);
  });

  test('switches back by itself when the application is not in order on the target and the policy says so', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    application.checks = [{ name: 'verify', ok: false, detail: 'the checkout page is empty' }];
    const hooks = { verify: hook('verify'), switchToSource: hook('switchToSource') } as CutoverInput['hooks'];
    const policy = { hooks, verifySeconds: 0, onVerifyFailed: 'switch-back' } as const;
    const { arns, cutover } = await startCutover(stage, policy, application);
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'switched-back' } });
    await expectAsBefore(stage, application, arns);
  });

  test('waits for a person when a step of the way back fails, says what is left, and tries again on request', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    application.meddle['switchToTarget'] = refuse;
    application.meddle['unfence'] = refuse;
    const { arns, cutover } = await startCutover(stage, {}, application);
    const status = await inPhase(cutover, 'return-failed');
    expect(status).toMatchObject({ allowed: ['decide'], cause: { code: 'not-switched' } });
    expect(status.waitingFor).toContain('the database refuses connections');
    expect(status.undo).toEqual(['let the source take writes again', 'unseal the replications and resume them']);
    delete application.meddle['unfence'];
    await cutover.decide({ ...ada, undo: 'retry' });
    expect(await cutover.result()).toMatchObject({ outcome: 'returned' });
    await expectAsBefore(stage, application, arns);
  });

  test('fails as undecided when nobody decides in time, and keeps the fence and the reservation', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    application.meddle['switchToTarget'] = async () => void (application.traffic = 'both');
    const { arns, cutover } = await startCutover(stage, { decisionTimeoutSeconds: 2 }, application);
    const failure = await failureOf(cutover.result());
    expect(failure).toMatchObject({ type: 'DmsCutoverUndecided' });
    expect(failure.message).toContain('The source is still fenced');
    expect(application.isFenced).toBe(true);
    expect((await stage.dms.ledger(arns[0] ?? '')).reservation?.owner).toBe(cutover.workflowId);
  });

  test('plans in a dry run, and changes nothing', async () => {
    await using stage = await Stage.set();
    const { application, arns, cutover } = await startCutover(stage, { dryRun: true, approval: {} });
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'planned', cause: null, writesStoppedSeconds: null });
    expect(result.checks.every(({ ok }) => ok)).toBe(true);
    expect(result.plan.map(({ phase }) => phase)).toContain('switching');
    expect(application.done).toEqual(['whereIsTraffic']);
    expect(await failureOf(stage.dms.ledger(arns[0] ?? ''))).toMatchObject({ type: 'DmsLedgerNotFound' });
  });

  test('runs with everything encrypted', async () => {
    await using stage = await Stage.set(undefined, { dataConverter: encrypted });
    const { cutover, input } = await startCutover(stage, { approval: {} });
    await inPhase(cutover, 'waiting-for-approval');
    await cutover.approve({ ...ada, confirm: input.cutoverId });
    expect(await cutover.result()).toMatchObject({ outcome: 'switched' });
  });

  test('lets the fence of the run before down when it is reset to before the fence and then aborted', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    application.undrained = 1000;
    const { arns, cutover, input } = await startCutover(stage, { approval: {} }, application);
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
    await expectAsBefore(stage, application, arns);
  });

  test('runs as a step of a host whose hooks are functions', async () => {
    await using stage = await Stage.set();
    const application = new Application();
    await stage.work({ foreign: application.activities });
    const arns = runningReplications(stage);
    const { hooks: _, ...options } = cutoverInput(arns);
    const workflow = { workflowId: `host-${arns[0]}`, taskQueue: stage.taskQueue, args: [options] };
    expect(await stage.client.workflow.execute('hostThatCutsOver', workflow)).toMatchObject({ outcome: 'switched' });
    expect(application).toMatchObject({ traffic: 'target', isFenced: true });
    expect((await stage.dms.ledger(arns[0] ?? '')).reservation).toBeNull();
  });
});
