/** Fetches what tests need besides Node and a Temporal server, into a cache outside the sources. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, cp, mkdir, mkdtemp } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../../scripts/free-port.js';
import { until } from '../support/stage.js';

export const run = promisify(execFile);
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'temporal-dms');

/** Installs a package of the npm registry into a folder of its own, and returns the package's folder. */
export async function installPackage(name: string, version: string): Promise<string> {
  const prefix = join(cache, `${name.replace('/', '+')}-${version}`);
  await mkdir(prefix, { recursive: true });
  const quietly = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', prefix];
  await run('npm', ['install', ...quietly, `${name}@${version}`]);
  return join(prefix, 'node_modules', name);
}

/** Installs Python packages into an environment of their own. Returns a function from a program's name to its path. */
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

/** Installs the package in `python/` with these requirements. `folder`: a copy of the package, which the caller removes. */
export async function pythonPackage(
  name: string,
  ...requirements: string[]
): Promise<{ readonly program: (name: string) => string; readonly folder: string }> {
  const program = await pythonWith(name, ...requirements);
  // An installation writes into the folder of its sources.
  const folder = await mkdtemp(join(tmpdir(), 'temporal-dms-'));
  await cp(fileURLToPath(new URL('../../python', import.meta.url)), folder, { recursive: true });
  const quietly = ['--quiet', '--disable-pip-version-check', '--force-reinstall', '--no-deps'];
  await run(program('python'), ['-m', 'pip', 'install', ...quietly, folder]);
  return { program, folder };
}

/** Installs AWS's Python clients: `aws`, and `python` with boto3. */
export const awsPython = () => pythonWith('aws-clients', 'awscli==1.46.3', 'boto3==1.44.8');

/** Starts moto, a simulator of AWS. */
export async function startMoto(): Promise<AsyncDisposable & { readonly endpoint: string }> {
  const program = await pythonWith('moto', 'moto[server]==5.2.5');
  const port = await freePort();
  const moto = spawn(program('moto_server'), ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${port}`;
  const answers = () =>
    fetch(endpoint).then(
      () => true,
      () => false,
    );
  await until('moto answers', answers, 60);
  return {
    endpoint,
    async [Symbol.asyncDispose]() {
      moto.kill();
      await once(moto, 'exit');
    },
  };
}

/** Returns environment variables with which AWS clients find the simulator and never retry. */
export function awsEnvironment(endpoint: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: '/nonexistent',
    AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: endpoint,
    AWS_ENDPOINT_URL_CLOUDWATCH: endpoint,
    AWS_ACCESS_KEY_ID: 'simulated',
    AWS_SECRET_ACCESS_KEY: 'simulated',
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_MAX_ATTEMPTS: '1',
  };
}

/** Runs a Python script of these tests. Passes `input` to it as JSON, and returns the JSON that it prints. */
export async function runPython(python: string, name: string, endpoint: string, input: unknown): Promise<any> {
  const script = fileURLToPath(new URL(`python/${name}.py`, import.meta.url));
  const running = run(python, [script], { env: awsEnvironment(endpoint) });
  running.child.stdin?.end(JSON.stringify(input));
  return JSON.parse((await running).stdout);
}
