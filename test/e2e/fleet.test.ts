import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startServer } from '../../scripts/temporal-server.js';
import { createAwsDmsApi, createDmsClient } from '../../src/aws/index.js';
import type { FleetHandle } from '../../src/client/index.js';
import { DmsApiError, type DmsApi } from '../../src/dms/api.js';
import {
  flattenFleet,
  groupResults,
  type FleetProgressReport,
  type FleetReport,
  type FleetState,
} from '../../src/contract/fleets.js';
import { planFleet } from '../../src/rules/fleet-plan.js';
import { failureOf, quick, simulatedApi, Stage, until } from '../support/stage.js';
import { endProcess, startWorkerProcess } from '../support/worker-process.js';

const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };
/** Simulated duration of a stop that lasts until a test moves the clock. */
const STOPPING_SECONDS = 3600;
const heldStop = { ...quick, durations: { ...quick.durations, stopping: STOPPING_SECONDS } };
const slowStop = { ...quick, durations: { ...quick.durations, stopping: 60 } };
const gone = 'arn:aws:dms:eu-west-1:123456789012:replication-config:GONE';

const countStopping = (stage: Stage, arns: readonly string[]) =>
  arns.filter((arn) => stage.simulator.row(arn).Status === 'stopping').length;
const stopCounts = (stage: Stage, arns: readonly string[]) =>
  arns.map((arn) => stage.simulator.count('StopReplication', arn));

/** Returns the result of a fleet, or throws an error that names the activities it waits for. */
async function overSoon(stage: Stage, handle: FleetHandle): ReturnType<FleetHandle['result']> {
  const over = new AbortController();
  const late = async (): Promise<never> => {
    await delay(150_000, undefined, { signal: over.signal });
    const waits = async (arn: string) => {
      const { raw } = await stage.client.workflow.getHandle(`dms:${arn}`).describe();
      return (raw.pendingActivities ?? []).map(
        ({ activityType, attempt, lastFailure }) => `${activityType?.name} ${attempt}: ${lastFailure?.message}`,
      );
    };
    const { running } = await handle.progress();
    throw new Error(`Not over after 150 s: ${JSON.stringify(await Promise.all(running.map(waits)))}`);
  };
  try {
    return await Promise.race([handle.result(), late()]);
  } finally {
    over.abort();
  }
}

