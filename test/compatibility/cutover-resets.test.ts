/** Cutovers that are reset: what the run before did, such as its fence, outlives the reset. */
import { describe, expect, test } from 'vitest';
import type { CutoverHandle } from '../../src/client/cutovers.js';
import type { CutoverInput } from '../../src/contract/cutover-input.js';
import { Application, cutoverHook as hook } from '../support/cutover.js';
import { ada, CutoverStage, inPhase, refuse, resetTo, statusOf } from '../support/cutover-stage.js';
import { failureOf, until } from '../support/stage.js';

const cutovers = new CutoverStage();

/** Answers every question with the truth until the cutover is over, or stuck on its way back. Returns its last phase. */
async function answer(cutover: CutoverHandle, cutoverId: string): Promise<string> {
  const ends = ['done', 'returned', 'return-failed'];
  const phase = await until('the cutover is over or stuck', async () => {
    const status = await statusOf(cutover);
    if (status === null) return null;
    if (status.allowed.includes('approve')) await cutover.approve({ ...ada, confirm: cutoverId });
    else if (status.phase === 'waiting-for-window') await openWindow(cutover);
    else if (status.phase === 'validating' && status.waitingFor.includes('stopped')) await cutover.abort(ada);
    return ends.includes(status.phase) ? status.phase : null;
  });
  return phase;
}

/** Returns what a cutover needs so that it waits in a phase. */
function waitingIn(phase: string): Partial<CutoverInput> {
  if (phase === 'waiting-for-lag') return { gates: { lag: { maxSeconds: 5, samples: 1, everySeconds: 1 } } };
  if (phase !== 'waiting-for-window') return {};
  return { window: { notBefore: new Date(Date.now() + 3_600_000).toISOString() } };
}

/** Lets a cutover go on that waits for its window. */
const openWindow = (cutover: CutoverHandle) =>
  cutover.change({ ...ada, window: { notBefore: new Date().toISOString() } });

/** Approves a cutover, and opens its window if it has one. */
async function approve(cutover: CutoverHandle, { cutoverId, window }: CutoverInput): Promise<void> {
  await inPhase(cutover, 'waiting-for-approval');
  await cutover.approve({ ...ada, confirm: cutoverId });
  if (window === undefined) return;
  await inPhase(cutover, 'waiting-for-window');
  await openWindow(cutover);
}

