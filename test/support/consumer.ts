/** Creates and compiles projects that use the packed tarball. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Creates a folder whose `node_modules` has the packed tarball, and links to this project's dependencies. */
export async function makeConsumer(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'temporal-dms-consumer-'));
  await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, 'temporal-dms'), { recursive: true });
  await run('tar', ['-xzf', join(folder, tarball), '-C', join(modules, 'temporal-dms'), '--strip-components=1']);
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (!name.startsWith('.') && name !== 'temporal-dms') {
      await symlink(join(root, 'node_modules', name), join(modules, name));
    }
  }
  return folder;
}

/** Pairs of module and moduleResolution. */
export const moduleKinds = [
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
] as const;

/** Compiles a strict consumer of every entry point. Rejects with the output of the compiler. */
export async function compileConsumer(
  folder: string,
  typescript: string,
  [module, moduleResolution]: readonly [module: string, moduleResolution: string],
): Promise<void> {
  const project = await mkdtemp(join(folder, `types-${module}-`));
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  await writeFile(join(project, 'consumer.ts'), consumer);
  const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', '--target', 'es2023'];
  const kind = ['--types', 'node', '--module', module, '--moduleResolution', moduleResolution];
  const compiler = [join(typescript, 'bin/tsc'), ...strict, ...kind, 'consumer.ts'];
  await run(process.execPath, compiler, { cwd: project }).catch((err: Error & { stdout?: string }) => {
    throw new Error(`The consumer does not compile: ${err.stdout}`, { cause: err });
  });
}

const consumer = `
  import { isDmsFailure, type StopReplicationResult } from 'temporal-dms';
  import { createDmsActivities } from 'temporal-dms/activities';
  import { createAwsDmsApi } from 'temporal-dms/aws';
  import type { ReplicationClient } from 'temporal-dms/client';
  import { createDynamoDbArchive } from 'temporal-dms/dynamodb';
  import { startDmsSimulator } from 'temporal-dms/simulator';
  import { stopReplication } from 'temporal-dms/steps';
  export * from 'temporal-dms/workflows';
  export const checkpoint = (result: StopReplicationResult): string | null => result.checkpoint.recoveryCheckpoint;
  export const region = (err: unknown): string | null =>
    isDmsFailure(err, 'DmsStopTimedOut') ? err.details[0].region : null;
  export const parts = [createDmsActivities, createAwsDmsApi, createDynamoDbArchive, startDmsSimulator, stopReplication] as const;
  export const stop = (client: ReplicationClient) => client.stop({ replicationConfigArn: '', operationId: undefined });
`;
