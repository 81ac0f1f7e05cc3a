/** The example of docs/simulator.md for test runners, in vitest, in Jest and in `node:test`, with the packed package. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeConsumer } from '../support/consumer.js';
import { installPackage, run } from './support.js';
import '../../examples/readme/simulator-in-tests.js';

let folder: string;
let example: string;
beforeAll(async () => {
  folder = await makeConsumer();
  example = await readFile(new URL('../../examples/readme/simulator-in-tests.ts', import.meta.url), 'utf8');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes the example, with the hooks of another runner, into a folder of its own. `broken`: with a call too many. */
async function exampleFor(hooks: string, broken: boolean): Promise<string> {
  const own = await mkdtemp(join(folder, 'runner-'));
  const text = example
    .replace(/import .* from 'vitest';/, hooks)
    .replace("['StopReplication']", broken ? "['StopReplication', 'StartReplication']" : "['StopReplication']");
  await writeFile(join(own, 'stop.test.mjs'), text);
  return own;
}

describe('the simulator in tests', () => {
  test('runs in Jest, which fails if another call was expected', async () => {
    const jest = join(await installPackage('jest', '30.2.0'), 'bin/jest.js');
    const go = async (broken: boolean) => {
      const hooks = "import { afterAll, beforeAll, beforeEach, test } from '@jest/globals';";
      const own = await exampleFor(hooks, broken);
      await writeFile(join(own, 'package.json'), '{"type":"module"}');
      const config = JSON.stringify({ rootDir: own, testMatch: ['**/*.test.mjs'], transform: {} });
      return run(process.execPath, ['--experimental-vm-modules', '--no-warnings', jest, '--config', config]);
    };
    expect((await go(false)).stderr).toContain('1 passed');
    await expect(go(true)).rejects.toMatchObject({
      stderr: expect.stringContaining('Clients asked for StopReplication, not for StopReplication, StartReplication'),
    });
  });

  test('runs in node:test, which fails if another call was expected', async () => {
    const hooks = "import { after as afterAll, before as beforeAll, beforeEach, test } from 'node:test';";
    const go = async (broken: boolean) =>
      run(process.execPath, ['--no-warnings', '--test', join(await exampleFor(hooks, broken), 'stop.test.mjs')]);
    expect((await go(false)).stdout).toContain('pass 1');
    await expect(go(true)).rejects.toMatchObject({ stdout: expect.stringContaining('Clients asked for') });
  });
});