describe.concurrent('a cutover that is reset', () => {
  test.each([
    'preflight',
    'waiting-for-lag',
    'validating',
    'waiting-for-approval',
    'waiting-for-window',
    'fencing',
    'draining',
  ])('to %s after the fence lets the fence down once it is aborted', async (phase) => {
    const application = new Application();
    application.undrained = 100_000;
    const more = waitingIn(phase);
    const { arns, cutover, input } = await cutovers.start({ approval: {}, ...more }, application);
    await approve(cutover, input);
    await inPhase(cutover, 'draining');
    await resetTo(cutovers.stage, cutover.workflowId, phase);
    const again = cutovers.stage.dms.cutover(input.cutoverId);
    await until('it can be aborted', async () => (await statusOf(again))?.allowed.includes('abort'));
    expect(application.isFenced).toBe(true);
    await again.abort(ada);
    expect(await again.result()).toMatchObject({ outcome: 'returned', cause: { code: 'aborted' } });
    await cutovers.expectAsBefore(application, arns);
  });

  test.each([
    ['preflight', 'return-failed'],
    ['waiting-for-lag', 'return-failed'],
    ['waiting-for-window', 'return-failed'],
    ['validating', 'return-failed'],
    ['waiting-for-approval', 'return-failed'],
    ['fencing', 'return-failed'],
    ['draining', 'done'],
    ['stopping', 'done'],
    ['judging', 'done'],
    ['syncing', 'done'],
    ['switching', 'done'],
    ['verifying', 'done'],
  ] as const)(
    'to %s after the switch keeps the application on the target with the source fenced, and is then %s',
    async (phase, end) => {
      const hooks = { syncIdentities: hook('syncIdentities'), verify: hook('verify') } as CutoverInput['hooks'];
      const { application, arns, cutover, input } = await cutovers.start({ approval: {}, hooks, ...waitingIn(phase) });
      await approve(cutover, input);
      expect(await cutover.result()).toMatchObject({ outcome: 'switched' });
      await resetTo(cutovers.stage, cutover.workflowId, phase);
      const again = cutovers.stage.dms.cutover(input.cutoverId);
      expect(await answer(again, input.cutoverId)).toBe(end);
      if (end === 'return-failed') {
        // Only a person can tell that the application is to stay on the target.
        await cutovers.stage.client.workflow.getHandle(cutover.workflowId).cancel();
        expect(await failureOf(again.result())).toMatchObject({ type: 'DmsCutoverUndecided' });
      }
      expect(application).toMatchObject({ traffic: 'target', isFenced: true, violations: [] });
      expect(cutovers.stage.simulator.row(arns[0] ?? '').Status).toBe('stopped');
      expect((await cutovers.stage.dms.ledger(arns[0] ?? '')).sealed).not.toBeNull();
    },
  );

  test('to switch-unknown asks the person again, and then stays on the target', async () => {
    const application = new Application();
    application.meddle['switchToTarget'] = async () => void (application.traffic = 'both');
    const { arns, cutover, input } = await cutovers.start({}, application);
    await inPhase(cutover, 'switch-unknown');
    application.traffic = 'target';
    await cutover.decide({ ...ada, traffic: 'target' });
    expect(await cutover.result()).toMatchObject({ outcome: 'switched' });
    await resetTo(cutovers.stage, cutover.workflowId, 'switch-unknown');
    const again = cutovers.stage.dms.cutover(input.cutoverId);
    await inPhase(again, 'switch-unknown');
    await again.decide({ ...ada, traffic: 'target' });
    expect(await again.result()).toMatchObject({ outcome: 'switched' });
    expect(application).toMatchObject({ traffic: 'target', isFenced: true, violations: [] });
    expect(cutovers.stage.simulator.row(arns[0] ?? '').Status).toBe('stopped');
  });

  test('to return-failed asks the person again, and then returns', async () => {
    const application = new Application();
    Object.assign(application.meddle, { switchToTarget: refuse, unfence: refuse });
    const { arns, cutover, input } = await cutovers.start({}, application);
    await inPhase(cutover, 'return-failed');
    delete application.meddle['unfence'];
    await cutover.decide({ ...ada, undo: 'retry' });
    expect(await cutover.result()).toMatchObject({ outcome: 'returned' });
    await resetTo(cutovers.stage, cutover.workflowId, 'return-failed');
    const again = cutovers.stage.dms.cutover(input.cutoverId);
    await inPhase(again, 'return-failed');
    await again.decide({ ...ada, undo: 'retry' });
    expect(await again.result()).toMatchObject({ outcome: 'returned', cause: { code: 'not-switched' } });
    await cutovers.expectAsBefore(application, arns);
  });

  test('to returning after it has returned goes back once more, and leaves everything as it was before', async () => {
    const application = new Application();
    application.meddle['switchToTarget'] = refuse;
    const { arns, cutover, input } = await cutovers.start({}, application);
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'not-switched' } });
    await resetTo(cutovers.stage, cutover.workflowId, 'returning');
    const again = cutovers.stage.dms.cutover(input.cutoverId);
    expect(await again.result()).toMatchObject({ outcome: 'returned', cause: { code: 'not-switched' } });
    await cutovers.expectAsBefore(application, arns);
    expect(cutovers.stage.simulator.count('StopReplication', arns[0])).toBe(1);
  });

  test('to draining after it has returned stops once more, and returns because the hooks refuse its token', async () => {
    const application = new Application();
    application.meddle['switchToTarget'] = async (_, own) => {
      delete application.meddle['switchToTarget'];
      return refuse().then(own);
    };
    const { arns, cutover, input } = await cutovers.start({}, application);
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'not-switched' } });
    await resetTo(cutovers.stage, cutover.workflowId, 'draining');
    const again = await cutovers.stage.dms.cutover(input.cutoverId).result();
    expect(again).toMatchObject({ outcome: 'returned', cause: { code: 'not-switched' } });
    expect(again.cause?.detail).toContain('This cutover has gone back');
    await cutovers.expectAsBefore(application, arns);
    expect(cutovers.stage.simulator.count('StopReplication', arns[0])).toBe(2);
  });

  test('after another workflow has reserved the replication leaves the fence alone, and waits for a person', async () => {
    const application = new Application();
    application.meddle['switchToTarget'] = refuse;
    const { arns, cutover, input } = await cutovers.start({}, application);
    expect(await cutover.result()).toMatchObject({ outcome: 'returned' });
    const other = { workflowId: `next-${arns[0]}`, taskQueue: cutovers.stage.taskQueue, args: [arns[0]] };
    await cutovers.stage.client.workflow.execute('hostThatOnlyReserves', other);
    application.isFenced = true; // by the other workflow
    await resetTo(cutovers.stage, cutover.workflowId, 'draining');
    const again = cutovers.stage.dms.cutover(input.cutoverId);
    const status = await inPhase(again, 'return-failed');
    expect(status.waitingFor).toContain(`${other.workflowId} has reserved ${arns[0]}, so the fence may be its own`);
    expect(application.isFenced).toBe(true);
    expect(cutovers.stage.simulator.count('StopReplication', arns[0])).toBe(1);
    await cutovers.stage.client.workflow.getHandle(cutover.workflowId).cancel();
    expect(await failureOf(again.result())).toMatchObject({ type: 'DmsCutoverUndecided' });
    expect((await cutovers.stage.dms.ledger(arns[0] ?? '')).reservation?.owner).toBe(other.workflowId);
  });
});
