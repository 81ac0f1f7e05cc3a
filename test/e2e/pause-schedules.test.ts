import { randomUUID } from 'node:crypto';
import type { ScheduleSpec } from '@temporalio/client';
import { describe, expect, test, inject } from 'vitest';
import type { PauseScheduleInput, Scheduled } from '../../src/client/index.js';
import { isDmsFailure, type ResumeReplicationResult, type StopReplicationResult } from '../../src/index.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import { HOUR } from '../support/deadlines.js';
import { failureOf, quick, Stage, until } from '../support/stage.js';
import { startSkippingStage } from '../support/time-skipping.js';

/** Fires a schedule by hand, and returns the result of the workflow that it started. */
async function fire<Result>(stage: Stage, scheduleId: string): Promise<Scheduled<Result>> {
  const schedule = stage.client.schedule.getHandle(scheduleId);
  const before = (await schedule.describe()).info.numActionsTaken;
  await schedule.trigger();
  const { workflow } = await until('the schedule has fired', async () => {
    const { info } = await schedule.describe();
    return info.numActionsTaken > before ? info.recentActions.at(-1)?.action : null;
  });
  const handle = stage.client.workflow.getHandle(workflow.workflowId, workflow.firstExecutionRunId);
  return handle.result() as Promise<Scheduled<Result>>;
}

const nightly = (replicationConfigArn: string, more: Partial<PauseScheduleInput> = {}): PauseScheduleInput => ({
  scheduleId: randomUUID(),
  replicationConfigArn,
  requestedBy: 'ada',
  reason: 'nightly pause',
  stop: { calendars: [{ hour: 22, dayOfWeek: ['MONDAY', 'TUESDAY'] }], timezone: 'Europe/Berlin' },
  resume: { calendars: [{ hour: 6, minute: 30 }], timezone: 'Europe/Berlin' },
  ...more,
});

/** Returns the kinds of a pair whose schedules exist. */
async function existing({ client }: Stage, scheduleId: string): Promise<string[]> {
  const found = await Promise.all(
    ['stop', 'resume'].map(async (kind) => {
      const handle = client.schedule.getHandle(`dms-pause:${scheduleId}:${kind}`);
      const isThere = await handle.describe().catch((err: Error) => {
        if (err.name !== 'ScheduleNotFoundError') throw err;
      });
      return isThere === undefined ? [] : [kind];
    }),
  );
  return found.flat();
}

/** Loses the answer to the nth request of a method. The server carries that request out. */
function loseAnswer(stage: Stage, method: 'createSchedule' | 'patchSchedule', nth: number): void {
  const service = stage.connection.workflowService;
  const send = service[method].bind(service) as unknown as (request: object) => Promise<object>;
  let calls = 0;
  const sendAndLose = async (request: object) => {
    const answer = await send(request);
    if (++calls === nth) throw new Error('the answer is lost');
    return answer;
  };
  Object.assign(service, { [method]: sendAndLose });
}

