import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { uncertainDefaults } from '../src/simulator/index.js';
import { DmsFailureType } from '../src/index.js';
import { Stage, workflowBundle } from './support/stage.js';

const root = new URL('../', import.meta.url);
const pages = ['README.md', ...(await readdir(new URL('docs/', root))).filter(isPage).map((name) => `docs/${name}`)];

function isPage(name: string): boolean {
  return name.endsWith('.md');
}

/** Languages of the code blocks that are programs. Blocks in other languages are not checked. */
const LANGUAGES = ['ts', 'mjs', 'python', 'go'];

async function snippetsOf(page: string): Promise<string[]> {
  const text = await readFile(new URL(page, root), 'utf8');
  const blocks = text.matchAll(/^```(?<language>\w*)[^\n]*\n(?<code>.*?)^```$/gmsu);
  return [...blocks].flatMap(({ groups }) =>
    LANGUAGES.includes(groups?.['language'] ?? '') ? [groups?.['code'] ?? ''] : [],
  );
}

/** Returns the text of every file under `examples/`. */
async function examples(): Promise<string[]> {
  const names = await readdir(new URL('examples/', root), { recursive: true, withFileTypes: true });
  return Promise.all(
    names.filter((each) => each.isFile()).map((each) => readFile(join(each.parentPath, each.name), 'utf8')),
  );
}

test.each(pages)('%s shows only programs that equal a file under examples/', async (page) => {
  const known = await examples();
  for (const snippet of await snippetsOf(page)) expect(known).toContain(snippet);
});

test.each(pages)('%s links only to files that exist', async (page) => {
  const text = await readFile(new URL(page, root), 'utf8');
  for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/gu)) {
    await expect(access(new URL(target, new URL(page, root))), target).resolves.toBeUndefined();
  }
});

test('the page about failures lists every type of failure and every warning', async () => {
  const page = await readFile(new URL('docs/failures.md', root), 'utf8');
  const results = await readFile(new URL('src/contract/results.ts', root), 'utf8');
  const codes = [...results.matchAll(/^ {2}\| '([a-z-]+)'/gmu)].map(([, code]) => code);
  expect(codes).toContain('not-normal-stop');
  for (const name of [...Object.keys(DmsFailureType), ...codes]) expect(page).toContain(`| \`${name}\` `);
});

test('the README has at most 200 lines', async () => {
  const lines = (await readFile(new URL('README.md', root), 'utf8')).trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(200);
});

test('the archive example creates the activity that archives a record', async () => {
  const { activities } = await import('../examples/readme/archive.js');
  expect(Object.keys(activities)).toContain('dms.archiveRecord');
});

test('the page about the simulator names every uncertain behaviour, with its default', async () => {
  const page = await readFile(new URL('../docs/simulator.md', import.meta.url), 'utf8');
  for (const [name, value] of Object.entries(uncertainDefaults)) {
    expect(page).toContain(`\`${name}: ${typeof value === 'string' ? `'${value}'` : String(value)}\``);
  }
});

test.concurrent('a stop that DMS undoes in the example test set-up is requested twice', async () => {
  await using stage = await Stage.set();
  const { activities, simulator, replicationConfigArn } = await import('../examples/readme/test.js');
  const { taskQueue, dms } = stage;
  try {
    const worker = await Worker.create({
      connection: stage.native,
      taskQueue,
      workflowBundle: await workflowBundle(),
      activities,
    });
    const { outcome } = await worker.runUntil(dms.stop({ replicationConfigArn }));
    expect(outcome).toBe('stopped');
    expect(simulator.count('StopReplication')).toBe(2);
  } finally {
    await simulator.close();
  }
});