describe.concurrent('a fleet', () => {
  test('stops and records each replication once although its worker is killed and the clock jumps by hours', async () => {
    await using stage = await Stage.set(slowStop);
    const program = () => startWorkerProcess(stage.taskQueue, stage.simulator, { clock: './jumping-clock.mjs' });
    const first = program();
    const replicationConfigArns = Array.from({ length: 12 }, () => stage.simulator.createReplication());
    const handle = await stage.dms.startStopFleet({ ...brief, replicationConfigArns, concurrency: 6 });
    try {
      await until('some are stopping', () => countStopping(stage, replicationConfigArns) >= 3, 60);
    } finally {
      await endProcess(first, 'SIGKILL');
    }
    const second = program();
    try {
      const result = await handle.result();
      expect(result).toMatchObject({ total: 12, outcomes: { stopped: 12 }, failed: 0, left: [] });
      for (const arn of replicationConfigArns) {
        const stoppedAt = new Date((stage.simulator.row(arn).ReplicationLastStopTime ?? 0) * 1000).toISOString();
        expect((await stage.dms.ledger(arn)).checkpoints).toMatchObject([{ stoppedAt, settled: 'agreed' }]);
      }
    } finally {
      await endProcess(second, 'SIGTERM');
    }
    expect(stopCounts(stage, replicationConfigArns)).toEqual(replicationConfigArns.map(() => 1));
  });

  test('stops all replications although a list page always fails and DMS throttles for five minutes', async () => {
    await using stage = await Stage.set(slowStop);
    const arns = Array.from({ length: 110 }, () => stage.simulator.createReplication());
    const api = simulatedApi(stage.simulator);
    let failed = 0;
    const listReplications: DmsApi['listReplications'] = (arn, marker, options) => {
      if (marker === null) return api.listReplications(arn, marker, options);
      failed++;
      return Promise.reject(new DmsApiError('unavailable', 'InternalFailure', 'Oh'));
    };
    await stage.work({ dms: { ...api, listReplications } });
    const replicationConfigArns = [...arns.slice(0, 4), ...arns.slice(-4)];
    const handle = await stage.dms.startStopFleet({ ...brief, replicationConfigArns });
    await until('some are stopping', () => countStopping(stage, replicationConfigArns) >= 3);
    stage.simulator.fault({ operation: '*', type: 'throttle', forSeconds: 300 });
    expect(await handle.result()).toMatchObject({ outcomes: { stopped: 8 }, failed: 0, left: [] });
    const ended = (outcome: string) => stage.simulator.calls.filter((call) => call.outcome === outcome);
    expect(ended('ok').filter(({ operation }) => operation === 'StopReplication')).toHaveLength(8);
    expect(ended('ThrottlingException').length).toBeGreaterThan(3);
    expect(failed).toBeGreaterThan(0);
  });

  test('runs at most `concurrency` operations at once, and reports the outcome of each replication', async () => {
    await using stage = await Stage.set(heldStop);
    await stage.work();
    const running = Array.from({ length: 7 }, () => stage.simulator.createReplication());
    const failed = stage.simulator.createReplication({ status: 'failed' });
    const never = stage.simulator.createReplication({ status: 'created' });
    const replicationConfigArns = [gone, failed, never, ...running, ...running.slice(0, 2)];
    const handle = await stage.dms.startStopFleet({
      ...brief,
      replicationConfigArns,
      concurrency: 3,
      reason: 'cutover',
    });
    let most = 0;
    const counting = setInterval(() => (most = Math.max(most, countStopping(stage, running))), 50);
    // Meanwhile one operation watches the failed replication for ten seconds.
    await until('two are stopping', () => countStopping(stage, running) >= 2);
    const moving = setInterval(() => {
      if (countStopping(stage, running) > 0) stage.simulator.clock.advance({ seconds: STOPPING_SECONDS });
    }, 1000);
    const result = await handle.result().finally(() => [counting, moving].forEach((each) => clearInterval(each)));
    expect(most).toBeLessThanOrEqual(3);
    expect(Object.keys((await handle.progress()).results)).toHaveLength(10);
    expect(result).toMatchObject({
      fleetId: handle.fleetId,
      kind: 'stop',
      total: 10,
      duplicates: 2,
      outcomes: { stopped: 7, 'never-started': 1 },
      failed: 2,
      left: [],
      results: {
        [gone]: { failureType: 'DmsReplicationNotFound', message: expect.stringContaining(gone) },
        [failed]: { failureType: 'DmsReplicationFailed' },
        [never]: { outcome: 'never-started' },
        [running[0] ?? '']: { outcome: 'stopped', checkpointSequence: 1, resumeBy: expect.any(String) },
      },
    });
    expect(stopCounts(stage, running)).toEqual(running.map(() => 1));
    const ledger = await stage.dms.ledger(running[6] ?? '');
    expect(ledger.operations).toMatchObject([
      { operationId: `${handle.fleetId}:stop`, reason: 'cutover', parentWorkflowId: handle.workflowId },
    ]);
  });
});

