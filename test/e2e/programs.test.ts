import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, inject, test } from 'vitest';
import { problemOf } from '../../src/program.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
};

describe.each(Object.entries(manifest.bin))('%s', (name, script) => {
  const run = (...args: string[]) => {
    // No server runs there. A program that ignores its command line would fail in another way.
    const env = { ...process.env, TEMPORAL_ADDRESS: '127.0.0.1:1', AWS_EC2_METADATA_DISABLED: 'true' };
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, script), ...args], {
      encoding: 'utf8',
      env,
    });
    return { status, stdout, stderr };
  };

  test.each(['--help', '-h'])('prints its usage for %s, and exits with 0', (flag) => {
    expect(run(flag)).toEqual({ status: 0, stdout: expect.stringContaining(`Usage: ${name}`), stderr: '' });
  });

  test.each(['--version', '-v'])('prints the version of the package for %s, and exits with 0', (flag) => {
    expect(run(flag)).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  test.each([['--nonsense'], ['nonsense'], ['--help=yes'], ['--', 'nonsense']])(
    'refuses %s, names --help, and exits with 2',
    (...args) => {
      const stderr = expect.stringMatching(new RegExp(`^${name}: [^\\n]+\\nSee ${name} --help.\\n$`));
      expect(run(...args)).toEqual({ status: 2, stdout: '', stderr });
    },
  );
});

test.each([
  [['--version'], []],
  [['--help'], []],
  [['stop', '--help'], []],
  [['list', '--address', '127.0.0.1:1'], ['client']],
  [['list', '--address', inject('temporalAddress')], ['client']],
])("temporal-dms %j loads of Temporal's packages only %j", (args, packages) => {
  const main = JSON.stringify(pathToFileURL(join(root, manifest.bin['temporal-dms'] ?? '')).href);
  const script = `
    import { createRequire } from 'node:module';
    process.argv = [process.execPath, 'temporal-dms', ...${JSON.stringify(args)}];
    await import(${main});
    const loaded = Object.keys(createRequire(import.meta.url).cache).map((file) => /@temporalio.(\\w+)/.exec(file)?.[1]);
    process.stderr.write('LOADED ' + JSON.stringify([...new Set(loaded)]));`;
  const node = ['--no-warnings', '--input-type=module', '--eval', script];
  const { stderr } = spawnSync(process.execPath, node, { encoding: 'utf8', cwd: root });
  const loaded = JSON.parse(/LOADED (.*)$/.exec(stderr)?.[1] ?? '') as readonly (string | null)[];
  expect(loaded.filter((name) => name === 'client' || name === 'worker')).toEqual(packages);
});

test('a program names the optional package that it lacks', () =>
  expect(problemOf(new Error("Cannot find package '@aws-sdk/client-dynamodb' imported from /app/x.js"))).toContain(
    'It needs @aws-sdk/client-dynamodb. Install it beside temporal-dms: npm install @aws-sdk/client-dynamodb',
  ));
