/** Measures each way to wait for many stops in one account-region, under the request limits of AWS. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { ReplicationClient } from '../src/client/index.js';
import type { DmsSimulator } from '../src/simulator/index.js';
import { workerProgram } from './paths.js';
import { cpuSeconds, peakMemory } from './processes.js';
import { AWS_THROTTLE, onStage, percentile, type Stage } from './stage.js';

/** Seconds over which the ends of the stops are spread. */
const WINDOW_SECONDS = 180;
/** Seconds until the first stop ends. */
const LEAST_SECONDS = 30;
const PAGE = 100;
/** Maximum number of histories that are counted. */
const SAMPLED = 50;

export interface ScaleFigures {
  readonly seconds: number;
  readonly looks: number;
  readonly throttled: number;
  readonly detectionP50: number;
  readonly detectionP99: number;
  /** Median of the workflows that wait. `null`: no workflow waits. */
  readonly historyEvents: number | null;
  /** Median of the ledgers. 0: this way has no ledger. */
  readonly ledgerEvents: number;
  readonly actions: number | null;
  readonly serverCpuSeconds: number | null;
  readonly workerCpuSeconds: number | null;
  readonly workerMemoryMb: number | null;
  readonly failures: number;
}

export interface ScaleWay {
  readonly name: string;
  readonly program: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** True if the simulator throttles no request. */
  readonly unlimited?: boolean;
  /** Starts a wait, and returns its workflow id. `null`: the program waits by itself. */
  readonly start: ((client: Client, taskQueue: string, arn: string) => Promise<string>) | null;
  readonly ledger?: (arn: string) => string;
}

const naiveProgram = ['--import', 'tsx', fileURLToPath(new URL('naive-worker.ts', import.meta.url))];
const byName =
  (type: string, ...more: readonly unknown[]) =>
  async (client: Client, taskQueue: string, arn: string) => {
    const workflowId = randomUUID();
    await client.workflow.start(type, { workflowId, taskQueue, args: [arn, ...more] });
    return workflowId;
  };

export const ours: ScaleWay = {
  name: 'temporal-dms',
  program: [workerProgram],
  async start(client, taskQueue, replicationConfigArn) {
    const dms = new ReplicationClient({ client, taskQueue });
    const { workflowId } = await dms.startStop({ replicationConfigArn, selfRestartGraceSeconds: 0 });
    return workflowId;
  },
  ledger: (arn) => `dms-ledger:${arn}`,
};

export const scaleWays: readonly ScaleWay[] = [
  ours,
  { name: 'loop in workflow code, every 5 s', program: naiveProgram, start: byName('naiveWait', '5 seconds') },
  { name: 'a look for each attempt, every 5 s', program: naiveProgram, start: byName('attemptWait') },
  {
    name: 'plain script, every 2 s',
    program: ['--import', 'tsx', fileURLToPath(new URL('plain-script.ts', import.meta.url))],
    start: null,
  },
];

/**
 * Loop that AWS does not throttle, to measure its full cost. With many waits, AWS throttles the loop so much that it
 * hardly looks.
 */
export const unlimitedLoop: ScaleWay = {
  name: 'the loop, if AWS did not throttle it',
  program: naiveProgram,
  start: byName('naiveWait', '5 seconds'),
  unlimited: true,
};

export function measureScale(
  { program, env, unlimited = false, start, ledger }: ScaleWay,
  count: number,
): Promise<ScaleFigures> {
  const throttle = unlimited ? null : AWS_THROTTLE;
  return onStage({ uncertain: { throttle } }, async (stage) => {
    const { simulator, client } = stage;
    const arns = stopping(simulator, count);
    const begunAt = Date.now();
    const worker = stage.start(program, 'bench', env);
    const { ids, failures } = start === null ? await untilSeen(simulator, arns) : await untilEnded(stage, start, arns);
    const seconds = (Date.now() - begunAt) / 1000;
    const eventsOf = async (workflowIds: readonly string[]) => {
      const described = workflowIds.slice(0, SAMPLED).map((id) => client.workflow.getHandle(id).describe());
      return percentile(
        (await Promise.all(described)).map(({ historyLength }) => historyLength),
        50,
      );
    };
    const delays = detectionDelays(simulator, arns);
    return {
      seconds,
      looks: simulator.count('DescribeReplications'),
      throttled: simulator.calls.filter(({ outcome }) => outcome === 'ThrottlingException').length,
      detectionP50: percentile(delays, 50),
      detectionP99: percentile(delays, 99),
      historyEvents: start === null ? null : await eventsOf(ids),
      ledgerEvents: ledger === undefined ? 0 : await eventsOf(arns.map(ledger)),
      actions: start === null ? null : await stage.actions(),
      serverCpuSeconds: start === null ? null : stage.serverCpuSeconds(),
      workerCpuSeconds: cpuSeconds(worker.pid ?? 0),
      workerMemoryMb: peakMemory(worker.pid ?? 0),
      failures,
    };
  });
}

/**
 * Creates replications whose stops are under way. The stops end in another order than that of the list.
 */
export function stopping(simulator: DmsSimulator, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => {
    const seconds = LEAST_SECONDS + (WINDOW_SECONDS * ((i * 7919) % count)) / count;
    const durations = { stopping: seconds, describingStop: 0, flushingCheckpoint: 0 };
    return simulator.createReplication({ status: 'stopping', durations });
  });
}

async function untilEnded({ client }: Stage, start: NonNullable<ScaleWay['start']>, arns: readonly string[]) {
  const ids = await Promise.all(arns.map((arn) => start(client, 'bench', arn)));
  const ends = await Promise.allSettled(ids.map((id) => client.workflow.getHandle(id).result()));
  return { ids, failures: ends.filter(({ status }) => status === 'rejected').length };
}

async function untilSeen(simulator: DmsSimulator, arns: readonly string[]) {
  while (detectionDelays(simulator, arns).some((seconds) => seconds === Infinity)) await delay(2000);
  return { ids: [], failures: 0 };
}

/**
 * Returns the seconds from each stop to the first look after it, alone or on a page of the list. `Infinity`: not
 * stopped or not seen yet.
 */
export function detectionDelays(simulator: DmsSimulator, arns: readonly string[]): readonly number[] {
  const looks = simulator.calls.filter((call) => call.operation === 'DescribeReplications' && call.outcome === 'ok');
  const pages = new Map<number, number[]>();
  const alone = new Map<string, number[]>();
  const add = <Key>(times: Map<Key, number[]>, key: Key, at: number) => times.set(key, [...(times.get(key) ?? []), at]);
  for (const { at, input } of looks) {
    const { Marker: marker, Filters: filters } = input as { Marker?: string; Filters?: { Values: string[] }[] };
    const after = marker === undefined ? -1 : Number(Buffer.from(marker, 'base64url').toString());
    if (filters === undefined) add(pages, Math.floor((after + 1) / PAGE), at);
    for (const arn of filters?.flatMap(({ Values }) => Values) ?? []) add(alone, arn, at);
  }
  return arns.map((arn, index) => {
    const { Status: status, ReplicationLastStopTime: stopTime } = simulator.row(arn);
    const stoppedAt = status === 'stopped' && stopTime !== undefined ? stopTime * 1000 : Infinity;
    const after = (times: readonly number[] = []) => times.find((at) => at >= stoppedAt) ?? Infinity;
    const seenAt = Math.min(after(pages.get(Math.floor(index / PAGE))), after(alone.get(arn)));
    return seenAt === Infinity ? Infinity : (seenAt - stoppedAt) / 1000;
  });
}
