import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import type { LagSource } from '../../src/activities/index.js';
import type { CutoverStatus } from '../../src/contract/cutover.js';
import { Application, cutoverInput } from '../support/cutover.js';
import { until } from '../support/stage.js';
import { startSkippingStage } from '../support/time-skipping.js';

const WEEK = 7 * 86_400;
const ada = { by: 'ada', reason: 'as planned' };

/** Lag that a test sets. Each reading is newer than the one before. */
class SetLag implements LagSource {
  seconds = 1;
  reads = 0;
  // eslint-disable-next-line typescript/require-await
  async read() {
    this.reads++;
    return { sourceSeconds: 0, targetSeconds: this.seconds, at: new Date(this.reads * 60_000).toISOString() };
  }
}

const lagGate = { maxSeconds: 5, samples: 3, everySeconds: 60, timeoutSeconds: 3600 };

test('a cutover that waits a week for its approval continues as new, keeps its state, and then goes on', async () => {
  await using stage = await startSkippingStage();
  const application = new Application();
  const worker = await stage.work({}, application.activities);
  await worker.runUntil(async () => {
    const arn = stage.simulator.createReplication({ status: 'running' });
    const input = cutoverInput([arn], { approval: { approvers: 2, timeoutSeconds: 2 * WEEK } });
    const cutover = await stage.dms.startCutover(input);
    await until('it is ready', async () => (await cutover.status()).ready);
    await cutover.approve({ ...ada, confirm: input.cutoverId });
    await stage.env.sleep(WEEK * 1000);
    const status = await cutover.status();
    expect(status).toMatchObject({ phase: 'waiting-for-approval', ready: true, approvals: [{ by: 'ada' }] });
    expect(status.timeline[0]).toMatchObject({ what: 'Begun: orders move to Aurora' });
    const { historyLength, raw } = await stage.env.client.workflow.getHandle(cutover.workflowId).describe();
    expect(historyLength).toBeLessThan(500);
    expect(raw.workflowExecutionInfo?.firstRunId).not.toBe(raw.workflowExecutionInfo?.execution?.runId);
    await cutover.approve({ by: 'bob', reason: 'looks good', confirm: input.cutoverId });
    const result = await cutover.result();
    expect(result).toMatchObject({ outcome: 'switched', approvals: [{ by: 'ada' }, { by: 'bob' }] });
    let runId: string | null | undefined = raw.workflowExecutionInfo?.firstRunId;
    for (let runs = 1; runId != null && runId !== ''; runs++) {
      const { events } = await stage.env.client.workflow.getHandle(cutover.workflowId, runId).fetchHistory();
      expect([runs, (events?.length ?? 0) < 500]).toEqual([runs, true]);
      runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    }
    expect(new Set(application.contexts.map(({ token }) => token)).size).toBe(1);
  });
});

test('a cutover that drains for long continues as new with writes stopped, and still knows what to undo', async () => {
  await using stage = await startSkippingStage();
  const application = new Application();
  application.undrained = 1e6;
  const worker = await stage.work({}, application.activities);
  await worker.runUntil(async () => {
    const arn = stage.simulator.createReplication({ status: 'running' });
    const cutover = await stage.dms.startCutover(cutoverInput([arn], { writesStoppedSeconds: 7200 }));
    await until('it drains', async () => application.done.includes('isDrained'));
    await stage.env.sleep(900_000);
    const { raw } = await stage.env.client.workflow.getHandle(cutover.workflowId).describe();
    expect(raw.workflowExecutionInfo?.firstRunId).not.toBe(raw.workflowExecutionInfo?.execution?.runId);
    expect(application.isFenced).toBe(true);
    expect(await cutover.status()).toMatchObject({ phase: 'draining', undo: ['let the source take writes again'] });
    await cutover.abort(ada);
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'aborted' } });
    expect(application.isFenced).toBe(false);
    expect(new Set(application.contexts.map(({ token }) => token)).size).toBe(1);
  });
});

test('a cutover whose approval does not come in time goes back, and never fences', async () => {
  await using stage = await startSkippingStage();
  const application = new Application();
  const worker = await stage.work({}, application.activities);
  await worker.runUntil(async () => {
    const arn = stage.simulator.createReplication({ status: 'running' });
    const cutover = await stage.dms.startCutover(cutoverInput([arn], { approval: { timeoutSeconds: 3600 } }));
    await until('it is ready', async () => (await cutover.status()).ready);
    await stage.env.sleep(3700 * 1000);
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'approval-timeout' } });
    expect(application.done).not.toContain('fence');
  });
});

