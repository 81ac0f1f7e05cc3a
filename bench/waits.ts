/** Many stops at once on a real server, each way with programs of its own: what they cost, and how soon the end is seen. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { findServer } from '../scripts/temporal-server.js';
import { ReplicationClient } from '../src/client/index.js';
import { startDmsSimulator, type DmsSimulator } from '../src/simulator/index.js';
import { workerProgram } from './paths.js';
import { childWith, cpuSeconds, endProgram, peakMemory, startProgram } from './processes.js';

export interface WaitFigures {
  readonly detectionP50: number;
  readonly detectionP99: number;
  /** From `stopped` to the result. */
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

/** So many stops that end at random within the given seconds. In real time: a simulated second is a second. */
export async function measureWaits(
  way: Way,
  { stops, endWithin }: { readonly stops: number; readonly endWithin: readonly [number, number] },
): Promise<WaitFigures> {
  const simulator = await startDmsSimulator({ speed: 1 });
  const server = await TestWorkflowEnvironment.createLocal({
    server: { executable: await findServer('dev'), log: { level: 'error', format: 'json' } },
  });
  const taskQueue = 'bench';
  const connection = await Connection.connect({ address: server.address });
  const worker = startProgram(way.program, {
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_TASK_QUEUE: taskQueue,
    AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: simulator.endpoint,
    AWS_ACCESS_KEY_ID: 'simulated',
    AWS_SECRET_ACCESS_KEY: 'simulated',
  });
  try {
    const client = new Client({ connection });
    const [earliest, latest] = endWithin;
    const arns = Array.from({ length: stops }, (_, i) => {
      const stopping = earliest + ((latest - earliest) * ((i * 7919) % stops)) / stops;
      return simulator.createReplication({ durations: { stopping, describingStop: 0, flushingCheckpoint: 0 } });
    });
    const runs = await Promise.all(arns.map((arn) => oneStop(client, way, taskQueue, arn, simulator)));
    const serverPid = childWith('server');
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
      serverCpuSeconds: serverPid === null ? null : cpuSeconds(serverPid),
      workerCpuSeconds: cpuSeconds(worker.pid ?? 0),
      workerMemoryMb: peakMemory(worker.pid ?? 0),
    };
  } finally {
    await endProgram(worker);
    await connection.close();
    await server.teardown();
    await simulator.close();
  }
}

async function oneStop(client: Client, way: Way, taskQueue: string, arn: string, simulator: DmsSimulator) {
  const { id, end } = await way.start(client, taskQueue, arn);
  await end;
  const endedAt = Date.now();
  while (simulator.row(arn).ReplicationLastStopTime === undefined) await delay(50);
  const stoppedAt = (simulator.row(arn).ReplicationLastStopTime ?? 0) * 1000;
  return { id, arn, stoppedAt, endedAt };
}

/** When the first look was answered that could see it stopped: for this replication, or a list. */
function firstLookAfter(simulator: DmsSimulator, arn: string, stoppedAt: number): number {
  const look = simulator.calls.find(
    ({ at, operation, input }) =>
      at >= stoppedAt &&
      operation === 'DescribeReplications' &&
      (input['Filters'] === undefined || JSON.stringify(input['Filters']).includes(arn)),
  );
  return look?.at ?? Infinity;
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
}
