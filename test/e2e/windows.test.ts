import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ScheduledResume, ScheduledStop } from '../../src/index.js';
import { failureOf, quick, Stage, until } from '../support/stage.js';

/** Fires a schedule of a window by hand, and gives what came of it. */
async function fired<Result>(stage: Stage, scheduleId: string): Promise<Result> {
  const schedule = stage.client.schedule.getHandle(scheduleId);
  const before = (await schedule.describe()).info.numActionsTaken;
  await schedule.trigger();
  const { workflow } = await until('it has fired', async () => {
    const { info } = await schedule.describe();
    return info.numActionsTaken > before ? info.recentActions.at(-1)?.action : null;
  });
  return stage.client.workflow.getHandle(workflow.workflowId, workflow.firstExecutionRunId).result() as Promise<Result>;
}

const nightly = (replicationConfigArn: string) =>
  ({
    windowId: randomUUID(),
    replicationConfigArn,
    requestedBy: 'ada',
    reason: 'nightly window',
    stop: { at: '22:00', days: ['monday', 'tuesday'] },
    resume: { at: '06:30' },
    timeZone: 'Europe/Berlin',
  }) as const;

describe.concurrent('a window', () => {
  test('stops and resumes a replication in its own name, at its times', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 100 } });
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const window = nightly(replicationConfigArn);
    const { scheduleIds, warnings, longestPauseHours } = await stage.dms.createWindow(window);
    expect([longestPauseHours, warnings.map(({ code }) => code)]).toEqual([9.5, ['capacity-still-billed']]);
    const times = async (scheduleId: string) => {
      const { info, policies } = await stage.client.schedule.getHandle(scheduleId).describe();
      const berlin = new Intl.DateTimeFormat('en-GB', {
        timeZone: 'Europe/Berlin',
        weekday: 'long',
        hour: '2-digit',
        minute: '2-digit',
      });
      return [new Set(info.nextActionTimes.map((time) => berlin.format(time).replace(/^(\w+)\W+/, '$1 '))), policies];
    };
    expect(await times(scheduleIds.stop)).toMatchObject([
      new Set(['Monday 22:00', 'Tuesday 22:00']),
      { overlap: 'SKIP', catchupWindow: 600_000 },
    ]);
    expect((await times(scheduleIds.resume))[0]).toHaveProperty('size', 7);

    const stopping = fired<ScheduledStop>(stage, scheduleIds.stop);
    await until('it is stopping', () => stage.simulator.row(replicationConfigArn).Status === 'stopping');
    // A morning that comes before the stop is over waits for it.
    await stage.client.schedule.getHandle(scheduleIds.resume).trigger();
    const stopped = await stopping;
    expect(stopped.result).toMatchObject({
      outcome: 'stopped',
      checkpoint: { reason: 'nightly window', requestedBy: 'ada' },
    });
    expect(stopped.result?.operationId).toContain(`window:${window.windowId}:`);
    // It looks for an early death for two minutes, which are real ones here.
    await until('it runs again', () => stage.simulator.row(replicationConfigArn).Status === 'running');
    const { operations } = await stage.dms.ledger(replicationConfigArn);
    expect(operations[0]).toMatchObject({ kind: 'resume', requestedBy: 'ada', reason: 'nightly window' });
    expect(operations[0]?.operationId).toContain(`window:${window.windowId}:`);
    await stage.client.workflow.getHandle(`dms:${replicationConfigArn}`).terminate('test');

    expect(await failureOf(stage.dms.createWindow(window))).toMatchObject({
      type: 'DmsInvalidInput',
      message: expect.stringContaining(`There is a schedule dms-window:${window.windowId}:resume already`),
    });
    await stage.dms.deleteWindow(window.windowId);
    await stage.dms.deleteWindow(window.windowId);
    const handle = stage.client.schedule.getHandle(scheduleIds.stop);
    expect((await failureOf(handle.describe())).name).toBe('ScheduleNotFoundError');
  });

  test('leaves alone what somebody else stops, resumes, keeps or has stopped', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication({ durations: { stopping: 600 } });
    const window = nightly(replicationConfigArn);
    const { scheduleIds } = await stage.dms.createWindow(window);
    const stop = async () => (await fired<ScheduledStop>(stage, scheduleIds.stop)).skipped;
    const resume = async () => (await fired<ScheduledResume>(stage, scheduleIds.resume)).skipped;

    expect(await resume()).toBe("its last recorded stop is not this window's (none)");
    const manual = await stage.dms.startStop({
      replicationConfigArn,
      operationId: 'by-hand',
      selfRestartGraceSeconds: 0,
    });
    await until('it is stopping', () => stage.simulator.row(replicationConfigArn).Status === 'stopping');
    expect(await stop()).toBe('it is "stopping" already, not by this window');
    stage.simulator.clock.advance({ seconds: 600 });
    await manual.result();
    expect(await stop()).toBe('it is "stopped" already, not by this window');
    expect(await resume()).toBe("its last recorded stop is not this window's (by-hand)");
    expect(stage.simulator.count('StartReplication')).toBe(0);

    const host = { workflowId: `cutover-${randomUUID()}`, taskQueue: stage.taskQueue, args: [replicationConfigArn] };
    await stage.dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 });
    await stage.client.workflow.execute('hostThatOnlyReserves', host);
    expect(await stop()).toMatch(/is reserved by cutover-/);
    expect(stage.simulator.count('StopReplication')).toBe(1);
    await stage.dms.deleteWindow(window.windowId);
  });

  test('does not resume what was run by somebody else since it was stopped', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const window = nightly(replicationConfigArn);
    const { scheduleIds } = await stage.dms.createWindow(window);
    await fired<ScheduledStop>(stage, scheduleIds.stop);
    stage.simulator.start(replicationConfigArn);
    await until('it runs', () => stage.simulator.row(replicationConfigArn).Status === 'running');
    stage.simulator.stop(replicationConfigArn);
    await until('it is stopped again', () => stage.simulator.row(replicationConfigArn).Status === 'stopped');
    // DMS may describe it only after a while.
    stage.simulator.clock.advance({ seconds: 30 });
    const { skipped } = await fired<ScheduledResume>(stage, scheduleIds.resume);
    expect(skipped).toContain('is not the recorded one');
    await stage.dms.deleteWindow(window.windowId);
  });

  test('leaves out a stop that no worker has taken up in time', async () => {
    await using stage = await Stage.set(quick);
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.client.workflow.start('dmsScheduledStop', {
      workflowId: `dms-window:night:${randomUUID()}`,
      taskQueue: stage.taskQueue,
      args: [{ windowId: 'night', input: { replicationConfigArn }, lateSeconds: 1 }],
    });
    const begun = Date.now();
    await until('it is late', () => Date.now() - begun > 1500);
    await stage.work();
    const late = { skipped: expect.stringMatching(/^it is \d+ seconds late/), result: null };
    expect(await handle.result()).toEqual(late);
    expect(stage.simulator.count('StopReplication')).toBe(0);
  });

  test('that can not be is refused before anything is scheduled', async () => {
    await using stage = await Stage.set(quick);
    const window = nightly(stage.simulator.createReplication());
    const zone = await failureOf(stage.dms.createWindow({ ...window, timeZone: 'Europe/Atlantis' }));
    expect(zone).toMatchObject({ type: 'DmsInvalidInput', message: expect.stringContaining('Europe/Atlantis') });
    const skipped = stage.dms.createWindow({ ...window, resume: { at: '02:30' } });
    expect((await failureOf(skipped)).message).toMatch(
      /In Europe\/Berlin clocks skip the time to resume on \d{4}-03-\d\d at 02:30/,
    );
    const long = stage.dms.createWindow({ ...window, resume: { at: '22:00', days: ['thursday'] } });
    expect((await failureOf(long)).message).toContain('it is stopped for 73 hours');
    const stop = stage.client.schedule.getHandle(`dms-window:${window.windowId}:stop`);
    expect((await failureOf(stop.describe())).name).toBe('ScheduleNotFoundError');
  });
});
