/** The examples of docs/simulator.md with Testcontainers, which run the image of the simulator. */
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startDockerDaemon, type DockerDaemon } from './docker-daemon.js';
import { installPackage, pythonPackage, run } from './support.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const examples = join(root, 'examples/testcontainers');

/** Starts a daemon that has the image of the simulator. */
async function startDaemon(): Promise<DockerDaemon> {
  const dockerfile = await readFile(join(root, 'deploy/simulator/Dockerfile'), 'utf8');
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { readonly version: string };
  return startDockerDaemon(`temporal-dms-simulator:${version}`, dockerfile);
}

const environment = (daemon: DockerDaemon, home: string) => ({
  PATH: process.env['PATH'] ?? '',
  HOME: home,
  DOCKER_HOST: daemon.address,
  TESTCONTAINERS_RYUK_DISABLED: 'true',
  // These tests may run in a container themselves.
  TESTCONTAINERS_CONNECTION_MODE: 'docker_host',
  AWS_EC2_METADATA_DISABLED: 'true',
});

/** Expects that the daemon has run one container and removed it, and has answered everything. */
function expectOneContainer({ unknown, removed }: DockerDaemon): void {
  expect({ unknown, removed }).toEqual({ unknown: [], removed: 1 });
}

test('the example for Node starts the image, tests against it, and removes the container', async () => {
  const testcontainers = await installPackage('testcontainers', '11.14.0');
  const folder = await mkdtemp(join(tmpdir(), 'temporal-dms-'));
  try {
    await mkdir(join(folder, 'node_modules'));
    await symlink(testcontainers, join(folder, 'node_modules/testcontainers'));
    await symlink(join(root, 'node_modules/@aws-sdk'), join(folder, 'node_modules/@aws-sdk'));
    await copyFile(join(examples, 'stop.test.mjs'), join(folder, 'stop.test.mjs'));
    await using daemon = await startDaemon();
    const env = environment(daemon, folder);
    const { stdout } = await run(process.execPath, ['--no-warnings', '--test', join(folder, 'stop.test.mjs')], { env });
    expect(stdout).toContain('pass 1');
    expectOneContainer(daemon);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the example for Python starts the image, tests against it, and removes the container', async () => {
  const packages = ['pytest==9.1.1', 'boto3==1.44.8', 'testcontainers==4.15.0'];
  const { program, folder } = await pythonPackage('testcontainers', ...packages);
  try {
    await using daemon = await startDaemon();
    const args = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', join(examples, 'test_stop.py')];
    const env = { ...environment(daemon, folder), PYTHONDONTWRITEBYTECODE: '1' };
    expect((await run(program('python'), args, { env })).stdout).toMatch(/^1 passed/m);
    expectOneContainer(daemon);
  } finally {
    await rm(folder, { recursive: true });
  }
});