// In groups, because a few fleets at once are enough for two processors.
describe.concurrent('a fleet', () => {
  test('that is cancelled finishes the operations under way, and reports the replications left', async () => {
    // A stop lasts until the clock is moved, so that two are stopping at once on a busy machine, too.
    await using stage = await Stage.set(heldStop);
    await stage.work();
    const replicationConfigArns = Array.from({ length: 6 }, () => stage.simulator.createReplication());
    const fleet = { ...brief, replicationConfigArns, concurrency: 2, fleetId: randomUUID() };
    const handle = await stage.dms.startStopFleet(fleet);
    await until('two are stopping', () => countStopping(stage, replicationConfigArns) === 2);
    await handle.cancel();
    stage.simulator.clock.advance({ seconds: STOPPING_SECONDS });
    const result = await handle.result();
    expect(result).toMatchObject({
      outcomes: { stopped: 2 },
      halted: 'cancelled',
      left: replicationConfigArns.slice(2),
    });
    expect(stopCounts(stage, replicationConfigArns)).toEqual([1, 1, 0, 0, 0, 0]);

    // A second run of the fleet does what is left.
    const second = await stage.dms.startStopFleet(fleet);
    for (const stopped of [2, 4]) {
      await until('two more are stopping', () => countStopping(stage, replicationConfigArns.slice(stopped)) === 2);
      stage.simulator.clock.advance({ seconds: STOPPING_SECONDS });
    }
    const again = await second.result();
    expect(again).toMatchObject({ outcomes: { stopped: 6 }, left: [] });
    expect(again.results[replicationConfigArns[0] ?? '']).toEqual(result.results[replicationConfigArns[0] ?? '']);
    expect(stopCounts(stage, replicationConfigArns)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test('that continues in a new run counts operations that ended meanwhile, even after a cancel', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const { simulator } = stage;
    const cancelled = simulator.createReplication({ durations: { stopping: 1e6 } });
    const [ended, next] = [simulator.createReplication(), simulator.createReplication()];
    const begun = [cancelled, ended];
    const input = { ...brief, replicationConfigArns: begun, concurrency: 2, fleetId: randomUUID() };
    const fleet = await stage.dms.startStopFleet(input);
    await until('both were asked to stop', () => stopCounts(stage, begun).every((count) => count === 1));
    const { workflow } = stage.client;
    // State that a run hands to the next, as if it had continued as new right then.
    await workflow.getHandle(fleet.workflowId).terminate('Goes on by hand');
    await workflow.getHandle(`dms:${ended}`).result();
    const left = [cancelled, ended, next];
    const options = { selfRestartGraceSeconds: 0, settleSeconds: 0 };
    const planned = planFleet('stop', { ...input, ...options, replicationConfigArns: left }, fleet.workflowId);
    const state: FleetState = { ...planned, underWay: 2, halted: 'cancelled' };
    const { taskQueue } = stage;
    const goOn = { workflowId: fleet.workflowId, taskQueue, args: [{ replicationConfigArns: [] }, state] };
    const goingOn = await workflow.start('dmsStopFleet', goOn);
    await workflow.getHandle(`dms:${cancelled}`).cancel();
    expect(flattenFleet((await goingOn.result()) as FleetReport)).toMatchObject({
      results: { [cancelled]: { failureType: 'CancelledFailure' }, [ended]: { outcome: 'stopped' } },
      left: [next],
    });
    expect(stopCounts(stage, left)).toEqual([1, 1, 0]);
    expect((await stage.dms.ledger(cancelled)).operations).toHaveLength(1);
    expect((await stage.dms.ledger(ended)).operations).toHaveLength(1);
  });

  test('with too many failures halts, and does the rest when it is run again', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const arns = Array.from({ length: 6 }, () => stage.simulator.createReplication());
    for (const arn of arns.slice(0, 2))
      stage.simulator.onNextStop(arn, { type: 'fail', messages: ['Oh'], stopReason: 'Stop Reason FATAL_ERROR' });
    const fleet = {
      ...brief,
      replicationConfigArns: arns,
      concurrency: 1,
      stopOnFailures: { count: 2 },
      fleetId: randomUUID(),
    };
    const failure = await failureOf((await stage.dms.startStopFleet(fleet)).result());
    expect(failure).toMatchObject({
      type: 'DmsFleetHalted',
      message: expect.stringContaining('2 of 6 replications failed, so 4 were not begun'),
      details: [{ replicationConfigArn: arns[1], fleet: { failed: 2, left: arns.slice(2) } }],
    });
    for (const arn of arns.slice(0, 2)) stage.simulator.start(arn);
    await until('they run', () => arns.every((arn) => stage.simulator.row(arn).Status === 'running'));
    expect(await (await stage.dms.startStopFleet(fleet)).result()).toMatchObject({
      outcomes: { stopped: 6 },
      failed: 0,
    });
  });

  test('that was stopped is resumed from its records, in the order of the deadlines', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const arns = Array.from({ length: 3 }, () => stage.simulator.createReplication());
    const [first = '', second = '', third = ''] = arns;
    const fleet = async (replicationConfigArns: string[]) =>
      (await stage.dms.startStopFleet({ ...brief, replicationConfigArns })).result();
    const later = await fleet([third]);
    stage.simulator.clock.advance({ minutes: 10 });
    const stopped = { ...(await fleet([second])).results, ...later.results };
    stage.simulator.clock.advance({ minutes: 10 });
    Object.assign(stopped, (await fleet([first, gone])).results);
    const resumed = await (
      await stage.dms.startResumeFleet({ stopped, concurrency: 1, verifyProgressSeconds: 0 })
    ).result();
    expect(resumed).toMatchObject({ kind: 'resume', total: 3, outcomes: { resumed: 3 }, failed: 0 });
    const started = stage.simulator.calls.filter(({ operation }) => operation === 'StartReplication');
    expect(started.map(({ input }) => input['ReplicationConfigArn'])).toEqual([third, second, first]);
    expect(resumed.results[second]).toEqual({ outcome: 'resumed', checkpointSequence: 1, resumeBy: null });
  });
});

