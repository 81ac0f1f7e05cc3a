/**
 * `npm run bench:scale`: many waits at once, and what they cost: this package against a loop in workflow code, against one look for each attempt, and
 * against a plain script as the floor. The account's bucket of requests is AWS's: 200 at once and 8 a second. Takes about an hour; with numbers as
 * arguments only those many waits.
 */
import { cpus } from 'node:os';
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

const WINDOW_SECONDS = 180;
const LEAST_SECONDS = 30;
const PAGE = 100;

interface Figures {
  readonly seconds: number;
  readonly looks: number;
  readonly requests: number;
  readonly throttled: number;
  readonly detectionP50: number;
  readonly detectionP99: number;
  readonly historyEvents: number | null;
  readonly serverCpuSeconds: number | null;
  readonly workerCpuSeconds: number | null;
  readonly workerMemoryMb: number | null;
  readonly failures: number;
}

interface Way {
  readonly name: string;
  readonly program: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Starts a wait, and gives its workflow id; `null`: the program does it by itself. */
  readonly start: ((client: Client, taskQueue: string, arn: string) => Promise<string>) | null;
}

const naiveProgram = ['--import', 'tsx', fileURLToPath(new URL('naive-worker.ts', import.meta.url))];
const byName = (type: string) => async (client: Client, taskQueue: string, arn: string) => {
  const workflowId = randomUUID();
  await client.workflow.start(type, { workflowId, taskQueue, args: [arn] });
  return workflowId;
};

const ways: readonly Way[] = [
  {
    name: 'temporal-dms',
    program: [workerProgram],
    async start(client, taskQueue, replicationConfigArn) {
      const dms = new ReplicationClient({ client, taskQueue });
      const { workflowId } = await dms.startStop({ replicationConfigArn, selfRestartGraceSeconds: 0 });
      return workflowId;
    },
  },
  { name: 'loop in workflow code', program: naiveProgram, start: byName('naiveWait') },
  { name: 'a look for each attempt', program: naiveProgram, start: byName('attemptWait') },
  {
    name: 'plain script',
    program: ['--import', 'tsx', fileURLToPath(new URL('plain-script.ts', import.meta.url))],
    start: null,
  },
];

async function measure(way: Way, count: number): Promise<Figures> {
  const simulator = await startDmsSimulator({ speed: 1, uncertain: { throttle: { burst: 200, refill: 8 } } });
  const server = await TestWorkflowEnvironment.createLocal({
    server: { executable: await findServer('dev'), log: { level: 'error', format: 'json' } },
  });
  const connection = await Connection.connect({ address: server.address });
  const arns = Array.from({ length: count }, (_, i) => {
    const stopping = LEAST_SECONDS + (WINDOW_SECONDS * ((i * 7919) % count)) / count;
    const quick = { describingStop: 0, flushingCheckpoint: 0 };
    return simulator.createReplication({ status: 'stopping', durations: { stopping, ...quick } });
  });
  const begunAt = Date.now();
  const worker = startProgram(way.program, {
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_TASK_QUEUE: 'bench',
    AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: simulator.endpoint,
    AWS_ACCESS_KEY_ID: 'simulated',
    AWS_SECRET_ACCESS_KEY: 'simulated',
    ...way.env,
  });
  try {
    const client = new Client({ connection });
    const { start } = way;
    const ids = start === null ? [] : await Promise.all(arns.map((arn) => start(client, 'bench', arn)));
    let failures = 0;
    if (start === null) {
      while (!arns.every((arn, i) => detectedAt(simulator, arn, i) !== null)) await delay(1000);
    } else {
      const ends = await Promise.allSettled(ids.map((id) => client.workflow.getHandle(id).result()));
      failures = ends.filter(({ status }) => status === 'rejected').length;
    }
    const seconds = (Date.now() - begunAt) / 1000;
    const serverPid = childWith('server');
    const lengths = await Promise.all(
      ids.slice(0, 50).map(async (id) => (await client.workflow.getHandle(id).describe()).historyLength),
    );
    const delays = arns.map((arn, i) => {
      const stoppedAt = (simulator.row(arn).ReplicationLastStopTime ?? 0) * 1000;
      return ((detectedAt(simulator, arn, i) ?? Infinity) - stoppedAt) / 1000;
    });
    return {
      seconds,
      looks: simulator.count('DescribeReplications'),
      requests: simulator.calls.length,
      throttled: simulator.calls.filter(({ outcome }) => outcome === 'ThrottlingException').length,
      detectionP50: percentile(delays, 50),
      detectionP99: percentile(delays, 99),
      historyEvents: lengths.length === 0 ? null : percentile(lengths, 50),
      serverCpuSeconds: start === null || serverPid === null ? null : cpuSeconds(serverPid),
      workerCpuSeconds: cpuSeconds(worker.pid ?? 0),
      workerMemoryMb: peakMemory(worker.pid ?? 0),
      failures,
    };
  } finally {
    await endProgram(worker);
    await connection.close();
    await server.teardown();
    await simulator.close();
  }
}

/** When the first look was answered that shows it stopped: one at it alone, or a page that it is on. */
function detectedAt(simulator: DmsSimulator, arn: string, index: number): number | null {
  const { Status: status, ReplicationLastStopTime: stoppedAt } = simulator.row(arn);
  if (status !== 'stopped' || stoppedAt === undefined) return null;
  const isSeen = ({ at, operation, input, outcome }: (typeof simulator.calls)[number]) => {
    if (at < stoppedAt * 1000 || operation !== 'DescribeReplications' || outcome !== 'ok') return false;
    if (input['Filters'] !== undefined) return JSON.stringify(input['Filters']).includes(arn);
    const { Marker: marker } = input;
    const after = typeof marker === 'string' ? Number(Buffer.from(marker, 'base64url').toString()) : -1;
    return index > after && index <= after + PAGE;
  };
  return simulator.calls.find(isSeen)?.at ?? null;
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
}

const asked = process.argv
  .slice(2)
  .filter((each) => /^\d+$/.test(each))
  .map(Number);
const only = process.argv.slice(2).filter((each) => /^[a-d]$/.test(each));
const show = (value: number | null, digits = 0) => (value === null ? '' : value.toFixed(digits));
process.stdout.write(
  `Node ${process.version}, ${process.platform}, ${cpus().length} × ${cpus()[0]?.model ?? 'processor'}\n\n`,
);
process.stdout.write(
  '| waits | way | looks a second | throttled | seen after p50 / p99, s | history events | server CPU, s | worker CPU, s | worker MB | failed | took, s |\n|---|---|---|---|---|---|---|---|---|---|---|\n',
);
for (const count of asked.length > 0 ? asked : [10, 100, 1000]) {
  for (const [n, way] of ways.entries()) {
    if (only.length > 0 && !only.includes('abcd'.charAt(n))) continue;
    const f = await measure(way, count);
    const cells = [
      count,
      way.name,
      show(f.looks / f.seconds, 1),
      f.throttled,
      `${show(f.detectionP50, 1)} / ${show(f.detectionP99, 1)}`,
      show(f.historyEvents),
      show(f.serverCpuSeconds, 1),
      show(f.workerCpuSeconds, 1),
      show(f.workerMemoryMb),
      f.failures,
      show(f.seconds),
    ];
    process.stdout.write(`| ${cells.join(' | ')} |\n`);
  }
}
