/** Cutovers that people abort, or that run out of time, or whose way back fails, in each phase and step. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { createDmsActivities } from '../../src/activities/index.js';
import type { CutoverHookName, CutoverInput } from '../../src/contract/cutover-input.js';
import { Application, cutoverHook as hook, cutoverInput, runningReplications } from '../support/cutover.js';
import {
  ada,
  CutoverStage,
  expectAsBefore,
  preventLooks,
  holdInJudging,
  inPhase,
  refuse,
} from '../support/cutover-stage.js';
import { sharedActivities } from '../support/cutover.js';
import { failureOf, simulatedApi, Stage, until } from '../support/stage.js';

const cutovers = new CutoverStage();
const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
const withHook = (name: CutoverHookName) => ({ hooks: { [name]: hook(name) } as unknown as CutoverInput['hooks'] });

/** Lets a hook take effect, and keeps its answer back. Returns a function that lets it answer. */
function hold(
  application: Application,
  name: CutoverHookName,
): { readonly held: () => boolean; readonly go: () => void } {
  let [isHeld, go] = [false, () => {}];
  const gone = new Promise<void>((resolve) => (go = resolve));
  application.meddle[name] = async (_, own) => {
    const answer = await own();
    isHeld = true;
    await gone;
    return answer;
  };
  return { held: () => isHeld, go };
}

describe.concurrent('a cutover that is aborted', () => {
  test.each([
    ['preflight', 'preflight'],
    ['fencing', 'prepareReverse'],
    ['fencing', 'fence'],
    ['fencing', 'markSource'],
    ['syncing', 'syncIdentities'],
  ] as const)('in %s, at the hook %s, goes back', async (phase, name) => {
    const application = new Application();
    const { held, go } = hold(application, name);
    const { arns, cutover } = await cutovers.start(withHook(name), application);
    await until('the hook is called', held);
    await cutover.abort(ada);
    go();
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'aborted', phase } });
    expect(application.done).not.toContain('switchToTarget');
    await cutovers.expectAsBefore(application, arns);
  });

  test.each([
    ['validating', { tables: { inError: 1 } }, {}],
    ['waiting-for-window', {}, { window: { notBefore: inAnHour } }],
    ['waiting-for-lag', {}, { gates: { lag: { maxSeconds: 0, everySeconds: 1 } } }],
  ] as const)('in %s goes back, and has never fenced', async (phase, replication, more) => {
    const application = new Application();
    const arn = cutovers.stage.simulator.createReplication({ status: 'running', ...replication });
    const { cutover } = await cutovers.start({ arns: [arn], ...more }, application);
    await inPhase(cutover, phase);
    await cutover.abort(ada);
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'aborted', phase } });
    expect(application.done).not.toContain('fence');
    await cutovers.expectAsBefore(application, [arn]);
  });

  test('in draining goes back', async () => {
    const application = new Application();
    application.undrained = 1000;
    const { arns, cutover, input } = await cutovers.start({ approval: {} }, application);
    await inPhase(cutover, 'waiting-for-approval');
    await cutover.approve({ ...ada, confirm: input.cutoverId });
    await inPhase(cutover, 'draining');
    const late = await failureOf(cutover.approve({ ...ada, by: 'bob', confirm: input.cutoverId }));
    expect(late.message).toContain('it can be approved only in waiting-for-approval, not in draining');
    await cutover.abort(ada);
    expect(await cutover.result()).toMatchObject({ cause: { code: 'aborted', phase: 'draining' } });
    await cutovers.expectAsBefore(application, arns);
  });

  test('in judging goes back', async () => {
    const application = new Application();
    const arn = cutovers.stage.simulator.createReplication({ status: 'running', durations: { stopping: 60 } });
    const { cutover } = await cutovers.start({ arns: [arn] }, application);
    const show = await holdInJudging(cutovers.stage, cutover, arn);
    await cutover.abort(ada);
    show();
    expect(await cutover.result()).toMatchObject({ cause: { code: 'aborted', phase: 'judging' } });
    await cutovers.expectAsBefore(application, [arn]);
  });

  test('in switching goes back until the switch is called, and is refused from then on', async () => {
    const application = new Application();
    const [before, at] = [hold(application, 'syncIdentities'), hold(application, 'switchToTarget')];
    const { arns, cutover } = await cutovers.start(withHook('syncIdentities'), application);
    await until('the hook is called', before.held);
    const show = preventLooks(cutovers.stage, arns[0] ?? '');
    before.go();
    expect((await inPhase(cutover, 'switching')).allowed).toContain('abort');
    show();
    await until('the switch is called', at.held);
    expect((await failureOf(cutover.abort(ada))).message).toContain('the switch has begun');
    at.go();
    expect(await cutover.result()).toMatchObject({ outcome: 'switched' });
    expect((await failureOf(cutover.abort(ada))).type).toBe('DmsCutoverNotFound');
  });

  test('just before the switch goes back', async () => {
    const application = new Application();
    const before = hold(application, 'syncIdentities');
    const { arns, cutover } = await cutovers.start(withHook('syncIdentities'), application);
    await until('the hook is called', before.held);
    const show = preventLooks(cutovers.stage, arns[0] ?? '');
    before.go();
    await inPhase(cutover, 'switching');
    await cutover.abort(ada);
    show();
    expect(await cutover.result()).toMatchObject({ cause: { code: 'aborted', phase: 'switching' } });
    expect(application.done).not.toContain('switchToTarget');
    await cutovers.expectAsBefore(application, arns);
  });

  test('in verifying, or on its way back, is refused', async () => {
    const application = new Application();
    application.checks = [{ name: 'verify', ok: false, detail: 'the checkout page is empty' }];
    application.meddle['unfence'] = refuse;
    const hooks = { verify: hook('verify'), switchToSource: hook('switchToSource') } as CutoverInput['hooks'];
    const { cutover, arns } = await cutovers.start({ hooks, verifySeconds: 0 }, application);
    await until('it asks', async () => (await cutover.status()).allowed.includes('switchBack'));
    expect((await failureOf(cutover.abort(ada))).message).toContain('In verifying, send dms.switchBack');
    await cutover.switchBack(ada);
    await inPhase(cutover, 'return-failed');
    expect((await failureOf(cutover.abort(ada))).message).toContain('it is going back already');
    delete application.meddle['unfence'];
    await cutover.decide({ ...ada, undo: 'retry' });
    await cutover.result();
    await cutovers.expectAsBefore(application, arns);
  });
});

