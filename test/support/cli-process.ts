import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { DmsSimulator } from '../../src/simulator/index.js';
import { serverVariables, type CliResult } from './cli.js';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

interface CliProcessOptions {
  /** Module beside this one that the process loads first, such as `skewed-clock.mjs`. */
  readonly clock?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `temporal-dms` in a process of its own, whose AWS is the simulator. */
export async function runCliProcess(
  args: readonly string[],
  simulator: DmsSimulator,
  { clock, env: more = {} }: CliProcessOptions = {},
): Promise<CliResult> {
  const { PATH = '', HOME = '' } = process.env;
  const env = {
    PATH,
    HOME,
    ...serverVariables(),
    AWS_ENDPOINT_URL: simulator.endpoint,
    AWS_ACCESS_KEY_ID: 'simulated',
    AWS_SECRET_ACCESS_KEY: 'simulated',
    AWS_REGION: 'eu-west-1',
    ...more,
  };
  const first = clock === undefined ? [] : ['--import', fileURLToPath(new URL(clock, import.meta.url))];
  const ended = promisify(execFile)(process.execPath, ['--no-warnings', ...first, program, ...args], { env });
  return ended.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: CliResult) => ({ code, stdout, stderr }),
  );
}
