import { defineConfig } from 'vitest/config';
import { shared } from './vitest.config.js';

/** Test with real databases. */
const DATABASES = 'test/compatibility/cutover-postgres.test.ts';

/** Installations, foreign programs and random requests take minutes on a busy machine. */
const patient = { ...shared, testTimeout: 1_200_000, hookTimeout: 600_000 };

/**
 * `npm run test:compatibility`: tests that need other programs, such as other Node versions, AWS's Python clients and
 * Chromium, or many processes, requests or seeds. Then the tests that depend on DMS, with each uncertain behaviour inverted.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: { ...patient, name: 'compatibility', include: ['test/compatibility/**/*.test.ts'], exclude: [DATABASES] },
      },
      {
        test: {
          ...shared,
          name: 'databases',
          include: [DATABASES],
          // Twenty cutovers keep both processors busy. They run after all other tests.
          sequence: { ...shared.sequence, groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: 'explored',
          include: ['test/exploration/*.test.ts'],
          env: { EXPLORE_SEEDS: '1000', EXPLORE_FIGHTS: '50', EXPLORE_CUTOVER_RUNS: '500' },
        },
      },
      {
        test: {
          ...shared,
          name: 'inverted',
          include: [
            'test/e2e/{joining,late-calls,ledger,main-job,one-at-a-time,outages,restored-backup,resume,stop}.test.ts',
            'test/compatibility/cutover-example.test.ts',
            'test/workflows/{deadline-guard,deletion}.test.ts',
          ],
          env: { DMS_UNCERTAIN: 'inverted' },
        },
      },
    ],
  },
});
