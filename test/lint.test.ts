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

const nodeOnly = ['node:fs', 'fs', 'fs/promises', 'crypto', aws];
const sandboxed = [...nodeOnly, '@temporalio/activity', '@temporalio/client', '@temporalio/worker'];
/** Rooms that do AWS's or Temporal's work, one level or two above the importing file. */
const working = (up: string) =>
  ['activities', 'aws', 'watch', 'client', 'simulator', 'dynamodb', 'cloudwatch', 'iam'].map(
    (room) => `${up}${room}/index.js`,
  );
const workflowRoom = [...sandboxed, ...working('../'), '../program.js'];
const workflowRoomBeneath = [...sandboxed, ...working('../../'), '../../program.js', '../stop.js'];
const pureRoom = [
  ...workflowRoom,
  '@temporalio/workflow',
  '../workflows/messages.js',
  '../workflows/operation/waits.js',
];

/** Each room, and what it may not import. */
const forbidden: Readonly<Record<string, readonly string[]>> = {
  src: ['@temporalio/workflow', '@temporalio/client', './workflows/index.js', './activities/index.js'].concat([
    './ledger/begin.js',
    './rules/warnings.js',
    './program.js',
  ]),
  'src/dms': ['node:fs', 'valibot', '@temporalio/common', '../contract/names.js'],
  'src/contract': [...pureRoom, '../ledger/begin.js', '../rules/warnings.js'],
  'src/ledger': [...pureRoom, 'valibot', '../rules/warnings.js'],
  'src/rules': [...pureRoom, 'valibot', '../ledger/begin.js'],
  'src/rules/cutover': [
    ...sandboxed,
    ...working('../../'),
    '../../program.js',
    '@temporalio/workflow',
    'valibot',
  ].concat(['../../ledger/begin.js']),
  'src/workflows': workflowRoom,
  'src/workflows/operation': [...workflowRoomBeneath, '../ledger/duties.js'],
  'src/workflows/ledger': workflowRoomBeneath,
  'src/workflows/cutover': [...workflowRoomBeneath, '../ledger/duties.js'],
  'src/activities': [
    aws,
    '../workflows/messages.js',
    '../workflows/operation/waits.js',
    '../client/index.js',
    '../aws/index.js',
    '../dynamodb/index.js',
    '../simulator/index.js',
  ],
  'src/activities/runtime': [aws, '../await-idle.js', '../../workflows/messages.js', '../../client/index.js'].concat([
    '../../aws/index.js',
    '../../simulator/index.js',
  ]),
  'src/client': [aws, 'valibot', '@temporalio/workflow', '@temporalio/worker', '../workflows/index.js'].concat([
    '../activities/index.js',
    '../activities/runtime/attempt.js',
    '../dynamodb/index.js',
    '../simulator/index.js',
  ]),
  'src/aws': ['@temporalio/common', '../contract/names.js', '../rules/warnings.js', '../watch/index.js'],
  'src/cloudwatch': [aws, '@temporalio/common', 'valibot', '../contract/names.js', '../aws/index.js'],
  'src/iam': [aws, '@temporalio/common', 'valibot', '../contract/names.js', '../aws/index.js'],
  'src/dynamodb': [aws, '@temporalio/common', 'valibot', '../activities/index.js', '../client/index.js'],
  'src/watch': [aws, '@temporalio/activity', '../activities/index.js', '../aws/index.js', '../contract/names.js'],
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
  'src/contract': ['../dms/arn.js', '@temporalio/common', 'valibot'],
  'src/ledger': ['../dms/arn.js', '../contract/names.js', '@temporalio/common'],
  'src/rules': ['../dms/arn.js', '../contract/names.js', '@temporalio/common'],
  'src/workflows': [
    '../contract/names.js',
    '../ledger/begin.js',
    '../rules/warnings.js',
    '@temporalio/workflow',
    'valibot',
  ].concat(['./operation/waits.js', './ledger/duties.js']),
  'src/workflows/operation': ['../../contract/names.js', '../../ledger/begin.js', '../messages.js'],
  'src/workflows/ledger': [
    '../../contract/names.js',
    '../../ledger/begin.js',
    '../messages.js',
    '../operation/waits.js',
  ],
  'src/activities': [
    '../watch/index.js',
    '../ledger/begin.js',
    '../rules/warnings.js',
    './runtime/attempt.js',
    'valibot',
  ],
  'src/activities/runtime': ['../../watch/index.js', '../../ledger/begin.js', '../../rules/warnings.js'],
  'src/client': ['../contract/names.js', '../ledger/begin.js', '../rules/joining.js', '@temporalio/client'],
  'src/aws': [aws, '../dms/api.js'],
  'src/cloudwatch': ['@aws-sdk/client-cloudwatch', '../dms/arn.js', '../aws/clients.js'],
  'src/iam': ['@aws-sdk/client-iam', '@aws-sdk/client-sts', '../dms/arn.js', '../aws/clients.js'],
  'src/dynamodb': ['@aws-sdk/client-dynamodb', '../contract/names.js', 'node:util'],
  'src/watch': ['../dms/api.js', 'node:async_hooks'],
  'src/simulator': ['node:http', './engine/clock.js', './control/control.js'],
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

test('the linter rejects exactly the imports that a folder may not have', async () => {
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

test('the linter rejects import cycles, even of types only', async () => {
  const typeOf = (name: string, other: string) =>
    `import type { ${other} } from './${other}.js';\nexport interface ${name} {\n  readonly ${other}: ${other} | null;\n}\n`;
  const said = await complaints(
    new Map([
      ['src/rules/one.ts', typeOf('one', 'two')],
      ['src/rules/two.ts', typeOf('two', 'one')],
      ['src/rules/three.ts', typeOf('three', 'one')],
    ]),
  );
  expect([...said].map(([file, lines]) => [file, lines.includes('no-cycle')])).toEqual([
    ['src/rules/one.ts', true],
    ['src/rules/two.ts', true],
    ['src/rules/three.ts', false],
  ]);
});
