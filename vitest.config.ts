import { defineConfig, type ViteUserConfig } from 'vitest/config';

export const shared = {
  globalSetup: ['test/support/global-setup.ts'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
  pool: 'forks',
  maxWorkers: 3,
  maxConcurrency: 5,
} satisfies ViteUserConfig['test'];

export default defineConfig({
  test: { ...shared, include: ['test/**/*.test.ts'], exclude: ['test/clients/**'] },
});
