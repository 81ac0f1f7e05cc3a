/** Measures the cost of a stop and of many waits, and compares it with an earlier build in the same run. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { currentBuild, stopsOf, withBuildOf, type Build } from './builds.js';
import { say, type Report } from './report.js';
import { measureScale, type ScaleFigures } from './scale.js';
import { onStage, percentile } from './stage.js';

/** Number of stops whose histories and actions are counted. */
const STOPS = 10;
/** Seconds that each of these stops takes. */
const STOPPING_SECONDS = 40;
const WAITS = 1000;
const MOST_EVENTS = 24;
const MOST_LEDGER_EVENTS = 16;
const MOST_ACTIONS = 17;
const MOST_CPU_SHARE = 0.75;
/** Maximum delay at which detection counts as unchanged. */
const DETECTION_TOLERANCE_SECONDS = 1;

interface StopFigures {
  readonly events: number;
  readonly ledgerEvents: number;
  readonly actions: number;
}

interface Figures {
  readonly stop: StopFigures;
  readonly waits: ScaleFigures;
}

export async function measureBeforeAndAfter(
  report: Report,
  [waits = WAITS]: readonly number[],
  before: string | undefined,
): Promise<void> {
  const measure = async (build: Build): Promise<Figures> => ({
    stop: await measureStop(build),
    waits: await measureScale(stopsOf(build), waits),
  });
  const earlier = before === undefined ? null : await withBuildOf(before, measure);
  const now = await measure(currentBuild);

  say(`| figure | ${before ?? 'before: none given'} | ${currentBuild.name} | promised |`);
  say('|---|---|---|---|');
  const row = (what: string, show: (figures: Figures) => string, promise?: { text: string; isKept: boolean }) => {
    const kept = promise === undefined ? '' : report.promised(what, promise.text, promise.isKept);
    say(`| ${[what, earlier === null ? '' : show(earlier), show(now), kept].join(' | ')} |`);
  };
  const atMost = (value: number, limit: number) => ({ text: `at most ${limit}`, isKept: value <= limit });
  const { stop } = now;
  row('history events of a stop', (each) => `${each.stop.events}`, atMost(stop.events, MOST_EVENTS));
  row(
    'history events of its ledger',
    (each) => `${each.stop.ledgerEvents}`,
    atMost(stop.ledgerEvents, MOST_LEDGER_EVENTS),
  );
  row('billable actions of a stop', (each) => each.stop.actions.toFixed(1), atMost(stop.actions, MOST_ACTIONS));

  const many = `${waits} waits: `;
  const seconds = (value: number | null) => (value === null ? 'not known here' : `${value.toFixed(1)} s`);
  row(
    `${many}history events of each and its ledger`,
    (each) => `${each.waits.historyEvents} + ${each.waits.ledgerEvents}`,
  );
  row(`${many}billable actions of each`, (each) => ((each.waits.actions ?? 0) / waits).toFixed(1));
  row(
    `${many}server processor time`,
    (each) => seconds(each.waits.serverCpuSeconds),
    earlier === null ? undefined : cheaper(earlier.waits, now.waits),
  );
  row(`${many}worker processor time`, (each) => seconds(each.waits.workerCpuSeconds));
  row(`${many}worker memory, peak`, (each) => `${each.waits.workerMemoryMb?.toFixed(0) ?? '?'} MB`);
  row(
    `${many}from \`stopped\` to the look that sees it, p50 / p99`,
    ({ waits: { detectionP50, detectionP99 } }) => `${detectionP50.toFixed(1)} s / ${detectionP99.toFixed(1)} s`,
    earlier === null ? undefined : asBefore(earlier.waits, now.waits),
  );
  row(`${many}requests throttled`, (each) => `${each.waits.throttled}`, atMost(now.waits.throttled, 0));
  row(`${many}failed`, (each) => `${each.waits.failures}`, atMost(now.waits.failures, 0));
}

function cheaper(before: ScaleFigures, now: ScaleFigures): { text: string; isKept: boolean } | undefined {
  if (before.serverCpuSeconds === null || now.serverCpuSeconds === null) return undefined;
  const share = now.serverCpuSeconds / before.serverCpuSeconds;
  return { text: `at most ${MOST_CPU_SHARE} of before (${share.toFixed(2)})`, isKept: share <= MOST_CPU_SHARE };
}

function asBefore(before: ScaleFigures, now: ScaleFigures): { text: string; isKept: boolean } {
  const later = Math.max(now.detectionP50 - before.detectionP50, now.detectionP99 - before.detectionP99);
  return { text: `as before, or ${DETECTION_TOLERANCE_SECONDS} s later`, isKept: later <= DETECTION_TOLERANCE_SECONDS };
}

/**
 * Counts the history events and actions of ordinary stops. Returns medians of the events, and the mean of the actions.
 */
function measureStop(build: Build): Promise<StopFigures> {
  const { program, start, ledger = String } = stopsOf(build);
  return onStage({}, async (stage) => {
    const { simulator, client } = stage;
    const durations = { stopping: STOPPING_SECONDS };
    const arns = Array.from({ length: STOPS }, () => simulator.createReplication({ durations }));
    const begun = await stage.actions();
    stage.start(program);
    const ids = await Promise.all(arns.map((arn) => start(client, 'bench', arn)));
    await Promise.all(ids.map((id) => client.workflow.getHandle(id).result()));
    return {
      events: percentile(await Promise.all(ids.map((id) => settledLength(client, id))), 50),
      ledgerEvents: percentile(await Promise.all(arns.map((arn) => settledLength(client, ledger(arn)))), 50),
      actions: ((await stage.actions()) - begun) / STOPS,
    };
  });
}

/** Returns the length of a history once it stops growing. A ledger may still finish a task when its operation ends. */
async function settledLength(client: Client, workflowId: string): Promise<number> {
  const read = async () => (await client.workflow.getHandle(workflowId).describe()).historyLength;
  for (let before = await read(); ;) {
    await delay(2000);
    const now = await read();
    if (now === before) return now;
    before = now;
  }
}
