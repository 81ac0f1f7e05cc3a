import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes long begins first, so that nobody waits for it alone in the end. On a machine that has not run the tests yet, nothing else tells. */
const SLOW = [
  'e2e/fleet',
  'workflows/deletion',
  'workflows/missing-worker',
  'client/problems',
  'readme',
  'e2e/one-at-a-time',
  'e2e/stop',
  'e2e/resume',
  'e2e/ledger',
  'e2e/cli',
  'client/ledgers',
  'e2e/',
  'workflows/',
  'exploration/',
  'activities/',
  'consumers/',
];

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      (SLOW.findIndex((part) => moduleId.includes(part)) + SLOW.length + 1) % (SLOW.length + 1);
    return files.toSorted((one, other) => rank(one) - rank(other));
  }
}

export const shared = {
  globalSetup: ['test/support/global-setup.ts'],
  // For a machine with other work: what takes seconds on an idle one must not fail for want of time.
  testTimeout: 180_000,
  hookTimeout: 180_000,
  pool: 'forks',
  silent: process.env['TEST_LOG'] === undefined ? 'passed-only' : false,
  maxWorkers: 5,
  maxConcurrency: 10,
  sequence: { sequencer: SlowFirst },
} satisfies ViteUserConfig['test'];

/** Files that replace no module, no clock and no logger share a process, so that it loads the SDKs once. */
const SHARED = [
  'test/*.test.ts',
  'test/{consumers,contract,dms,dynamodb,e2e,iam,ledger,replay,rules,simulator}/*.test.ts',
  'test/aws/{hosts,secrets}.test.ts',
  'test/cli/!(connection).test.ts',
  'test/worker/{health,settings}.test.ts',
  'test/client/!(watch).test.ts',
  'test/activities/!(attempts|change|ledger-patience|trouble-of-aws).test.ts',
  'test/workflows/!(duties|unfinished-call).test.ts',
];

export default defineConfig({
  test: {
    ...shared,
    projects: [
      { extends: true, test: { name: 'shared', include: SHARED, isolate: false } },
      {
        extends: true,
        test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: ['test/compatibility/**', ...SHARED] },
      },
    ],
  },
});
