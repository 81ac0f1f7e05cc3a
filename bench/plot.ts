/** Draws the figures of the bench for the README. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as echarts from 'echarts';
import type { ScaleFigures } from './scale.js';

export interface Measured {
  readonly count: number;
  readonly way: string;
  readonly figures: ScaleFigures;
}

const file = 'docs/images/waits-at-scale.svg';

/** Charts, drawn side by side. Each shows a figure over the number of waits. */
const charts: readonly { readonly title: string; readonly of: (figures: ScaleFigures) => number | null }[] = [
  { title: 'Stop seen after, p99 (s)', of: ({ detectionP99 }) => detectionP99 },
  { title: 'Looks at DMS a second', of: ({ looks, seconds }) => looks / seconds },
  { title: 'Server processor (s)', of: ({ serverCpuSeconds }) => serverCpuSeconds },
];

/** Draws the plot, and returns the path of its file. */
export async function plotScale(measured: readonly Measured[], ways: readonly string[]): Promise<string> {
  const counts = [...new Set(measured.map(({ count }) => count))];
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 960, height: 340 });
  const left = (n: number) => 60 + n * 310;
  const round = (value: number | null | undefined) =>
    value === null || value === undefined ? null : Number(value.toPrecision(3));
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: charts.map(({ title }, n) => ({ text: title, left: left(n) - 20, top: 30, textStyle: { fontSize: 13 } })),
    legend: { data: [...ways], top: 4, itemGap: 40, textStyle: { fontSize: 11, width: 190 } },
    grid: charts.map((_, n) => ({ left: left(n), top: 70, width: 230, height: 220 })),
    xAxis: charts.map((_, n) => ({
      type: 'category',
      gridIndex: n,
      data: counts,
      name: 'waits',
      nameLocation: 'middle',
      nameGap: 26,
    })),
    yAxis: charts.map((_, n) => ({ type: 'log', gridIndex: n })),
    series: charts.flatMap(({ of }, n) =>
      ways.map((way) => ({
        name: way,
        type: 'line' as const,
        xAxisIndex: n,
        yAxisIndex: n,
        data: counts.map((count) => {
          const found = measured.find((each) => each.way === way && each.count === count);
          return round(found === undefined ? null : of(found.figures));
        }),
      })),
    ),
  });
  await writeFile(fileURLToPath(new URL(`../${file}`, import.meta.url)), chart.renderToSVGString());
  chart.dispose();
  return file;
}