describe.concurrent('a pause schedule', () => {
  test('stops and resumes a replication in its own name, and passes its time zone to Temporal', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 100 } });
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const input = nightly(replicationConfigArn);
    const { scheduleIds, warnings } = await stage.dms.createPauseSchedule(input);
    expect(warnings.map(({ code }) => code)).toEqual(['capacity-still-billed']);
    const [stopping, resuming] = [scheduleIds.stop, scheduleIds.resume].map((id) =>
      stage.client.schedule.getHandle(id),
    );
    const { info, policies, spec, state } = (await stopping?.describe()) ?? {};
    const berlin = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', weekday: 'long', hour: '2-digit' });
    expect(spec?.timezone).toBe('Europe/Berlin');
    expect(new Set(info?.nextActionTimes.map((time) => berlin.format(time).replace(',', '')))).toEqual(
      new Set(['Monday 22', 'Tuesday 22']),
    );
    expect([policies, state?.paused]).toMatchObject([{ overlap: 'SKIP', catchupWindow: 3_600_000 }, false]);
    expect((await resuming?.describe())?.state.paused).toBe(false);

    const stopped = fire<StopReplicationResult>(stage, scheduleIds.stop);
    await until('it is stopping', () => stage.simulator.row(replicationConfigArn).Status === 'stopping');
    // A resume that fires before the stop is over waits for it.
    await resuming?.trigger();
    const { result } = await stopped;
    expect(result).toMatchObject({
      outcome: 'stopped',
      checkpoint: { reason: 'nightly pause', requestedBy: 'ada' },
    });
    expect(result?.operationId).toContain(`pause-schedule:${input.scheduleId}:`);
    // The scheduled workflow and its child name the command for the case that no worker runs them.
    const [fired] = (await stopping?.describe())?.info.recentActions ?? [];
    for (const workflowId of [fired?.action.workflow.workflowId, `dms:${replicationConfigArn}`]) {
      const started = await stage.client.workflow.getHandle(workflowId ?? '').describe();
      expect(await started.staticDetails()).toContain(
        `See what it waits for: temporal dms status ${replicationConfigArn} (or: `,
      );
    }
    // The resume verifies progress for two real minutes: the test does not wait for its end.
    await until('it runs again', () => stage.simulator.row(replicationConfigArn).Status === 'running');
    const { operations } = await stage.dms.ledger(replicationConfigArn);
    expect(operations[0]).toMatchObject({ kind: 'resume', requestedBy: 'ada', reason: 'nightly pause' });
    expect(operations[0]?.operationId).toContain(`pause-schedule:${input.scheduleId}:`);
    await stage.client.workflow.getHandle(`dms:${replicationConfigArn}`).terminate('test');

    expect(await stage.dms.deletePauseSchedule(input.scheduleId)).toBe(true);
    expect(await stage.dms.deletePauseSchedule(input.scheduleId)).toBe(false);
    expect(await existing(stage, input.scheduleId)).toEqual([]);
  });

  test('skips its stop or resume when someone else stopped or reserved the replication', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication({ durations: { stopping: 600 } });
    const input = nightly(replicationConfigArn);
    const { scheduleIds } = await stage.dms.createPauseSchedule(input);
    const stop = async () => (await fire<StopReplicationResult>(stage, scheduleIds.stop)).skipped;
    const resume = async () => (await fire<ResumeReplicationResult>(stage, scheduleIds.resume)).skipped;

    expect(await resume()).toBe('the last recorded stop is not by this schedule (none)');
    const manual = await stage.dms.startStop({
      replicationConfigArn,
      operationId: 'by-hand',
      selfRestartGraceSeconds: 0,
    });
    await until('it is stopping', () => stage.simulator.row(replicationConfigArn).Status === 'stopping');
    expect(await stop()).toBe('the replication is already "stopping"');
    stage.simulator.clock.advance({ seconds: 600 });
    await manual.result();
    expect(await stop()).toBe('the replication is already "stopped"');
    expect(await resume()).toBe('the last recorded stop is not by this schedule (by-hand)');
    expect(stage.simulator.count('StartReplication')).toBe(0);

    const host = { workflowId: `cutover-${randomUUID()}`, taskQueue: stage.taskQueue, args: [replicationConfigArn] };
    await stage.dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 });
    await stage.client.workflow.execute('hostThatOnlyReserves', host);
    expect(await stop()).toMatch(/is reserved by cutover-/);
    expect(stage.simulator.count('StopReplication')).toBe(1);
    await stage.dms.deletePauseSchedule(input.scheduleId);
  });

  test('does not resume a replication that somebody ran since its stop', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const replicationConfigArn = stage.simulator.createReplication();
    const input = nightly(replicationConfigArn);
    const { scheduleIds } = await stage.dms.createPauseSchedule(input);
    await fire(stage, scheduleIds.stop);
    stage.simulator.start(replicationConfigArn);
    await until('it runs', () => stage.simulator.row(replicationConfigArn).Status === 'running');
    stage.simulator.stop(replicationConfigArn);
    await until('it is stopped again', () => stage.simulator.row(replicationConfigArn).Status === 'stopped');
    // DMS describes the stop later.
    stage.simulator.clock.advance({ seconds: 30 });
    const { skipped } = await fire(stage, scheduleIds.resume);
    expect(skipped).toContain('differs from record');
    await stage.dms.deletePauseSchedule(input.scheduleId);
  });

  test('skips a stop that no worker picked up for hours', async () => {
    await using stage = await startSkippingStage();
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.env.client.workflow.start('dmsScheduledStop', {
      workflowId: randomUUID(),
      taskQueue: stage.taskQueue,
      args: [{ scheduleId: 'night', input: { replicationConfigArn } }],
      // The server offers the task to no worker until then, as if none ran.
      startDelay: 2 * HOUR,
    });
    const scheduled = await (
      await stage.work()
    ).runUntil(async () => {
      await stage.env.sleep(2 * HOUR);
      return handle.result();
    });
    const late = expect.stringMatching(/^the stop is 7[2-3]\d\d seconds late/) as string;
    expect(scheduled).toEqual({ skipped: late, result: null });
    expect(stage.simulator.count('StopReplication')).toBe(0);
  });

  test('waits for the record of its own stop, and fails when it is missing after 12 hours', async () => {
    await using stage = await startSkippingStage();
    const replicationConfigArn = stage.simulator.createReplication();
    const noted = (id: string) => ({
      ...emptyLedger(replicationConfigArn),
      pendingCall: { kind: 'stop', operationId: `pause-schedule:${id}:1` },
    });
    const readings = [noted('night'), noted('night'), emptyLedger(replicationConfigArn)];
    const foreign = {
      'dms.awaitIdle': () => Promise.resolve(),
      'dms.readLedger': () => Promise.resolve(readings.shift() ?? noted('for-ever')),
    };
    const resume = (scheduleId: string) =>
      stage.env.client.workflow.start('dmsScheduledResume', {
        workflowId: randomUUID(),
        taskQueue: stage.taskQueue,
        args: [{ scheduleId, input: { replicationConfigArn } }],
      });
    const worker = await stage.work({}, foreign);
    await worker.runUntil(async () => {
      const night = await resume('night');
      await until('it has read the ledger', () => readings.length === 2);
      await stage.env.sleep(HOUR);
      expect(await night.result()).toMatchObject({ skipped: expect.stringContaining('not by this schedule (none)') });
      expect(readings).toHaveLength(0);
      const forEver = await resume('for-ever');
      await stage.env.sleep(13 * HOUR);
      const failure = (await failureOf(forEver.result())).cause as Error;
      expect(failure.message).toContain(
        `"pause-schedule:for-ever:1" of ${replicationConfigArn} is not recorded 12 hours after the time to resume`,
      );
    });
  });

  const often = { start: 6, end: 18 };
  test.each<[string, ScheduleSpec, ScheduleSpec, RegExp | null]>([
    [
      'a pause of 42 hours is accepted',
      { calendars: [{ hour: 12, dayOfWeek: 'FRIDAY' }] },
      { calendars: [{ hour: 6, dayOfWeek: 'SUNDAY' }] },
      null,
    ],
    [
      'a pause that is a minute longer is refused',
      { calendars: [{ hour: 12, dayOfWeek: 'FRIDAY' }] },
      { calendars: [{ hour: 6, minute: 1, dayOfWeek: 'SUNDAY' }] },
      /stops at \d{4}-\d\d-\d\dT12:00:00.000Z and does not resume within 42 hours/,
    ],
    [
      'a weekend is refused, although it lies beyond the next ten resumes',
      { calendars: [{ hour: 20 }] },
      { calendars: [{ hour: often, dayOfWeek: { start: 'MONDAY', end: 'FRIDAY' } }] },
      /does not resume within 42 hours/,
    ],
    [
      'resumes that end before the stops do are refused',
      { calendars: [{ hour: 20 }] },
      { calendars: [{ hour: 6 }], endAt: new Date(Date.now() + 4 * 24 * HOUR) },
      /does not resume within 42 hours/,
    ],
    [
      'a stop and a resume at the same time are refused',
      { calendars: [{ hour: 6, dayOfWeek: 'FRIDAY' }] },
      { calendars: [{ hour: 6 }] },
      /stops and resumes at the same time/,
    ],
    ['a stop without times is refused', {}, { calendars: [{ hour: 6 }] }, /never stops/],
    [
      'a time zone that Temporal does not know is refused',
      { calendars: [{ hour: 20 }], timezone: 'Europe/Atlantis' },
      { calendars: [{ hour: 6 }] },
      /unknown time zone Europe\/Atlantis/,
    ],
    [
      'a resume that the SDK can not read is refused',
      { calendars: [{ hour: 20 }] },
      { calendars: [{ hour: 99 }] },
      /field hour: '99'/,
    ],
  ])('checks its times: %s', async (_, stop, resume, message) => {
    await using stage = await Stage.set(quick);
    const input = nightly(stage.simulator.createReplication(), { stop, resume });
    const created = stage.dms.createPauseSchedule(input);
    if (message === null) {
      await created;
      await stage.dms.deletePauseSchedule(input.scheduleId);
    } else {
      expect(await failureOf(created)).toMatchObject({
        type: 'DmsInvalidInput',
        message: expect.stringMatching(message),
      });
    }
    expect(await existing(stage, input.scheduleId)).toEqual([]);
  });

  test.each([
    [
      'a name with a colon',
      { scheduleId: 'orders:weekend' },
      'scheduleId is "orders:weekend"; it takes 1 to 100 letters',
    ],
    ['no name', { scheduleId: undefined }, 'scheduleId is missing'],
    ['no resume', { resume: undefined }, 'resume is missing'],
    ['an unknown field', { stopp: {} }, 'there is no field "stopp"'],
    ['a final stop', { intent: 'final' }, 'there is no field "intent"'],
    ['a stop field of the wrong type', { deadlineLeadSeconds: '1h' }, 'deadlineLeadSeconds'],
    ['an ARN of something else', { replicationConfigArn: 'arn:aws:dms:eu-west-1:1:task:x' }, 'replication-config'],
  ])('with %s is refused before anything is created', async (_, more, message) => {
    await using stage = await Stage.set(quick);
    const input = nightly(stage.simulator.createReplication(), more as Partial<PauseScheduleInput>);
    expect(await failureOf(stage.dms.createPauseSchedule(input))).toMatchObject({
      type: 'DmsInvalidInput',
      message: expect.stringContaining(message),
    });
    expect(await existing(stage, input.scheduleId)).toEqual([]);
  });

  test.each(['dmsScheduledStop', 'dmsScheduledResume'])(
    'refuses a malformed argument of its workflow %s',
    async (workflowType) => {
      await using stage = await Stage.set(quick);
      await stage.work();
      const { client, taskQueue } = stage;
      for (const args of [[], ['x'], [{}], [{ scheduleId: 'night', input: {} }]]) {
        const run = client.workflow.execute(workflowType, { workflowId: randomUUID(), taskQueue, args });
        const failure = await failureOf(run);
        expect(isDmsFailure(failure, 'DmsInvalidInput')).toBe(true);
      }
    },
  );

  test('whose name is taken is refused, and the existing schedule stays', async () => {
    await using stage = await Stage.set(quick);
    const input = nightly(stage.simulator.createReplication());
    const { scheduleIds } = await stage.dms.createPauseSchedule(input);
    const refused = {
      type: 'DmsInvalidInput',
      message: expect.stringContaining(`${scheduleIds.resume} exists already`),
    };
    expect(await failureOf(stage.dms.createPauseSchedule(input))).toMatchObject(refused);
    expect(await existing(stage, input.scheduleId)).toEqual(['stop', 'resume']);
    expect((await stage.client.schedule.getHandle(scheduleIds.stop).describe()).state.paused).toBe(false);

    await stage.client.schedule.getHandle(scheduleIds.resume).delete();
    const half = stage.dms.createPauseSchedule(input);
    expect((await failureOf(half)).message).toContain(`${scheduleIds.stop} exists already`);
    expect(await existing(stage, input.scheduleId)).toEqual(['stop']);
    await stage.dms.deletePauseSchedule(input.scheduleId);
  });

  test.each([
    ['the creation of the resume', 'createSchedule', 1],
    ['the creation of the stop', 'createSchedule', 2],
    ['the unpausing of the resume', 'patchSchedule', 1],
    ['the unpausing of the stop', 'patchSchedule', 2],
  ] as const)('leaves nothing behind when the answer to %s is lost', async (_, method, nth) => {
    await using stage = await Stage.set(quick, { address: inject('temporalAddress') });
    const input = nightly(stage.simulator.createReplication());
    loseAnswer(stage, method, nth);
    const { cause, message } = await failureOf(stage.dms.createPauseSchedule(input));
    expect(`${message} ${String(cause)}`).toContain('the answer is lost');
    expect(await existing(stage, input.scheduleId)).toEqual([]);
  });
});
