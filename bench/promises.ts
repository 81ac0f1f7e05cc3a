/**
 * Measures the cost of a stop, and how soon its end is seen. Compares both with the naive way: a loop of a look and a
 * timer of 30 s in workflow code.
 */
import { measureBundle } from './bundle.js';
import { measureHistories } from './history.js';
import { measureSimulator } from './simulator.js';
import { measureWaits, naive, ours, SETTLE_SECONDS } from './waits.js';

import { say, type Report } from './report.js';

const SWEEP_SECONDS = 2;
const atMost = (text: string, value: number, limit: number) => ({ text, isKept: value <= limit });
const seconds = (value: number | null) => (value === null ? 'not known here' : `${value.toFixed(1)} s`);
const pair = (p50: number, p99: number) => `${p50.toFixed(1)} s / ${p99.toFixed(1)} s`;

export async function measurePromises({ promised }: Report): Promise<void> {
  const row = (
    what: string,
    oursShows: string,
    naiveShows = '',
    promise: { text: string; isKept: boolean } | null = null,
  ): void => {
    const kept = promise === null ? '' : promised(what, promise.text, promise.isKept);
    say(`| ${[what, oursShows, naiveShows, kept].join(' | ')} |`);
  };
  say('| figure | temporal-dms | naive loop | promised |');
  say('|---|---|---|---|');

  const bundle = await measureBundle();
  row('added to a workflow bundle', `${(bundle / 1000).toFixed(0)} kB`, '', atMost('at most 200 kB', bundle, 200_000));

  const histories = await measureHistories();
  const { minute, hour, day } = histories.ours;
  row('history events, wait of a minute', `${minute}`, `${histories.naive.minute}`, atMost('at most 24', minute, 24));
  row('history events, wait of an hour', `${hour}`, `${histories.naive.hour}`, atMost('the same', hour, minute));
  row(
    'history events, wait of a day',
    `${day}`,
    `about ${histories.naive.hour * 24} (24 × the hour)`,
    atMost('the same', day, minute),
  );

  const few = { stops: 20, endWithin: [20, 50] } as const;
  const fewOurs = await measureWaits(ours, few);
  const fewNaive = await measureWaits(naive, few);
  row(
    '20 stops: from `stopped` to the look that sees it, p50 / p99',
    pair(fewOurs.detectionP50, fewOurs.detectionP99),
    pair(fewNaive.detectionP50, fewNaive.detectionP99),
    atMost(`p99 at most sweep (${SWEEP_SECONDS} s) + 1 s`, fewOurs.detectionP99, SWEEP_SECONDS + 1),
  );
  row(
    '20 stops: from `stopped` to the result (ours: settled and recorded), p50 / p99',
    pair(fewOurs.resultP50, fewOurs.resultP99),
    pair(fewNaive.resultP50, fewNaive.resultP99),
    atMost(
      `p99 at most that + settleSeconds (${SETTLE_SECONDS}) + 1 s`,
      fewOurs.resultP99,
      SWEEP_SECONDS + 1 + SETTLE_SECONDS + 1,
    ),
  );

  const many = { stops: 200, endWithin: [40, 100] } as const;
  const held = await measureWaits(ours, many);
  const loop = await measureWaits(naive, many);
  const both = (what: string, show: (figures: typeof held) => string) =>
    row(`200 stops: ${what}`, show(held), show(loop));
  both('server processor time', ({ serverCpuSeconds }) => seconds(serverCpuSeconds));
  both('worker processor time', ({ workerCpuSeconds }) => seconds(workerCpuSeconds));
  both('worker memory, peak', ({ workerMemoryMb }) =>
    workerMemoryMb === null ? 'not known here' : `${workerMemoryMb.toFixed(0)} MB`,
  );
  both('DescribeReplications requests', ({ looks }) => `${looks}`);
  both('from `stopped` to the look that sees it, p50 / p99', ({ detectionP50, detectionP99 }) =>
    pair(detectionP50, detectionP99),
  );
  both('history events, median', ({ historyEventsP50 }) => `${historyEventsP50}`);

  const { memoryMb, pagesPerCpuSecond, lifeSeconds } = await measureSimulator();
  const memory = memoryMb === null ? 'not known here' : `${memoryMb.toFixed(0)} MB`;
  row('simulator: 10,000 replications, memory', memory, '', atMost('at most 300 MB', memoryMb ?? 0, 300));
  const pages = { text: 'at least 500', isKept: pagesPerCpuSecond >= 500 };
  row('simulator: pages of 100 a second of one core', pagesPerCpuSecond.toFixed(0), '', pages);
  row('simulator: two days of 1,000 replications', seconds(lifeSeconds), '', atMost('at most 10 s', lifeSeconds, 10));
}
