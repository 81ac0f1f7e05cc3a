import { describe, expect, test } from 'vitest';
import { ApplicationFailure } from '@temporalio/common';
import type { CutoverInput } from '../../src/contract/cutover-input.js';
import { Application, cutoverHook as hook, cutoverInput, runningReplications } from '../support/cutover.js';
import { ada, CutoverStage, inPhase, refuse } from '../support/cutover-stage.js';
import { runPlain } from '../support/plain-command.js';
import { failureOf, until } from '../support/stage.js';

const bob = { by: 'bob', reason: 'looks good' };
const cutovers = new CutoverStage();

describe.concurrent('a cutover', () => {
  test('fences, drains, stops for good and switches, in that order, and releases the replication', async () => {
    const { application, arns, cutover } = await cutovers.start();
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'switched', cause: null, checkpoints: [{ intent: 'final', sequence: 1 }] });
    const changing = application.done.filter((name) => name !== 'whereIsTraffic');
    expect(changing).toEqual(['fence', 'isDrained', 'switchToTarget']);
    const ledger = await cutovers.stage.dms.ledger(arns[0] ?? '');
    expect(ledger.sealed).toMatchObject({ by: 'ada', reason: 'orders move to Aurora' });
    expect(ledger.reservation).toBeNull();
    const { historyLength } = await cutovers.stage.client.workflow.getHandle(cutover.workflowId).describe();
    expect(historyLength).toBeLessThanOrEqual(150);
  });

  test('calls every hook with the same token, the marker and the records', async () => {
    const names = ['preflight', 'validate', 'markSource', 'syncIdentities', 'prepareReverse', 'startReverse', 'verify'];
    names.push('notify');
    const hooks = Object.fromEntries(names.map((name) => [name, hook(name)])) as Partial<CutoverInput['hooks']>;
    const { application, cutover } = await cutovers.start({
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
    const { historyLength } = await cutovers.stage.client.workflow.getHandle(cutover.workflowId).describe();
    expect(historyLength).toBeLessThanOrEqual(250);
  });

  test('goes on when the switch takes effect and loses its answer three times', async () => {
    const application = new Application();
    application.meddle['switchToTarget'] = async (_, own) => {
      await own();
      throw ApplicationFailure.create({ message: 'the answer was lost' });
    };
    const hooks = { switchToTarget: { ...hook('switchToTarget'), attempts: 3 } } as CutoverInput['hooks'];
    const { cutover } = await cutovers.start({ hooks }, application);
    expect(await cutover.result()).toMatchObject({ outcome: 'switched' });
    expect(application).toMatchObject({ isFenced: true, traffic: 'target' });
  });

  test('waits for a slow hook without timers', async () => {
    const application = new Application();
    application.undrained = 1;
    let [calls, mayAnswer] = [0, false];
    application.meddle['isDrained'] = async (_, own) => {
      if (++calls === 2) await until('it may answer', () => mayAnswer);
      return own();
    };
    const { cutover } = await cutovers.start({}, application);
    // A timer beside the hook would begin in the workflow task that schedules the hook.
    await until('the hook is called again', () => calls === 2);
    mayAnswer = true;
    expect(await cutover.result()).toMatchObject({ outcome: 'switched' });
    const { events = [] } = await cutovers.stage.client.workflow.getHandle(cutover.workflowId).fetchHistory();
    const timers = events?.filter(({ timerStartedEventAttributes: timer }) => timer != null) ?? [];
    // The limit of the stopped writes, and the wait between the two calls.
    expect(timers).toHaveLength(2);
  });

  test('goes back when the switch did not take effect: unfences first, then unseals and resumes', async () => {
    const application = new Application();
    application.meddle['switchToTarget'] = refuse;
    const { arns, cutover } = await cutovers.start({}, application);
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'not-switched', phase: 'switching' } });
    expect(result.cause?.detail).toContain('the database refuses connections');
    await cutovers.expectAsBefore(application, arns);
  });

  test('waits for two people, refuses what comes at the wrong time, and says why', async () => {
    const { application, cutover, input } = await cutovers.start({ approval: { approvers: 2 } });
    const status = await inPhase(cutover, 'waiting-for-approval');
    expect(status).toMatchObject({
      ready: true,
      allowed: ['approve', 'abort', 'change'],
      waitingFor: 'Approvals: 0 of 2 given',
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

  test('shows in its current details what it waits for, and commands that work with the Temporal CLI alone', async () => {
    const { cutover, arns, application, input } = await cutovers.start({ approval: {} });
    await inPhase(cutover, 'waiting-for-approval');
    const handle = cutovers.stage.client.workflow.getHandle(cutover.workflowId);
    const { currentDetails = '' } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain('| Waits for | Approvals: 0 of 1 given |');
    expect(currentDetails).toContain(
      `\n    temporal dms cutover approve ${input.cutoverId} --confirm ${input.cutoverId}\n    temporal workflow update execute --workflow-id ${cutover.workflowId} --name dms.approve `,
    );
    await runPlain(currentDetails, 'dms.abort', ada);
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'aborted', detail: 'as planned' } });
    await cutovers.expectAsBefore(application, arns);
    expect(application.done).not.toContain('unfence');
  });

  test('is joined by the same input, also after it has switched, and refuses another one', async () => {
    const { arns, cutover, input } = await cutovers.start({ approval: {} });
    const other = { ...input, reason: 'another' };
    expect(cutover.joined).toBe(false);
    expect(await cutovers.stage.dms.startCutover(input)).toMatchObject({ joined: true });
    expect(await failureOf(cutovers.stage.dms.startCutover(other))).toMatchObject({ type: 'DmsOperationInProgress' });
    await inPhase(cutover, 'waiting-for-approval');
    await cutover.approve({ ...ada, confirm: input.cutoverId });
    await cutover.result();
    const again = await cutovers.stage.dms.startCutover(input);
    expect([again.joined, (await again.result()).outcome]).toEqual([true, 'switched']);
    expect(await failureOf(cutovers.stage.dms.startCutover(other))).toMatchObject({ type: 'DmsOperationSuperseded' });
    expect(cutovers.stage.simulator.count('StopReplication', arns[0])).toBe(1);
  });

  test('goes back when it is cancelled while it drains, and then counts as cancelled', async () => {
    const application = new Application();
    application.undrained = 1000;
    const { arns, cutover } = await cutovers.start({}, application);
    await inPhase(cutover, 'draining');
    await cutovers.stage.client.workflow.getHandle(cutover.workflowId).cancel();
    expect((await failureOf(cutover.result())).cause?.constructor.name).toBe('CancelledFailure');
    await cutovers.expectAsBefore(application, arns);
  });

  test('plans in a dry run, and changes nothing', async () => {
    const { application, arns, cutover } = await cutovers.start({ dryRun: true, approval: {} });
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'planned', cause: null, writesStoppedSeconds: null });
    expect(result.checks.every(({ ok }) => ok)).toBe(true);
    const tables = result.checks.find(({ name }) => name === 'tables');
    expect(tables?.detail).toMatch(/: Table completed: 3$/);
    expect(result.plan.map(({ phase }) => phase)).toContain('switching');
    expect(application.done).toEqual(['whereIsTraffic']);
    expect(await failureOf(cutovers.stage.dms.ledger(arns[0] ?? ''))).toMatchObject({ type: 'DmsLedgerNotFound' });
  });

  test('runs as a step of a host whose hooks are functions', async () => {
    const application = new Application();
    const arns = runningReplications(cutovers.stage);
    const { hooks: _, ...options } = cutoverInput(arns);
    application.serve(options.cutoverId);
    const workflow = { workflowId: `host-${arns[0]}`, taskQueue: cutovers.stage.taskQueue, args: [options] };
    expect(await cutovers.stage.client.workflow.execute('hostThatCutsOver', workflow)).toMatchObject({
      outcome: 'switched',
    });
    expect(application).toMatchObject({ traffic: 'target', isFenced: true });
    expect((await cutovers.stage.dms.ledger(arns[0] ?? '')).reservation).toBeNull();
  });
});
