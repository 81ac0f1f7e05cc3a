/**
 * What the operations, their hosts, the client and the ledger do with each other, explored: every seed is another mix of operations, another order of
 * everything that takes time, and another set of losses, kills, cancels, terminations and resets. A gate must not depend on luck, so the seeds are
 * the same ones unless told otherwise: `EXPLORE_SEED=random EXPLORE_SEEDS=10000` looks elsewhere, `EXPLORE_SEED=…` at what failed there.
 */
import { inspect } from 'node:util';
import { CancelledFailure, TerminatedFailure } from '@temporalio/common';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findDmsFailure } from '../../src/operations/failures.js';
import type { StopReplicationResult } from '../../src/operations/results.js';
import { Lost } from './small-temporal.js';
import { disturbances, World, type Asked, type Disturbance, type Moment } from './world.js';

vi.mock('@temporalio/workflow', async (original) => ({
  ...(await original<object>()),
  ...(await import('./workflow-api.js')).workflowApi,
}));
vi.mock('@temporalio/activity', async (original) => ({
  ...(await original<object>()),
  ...(await import('./workflow-api.js')).activityApi,
}));

const SEEDS = Number(process.env['EXPLORE_SEEDS'] ?? 1000);
/** Fights of fifty operations. */
const FIGHTS = Number(process.env['EXPLORE_FIGHTS'] ?? 20);
const SEED = process.env['EXPLORE_SEED'] ?? '20260101';

const asked = fc.record<Asked>({
  kind: fc.constantFrom('stop', 'stop', 'resume'),
  via: fc.constantFrom('client', 'host', 'name', 'reserving host'),
  intent: fc.constantFrom('pause', 'pause', 'pause', 'final'),
  operationId: fc.constantFrom(null, 'a', 'b'),
  preempt: fc.boolean(),
});
const moment = fc.oneof<fc.Arbitrary<Moment>[]>(
  fc.record({ turn: fc.oneof(fc.nat(40), fc.nat(250)) }),
  fc.record({ note: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ call: fc.integer({ min: 1, max: 3 }) }),
);
const disturbance = fc.record<Disturbance>({
  what: fc.constantFrom(...disturbances, 'the operation is terminated', 'the operation is reset'),
  back: fc.nat(3),
  next: fc.option(asked),
});

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
    now: Date.UTC(2026, 0, 1),
  });
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const late = new AbortController();
    setTimeout(() => late.abort(new DOMException('Timed out', 'TimeoutError')), ms);
    return late.signal;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** So many operations at most, and so many disturbances. */
function explored(operations: { readonly minLength: number; readonly maxLength: number }, mostDisturbances: number) {
  return fc.asyncProperty(
    fc.scheduler(),
    fc.array(fc.tuple(fc.nat(150), asked), operations),
    fc.array(fc.tuple(moment, disturbance), { maxLength: mostDisturbances }),
    fc.array(fc.nat(99), { maxLength: 300 }),
    fc.array(fc.nat(99), { maxLength: 400 }),
    async (scheduler, wanted, disturbed, fates, delays) => {
      const world = new World(scheduler, fates, delays);
      await world.until('all have ended', () => world.isOver, [
        ...wanted.map(([turn, each]) => ({ at: { turn }, act: () => world.want(each) })),
        ...disturbed.map(([at, each]) => ({ at, act: () => world.disturb(each) })),
      ]);
      await world.until('no stop is left unrecorded', () => world.ledger?.pendingCall?.kind !== 'stop');
      check(world);
    },
  );
}

const seeded = (numRuns: number) => ({ numRuns, ...(SEED === 'random' ? {} : { seed: Number(SEED) }) });

test('however operations are mixed, cut short and repeated, one acts at a time and every accepted stop is recorded once', async () => {
  await fc.assert(explored({ minLength: 1, maxLength: 3 }, 5), seeded(SEEDS));
}, 600_000);

test('fifty operations that fight for one replication do the same', async () => {
  await fc.assert(explored({ minLength: 50, maxLength: 50 }, 30), { ...seeded(FIGHTS), endOnFailure: true });
}, 600_000);

