/** Runs the ready-made worker in a process of its own, and reads its log. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, inject } from 'vitest';
import type { DmsSimulator } from '../../src/simulator/index.js';

export const program = fileURLToPath(new URL('../../dist/worker.js', import.meta.url));

const running = new Set<ChildProcess>();

/** Ends all workers of a test file after its tests, even if a test has failed. */
export function killWorkersAfterAll(): void {
  afterAll(() => {
    for (const each of running) each.kill('SIGKILL');
  });
}

/** Line of the log. */
interface Line {
  readonly time: string;
  readonly phase: string;
  readonly error?: string;
  readonly warning?: string;
}

/** Starts the ready-made worker with only the given environment. */
export function start(env: Readonly<Record<string, string>>, script = program) {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['--no-warnings', script], {
    env: {
      PATH,
      HOME,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
      AWS_CONFIG_FILE: '/nonexistent',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  const lines: Line[] = [];
  const texts: string[] = [];
  createInterface(child.stdout).on('line', (line) => {
    if (line.startsWith('{')) lines.push(JSON.parse(line) as Line);
    else texts.push(line);
  });
  let endedAt = NaN;
  child.once('exit', () => (endedAt = Date.now()));
  const exit = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return {
    child,
    lines,
    texts,
    exit,
    endedAt: () => endedAt,
    has: (phase: string) => lines.find((line) => line.phase === phase),
  };
}

export const credentials = { AWS_ACCESS_KEY_ID: 'simulated', AWS_SECRET_ACCESS_KEY: 'simulated' };

/** The environment of a worker on the tests' server, whose AWS is the simulator. */
export const workerEnv = (taskQueue: string, simulator: DmsSimulator) => ({
  ...credentials,
  TEMPORAL_ADDRESS: inject('temporalAddress'),
  TEMPORAL_TASK_QUEUE: taskQueue,
  AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: simulator.endpoint,
});
