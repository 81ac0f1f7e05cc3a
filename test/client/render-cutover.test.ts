import { describe, expect, test } from 'vitest';
import { renderCutover } from '../../src/client/index.js';
import type { CutoverTimelineEntry } from '../../src/contract/cutover.js';

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 30, 10) + seconds * 1000).toISOString();
const entry = (phase: string, seconds: number) => ({ at: at(seconds), phase, what: 'x' }) as CutoverTimelineEntry;
const timeline = [
  entry('preflight', 0),
  entry('waiting-for-approval', 10),
  entry('fencing', 7210),
  entry('draining', 7212),
  entry('draining', 7215),
  entry('stopping', 7217),
  entry('switching', 7237),
  entry('done', 7247),
];
const { mermaid, svg } = renderCutover({ timeline, outcome: 'switched', writesStoppedSeconds: 37 });
const ms = (seconds: number) => Date.parse(at(seconds));

describe('a rendered cutover', () => {
  test('as Mermaid has a span for each phase, with its length, and marks the phases that wait for a person', () => {
    expect(mermaid.split('\n').slice(4, -1)).toEqual([
      `  preflight (10 s) :${ms(0)}, ${ms(10)}`,
      `  waiting-for-approval (2 h) :crit, ${ms(10)}, ${ms(7210)}`,
      `  fencing (2.0 s) :${ms(7210)}, ${ms(7212)}`,
      `  draining (5.0 s) :${ms(7212)}, ${ms(7217)}`,
      `  stopping (20 s) :${ms(7217)}, ${ms(7237)}`,
      `  switching (10 s) :${ms(7237)}, ${ms(7247)}`,
    ]);
  });

  test('as SVG draws its bars to scale from the fence on, and says how long writes were stopped', () => {
    const bars = [...svg.matchAll(/<rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)].map((bar) =>
      bar.slice(1).map(Number),
    );
    const widths = bars.map(([, , width = NaN]) => width);
    expect(widths).toHaveLength(4);
    const [fencing = NaN, draining = NaN, stopping = NaN, switching = NaN] = widths;
    expect(draining / fencing).toBeCloseTo(2.5, 1);
    expect(stopping / switching).toBeCloseTo(2, 1);
    for (const [n, [x = NaN, , width = NaN]] of bars.entries()) {
      const next = bars[n + 1]?.[0] ?? 730;
      expect(x + width).toBeCloseTo(next, 0);
    }
    expect(svg).toContain('<title>Timeline of a cutover: switched, writes stopped for 37 s</title>');
  });

  test('needs no other file, and has no number that is none, also without a timeline or with one entry', () => {
    const some = [[], [entry('preflight', 0)], timeline].map((each) =>
      renderCutover({ timeline: each, outcome: 'returned', writesStoppedSeconds: null }),
    );
    for (const { svg: picture } of some) {
      expect(picture).not.toMatch(/NaN|Infinity|undefined|href|url\(|<script|<image/);
      expect(picture.match(/https?:\/\/[^"]+/g)).toEqual(['http://www.w3.org/2000/svg']);
    }
  });
});
