import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const logger = new DefaultLogger('ERROR');
let folder: string;

/** A project that has the packed tarball and, of everything else, what this one has. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'temporal-dms-consumer-'));
  await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, 'temporal-dms'), { recursive: true });
  await run('tar', ['-xzf', join(folder, tarball), '-C', join(modules, 'temporal-dms'), '--strip-components=1']);
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (!name.startsWith('.') && name !== 'temporal-dms')
      await symlink(join(root, 'node_modules', name), join(modules, name));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function bundleOf(name: string, source: string): Promise<string> {
  const workflowsPath = join(folder, name);
  await writeFile(workflowsPath, source);
  return (await bundleWorkflowCode({ workflowsPath, logger })).code;
}

const sizeOf = (code: string) => code.replace(/\n?\/\/# sourceMappingURL=.*$/s, '').length;

describe('the packed tarball', () => {
  test('is bundled into the workflows of an ESM and of a CommonJS consumer, and adds at most 100 kB', async () => {
    const esm = await bundleOf(
      'esm.mjs',
      `export { dmsStopReplication, dmsResumeReplication, dmsReplicationLedger } from 'temporal-dms/workflows';\nexport { stopReplication as host } from 'temporal-dms/steps';`,
    );
    const cjs = await bundleOf('cjs.cjs', `Object.assign(exports, require('temporal-dms/workflows'));`);
    const without = await bundleOf(
      'without.mjs',
      `import { sleep } from '@temporalio/workflow';\nexport const w = () => sleep(1);`,
    );
    for (const code of [esm, cjs]) expect(code).toContain('dmsReplicationLedger');
    expect(sizeOf(esm) - sizeOf(without)).toBeLessThan(100_000);
    expect(sizeOf(cjs) - sizeOf(without)).toBeLessThan(100_000);
  });

  test.each([
    ['esm.mjs', 'const load = (name) => import(name);'],
    ['cjs.cjs', 'const load = (name) => Promise.resolve(require(name));'],
  ])('loads in %s, every entry point outside the sandbox', async (name, load) => {
    const file = join(folder, `load-${name}`);
    await writeFile(
      file,
      `${load}
       Promise.all(['', '/activities', '/aws', '/client', '/simulator'].map((path) => load('temporal-dms' + path)))
         .then((all) => console.log(all.flatMap((each) => Object.keys(each)).join(' ')));`,
    );
    const { stdout } = await run(process.execPath, ['--no-warnings', file]);
    for (const exported of [
      'isDmsFailure',
      'createDmsActivities',
      'createAwsDmsApi',
      'ReplicationClient',
      'startDmsSimulator',
    ]) {
      expect(stdout).toContain(exported);
    }
  });

  test.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('compiles in a strict consumer with module %s and moduleResolution %s', async (module, moduleResolution) => {
    const project = join(folder, `types-${module}`);
    await mkdir(project, { recursive: true });
    await writeFile(join(project, 'package.json'), '{ "type": "module" }');
    await writeFile(
      join(project, 'consumer.ts'),
      `import { isDmsFailure, type StopReplicationResult } from 'temporal-dms';
       import { createDmsActivities } from 'temporal-dms/activities';
       import { createAwsDmsApi } from 'temporal-dms/aws';
       import type { ReplicationClient } from 'temporal-dms/client';
       import { startDmsSimulator } from 'temporal-dms/simulator';
       import { stopReplication } from 'temporal-dms/steps';
       export * from 'temporal-dms/workflows';
       export const checkpoint = (result: StopReplicationResult): string | null => result.checkpoint.recoveryCheckpoint;
       export const region = (err: unknown): string | null => (isDmsFailure(err, 'DmsStopTimedOut') ? err.details[0].region : null);
       export const parts = [createDmsActivities, createAwsDmsApi, startDmsSimulator, stopReplication] as const;
       export const stop = (client: ReplicationClient) => client.stop({ replicationConfigArn: '', operationId: undefined });
      `,
    );
    const options = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--skipLibCheck',
      '--target',
      'es2023',
      '--types',
      'node',
    ];
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    await run(
      process.execPath,
      [tsc, ...options, '--module', module, '--moduleResolution', moduleResolution, 'consumer.ts'],
      { cwd: project },
    );
  });

  test('exports nothing but workflows and messages from temporal-dms/workflows, and no default', async () => {
    const file = join(folder, 'workflows.mjs');
    await writeFile(
      file,
      `import * as all from 'temporal-dms/workflows'; console.log(JSON.stringify(Object.keys(all).filter((name) => typeof all[name] === 'function')));`,
    );
    const { stdout } = await run(process.execPath, ['--no-warnings', file]);
    expect(JSON.parse(stdout)).toEqual(['dmsReplicationLedger', 'dmsResumeReplication', 'dmsStopReplication']);
  });
});