test('a cutover whose lag never falls goes back, and never fences', async () => {
  await using stage = await startSkippingStage();
  const application = new Application();
  const lag = new SetLag();
  lag.seconds = 600;
  const worker = await stage.work({ lag }, application.activities);
  await worker.runUntil(async () => {
    const arn = stage.simulator.createReplication({ status: 'running' });
    const cutover = await stage.dms.startCutover(cutoverInput([arn], { gates: { lag: lagGate } }));
    await until('it waits for the lag', async () => (await cutover.status()).phase === 'waiting-for-lag');
    await stage.env.sleep(3700 * 1000);
    expect(await cutover.result()).toMatchObject({ outcome: 'returned', cause: { code: 'lag-timeout' } });
    expect(application.done).not.toContain('fence');
  });
});

test('a cutover waits for the lag again when it rises between approval and fence', async () => {
  await using stage = await startSkippingStage();
  const application = new Application();
  const lag = new SetLag();
  const worker = await stage.work({ lag }, application.activities);
  await worker.runUntil(async () => {
    const arn = stage.simulator.createReplication({ status: 'running' });
    const input = cutoverInput([arn], { gates: { lag: lagGate }, approval: {} });
    const cutover = await stage.dms.startCutover(input);
    const inPhase = (phase: CutoverStatus['phase']) =>
      until(`it is ${phase}`, async () => {
        await stage.env.sleep(10_000);
        return (await cutover.status()).phase === phase;
      });
    await inPhase('waiting-for-approval');
    expect(lag.reads).toBeGreaterThanOrEqual(4);
    lag.seconds = 600;
    await cutover.approve({ ...ada, confirm: input.cutoverId });
    await inPhase('waiting-for-lag');
    expect(application.done).not.toContain('fence');
    lag.seconds = 1;
    await stage.env.sleep(600 * 1000);
    expect(await cutover.result()).toMatchObject({ outcome: 'switched', approvals: [{ by: 'ada' }] });
  });
});

test('a cutover with a lag gate names the setting when its worker has no source of the lag', async () => {
  await using stage = await startSkippingStage();
  const application = new Application();
  const worker = await stage.work({}, application.activities);
  await worker.runUntil(async () => {
    const arn = stage.simulator.createReplication({ status: 'running' });
    const { gates: _, ...input } = cutoverInput([arn]);
    const result = await (await stage.dms.startCutover(input)).result();
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'lag-timeout' } });
    expect(result.cause?.detail).toContain('TEMPORAL_DMS_LAG=cloudwatch');
  });
});

test('a cutover waits for its window, and goes back when the window closes before the fence', async () => {
  await using stage = await startSkippingStage();
  const application = new Application();
  const worker = await stage.work({}, application.activities);
  await worker.runUntil(async () => {
    const [open = '', late = ''] = [1, 2].map(() => stage.simulator.createReplication({ status: 'running' }));
    const now = await stage.env.currentTimeMs();
    const at = (seconds: number) => new Date(now + seconds * 1000).toISOString();
    const window = { notBefore: at(3600), notAfter: at(7200) };
    const waits = await stage.dms.startCutover(cutoverInput([open], { window }));
    const misses = await stage.dms.startCutover(cutoverInput([late], { window: { notAfter: at(600) }, approval: {} }));
    await until('both wait', async () => {
      const phases = [await waits.status(), await misses.status()].map(({ phase }) => phase);
      return phases.join() === 'waiting-for-window,waiting-for-approval';
    });
    expect(application.done).not.toContain('fence');
    await stage.env.sleep(3700 * 1000);
    expect(await waits.result()).toMatchObject({ outcome: 'switched' });
    expect(await misses.result()).toMatchObject({ outcome: 'returned', cause: { code: 'window-closed' } });
  });
});

test('a cutover tries to release for as long as its worker knows no such activity, and says why', async () => {
  await using stage = await startSkippingStage();
  const application = new Application();
  let isRefused = true;
  const release = async () => {
    if (isRefused) throw ApplicationFailure.nonRetryable('no such activity');
  };
  const worker = await stage.work({}, { ...application.activities, 'dms.releaseReplication': release });
  await worker.runUntil(async () => {
    const arn = stage.simulator.createReplication({ status: 'running' });
    const cutover = await stage.dms.startCutover(cutoverInput([arn]));
    const why = 'The release of the replications: no such activity';
    await until('it waits', async () => (await cutover.status()).waitingFor.startsWith(why));
    await stage.env.sleep(600_000);
    expect((await cutover.status()).waitingFor).toContain(why);
    isRefused = false;
    await stage.env.sleep(120_000);
    const { outcome, timeline } = await cutover.result();
    expect(outcome).toBe('switched');
    const failures = timeline.filter(({ what }) => what.startsWith('The reservation could not be released'));
    expect(failures).toHaveLength(1);
  });
});
