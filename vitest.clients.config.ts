import { defineConfig } from 'vitest/config';
import { shared } from './vitest.config.js';

/** `npm run test:clients`: what needs more than Node and a Temporal server, such as other Node versions from the npm registry. */
export default defineConfig({ test: { ...shared, include: ['test/clients/**/*.test.ts'], testTimeout: 180_000 } });
