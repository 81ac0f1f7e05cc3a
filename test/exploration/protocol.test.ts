/**
 * Explores operations, their hosts, the client and the ledger in random worlds.
 *
 * Each world is another mix of operations in another order of events. Requests get lost or wrong answers. Workers are
 * killed, and operations are cancelled or reset. Environment variables change what is explored:
 *
 * - `EXPLORE_SEED`: seed of all worlds. Default: a fixed one. `random`: another one each time.
 * - `EXPLORE_SEEDS`: number of worlds. Default 100. `EXPLORE_FIGHTS`: number of fights. Default 4.
 * - `EXPLORE_TROUBLE`: kinds of trouble in the worlds, separated by commas. Default `all`. `none`: no trouble.
 * - `EXPLORE_FORGIVE`: rules whose violations do not fail the test, separated by commas.
 */
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { Asked } from './asked.js';
import type { Disturbance } from './disturbances.js';
import { drawn, worldProperty, few, fight, useSimulatedTime } from './exploration.js';
import { rules, type Violation } from './judge.js';
import { noTrouble, readTrouble } from './trouble.js';
import type { Event, Moment } from './luck.js';
import { World } from './world.js';

vi.mock('@temporalio/workflow', async (original) => ({
  ...(await original<object>()),
  ...(await import('./workflow-api.js')).workflowApi,
}));
vi.mock('@temporalio/activity', async (original) => ({
  ...(await original<object>()),
  ...(await import('./workflow-api.js')).activityApi,
}));

useSimulatedTime();

const SEEDS = Number(process.env['EXPLORE_SEEDS'] ?? 100);
/** Number of fights. A fight is a world with fifty operations. */
const FIGHTS = Number(process.env['EXPLORE_FIGHTS'] ?? 4);
const SEED = process.env['EXPLORE_SEED'] ?? '20260101';
const TROUBLE = readTrouble(process.env['EXPLORE_TROUBLE'] ?? 'all');
const FORGIVEN = new Set(process.env['EXPLORE_FORGIVE']?.split(','));

const seeded = (numRuns: number) => ({ ...drawn, numRuns, ...(SEED === 'random' ? {} : { seed: Number(SEED) }) });

test('disturbed operations act one at a time, and every accepted stop is recorded once', async () => {
  await fc.assert(worldProperty(few, TROUBLE, check), seeded(SEEDS));
}, 600_000);

test('fifty competing operations act one at a time, and every accepted stop is recorded once', async () => {
  await fc.assert(worldProperty(fight, TROUBLE, check), { ...seeded(FIGHTS), endOnFailure: true });
}, 600_000);

test('a stop is recorded although its operation is reset during the call and then cancelled', async () => {
  const world = new World(inOrder(), quiet);
  const violations = await world.run([
    { at: { turn: 0 }, act: () => world.want({ ...stop, via: 'host', operationId: 'a' }) },
    disturbed(world, { call: 1 }, 'the operation is reset'),
    disturbed(world, { turn: 40 }, 'the operation is cancelled'),
  ]);
  check(violations, world);
  expect(world.dms.stops).toHaveLength(1);
  expect(world.ledger?.checkpoints).toHaveLength(1);
});

test('a stop keeps its single record when a reset takes it back before its second call', async () => {
  const world = new World(inOrder(), quiet);
  const now = (act: () => void) => [{ at: { turn: 0 }, act }];
  const restarted = () => world.dms.stopForAWhile(1);
  await world.until('it is recorded', () => world.ledger?.checkpoints.length === 1, [
    ...now(() => world.want(stop)),
    { at: { status: 'stopping', nth: 1 }, act: restarted },
  ]);
  expect(world.dms.stops).toHaveLength(2);
  const violations = await world.run(now(() => world.disturb(resetBy(2))));
  check(violations, world);
  expect(world.ledger?.checkpoints).toHaveLength(1);
});

test('a stop after a terminated stop records its own checkpoint, although DMS still shows an older one', async () => {
  const world = new World(inOrder(), quiet);
  const now = (act: () => void) => [{ at: { turn: 0 }, act }];
  await world.run(now(() => world.want(stop)));
  await world.run(now(() => world.want({ ...stop, kind: 'resume' })));
  await world.until(
    'it is stopped again',
    () => world.dms.status === 'stopped',
    now(() => world.want(stop)),
  );
  const [first, second] = world.dms.stops;
  const shown = world.dms.at(Date.now()).row.recoveryCheckpoint;
  expect(shown).toBe(first?.checkpoint);
  const died: Disturbance = { what: 'the operation is terminated', back: 0, pick: 0, next: stop };
  const violations = await world.run(now(() => world.disturb(died)));
  check(violations, world);
  expect(world.dms.stops).toHaveLength(2);
  expect(world.ledger?.checkpoints[0]?.recoveryCheckpoint).toBe(second?.checkpoint);
});

const stop: Asked = {
  kind: 'stop',
  via: 'client',
  intent: 'pause',
  operationId: null,
  preempt: false,
  reload: false,
  seconds: 0,
};

const quiet = { trouble: noTrouble, fates: [], delays: [], looks: [], calls: [], updates: [] };

function disturbed(world: World, at: Moment, what: Disturbance['what']): Event {
  return { at, act: () => world.disturb({ what, back: 0, pick: 0, next: null }) };
}

const resetBy = (back: number): Disturbance => ({ what: 'the operation is reset', back, pick: 0, next: null });

/** Returns a scheduler that runs tasks in the order in which they were scheduled. */
function inOrder(): Pick<fc.Scheduler, 'schedule' | 'waitOne' | 'count'> {
  const waiting: (() => void)[] = [];
  return {
    schedule: (task) => new Promise<void>((go) => waiting.push(go)).then(() => task),
    waitOne: () => Promise.resolve(waiting.shift()?.()),
    count: () => waiting.length,
  };
}

function check(violations: readonly Violation[], { trace }: World): void {
  const told = violations.filter(({ rule }) => !FORGIVEN.has(rule)).map(({ rule, what }) => `${rules[rule]}: ${what}`);
  expect(told, trace.slice(-200).join('\n')).toEqual([]);
}
