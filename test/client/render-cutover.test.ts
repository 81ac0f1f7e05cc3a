import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { renderCutover } from '../../src/client/index.js';
import type { CutoverTimelineEntry } from '../../src/contract/cutover.js';

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 30, 10) + seconds * 1000).toISOString();
const entry = (phase: string, seconds: number) => ({ at: at(seconds), phase, what: 'x' }) as CutoverTimelineEntry;
/** Timeline of a rehearsal: a drain of 5 s, a stop of 20 s, and ten seconds until the checkpoint counts. */
const timeline = [
  entry('preflight', 0),
  entry('validating', 2),
  entry('waiting-for-approval', 4),
  entry('fencing', 7204),
  entry('draining', 7206),
  entry('draining', 7209),
  entry('stopping', 7211),
  entry('judging', 7241),
  entry('switching', 7242),
  entry('verifying', 7243),
  entry('done', 7247),
];
const { mermaid, svg } = renderCutover({ timeline, outcome: 'switched', writesStoppedSeconds: 39 });
const ms = (seconds: number) => Date.parse(at(seconds));

describe('a rendered cutover', () => {
  test('as Mermaid has a span for each phase from the fence on, a milestone before, and marks what waits for a person', () => {
    expect(mermaid.split('\n').slice(4, -1)).toEqual([
      `  preflight (2.0 s) :milestone, ${ms(7204)}, ${ms(7204) + 1}`,
      `  validating (2.0 s) :milestone, ${ms(7204)}, ${ms(7204) + 1}`,
      `  waiting-for-approval (2 h) :crit, milestone, ${ms(7204)}, ${ms(7204) + 1}`,
      `  fencing (2.0 s) :${ms(7204)}, ${ms(7206)}`,
      `  draining (5.0 s) :${ms(7206)}, ${ms(7211)}`,
      `  stopping (30 s) :${ms(7211)}, ${ms(7241)}`,
      `  judging (1.0 s) :${ms(7241)}, ${ms(7242)}`,
      `  switching (1.0 s) :${ms(7242)}, ${ms(7243)}`,
      `  verifying (4.0 s) :${ms(7243)}, ${ms(7247)}`,
    ]);
  });

  test('as SVG draws its bars to scale from the fence on, and says how long writes were stopped', () => {
    const bars = [...svg.matchAll(/<rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)].map((bar) =>
      bar.slice(1).map(Number),
    );
    const widths = bars.map(([, , width = NaN]) => width);
    expect(widths).toHaveLength(6);
    const [fencing = NaN, draining = NaN, stopping = NaN] = widths;
    expect(draining / fencing).toBeCloseTo(2.5, 1);
    expect(stopping / draining).toBeCloseTo(6, 1);
    for (const [n, [x = NaN, , width = NaN]] of bars.entries()) {
      const next = bars[n + 1]?.[0] ?? 730;
      expect(x + width).toBeCloseTo(next, 0);
    }
    expect(svg).toContain('<title>Timeline of a cutover: switched, writes stopped for 39 s</title>');
  });

  test('is shown in the docs in both forms', async () => {
    await expect(svg).toMatchFileSnapshot('../../docs/images/cutover.svg');
    const page = await readFile(new URL('../../docs/cutover.md', import.meta.url), 'utf8');
    expect(page).toContain(`\`\`\`mermaid\n${mermaid}\`\`\``);
  });

  test('refers to no other file, and has no NaN or Infinity, even for an empty timeline', () => {
    const some = [[], [entry('preflight', 0)], timeline].map((each) =>
      renderCutover({ timeline: each, outcome: 'returned', writesStoppedSeconds: null }),
    );
    for (const { svg: picture, mermaid: chart } of some) {
      expect(chart).not.toMatch(/NaN|Infinity|undefined/);
      expect(picture).not.toMatch(/NaN|Infinity|undefined|href|url\(|<script|<image/);
      expect(picture.match(/https?:\/\/[^"]+/g)).toEqual(['http://www.w3.org/2000/svg']);
    }
  });
});