describe.concurrent('a cutover goes back by itself', () => {
  test('when the hook fence takes effect but then fails', async () => {
    const application = new Application();
    application.meddle['fence'] = async (_, own) => own().then(refuse);
    const { arns, cutover } = await cutovers.start({}, application);
    expect(await cutover.result()).toMatchObject({ cause: { code: 'hook-failed', phase: 'fencing' } });
    expect(application.done).toContain('unfence');
    await cutovers.expectAsBefore(application, arns);
    expect(cutovers.stage.simulator.count('StopReplication', arns[0])).toBe(0);
  });

  test.each(['preflight', 'prepareReverse', 'markSource', 'isDrained', 'syncIdentities'] as const)(
    'when the hook %s fails',
    async (name) => {
      const application = new Application();
      application.meddle[name] = refuse;
      const { arns, cutover } = await cutovers.start(withHook(name), application);
      const code = name === 'preflight' ? 'preflight' : 'hook-failed';
      const result = await cutover.result();
      expect(result).toMatchObject({ outcome: 'returned', cause: { code } });
      expect(result.cause?.detail).toContain(`${name} failed: the database refuses connections`);
      await cutovers.expectAsBefore(application, arns);
    },
  );

  test('when writes stay stopped past the limit during the stop of DMS, and writes resume before that stop ends', async () => {
    const application = new Application();
    const arn = cutovers.stage.simulator.createReplication({ status: 'running', durations: { stopping: 600 } });
    const { cutover } = await cutovers.start({ arns: [arn] }, application);
    await until('DMS stops it', () => cutovers.stage.simulator.row(arn).Status === 'stopping');
    await cutover.change({ ...ada, writesStoppedSeconds: 1 });
    await until('the source takes writes again', () => application.done.includes('unfence') && !application.isFenced);
    expect(cutovers.stage.simulator.row(arn).Status).toBe('stopping');
    const result = await cutover.result();
    expect(result.cause).toMatchObject({ code: 'writes-stopped-too-long', phase: 'stopping' });
    await cutovers.expectAsBefore(application, [arn]);
  });

  test('when writes are stopped for too long at a hook', async () => {
    const application = new Application();
    const { held, go } = hold(application, 'syncIdentities');
    const { arns, cutover } = await cutovers.start(withHook('syncIdentities'), application);
    await until('the hook is called', held);
    await cutover.change({ ...ada, writesStoppedSeconds: 1 });
    await until('it goes back', async () => (await cutover.status()).cause !== null);
    go();
    const result = await cutover.result();
    expect(result.cause).toMatchObject({ code: 'writes-stopped-too-long', phase: 'syncing' });
    await cutovers.expectAsBefore(application, arns);
  });
});

describe.concurrent('a cutover waits for a person', () => {
  /** Starts a cutover on a worker of which one activity fails until it is mended. */
  async function withFailing(own: Stage, type: string, application: Application, more: Partial<CutoverInput>) {
    const working = createDmsActivities({ dms: simulatedApi(own.simulator) }) as unknown as Record<
      string,
      (input: unknown) => Promise<unknown>
    >;
    let isBroken = true;
    const failing = async (input: unknown) => {
      if (isBroken) throw ApplicationFailure.nonRetryable(`${type} is broken`);
      return working[type]?.(input);
    };
    await own.work({ foreign: { ...sharedActivities, [type]: failing } });
    const arns = runningReplications(own);
    const input = cutoverInput(arns, more);
    application.serve(input.cutoverId);
    return { arns, input, cutover: await own.dms.startCutover(input), mend: () => (isBroken = false) };
  }

  test.each(['dms.awaitIdle', 'dms.unsealReplication'])('when %s fails on the way back', async (type) => {
    await using own = await Stage.set();
    const application = new Application();
    application.meddle['switchToTarget'] = refuse;
    const { arns, cutover, mend } = await withFailing(own, type, application, {});
    const status = await inPhase(cutover, 'return-failed');
    expect(status.waitingFor).toContain(`${type} is broken`);
    expect(status.undo).toEqual(['unseal the replications and resume them']);
    expect(application.isFenced).toBe(false);
    mend();
    await cutover.decide({ ...ada, undo: 'retry' });
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'not-switched' } });
    await expectAsBefore(own, application, arns);
  });

  test('when it can not find out whether it was reset', async () => {
    await using own = await Stage.set();
    const application = new Application();
    const { arns, cutover } = await withFailing(own, 'dms.wasReset', application, { approval: {} });
    await inPhase(cutover, 'waiting-for-approval');
    await cutover.abort(ada);
    const status = await inPhase(cutover, 'return-failed');
    expect(status.waitingFor).toContain('dms.wasReset is broken');
    await cutover.decide({ ...ada, undo: 'done' });
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'aborted' } });
    expect(application.done).not.toContain('unfence');
    await expectAsBefore(own, application, arns);
  });
});
