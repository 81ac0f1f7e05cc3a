/**
 * `npm run mutation`: changes the pure code in one small way at a time, and reports each change that no unit test notices.
 *
 * Takes about half an hour the first time. Later runs test only what has changed since; `-- --force` tests everything again,
 * `-- --mutate 'src/dms/*.ts'` a part. Not part of the checks before a change lands.
 */
export default {
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.unit.config.ts', related: false },
  mutate: ['src/{contract,dms,ledger,rules,watch}/**/*.ts', 'src/aws/secrets.ts'],
  coverageAnalysis: 'perTest',
  // No type checker, and no tsconfig to rewrite: Stryker 9 can do neither with TypeScript 7, and would need 5.9 beside it.
  tsconfigFile: 'none',
  disableTypeChecks: false,
  incremental: true,
  concurrency: 1,
  reporters: ['clear-text', 'progress-append-only', 'json'],
  clearTextReporter: { allowColor: false, logTests: false },
  thresholds: { high: 95, low: 92, break: 92 },
};