describe.concurrent('a fleet', () => {
  test('goes on when its worker is replaced, and stops each replication once', async () => {
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 1e5 } });
    const worker = await stage.work();
    const replicationConfigArns = Array.from({ length: 8 }, () => stage.simulator.createReplication());
    const handle = await stage.dms.startStopFleet({ ...brief, replicationConfigArns, concurrency: 4 });
    const areStopping = () => countStopping(stage, replicationConfigArns) === 4;
    await until('some are stopping', areStopping);
    await stage.stopWorkers(worker);
    await stage.work();
    stage.simulator.clock.advance({ seconds: 1e5 });
    await until('the others are stopping', areStopping);
    stage.simulator.clock.advance({ seconds: 1e5 });
    expect(await handle.result()).toMatchObject({ outcomes: { stopped: 8 }, failed: 0 });
    expect(stopCounts(stage, replicationConfigArns)).toEqual(replicationConfigArns.map(() => 1));
  });

  test('goes on with the others when one account denies access and one region is down', async () => {
    await using stage = await Stage.set(quick);
    const denied = () =>
      Promise.reject(
        Object.assign(new Error('is not authorized to perform: sts:AssumeRole'), { name: 'AccessDenied' }),
      );
    const dms = createAwsDmsApi({
      clientFor: ({ accountId, region }) => {
        const config = stage.simulator.clientConfig(region);
        if (accountId === '999999999999') return createDmsClient({ ...config, credentials: denied });
        if (region === 'eu-north-1') return createDmsClient({ ...config, endpoint: 'http://127.0.0.1:1' });
        return createDmsClient(config);
      },
    });
    await stage.work({ dms });
    const foreign = 'arn:aws:dms:eu-west-1:999999999999:replication-config:FOREIGN';
    const down = 'arn:aws:dms:eu-north-1:123456789012:replication-config:DOWN';
    const good = Array.from({ length: 6 }, () => stage.simulator.createReplication());
    const fleet = { ...brief, replicationConfigArns: [down, foreign, ...good], concurrency: 3 };
    const handle = await stage.dms.startStopFleet(fleet);
    // The worker waits a minute for missing credentials.
    await until('all others are done', async () => Object.keys((await handle.progress()).results).length === 7, 150);
    const region = stage.client.workflow.getHandle(`dms:${down}`);
    const { raw } = await region.describe();
    expect(raw.pendingActivities?.[0]?.lastFailure?.message).toMatch(/eu-north-1|DOWN/);
    // A cancel of that one operation ends the wait for its region.
    await region.cancel();
    expect(await handle.result()).toMatchObject({
      outcomes: { stopped: 6 },
      failed: 2,
      left: [],
      results: {
        [foreign]: { failureType: 'DmsAccessDenied', message: expect.stringContaining('sts:AssumeRole') },
        [down]: { failureType: 'CancelledFailure' },
      },
    });
  });

  test('that is empty is done at once', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const empty = await stage.dms.startStopFleet({ replicationConfigArns: [] });
    expect(await empty.result()).toMatchObject({ total: 0, outcomes: {}, failed: 0, results: {} });
  });

  test('with a bad list, a bad option or a forged state is refused before anything is started', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const arn = stage.simulator.createReplication();
    const { workflow } = stage.client;
    const start = (args: unknown[]) => ({ workflowId: randomUUID(), taskQueue: stage.taskQueue, args });
    const wrong: [object, string][] = [
      [{ replicationConfigArns: [arn, 'orders'] }, 'replicationConfigArns[1] is not the ARN'],
      [{ replicationConfigArns: [arn], settleSeconds: -1 }, 'settleSeconds is -1'],
      [{ replicationConfigArns: [arn], settleSecond: 1 }, '(did you mean "settleSeconds"?)'],
      [{ replicationConfigArns: [arn], onResumeDeadline: { activityType: 'dms.requestStop' } }, 'as a hook'],
    ];
    for (const [input, said] of wrong) {
      const refused = { type: 'DmsInvalidInput', message: expect.stringContaining(said) };
      expect(await failureOf(stage.dms.startStopFleet(input as never))).toMatchObject(refused);
      expect(await failureOf(workflow.execute('dmsStopFleet', start([input])))).toMatchObject({ cause: refused });
    }
    const dated = { replicationConfigArns: [arn], requestedBy: new Date(0) as never };
    expect(await failureOf(stage.dms.startStopFleet(dated))).toMatchObject({
      type: 'DmsInvalidInput',
      message: expect.stringContaining('requestedBy is a Date'),
    });
    const forged = { ...planFleet('stop', { replicationConfigArns: [arn] }, 'night'), concurrency: 1e6 };
    const began = workflow.execute('dmsStopFleet', start([{ replicationConfigArns: [] }, forged]));
    expect(await failureOf(began)).toMatchObject({
      cause: { type: 'DmsInvalidInput', message: expect.stringContaining('state of the stop fleet') },
    });
    expect(stage.simulator.count('StopReplication')).toBe(0);
    await expect(workflow.getHandle(`dms:${arn}`).describe()).rejects.toThrow('not found');
  });

  test('halts with DmsFleetHalted when its id was used before its replications were resumed', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    const replicationConfigArns = Array.from({ length: 12 }, () => stage.simulator.createReplication());
    const fleet = { ...brief, replicationConfigArns, fleetId: randomUUID() };
    const { results: stopped } = await overSoon(stage, await stage.dms.startStopFleet(fleet));
    const resume = { stopped, fleetId: fleet.fleetId, verifyProgressSeconds: 0 };
    expect(await overSoon(stage, await stage.dms.startResumeFleet(resume))).toMatchObject({
      outcomes: { resumed: 12 },
    });

    const again = await stage.dms.startStopFleet({ ...fleet, concurrency: 2 });
    const failure = await failureOf(overSoon(stage, again));
    expect(failure).toMatchObject({
      type: 'DmsFleetHalted',
      message: expect.stringMatching(/The fleetId ".*" was used before.*run the fleet with a new fleetId/),
      details: [{ fleet: { halted: 'superseded', outcomes: {} } }],
    });
    expect(failure.details?.[0].fleet.failed).toBeLessThanOrEqual(6);
    expect(stopCounts(stage, replicationConfigArns)).toEqual(replicationConfigArns.map(() => 1));
    const { fleetId: _, ...anew } = fleet;
    expect(await overSoon(stage, await stage.dms.startStopFleet(anew))).toMatchObject({ outcomes: { stopped: 12 } });
  });
});

