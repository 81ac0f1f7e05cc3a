/** Draws worlds from a seed, and runs them in simulated time. */
import * as fc from 'fast-check';
import { afterEach, beforeEach, vi } from 'vitest';
import type { Asked } from './asked.js';
import { disturbances, type Disturbance, type DisturbanceName } from './disturbances.js';
import type { Violation } from './judge.js';
import type { Trouble } from './trouble.js';
import type { Moment } from './luck.js';
import { World } from './world.js';

export function useSimulatedTime(): void {
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
}

function askedIn({ finals, reloads }: Trouble): fc.Arbitrary<Asked> {
  return fc.record<Asked>({
    kind: fc.constantFrom('stop', 'stop', 'resume'),
    via: fc.constantFrom('client', 'host', 'name', 'reserving host'),
    intent: finals ? fc.constantFrom('pause', 'pause', 'pause', 'final') : fc.constant('pause'),
    operationId: fc.constantFrom(null, 'a', 'b'),
    preempt: fc.boolean(),
    reload: reloads ? fc.constantFrom(false, false, false, true) : fc.constant(false),
    seconds: fc.constantFrom(0, 0, 30),
  });
}

const moment = fc.oneof<fc.Arbitrary<Moment>[]>(
  fc.record({ turn: fc.oneof(fc.nat(40), fc.nat(250)) }),
  fc.record({ ended: fc.nat(4) }),
  fc.record({ status: fc.constantFrom('running', 'stopping', 'stopped', 'initializing'), nth: fc.constantFrom(1, 2) }),
  fc.record({ update: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ call: fc.integer({ min: 1, max: 3 }) }),
);

/** Draws disturbances that the trouble allows. Half of them are part of the trouble. */
function disturbanceIn(trouble: Trouble): fc.Arbitrary<Disturbance> {
  const names = Object.keys(disturbances) as DisturbanceName[];
  const usual = names.filter((each) => disturbances[each] === null);
  const troubling = names.filter((each) => {
    const belongsTo = disturbances[each];
    return belongsTo !== null && trouble[belongsTo];
  });
  const any = fc.constantFrom<DisturbanceName[]>(...usual, 'the operation is terminated', 'the operation is reset');
  return fc.record<Disturbance>({
    what: troubling.length === 0 ? any : fc.oneof(any, fc.constantFrom(...troubling)),
    back: fc.nat(3),
    pick: fc.nat(999),
    next: fc.option(askedIn(trouble)),
  });
}

/** Turn in which an operation is asked for. `null`, in two of three draws: once all operations before it have ended. */
const turnOrNone = fc.oneof(fc.constant(null), fc.constant(null), fc.nat(150));

interface Wanted {
  readonly turn: number | null;
  /** Above 0, in two of three draws: asks for the opposite of the operation before. */
  readonly turnsRound: number;
  readonly each: Asked;
}

function withReversals(wanted: readonly Wanted[]): readonly Wanted[] {
  const turned: Wanted[] = [];
  for (const next of wanted) {
    const before = turned.at(-1)?.each.kind;
    const isTurned = before !== undefined && next.turnsRound > 0;
    const kind = isTurned ? (before === 'stop' ? 'resume' : 'stop') : next.each.kind;
    turned.push({ ...next, each: { ...next.each, kind } });
  }
  return turned;
}

/** Draws evenly. fast-check prefers small numbers and short lists, which mean nothing special here. */
export const drawn = { unbiased: true } as const;

export interface Size {
  readonly operations: { readonly minLength: number; readonly maxLength: number };
  readonly mostDisturbances: number;
}

/** Size of a usual world: at most four operations. */
export const few: Size = { operations: { minLength: 1, maxLength: 4 }, mostDisturbances: 6 };
/** Size of a fight: fifty operations. */
export const fight: Size = { operations: { minLength: 50, maxLength: 50 }, mostDisturbances: 30 };

/** Returns a property that runs one world, and passes its violations to `judge`. */
export function worldProperty(
  { operations, mostDisturbances }: Size,
  trouble: Trouble,
  judge: (violations: readonly Violation[], world: World) => void,
) {
  const luck = (most: number, length: number) => fc.array(fc.nat(most), { maxLength: length });
  return fc.asyncProperty(
    fc.scheduler(),
    fc.array(fc.record({ turn: turnOrNone, turnsRound: fc.nat(2), each: askedIn(trouble) }), operations),
    fc.array(fc.tuple(moment, disturbanceIn(trouble)), { maxLength: mostDisturbances }),
    fc.record({
      fates: luck(99, 300),
      delays: luck(99, 400),
      looks: luck(999, 300),
      calls: luck(999, 20),
      updates: luck(999, 60),
    }),
    async (scheduler, wanted, disturbed, lucky) => {
      const world = new World(scheduler, { trouble, ...lucky });
      const violations = await world.run([
        // An operation without a turn begins once all operations before it have ended.
        ...withReversals(wanted).map(({ turn, each }, before) => ({
          at: turn === null ? { ended: before } : { turn },
          act: () => world.want(each),
        })),
        ...disturbed.map(([at, each]) => ({ at, act: () => world.disturb(each) })),
      ]);
      judge(violations, world);
    },
  );
}
