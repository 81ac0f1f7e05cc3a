/** The table of texts in docs/simulator.md, compared with the texts in the sources of the simulator. */
import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);

/** Texts that no client of AWS sees: errors of the simulator itself, and its own words. */
const OWN = [
  /^The simulator |^The clock ends |^A .*replication .*can't|^tables\.rates |^<> has no member|^the time span$|^true or false$/,
  /^<> must be <>$|^a (time|text|list|number|whole)/,
  /^(connection broken|invalid state)$|^HTTP\/1\.1 |^aurora /,
];

/** Returns a text with every part that varies as `<>`. */
const pattern = (text: string) => text.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}|<[^<>]*>/g, '<>');

/** Returns a regular expression for a text in which any part may vary. */
const sourceOf = (text: string) =>
  text
    .split('<>')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
const isPartOf = (text: string, known: string) => new RegExp(sourceOf(text)).test(known);
const isWhole = (text: string, known: string) => new RegExp(`^${sourceOf(text)}$`).test(known);

/** Returns the texts in a source: strings of at least two words, as a person would read. */
function textsIn(source: string): string[] {
  const code = source.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$|\s\/\/ .*$/gm, '');
  const literals = [...code.matchAll(/'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`|"((?:[^"\\\n]|\\.)*)"/g)];
  return literals
    .map(([, single, template, double]) => pattern(single ?? template ?? double ?? ''))
    .filter(
      (text) => /[A-Za-z]{2,}[^A-Za-z]* [^A-Za-z]*[A-Za-z<]{2,}/.test(text) && !OWN.some((each) => each.test(text)),
    );
}

test('the page about the simulator names every text of a fault or a failure', async () => {
  const page = await readFile(new URL('docs/simulator.md', root), 'utf8');
  const [, table = ''] = page.split('\n## Texts\n');
  const [texts = ''] = table.split('\n## ');
  const known = [...texts.matchAll(/^\| `(.*?)` +\|/gm)].map(([, text = '']) => pattern(text));
  expect(known.length).toBeGreaterThan(70);
  const used: string[] = [];
  const missing: string[] = [];
  for (const folder of ['api', 'engine']) {
    const path = new URL(`src/simulator/${folder}/`, root);
    for (const name of await readdir(path)) {
      const texts = textsIn(await readFile(new URL(name, path), 'utf8'));
      used.push(...texts);
      missing.push(
        ...texts.filter((text) => !known.some((each) => isPartOf(text, each))).map((text) => `${name}: ${text}`),
      );
    }
  }
  expect(missing).toEqual([]);
  expect(known.filter((each) => !used.some((text) => isWhole(text, each)))).toEqual([]);
});
