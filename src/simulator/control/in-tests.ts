import type { DmsSimulatorOptions } from './options.js';
import type { DmsSimulator } from './simulator.js';
import { startDmsSimulator } from './start.js';

/** Hooks of a test runner, such as those of vitest, of Jest with `injectGlobals: false`, or of `node:test` (`before`, `after`). */
export interface TestHooks {
  /** Runs once, before the tests of a file or block. */
  readonly beforeAll: (hook: () => Promise<void>) => unknown;
  /** Runs before each test. */
  readonly beforeEach: (hook: () => void) => unknown;
  /** Runs once, after the tests. */
  readonly afterAll: (hook: () => Promise<void>) => unknown;
}

/**
 * Starts a simulator for the tests of a file or block, empties it before each test, and closes it at the end.
 *
 * Returns a function that returns the simulator. It throws an `Error` outside tests and hooks. Default of `speed`: 0.
 */
export function useDmsSimulator(
  { beforeAll, beforeEach, afterAll }: TestHooks,
  options: DmsSimulatorOptions = {},
): () => DmsSimulator {
  let simulator: DmsSimulator | null = null;
  const running = () => {
    if (simulator === null) throw new Error('The simulator runs only during tests. Use it in a test or in a hook');
    return simulator;
  };
  beforeAll(async () => {
    simulator = await startDmsSimulator({ speed: 0, ...options });
  });
  beforeEach(() => running().reset());
  afterAll(async () => {
    await simulator?.close();
    simulator = null;
  });
  return running;
}
