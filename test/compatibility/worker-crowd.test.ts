/** Many ready-made workers at once: a shutdown under load, and a restart of all. */
import type { ChildProcess } from 'node:child_process';
import { WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/free-port.js';
import { until } from '../support/stage.js';
import { drain, killWorkersAfterAll, ProgramStage } from '../support/worker-program.js';

killWorkersAfterAll();

/** `PendingActivityState` of Temporal's API. */
const STARTED = 2;

/** Number of stops whose waits are held until the test moves the clock. */
const HELD = 30;
/** Number of stops that are under way while a worker shuts down. */
const QUICK = 30;

const stopAtOnce = { settleSeconds: 0, selfRestartGraceSeconds: 0 };

describe('ready-made workers', () => {
  test('hand on every operation when one of them drains under load', async () => {
    await using stage = await ProgramStage.set();
    const { simulator, client, dms } = stage;
    const [first, second] = [stage.start({ TEMPORAL_DMS_LOG_LEVEL: 'DEBUG' }), stage.start()];
    const create = (count: number, stopping: number) =>
      Array.from({ length: count }, () => simulator.createReplication({ durations: { stopping } }));
    const begin = (arns: readonly string[]) =>
      Promise.all(arns.map((replicationConfigArn) => dms.startStop({ replicationConfigArn, ...stopAtOnce })));
    /** Returns the activities under way of replications and their ledgers. */
    const pendingOf = async (arns: readonly string[]) => {
      const ids = arns.flatMap((arn) => [`dms:${arn}`, `dms-ledger:${arn}`]);
      const pending = async (id: string) => {
        const described = await client.workflow.getHandle(id).describe();
        return (described.raw.pendingActivities ?? []).map((activity) => ({
          ...activity,
          type: activity.activityType?.name,
          key: `${described.runId} ${activity.activityId} ${activity.attempt}`,
        }));
      };
      const noneYet = (err: unknown) => {
        if (err instanceof WorkflowNotFoundError) return [];
        throw err;
      };
      return (await Promise.all(ids.map((id) => pending(id).catch(noneYet)))).flat();
    };
    /** Returns the activities whose present attempt is at a worker. */
    const attemptsAt = async ({ child }: { readonly child: ChildProcess }, arns: readonly string[]) =>
      (await pendingOf(arns)).filter(
        ({ state, lastWorkerIdentity: at }) => Number(state) === STARTED && at?.startsWith(`${child.pid}@`),
      );
    await until('both run', () => [first, second].every((worker) => worker.has('running')));
    const [held, others] = [create(HELD, 9000), create(QUICK, 20)];
    const waiting = await begin(held);
    await until('the first worker holds waits', async () => {
      const attempts = await attemptsAt(first, held);
      return attempts.filter(({ type }) => type === 'dms.awaitStopped').length >= HELD / 6;
    });
    const passing = begin(others);
    await until('more stops are under way', () => simulator.count('StopReplication') > HELD + QUICK / 6);
    await drain(first);
    expect(first.has('drained')).toBeDefined();
    // An attempt that the drained worker has kept would wait for its heartbeat timeout. An attempt that the worker
    // never received is not its own: the SDK drops open polls, with the tasks that are on their way in them.
    const received = new Set(
      first.lines
        .filter(({ message }) => message === 'Activity started')
        .map(({ workflowRunId, activityId, attempt }) => `${workflowRunId} ${activityId} ${attempt}`),
    );
    expect(received.size).toBeGreaterThanOrEqual(HELD / 6);
    const attempts = await attemptsAt(first, [...held, ...others]);
    const kept = attempts.filter(({ key }) => received.has(key));
    expect(kept.map(({ type, key }) => `${type} ${key}`)).toEqual([]);
    const waits = (await pendingOf(held)).filter(({ type }) => type === 'dms.awaitStopped');
    const failures = waits.flatMap(({ lastFailure }) => lastFailure?.message ?? []);
    expect(failures.length).toBeGreaterThanOrEqual(HELD / 6);
    for (const failure of failures) expect(failure).toContain('; this worker is shutting down; another worker');

    const third = stage.start();
    await until('the third runs', () => third.has('running'));
    const ended = await Promise.all((await passing).map((handle) => handle.result()));
    simulator.clock.advance({ seconds: 9000 });
    ended.push(...(await Promise.all(waiting.map((handle) => handle.result()))));
    expect(ended.map(({ outcome }) => outcome)).toEqual(Array(HELD + QUICK).fill('stopped'));
    for (const arn of [...held, ...others]) {
      expect(simulator.count('StopReplication', arn)).toBe(1);
      expect((await dms.ledger(arn)).checkpoints).toHaveLength(1);
    }
  });

  test('all become ready when they start at once, and none of them bundles', async () => {
    await using stage = await ProgramStage.set();
    const workers = await Promise.all(
      [1, 2, 3].map(async () => {
        const health = `127.0.0.1:${await freePort()}`;
        return { health, ...stage.start({ TEMPORAL_DMS_HEALTH: health }) };
      }),
    );
    const isReady = ({ health }: { readonly health: string }) =>
      fetch(`http://${health}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until('all are ready', async () => (await Promise.all(workers.map(isReady))).every(Boolean));
    await drain(...workers);
    for (const { lines } of workers)
      expect(lines.map(({ phase }) => phase)).toEqual(['connecting', 'warning', 'running', 'drained']);
  });
});
