import { defineConfig } from 'vitest/config';

/** Unit tests of the pure code alone: they start no server and read no build. `npm run mutation` runs them for every mutant. */
export default defineConfig({
  test: {
    include: ['test/{contract,dms,ledger,rules,watch}/*.test.ts', 'test/aws/secrets.test.ts'],
    exclude: ['test/watch/thousand.test.ts', 'test/rules/{fleet-size,stale-looks}.test.ts'],
    isolate: false,
    testTimeout: 30_000,
  },
});