test('a stop whose operation is reset while its call is on its way, and then cancelled, is recorded', async () => {
  const world = new World(inOrder(), [], []);
  const disturb = (what: Disturbance['what']) => () => world.disturb({ what, back: 0, next: null });
  await world.until('all have ended', () => world.isOver, [
    {
      at: { turn: 0 },
      act: () => world.want({ kind: 'stop', via: 'host', intent: 'pause', operationId: 'a', preempt: false }),
    },
    { at: { call: 1 }, act: disturb('the operation is reset') },
    { at: { turn: 40 }, act: disturb('the operation is cancelled') },
  ]);
  expect(world.dms.stops).toHaveLength(1);
  await world.until('no stop is left unrecorded', () => world.ledger?.pendingCall?.kind !== 'stop');
  check(world);
  expect(world.ledger?.operations).toMatchObject([{ outcome: 'stopped', finishedBy: 'ledger' }]);
});

test('a stop right after one whose operation died records that one, and not what DMS still shows of the stop before', async () => {
  const world = new World(inOrder(), [], []);
  const stop: Asked = { kind: 'stop', via: 'client', intent: 'pause', operationId: null, preempt: false };
  const isOver = () => world.isOver;
  const act = (what: () => void) => [{ at: { turn: 0 }, act: what }];
  await world.until(
    'it is stopped once',
    isOver,
    act(() => world.want(stop)),
  );
  await world.until(
    'it runs',
    isOver,
    act(() => world.want({ ...stop, kind: 'resume' })),
  );
  await world.until(
    'it is stopped again',
    () => world.dms.show().status === 'stopped',
    act(() => world.want(stop)),
  );
  expect(world.dms.show().replicationLastStopTime).toBe(world.dms.stops[0]?.stoppedAt);
  const dies = { what: 'the operation is terminated', back: 0, next: stop } as const;
  await world.until(
    'the next one has ended',
    isOver,
    act(() => world.disturb(dies)),
  );
  expect(world.dms.stops).toHaveLength(2);
  check(world);
});

/** First come, first served. */
function inOrder(): Pick<fc.Scheduler, 'schedule' | 'waitOne' | 'count'> {
  const waiting: (() => void)[] = [];
  return {
    schedule: (task) => new Promise<void>((go) => waiting.push(go)).then(() => task),
    waitOne: () => Promise.resolve(waiting.shift()?.()),
    count: () => waiting.length,
  };
}

function check({ dms, ended, ledger, violations, trace }: World): void {
  const told = trace.slice(-150).join('\n');
  expect(violations, told).toEqual([]);
  const checkpoints = ledger?.checkpoints ?? [];
  for (const { stoppedAt } of dms.stops) {
    const records = checkpoints.filter((each) => each.stoppedAt === stoppedAt);
    expect(records, `The stop of ${stoppedAt} is not recorded\n${told}`).not.toEqual([]);
    // A stop for good and a pause under one id are two things that somebody asked for.
    const names = records.map(({ operationId, intent }) => `${operationId} (${intent})`);
    expect(new Set(names).size, `The stop of ${stoppedAt} is recorded by ${names.join()}\n${told}`).toBe(names.length);
  }
  for (const {
    asked: { kind, via },
    id,
    value,
    err,
  } of ended) {
    if (err !== undefined) {
      expect(isExplained(err), `${inspect(err)}\n${told}`).toBe(true);
      expect(findDmsFailure(err)?.message ?? '', told).not.toContain(`reserved by ${id} `);
    } else if (kind === 'stop' && via !== 'reserving host') {
      // Whoever is told of a stop is told of one that happened, as it is recorded.
      const { checkpoint } = value as StopReplicationResult;
      expect(checkpoints, told).toContainEqual(checkpoint);
    }
  }
}

/** Somebody ended it, the network failed the client, or the package says why. */
function isExplained(err: unknown): boolean {
  if (err instanceof Lost || findDmsFailure(err) !== undefined) return true;
  for (let at = err; at instanceof Error; at = at.cause)
    if (at instanceof CancelledFailure || at instanceof TerminatedFailure) return true;
  return false;
}
