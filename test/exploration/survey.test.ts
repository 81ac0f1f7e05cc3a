/**
 * Prints which rules the package breaks in which trouble, with the seeds of the worlds.
 *
 * `EXPLORE_SURVEY=300 npx vitest run test/exploration/survey.test.ts` runs the worlds 1 to 300 in each kind of trouble.
 * `EXPLORE_TROUBLE=staleLooks EXPLORE_SEED=… EXPLORE_SEEDS=1` then shows one world in `protocol.test.ts`.
 */
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { test, vi } from 'vitest';
import { drawn, worldProperty, few, useSimulatedTime } from './exploration.js';
import type { Violation } from './judge.js';
import { allTrouble, noTrouble, readTrouble } from './trouble.js';

vi.mock('@temporalio/workflow', async (original) => ({
  ...(await original<object>()),
  ...(await import('./workflow-api.js')).workflowApi,
}));
vi.mock('@temporalio/activity', async (original) => ({
  ...(await original<object>()),
  ...(await import('./workflow-api.js')).activityApi,
}));

useSimulatedTime();

const WORLDS = Number(process.env['EXPLORE_SURVEY'] ?? 0);
/** Kinds of trouble, separated by spaces. A kind is one or more names, separated by commas. */
const kinds = process.env['EXPLORE_TROUBLE']?.split(' ') ?? ['none', ...Object.keys(noTrouble), 'all'];

test.skipIf(WORLDS === 0).each(kinds)(
  'the survey prints every rule that a world in this trouble breaks: %s',
  async (kind) => {
    const trouble = kind === 'all' ? allTrouble : readTrouble(kind);
    let [stops, starts, successes] = [0, 0, 0];
    const found = new Map<string, { seeds: number[]; example: string }>();
    for (let seed = 1; seed <= WORLDS; seed++) {
      let broken: readonly Violation[] = [];
      const property = worldProperty(few, trouble, (violations, { dms, ended }) => {
        broken = violations;
        stops += dms.stops.length;
        starts += dms.starts.length;
        successes += ended.filter(({ err }) => err === undefined).length;
      });
      const { errorInstance } = await fc.check(property, { ...drawn, seed, numRuns: 1, endOnFailure: true });
      if (errorInstance !== null && errorInstance !== undefined)
        broken = [{ rule: 'unexplained', what: `The world breaks: ${inspect(errorInstance)}` }];
      for (const { rule, what } of broken) {
        const known = found.get(rule) ?? { seeds: [], example: `${seed}: ${what}` };
        if (!known.seeds.includes(seed)) known.seeds.push(seed);
        found.set(rule, known);
      }
    }
    const lines = [...found].map(
      ([rule, { seeds, example }]) => `  ${rule}: ${seeds.length} (${seeds.slice(0, 8).join()})\n      ${example}`,
    );
    console.log(
      `${kind}: ${found.size} rules broken in ${WORLDS} worlds with ${stops} stops, ${starts} starts and ${successes} successes\n${lines.join('\n')}`,
    );
  },
  3_600_000,
);
