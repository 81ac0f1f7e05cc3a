import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
let folder: string;

/** A project with this one's rules. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'temporal-dms-lint-'));
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json'])
    await cp(join(root, file), join(folder, file));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the linter says of a file of that name and content. */
async function complaints(file: string, source: string): Promise<string> {
  const path = join(folder, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, source);
  try {
    return await new Promise((resolve) => {
      const args = [join(root, 'node_modules/oxlint/bin/oxlint'), '--type-aware', '--format', 'unix', file];
      execFile(process.execPath, args, { cwd: folder }, (_, stdout, stderr) => resolve(stdout + stderr));
    });
  } finally {
    await rm(path);
  }
}

const importing = (what: string) => `import * as it from '${what}';\nexport const used = it;\n`;

describe('the linter rejects', () => {
  test.each(['src/workflows/bad.ts', 'src/activities/bad.ts'])('a floating promise in %s', async (file) => {
    const source = "import { sleep } from '@temporalio/workflow';\nexport async function bad() {\n  sleep(1);\n}\n";
    expect(await complaints(file, source)).toContain('no-floating-promises');
  });

  test.each([
    ...[
      'node:fs',
      '@aws-sdk/client-database-migration-service',
      'valibot',
      '@temporalio/activity',
      '@temporalio/client',
    ]
      .concat(['@temporalio/worker', '../activities/index.js', '../aws/index.js', '../watch/index.js'])
      .concat(['../client/index.js', '../simulator/index.js'])
      .flatMap((what) => [
        ['src/workflows/bad.ts', what],
        ['src/operations/bad.ts', what],
      ]),
    ['src/workflows/bad.ts', 'fs'],
    ['src/workflows/bad.ts', 'fs/promises'],
    ['src/operations/bad.ts', 'crypto'],
    ['src/operations/bad.ts', '@temporalio/workflow'],
    ['src/operations/bad.ts', '../workflows/messages.js'],
    ['src/index.ts', '@temporalio/workflow'],
    ['src/index.ts', './workflows/index.js'],
    ['src/watch/bad.ts', '@aws-sdk/client-database-migration-service'],
    ['src/watch/bad.ts', '../aws/index.js'],
    ['src/client/bad.ts', '../simulator/index.js'],
    ['src/client/bad.ts', '@aws-sdk/client-database-migration-service'],
    ['src/client/bad.ts', 'valibot'],
    ['src/index.ts', '@temporalio/client'],
    ['src/index.ts', './activities/index.js'],
    ['src/dms/bad.ts', 'node:fs'],
    ['src/dms/bad.ts', 'valibot'],
    ['src/dms/bad.ts', '@temporalio/common'],
    ['src/dms/bad.ts', '../operations/names.js'],
    ['src/aws/bad.ts', '@temporalio/common'],
    ['src/aws/bad.ts', '../operations/names.js'],
    ['src/watch/bad.ts', '@temporalio/activity'],
    ['src/watch/bad.ts', '../activities/index.js'],
    ['src/aws/bad.ts', '../watch/index.js'],
    ['src/activities/bad.ts', '../workflows/messages.js'],
    ['src/activities/bad.ts', '../aws/index.js'],
    ['src/activities/bad.ts', '@aws-sdk/client-database-migration-service'],
    ['src/client/bad.ts', '../workflows/index.js'],
    ['src/client/bad.ts', '../activities/index.js'],
    ['src/client/bad.ts', '@temporalio/workflow'],
    ['src/client/bad.ts', '@temporalio/worker'],
    ['src/simulator/bad.ts', '../dms/lifecycle.js'],
    ['src/simulator/bad.ts', '@aws-sdk/client-database-migration-service'],
  ])('in %s the import of %s', async (file, what) => {
    expect(await complaints(file, importing(what))).toContain('no-restricted-imports');
  });
});

test('the linter has nothing against what each room may import', async () => {
  for (const [file, what] of [
    ['src/workflows/good.ts', '../operations/names.js'],
    ['src/activities/good.ts', '../watch/index.js'],
    ['src/operations/good.ts', '@temporalio/common'],
    ['src/watch/good.ts', '../dms/api.js'],
    ['src/simulator/good.ts', 'node:http'],
  ] as const) {
    expect(await complaints(file, importing(what))).not.toContain('no-restricted-imports');
  }
});
