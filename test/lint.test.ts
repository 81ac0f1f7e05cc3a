import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const aws = '@aws-sdk/client-database-migration-service';
const importing = (what: string, name: string) =>
  `import * as ${name} from '${what}';\nexport const used_${name} = ${name};\n`;
const floating = "import { sleep } from '@temporalio/workflow';\nexport async function bad() {\n  sleep(1);\n}\n";

const sandboxed = ['node:fs', 'fs', 'fs/promises', 'crypto', aws, '@temporalio/activity', '@temporalio/client'].concat(
  ['@temporalio/worker', '../activities/index.js', '../aws/index.js', '../watch/index.js', '../client/index.js'],
  ['../simulator/index.js', '../dynamodb/index.js', '../cloudwatch/index.js'],
);

/** Each room, and what it may not import. */
const forbidden: Readonly<Record<string, readonly string[]>> = {
  'src/workflows': sandboxed,
  'src/contract': [...sandboxed, '@temporalio/workflow', '../workflows/messages.js'],
  src: ['@temporalio/workflow', '@temporalio/client', './workflows/index.js', './activities/index.js'],
  'src/dms': ['node:fs', 'valibot', '@temporalio/common', '../contract/names.js'],
  'src/aws': ['@temporalio/common', '../contract/names.js', '../watch/index.js'],
  'src/cloudwatch': [aws, '@temporalio/common', 'valibot', '../contract/names.js', '../aws/index.js'],
  'src/dynamodb': [aws, '@temporalio/common', 'valibot', '../activities/index.js', '../client/index.js'],
  'src/watch': [aws, '@temporalio/activity', '../activities/index.js', '../aws/index.js'],
  'src/activities': [
    aws,
    '../workflows/messages.js',
    '../aws/index.js',
    '../dynamodb/index.js',
    '../simulator/index.js',
  ],
  'src/client': [aws, 'valibot', '@temporalio/workflow', '@temporalio/worker', '../workflows/index.js'].concat([
    '../activities/index.js',
    '../dynamodb/index.js',
    '../simulator/index.js',
  ]),
  'src/simulator': [aws, 'valibot', '../dms/lifecycle.js'],
  'src/simulator/engine': [
    aws,
    'valibot',
    '../../dms/lifecycle.js',
    '../api/front.js',
    '../control/control.js',
    '../index.js',
  ],
  'src/simulator/api': [aws, 'valibot', '../../dms/lifecycle.js', '../control/control.js', '../index.js'],
  'src/simulator/control': [aws, 'valibot', '../../dms/lifecycle.js', '../index.js'],
};

const allowed: Readonly<Record<string, readonly string[]>> = {
  'src/workflows': ['../contract/names.js', '@temporalio/workflow', 'valibot'],
  'src/contract': ['../dms/arn.js', '@temporalio/common', 'valibot'],
  'src/aws': [aws, '../dms/api.js'],
  'src/cloudwatch': ['@aws-sdk/client-cloudwatch', '../dms/arn.js', '../aws/clients.js'],
  'src/dynamodb': ['@aws-sdk/client-dynamodb', '../contract/names.js', 'node:util'],
  'src/watch': ['../dms/api.js', 'node:async_hooks'],
  'src/activities': ['../watch/index.js', 'valibot'],
  'src/client': ['../contract/names.js', '@temporalio/client'],
  'src/simulator': ['node:http'],
  'src/simulator/engine': ['node:http', './clock.js'],
  'src/simulator/api': ['node:http', '../engine/model.js'],
  'src/simulator/control': ['node:http', '../engine/model.js', '../api/http.js'],
};

/** What the linter says of each file of a project with this one's rules. */
async function complaints(files: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'temporal-dms-lint-'));
  try {
    for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json'])
      await cp(join(root, file), join(folder, file));
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const [file, source] of files) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), source);
    }
    const said = await new Promise<string>((resolve, reject) => {
      const args = [join(root, 'node_modules/oxlint/bin/oxlint'), '--type-aware', '--format', 'unix', 'src'];
      execFile(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 24 }, (_, stdout, stderr) =>
        stderr === '' ? resolve(stdout) : reject(new Error(stderr)),
      );
    });
    const lines = said.split('\n');
    return new Map(
      [...files.keys()].map((file) => [file, lines.filter((line) => line.startsWith(`${file}:`)).join('\n')]),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test.each(['src/workflows', 'src/activities'])('the linter rejects a floating promise in %s', async (folder) => {
  const file = `${folder}/bad.ts`;
  expect((await complaints(new Map([[file, floating]]))).get(file)).toContain('no-floating-promises');
});

test('the linter rejects every import that a room may not have, and no other', async () => {
  const filesOf = (rooms: typeof forbidden, name: string) =>
    Object.entries(rooms).map(([room, imports]) => {
      // The rules of src/index.ts are for a file of that name.
      const file = room === 'src' ? 'src/index.ts' : `${room}/${name}.ts`;
      return { file, imports, source: imports.map((what, n) => importing(what, `it${n}`)).join('') };
    });
  const [bad, good] = [filesOf(forbidden, 'bad'), filesOf(allowed, 'good')];
  const said = await complaints(new Map([...bad, ...good].map(({ file, source }) => [file, source])));
  const rejected = ({ file, imports }: (typeof bad)[number]) => {
    const lines = (said.get(file) ?? '').split('\n').filter((line) => line.includes('no-restricted-imports'));
    // Two lines of a file for each import: the import, and its use.
    const numbers = new Set(lines.map((line) => Number(line.split(':')[1])));
    return imports.filter((_, n) => numbers.has(2 * n + 1));
  };
  for (const each of bad) expect([each.file, rejected(each)]).toEqual([each.file, each.imports]);
  for (const each of good) expect([each.file, rejected(each)]).toEqual([each.file, []]);
});
