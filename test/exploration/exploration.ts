/** How a world is drawn from a seed, and run in simulated time. */
import * as fc from 'fast-check';
import { afterEach, beforeEach, vi } from 'vitest';
import type { Asked } from './asked.js';
import { disturbances, type Disturbance, type DisturbanceName } from './disturbances.js';
import type { Violation } from './judge.js';
import type { Trouble } from './trouble.js';
import { World, type Moment } from './world.js';

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
    seconds: fc.constantFrom(0, 0, 0, 30),
  });
}

const moment = fc.oneof<fc.Arbitrary<Moment>[]>(
  fc.record({ turn: fc.oneof(fc.nat(40), fc.nat(250)) }),
  fc.record({ update: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ call: fc.integer({ min: 1, max: 3 }) }),
);

/** Only what may happen in such trouble is drawn. */
function disturbanceIn(trouble: Trouble): fc.Arbitrary<Disturbance> {
  const names = Object.keys(disturbances) as DisturbanceName[];
  const possible = names.filter((each) => {
    const belongsTo = disturbances[each];
    return belongsTo === null || trouble[belongsTo];
  });
  return fc.record<Disturbance>({
    what: fc.constantFrom(...possible, 'the operation is terminated', 'the operation is reset'),
    back: fc.nat(3),
    pick: fc.nat(999),
    next: fc.option(askedIn(trouble)),
  });
}

export interface Size {
  readonly operations: { readonly minLength: number; readonly maxLength: number };
  readonly mostDisturbances: number;
}

/** Worlds of three operations at most, and fights of fifty. */
export const few: Size = { operations: { minLength: 1, maxLength: 3 }, mostDisturbances: 5 };
export const fight: Size = { operations: { minLength: 50, maxLength: 50 }, mostDisturbances: 30 };

/** A property that runs one world, and hands over what it has come to. */
export function explored(
  { operations, mostDisturbances }: Size,
  trouble: Trouble,
  judge: (violations: readonly Violation[], world: World) => void,
) {
  const luck = (most: number, length: number) => fc.array(fc.nat(most), { maxLength: length });
  return fc.asyncProperty(
    fc.scheduler(),
    fc.array(fc.tuple(fc.nat(150), askedIn(trouble)), operations),
    fc.array(fc.tuple(moment, disturbanceIn(trouble)), { maxLength: mostDisturbances }),
    fc.record({ fates: luck(99, 300), delays: luck(99, 400), looks: luck(999, 300), calls: luck(999, 20) }),
    async (scheduler, wanted, disturbed, lucky) => {
      const world = new World(scheduler, { trouble, ...lucky });
      const violations = await world.run([
        ...wanted.map(([turn, each]) => ({ at: { turn }, act: () => world.want(each) })),
        ...disturbed.map(([at, each]) => ({ at, act: () => world.disturb(each) })),
      ]);
      judge(violations, world);
    },
  );
}
