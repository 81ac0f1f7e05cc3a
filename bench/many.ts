/** Measures many waits at once, and writes the table and the plot. */
import { plotScale, type Measured } from './plot.js';
import { say, type Report } from './report.js';
import { measureScale, ours, scaleWays, unlimitedLoop } from './scale.js';

/** Number of waits from which the ways are measured one after another. Below it, they are measured at the same time. */
const ALONE_FROM = 1000;
/** Number of loops that a machine of two cores can run at their interval of five seconds. */
const LOOP_KEEPS_UP = 100;
const DEFAULT_COUNTS = [10, 100, 1000];

export async function measureMany({ promised }: Report, asked: readonly number[]): Promise<void> {
  say(
    '| waits | way | looks a second | throttled | seen after p50 / p99, s | history events | billable actions | server CPU, s | worker CPU, s | worker MB | failed | took, s |',
  );
  say('|---|---|---|---|---|---|---|---|---|---|---|---|');
  const measured: Measured[] = [];
  for (const count of asked.length > 0 ? asked : DEFAULT_COUNTS) {
    const group: Measured[] = [];
    const measure = async (way: (typeof scaleWays)[number]) => {
      group.push({ count, way: way.name, figures: await measureScale(way, count) });
    };
    if (count < ALONE_FROM) await Promise.all(scaleWays.map(measure));
    else for (const way of scaleWays) await measure(way);
    for (const { name } of scaleWays) for (const each of group.filter(({ way }) => way === name)) sayRow(each);
    measured.push(...group);
  }
  const held = measured.find(({ count, way }) => count === ALONE_FROM && way === ours.name)?.figures;
  if (held !== undefined) {
    const loop = await measureScale(unlimitedLoop, LOOP_KEEPS_UP);
    sayRow({ count: LOOP_KEEPS_UP, way: unlimitedLoop.name, figures: loop });
    say();
    const promise = (what: string, isKept: boolean) => say(`- ${promised('1,000 waits', what, isKept)}`);
    promise('at most 4 looks a second', held.looks / held.seconds <= 4);
    promise('none throttled', held.throttled === 0);
    promise('none failed', held.failures === 0);
    promise('seen after 6 s (p99)', held.detectionP99 <= 6);
    promise('worker memory at most 600 MB', (held.workerMemoryMb ?? 0) <= 600);
    const than = 'a wait than the loop that keeps its interval';
    const cheaper = (loop.serverCpuSeconds ?? 0) / LOOP_KEEPS_UP / ((held.serverCpuSeconds ?? 1) / ALONE_FROM);
    const isKnown = held.serverCpuSeconds !== null;
    promise(`2.5 times less server CPU ${than} (${cheaper.toFixed(1)})`, !isKnown || cheaper >= 2.5);
    const fewer = (loop.historyEvents ?? 0) / (held.historyEvents ?? 1);
    const withLedger = (loop.historyEvents ?? 0) / ((held.historyEvents ?? 0) + held.ledgerEvents);
    const events = `5 times fewer history events ${than} (${fewer.toFixed(1)}; with the ledger ${withLedger.toFixed(1)})`;
    promise(events, fewer >= 5);
  }
  if (asked.length === 0)
    say(
      `- plot: ${await plotScale(
        measured,
        scaleWays.map(({ name }) => name),
      )}`,
    );
}

function sayRow({ count, way, figures: f }: Measured): void {
  const show = (value: number | null, digits = 0) => (value === null ? '' : value.toFixed(digits));
  const cells = [
    count,
    way,
    show(f.looks / f.seconds, 1),
    f.throttled,
    `${show(f.detectionP50, 1)} / ${show(f.detectionP99, 1)}`,
    f.ledgerEvents === 0 ? show(f.historyEvents) : `${show(f.historyEvents)} + ${f.ledgerEvents}`,
    show(f.actions),
    show(f.serverCpuSeconds, 1),
    show(f.workerCpuSeconds, 1),
    show(f.workerMemoryMb),
    f.failures,
    show(f.seconds),
  ];
  say(`| ${cells.join(' | ')} |`);
}
