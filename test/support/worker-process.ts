/** Runs the ready-made worker in a process of its own, so that tests can kill it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import type { DmsSimulator } from '../../src/simulator/index.js';

const program = fileURLToPath(new URL('../../dist/worker.js', import.meta.url));

/**
 * Starts a worker on the tests' server, with a simulator in place of AWS.
 *
 * `clock`: module beside this one that the process loads first, such as `skewed-clock.mjs`.
 */
export function startWorkerProcess(
  taskQueue: string,
  simulator: DmsSimulator,
  { clock, env = {} }: { readonly clock?: string; readonly env?: Readonly<Record<string, string>> } = {},
): ChildProcess {
  const first = clock === undefined ? [] : ['--import', fileURLToPath(new URL(clock, import.meta.url))];
  return spawn(process.execPath, ['--no-warnings', ...first, program], {
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_TASK_QUEUE: taskQueue,
      AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: simulator.endpoint,
      AWS_ACCESS_KEY_ID: 'simulated',
      AWS_SECRET_ACCESS_KEY: 'simulated',
      ...env,
    },
    stdio: 'ignore',
  });
}

export async function endProcess(worker: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill(signal);
  await once(worker, 'exit');
}
