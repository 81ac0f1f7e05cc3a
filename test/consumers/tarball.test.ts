import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileConsumer, makeConsumer, moduleKinds, root } from '../support/consumer.js';

const run = promisify(execFile);
const logger = new DefaultLogger('ERROR');
let folder: string;
beforeAll(async () => {
  folder = await makeConsumer();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function bundleOf(name: string, source: string): Promise<string> {
  const workflowsPath = join(folder, name);
  await writeFile(workflowsPath, source);
  return (await bundleWorkflowCode({ workflowsPath, logger })).code;
}

const sizeOf = (code: string) => code.replace(/\n?\/\/# sourceMappingURL=.*$/s, '').length;

describe('the packed tarball', () => {
  test('is bundled into the workflows of an ESM and of a CommonJS consumer, and adds at most 200 kB', async () => {
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
    expect(sizeOf(esm) - sizeOf(without)).toBeLessThan(200_000);
    expect(sizeOf(cjs) - sizeOf(without)).toBeLessThan(200_000);
  });

  test.each([
    ['esm.mjs', 'const load = (name) => import(name);'],
    ['cjs.cjs', 'const load = (name) => Promise.resolve(require(name));'],
  ])('loads in %s through every entry point for code outside the sandbox', async (name, load) => {
    const file = join(folder, `load-${name}`);
    await writeFile(
      file,
      `${load}
       Promise.all(['', '/activities', '/aws', '/client', '/cloudwatch', '/dynamodb', '/iam', '/simulator'].map((path) => load('temporal-dms' + path)))
         .then((all) => console.log(all.flatMap((each) => Object.keys(each)).join(' ')));`,
    );
    const { stdout } = await run(process.execPath, ['--no-warnings', file]);
    for (const exported of [
      'isDmsFailure',
      'createDmsActivities',
      'createAwsDmsApi',
      'ReplicationClient',
      'createCloudWatchLag',
      'createDynamoDbArchive',
      'createIamPermissions',
      'startDmsSimulator',
    ]) {
      expect(stdout).toContain(exported);
    }
  });

  test.each(moduleKinds)('compiles in a strict consumer with module %s and moduleResolution %s', (...kind) =>
    compileConsumer(folder, join(root, 'node_modules/typescript'), kind),
  );

  test('exports the workflows from temporal-dms/workflows, and no other function', async () => {
    const file = join(folder, 'workflows.mjs');
    await writeFile(
      file,
      `import * as all from 'temporal-dms/workflows'; console.log(JSON.stringify(Object.keys(all).filter((name) => typeof all[name] === 'function')));`,
    );
    const { stdout } = await run(process.execPath, ['--no-warnings', file]);
    expect(JSON.parse(stdout)).toEqual([
      'dmsCutover',
      'dmsPlanOperation',
      'dmsReplicationLedger',
      'dmsResumeFleet',
      'dmsResumeReplication',
      'dmsRolloutGate',
      'dmsScheduledResume',
      'dmsScheduledStop',
      'dmsStopFleet',
      'dmsStopReplication',
    ]);
  });
});