test.concurrent('a fleet with a long history continues as new, and stops each replication once', async () => {
  const server = await startServer({
    extraArgs: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=60'],
  });
  try {
    await using stage = await Stage.set(slowStop, { address: server.address });
    await stage.work();
    const replicationConfigArns = Array.from({ length: 24 }, () => stage.simulator.createReplication());
    const handle = await stage.dms.startStopFleet({ ...brief, replicationConfigArns, concurrency: 6 });
    expect(await handle.result()).toMatchObject({ total: 24, outcomes: { stopped: 24 }, failed: 0, left: [] });
    expect(stopCounts(stage, replicationConfigArns)).toEqual(replicationConfigArns.map(() => 1));
    let runs = 0;
    for await (const { workflowId, historyLength } of stage.client.workflow.list()) {
      if (workflowId !== handle.workflowId) continue;
      runs++;
      expect(historyLength).toBeLessThan(140);
    }
    expect(runs).toBeGreaterThan(1);
    const some = { ...brief, replicationConfigArns: replicationConfigArns.slice(0, 14) };
    const one = await stage.dms.startStopFleet({ ...some, concurrency: 1 });
    const done = await one.result();
    expect(done).toMatchObject({ total: 14, outcomes: { 'already-stopped': 14 }, failed: 0, left: [], halted: null });
  } finally {
    await server.teardown();
  }
});

