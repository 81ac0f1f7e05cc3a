/** What the tests with more than Node and a Temporal server fetch, into a cache outside the sources. */
import { execFile } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'temporal-dms');

/** Where a package of the npm registry is, in a folder of its own. */
export async function fetched(name: string, version: string): Promise<string> {
  const prefix = join(cache, `${name.replace('/', '+')}-${version}`);
  await mkdir(prefix, { recursive: true });
  const quietly = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', prefix];
  await run('npm', ['install', ...quietly, `${name}@${version}`]);
  return join(prefix, 'node_modules', name);
}

/** The programs of Python packages, in an environment of their own. */
export async function pythonWith(name: string, ...requirements: string[]): Promise<(program: string) => string> {
  const folder = join(cache, name);
  const program = (each: string) => join(folder, 'bin', each);
  const ready = join(folder, 'bin', 'python');
  const isThere = await access(ready).then(
    () => true,
    () => false,
  );
  if (!isThere) await run('python3', ['-m', 'venv', folder]);
  await run(ready, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements]);
  return program;
}
