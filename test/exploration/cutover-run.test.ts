/**
 * Cutovers as workflows, explored: every seed is another order of events, with failing hooks, killed workers, late
 * calls, random approvals and aborts.
 *
 * - `EXPLORE_CUTOVER_RUNS`: number of worlds. Default 40.
 * - `EXPLORE_SEED`: seed of all worlds. Default: a fixed one. `random`: another one each time.
 */
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { CutoverRunWorld, hookChoices, type CutoverChoices, type CutoverDisturbance } from './cutover-run-world.js';
import { drawn, useSimulatedTime } from './exploration.js';
import { noTrouble, type Trouble } from './trouble.js';

vi.mock('@temporalio/workflow', async (original) => ({
  ...(await original<object>()),
  ...(await import('./workflow-api.js')).workflowApi,
}));
vi.mock('@temporalio/activity', async (original) => ({
  ...(await original<object>()),
  ...(await import('./workflow-api.js')).activityApi,
}));

useSimulatedTime();

const RUNS = Number(process.env['EXPLORE_CUTOVER_RUNS'] ?? 40);
const SEED = process.env['EXPLORE_SEED'] ?? '20260101';

const choices: fc.Arbitrary<CutoverChoices> = fc.record({
  replications: fc.constantFrom(1, 1, 2, 3),
  approvers: fc.constantFrom(0, 1, 2),
  writesStoppedSeconds: fc.constantFrom(90, 300, 900),
  onVerifyFailed: fc.constantFrom('ask' as const, 'switch-back' as const),
  hooks: fc.constantFrom(...hookChoices),
  hasLagGate: fc.boolean(),
});

const disturbance: fc.Arbitrary<CutoverDisturbance> = fc.record({
  what: fc.constantFrom<CutoverDisturbance['what'][]>(
    'the worker is killed',
    'the worker is killed',
    'the worker is killed',
    'the cutover is continued as new',
    'the cutover is continued as new',
    'the cutover is terminated',
    'the cutover is cancelled',
    'AWS gives no answer',
    'the stop fails',
    'DMS stops it for a while',
    'approve',
    'revokeApproval',
    'abort',
    'change',
    'switchBack',
  ),
  at: fc.record({
    phase: fc.constantFrom<CutoverDisturbance['at']['phase'][]>(
      'preflight',
      'waiting-for-lag',
      'validating',
      'waiting-for-approval',
      'fencing',
      'draining',
      'stopping',
      'judging',
      'syncing',
      'switching',
      'switch-unknown',
      'verifying',
      'returning',
      'return-failed',
    ),
    turns: fc.nat(60),
  }),
  pick: fc.nat(999),
});

const trouble: fc.Arbitrary<Trouble> = fc
  .record({
    staleLooks: fc.boolean(),
    missingLooks: fc.boolean(),
    lies: fc.boolean(),
    lateCalls: fc.boolean(),
    outages: fc.boolean(),
    oddAnswers: fc.boolean(),
  })
  .map((some) => ({ ...noTrouble, ...some }));

const luck = (length: number) => fc.array(fc.nat(999), { maxLength: length });

test('a cutover that runs as a workflow never has two writers, and ends whole on one side', async () => {
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      choices,
      fc.record({
        trouble,
        fates: fc.array(fc.nat(99), { maxLength: 200 }),
        hooks: fc.array(fc.nat(999), { minLength: 20, maxLength: 120 }),
        looks: luck(100),
        calls: luck(10),
        gates: luck(40),
        people: luck(20),
      }),
      fc.array(disturbance, { maxLength: 8 }),
      async (scheduler, chosen, lucky, disturbances) => {
        const world = new CutoverRunWorld(scheduler, chosen, lucky, disturbances);
        const outcome = await world.run();
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        expect(world.violations, world.trace.slice(-150).join('\n')).toEqual([]);
      },
    ),
    { ...drawn, numRuns: RUNS, endOnFailure: true, ...(SEED === 'random' ? {} : { seed: Number(SEED) }) },
  );
  if (process.env['EXPLORE_SAY'] !== undefined) console.log(outcomes);
  // A world that never goes wrong would prove nothing.
  const ends = ['switched', 'returned hook-failed'];
  if (RUNS >= 1000)
    ends.push('undecided', 'cancelled', 'returned aborted', 'returned stop-failed', 'returned not-switched');
  for (const end of ends) expect([...outcomes.keys()]).toContain(end);
}, 1_200_000);