// This test keeps the process busy for seconds, so it runs after the concurrent ones.
test('a fleet of ten thousand replications fits into its input, state, query, result and failure', async () => {
  await using stage = await Stage.set(quick);
  const base = 'arn:aws:dms:eu-west-1:123456789012:replication-config:';
  const arns = Array.from({ length: 10_000 }, (_, n) => `${base}${String(n).padStart(60, 'X')}`);
  const resumeBy = new Date().toISOString();
  const entry = { outcome: 'already-stopping', checkpointSequence: 1_234_567, resumeBy } as const;
  const stopped = Object.fromEntries(arns.map((arn) => [arn, entry]));
  const resuming = await stage.dms.startResumeFleet({ stopped });
  await resuming.cancel();
  await stage.work();
  const cancelled = await resuming.result();
  expect(cancelled).toMatchObject({ total: 10_000, halted: 'cancelled', outcomes: {} });
  expect(cancelled.left.length + Object.keys(cancelled.results).length).toBe(10_000);

  const plan = planFleet('stop', { replicationConfigArns: arns }, randomUUID());
  const state: FleetState = { ...plan, remaining: [], results: groupResults(stopped) };
  const workflowId = `dms-fleet:stop:${plan.fleetId}`;
  const args = [{ replicationConfigArns: [] }, state];
  await stage.client.workflow.execute('dmsStopFleet', { workflowId, taskQueue: stage.taskQueue, args });
  const query = await stage.client.workflow.getHandle(workflowId).query('dms.fleet');
  expect(query).toMatchObject({ total: 10_000, failed: 0, outcomes: { 'already-stopping': 10_000 }, running: [] });
  expect(flattenFleet(query as FleetProgressReport).results).toEqual(stopped);

  const failed = { failureType: 'DmsReplicationNotFound', message: 'x'.repeat(300) };
  const some = Object.fromEntries(
    arns.slice(0, 9000).map((arn, n) => [arn, { ...failed, message: n < 200 ? failed.message : null }]),
  );
  const halted: FleetState = {
    ...plan,
    remaining: plan.remaining.slice(9000),
    results: groupResults(some),
    halted: 'failures',
  };
  const start = { workflowId, taskQueue: stage.taskQueue, args: [{ replicationConfigArns: [] }, halted] };
  expect(await failureOf(stage.client.workflow.execute('dmsStopFleet', start))).toMatchObject({
    cause: { type: 'DmsFleetHalted', details: [{ fleet: { failed: 9000, left: arns.slice(9000) } }] },
  });
});
