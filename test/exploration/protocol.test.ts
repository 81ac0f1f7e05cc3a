/**
 * The operations, their hosts, the client and the ledger, explored with each other: every seed is another mix of operations, another order of
 * everything that takes time, and another set of losses, kills, cancels, resets and wrong answers. The seeds are the same ones unless told otherwise:
 * `EXPLORE_SEED=random EXPLORE_SEEDS=10000` looks elsewhere, `EXPLORE_SEED=…` at what failed there. `EXPLORE_TROUBLE=staleLooks,lies` leaves only
 * that trouble in the worlds, `none` none of it; `EXPLORE_FORGIVE=twice` goes on past what breaks that rule.
 */
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { Asked } from './asked.js';
import type { Disturbance } from './disturbances.js';
import { drawn, explored, few, fight, useSimulatedTime } from './exploration.js';
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

const SEEDS = Number(process.env['EXPLORE_SEEDS'] ?? 200);
/** Fights of fifty operations. */
const FIGHTS = Number(process.env['EXPLORE_FIGHTS'] ?? 4);
const SEED = process.env['EXPLORE_SEED'] ?? '20260101';
const TROUBLE = readTrouble(process.env['EXPLORE_TROUBLE'] ?? 'all');
const FORGIVEN = new Set(process.env['EXPLORE_FORGIVE']?.split(','));

const seeded = (numRuns: number) => ({ ...drawn, numRuns, ...(SEED === 'random' ? {} : { seed: Number(SEED) }) });

test('disturbed operations act one at a time, and every accepted stop is recorded once', async () => {
  await fc.assert(explored(few, TROUBLE, check), seeded(SEEDS));
}, 600_000);

test('fifty competing operations act one at a time, and every accepted stop is recorded once', async () => {
  await fc.assert(explored(fight, TROUBLE, check), { ...seeded(FIGHTS), endOnFailure: true });
}, 600_000);

test('a stop is recorded when its operation is reset while the call is on its way, and then cancelled', async () => {
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

test('a stop that is reset to before its second call keeps its one record', async () => {
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

test('a stop after a terminated one records its own checkpoint, not the one DMS still shows', async () => {
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

/** First come, first served. */
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
