/** Measures the cost of the simulator: many replications, pages of a list, and two days of a thousand replications. */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { startDmsSimulator } from '../src/simulator/index.js';
import { cpuSeconds, endProgram, peakMemory, startProgram } from './processes.js';

export interface SimulatorFigures {
  /** Peak memory of a process with 10,000 replications, after its whole list was read many times. */
  readonly memoryMb: number | null;
  /** Pages of 100 rows for each second of processor time. */
  readonly pagesPerCpuSecond: number;
  /** Seconds until 1,000 replications have been started, stopped and deprovisioned. */
  readonly lifeSeconds: number;
}

const REPLICATIONS = 10_000;
const PAGES = 5000;

/** Program of a simulator that prints its endpoint. */
const simulation = `
  import { startDmsSimulator } from '${new URL('../dist/simulator/index.js', import.meta.url).href}';
  const simulator = await startDmsSimulator();
  for (let n = 0; n < ${REPLICATIONS}; n++) simulator.createReplication({ status: n % 4 === 0 ? 'stopped' : 'running' });
  console.log(simulator.endpoint);
`;

export async function measureSimulator(): Promise<SimulatorFigures> {
  const program = startProgram(['--input-type=module', '--eval', simulation], {}, true);
  try {
    const [line] = (await once(program.stdout ?? program, 'data')) as [Buffer];
    const endpoint = line.toString().trim();
    const pid = program.pid ?? 0;
    await pageThrough(endpoint, 200); // warm
    const before = cpuSeconds(pid) ?? 0;
    const begunAt = performance.now();
    await pageThrough(endpoint, PAGES);
    const spent = (cpuSeconds(pid) ?? 0) - before || (performance.now() - begunAt) / 1000;
    return { memoryMb: peakMemory(pid), pagesPerCpuSecond: PAGES / spent, lifeSeconds: await measureLives() };
  } finally {
    await endProgram(program);
  }
}

async function pageThrough(endpoint: string, pages: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'AmazonDMSv20160101.DescribeReplications',
    authorization: 'AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/dms/aws4_request, SignedHeaders=host, Signature=0',
  };
  for (let n = 0; n < pages; n++) {
    // The marker names the last row of the page before. Computing it is cheaper than reading it from the answer, so the
    // client costs little.
    const last = (n % (REPLICATIONS / 100)) * 100 - 1;
    const marker = last < 0 ? {} : { Marker: Buffer.from(String(last)).toString('base64url') };
    await new Promise<void>((resolve, reject) => {
      const asked = request(endpoint, { method: 'POST', agent, headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`A page was answered with ${response.statusCode}`));
        response.resume().once('end', resolve);
      });
      asked.once('error', reject).end(JSON.stringify({ MaxRecords: 100, ...marker }));
    });
  }
  agent.destroy();
}

/**
 * Simulates a start, an hour of running, a stop, and two days until DMS deprovisions. Returns the seconds that this
 * takes.
 */
async function measureLives(): Promise<number> {
  const simulator = await startDmsSimulator({ speed: 0 });
  try {
    const begunAt = performance.now();
    const arns = Array.from({ length: 1000 }, () => simulator.createReplication({ status: 'created' }));
    for (const arn of arns) simulator.start(arn, 'start-replication');
    for (let minute = 0; minute < 60; minute++) {
      simulator.clock.advance({ minutes: 1 });
      simulator.replications();
    }
    for (const arn of arns) simulator.stop(arn);
    for (let hour = 0; hour < 49; hour++) {
      simulator.clock.advance({ hours: 1 });
      simulator.replications();
    }
    const states = new Set(simulator.replications().map(({ row }) => row.ProvisionData.ProvisionState));
    if (states.size !== 1 || !states.has('deprovisioned'))
      throw new Error(`Not all are deprovisioned: ${[...states].join(', ')}`);
    return (performance.now() - begunAt) / 1000;
  } finally {
    await simulator.close();
  }
}
