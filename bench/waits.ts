/** Measures the cost of many stops at once on a real server, and how soon their ends are seen. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { ReplicationClient } from '../src/client/index.js';
import type { DmsSimulator } from '../src/simulator/index.js';
import { workerProgram } from './paths.js';
import { cpuSeconds, peakMemory } from './processes.js';
import { onStage, percentile } from './stage.js';

export interface WaitFigures {
  readonly detectionP50: number;
  readonly detectionP99: number;
  /** Seconds from `stopped` to the result. */
  readonly resultP50: number;
  readonly resultP99: number;
  readonly looks: number;
  readonly historyEventsP50: number;
  readonly serverCpuSeconds: number | null;
  readonly workerCpuSeconds: number | null;
  readonly workerMemoryMb: number | null;
}

export interface Way {
  readonly program: readonly string[];
  /** Starts a stop and returns its workflow id and the promise of its end. */
  start(
    client: Client,
    taskQueue: string,
    arn: string,
  ): Promise<{ readonly id: string; readonly end: Promise<unknown> }>;
}

export const ours: Way = {
  program: [workerProgram],
  async start(client, taskQueue, replicationConfigArn) {
    const dms = new ReplicationClient({ client, taskQueue });
    const handle = await dms.startStop({ replicationConfigArn, settleSeconds: SETTLE_SECONDS });
    return { id: handle.workflowId, end: handle.result() };
  },
};

export const naive: Way = {
  program: ['--import', 'tsx', fileURLToPath(new URL('naive-worker.ts', import.meta.url))],
  async start(client, taskQueue, arn) {
    const id = randomUUID();
    const handle = await client.workflow.start('naiveStop', { workflowId: id, taskQueue, args: [arn] });
    return { id, end: handle.result() };
  },
};

export const SETTLE_SECONDS = 10;

/** Measures stops that end at random within the given seconds. A simulated second is a real second. */
export function measureWaits(
  way: Way,
  { stops, endWithin }: { readonly stops: number; readonly endWithin: readonly [number, number] },
): Promise<WaitFigures> {
  return onStage({}, async (stage) => {
    const { simulator, client } = stage;
    const taskQueue = 'bench';
    const worker = stage.start(way.program, taskQueue);
    const [earliest, latest] = endWithin;
    const arns = Array.from({ length: stops }, (_, i) => {
      const stopping = earliest + ((latest - earliest) * ((i * 7919) % stops)) / stops;
      return simulator.createReplication({ durations: { stopping, describingStop: 0, flushingCheckpoint: 0 } });
    });
    const runs = await Promise.all(arns.map((arn) => oneStop(client, way, taskQueue, arn, simulator)));
    const events = await Promise.all(
      runs.slice(0, 20).map(async ({ id }) => {
        const { historyLength } = await client.workflow.getHandle(id).describe();
        return historyLength;
      }),
    );
    const detection = runs.map(({ stoppedAt, arn }) => firstLookAfter(simulator, arn, stoppedAt) - stoppedAt);
    const result = runs.map(({ stoppedAt, endedAt }) => (endedAt - stoppedAt) / 1000);
    return {
      detectionP50: percentile(detection, 50) / 1000,
      detectionP99: percentile(detection, 99) / 1000,
      resultP50: percentile(result, 50),
      resultP99: percentile(result, 99),
      looks: simulator.count('DescribeReplications'),
      historyEventsP50: percentile(events, 50),
      serverCpuSeconds: stage.serverCpuSeconds(),
      workerCpuSeconds: cpuSeconds(worker.pid ?? 0),
      workerMemoryMb: peakMemory(worker.pid ?? 0),
    };
  });
}

async function oneStop(client: Client, way: Way, taskQueue: string, arn: string, simulator: DmsSimulator) {
  const { id, end } = await way.start(client, taskQueue, arn);
  await end;
  const endedAt = Date.now();
  while (simulator.row(arn).ReplicationLastStopTime === undefined) await delay(50);
  const stoppedAt = (simulator.row(arn).ReplicationLastStopTime ?? 0) * 1000;
  return { id, arn, stoppedAt, endedAt };
}

/** Returns the time of the first look that could show the stop: of this replication alone, or of a list. */
function firstLookAfter(simulator: DmsSimulator, arn: string, stoppedAt: number): number {
  const look = simulator.calls.find(
    ({ at, operation, input }) =>
      at >= stoppedAt &&
      operation === 'DescribeReplications' &&
      (input['Filters'] === undefined || JSON.stringify(input['Filters']).includes(arn)),
  );
  return look?.at ?? Infinity;
}
