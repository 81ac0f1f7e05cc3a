/** The package in `python/`: installed by pip, checked by mypy, and run by pytest, with the program as it is built. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faultTypes } from '../../src/simulator/api/faults.js';
import { startDmsSimulator } from '../../src/simulator/index.js';
import { pythonPackage, run } from './support.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const env = {
  ...process.env,
  TEMPORAL_DMS_SIMULATOR_COMMAND: `${process.execPath} ${join(root, 'dist/cli/main.js')} simulator`,
  AWS_EC2_METADATA_DISABLED: 'true',
};
let program: (name: string) => string;
let folder: string;
beforeAll(async () => {
  ({ program, folder } = await pythonPackage('python-package', 'pytest==9.1.1', 'boto3==1.44.8', 'mypy==1.20.0'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const pytest = (path: string, more: object = {}) =>
  run(program('python'), ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', path], { env: { ...env, ...more } });

describe('the Python package', () => {
  test('starts the simulator for pytest, and controls it', async () => {
    expect((await pytest(join(folder, 'tests'))).stdout).toMatch(/^\d+ passed, 1 skipped/m);
  });

  test("serves Airflow's operators, which create, start, stop and delete replications", async () => {
    const packages = ['pytest==9.1.1', 'apache-airflow==3.3.2', 'apache-airflow-providers-amazon==9.39.0'];
    const airflow = await pythonPackage('airflow', ...packages);
    try {
      const path = join(airflow.folder, 'tests/test_airflow.py');
      const args = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', path];
      const { stdout } = await run(airflow.program('python'), args, { env: { ...env, AIRFLOW_HOME: airflow.folder } });
      expect(stdout).toMatch(/^1 passed/m);
    } finally {
      await rm(airflow.folder, { recursive: true });
    }
  });

  test('uses a simulator that runs already', async () => {
    const simulator = await startDmsSimulator({ speed: 0 });
    try {
      const name = 'test_each_test_begins_with_an_empty_simulator';
      const more = { TEMPORAL_DMS_SIMULATOR_URL: simulator.endpoint, TEMPORAL_DMS_SIMULATOR_COMMAND: 'false' };
      simulator.createReplication();
      await pytest(`${join(folder, 'tests/test_simulator.py')}::${name}`, more);
      expect(simulator.replications()).toEqual([]);
    } finally {
      await simulator.close();
    }
  });

  test('does what its README says', async () => {
    const readme = await readFile(join(folder, 'README.md'), 'utf8');
    const [, example = ''] = /```py\n(.*?)```/s.exec(readme) ?? [];
    const file = join(folder, 'test_readme.py');
    await writeFile(file, example);
    expect((await pytest(file)).stdout).toContain('1 passed');
  });

  test('has types that mypy accepts, and every fault', async () => {
    const source = join(folder, 'src/temporal_dms_simulator');
    const config = ['--config-file', join(folder, 'pyproject.toml')];
    const ignored = ['--ignore-missing-imports', '--cache-dir', join(folder, '.mypy_cache')];
    await run(program('python'), ['-m', 'mypy', ...config, ...ignored, source]);
    const text = await readFile(join(source, '__init__.py'), 'utf8');
    const [, listed = ''] = /FaultType = Literal\[(.*?)\]/s.exec(text) ?? [];
    expect(listed.match(/[\w-]+/g)).toEqual([...faultTypes]);
  });
});
